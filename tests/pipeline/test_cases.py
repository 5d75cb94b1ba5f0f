from dataclasses import asdict

import pytest

from cauda.anatomy import Settings
from cauda.field.conductivity import sets
from cauda.pipeline.cases import cases_of, conductivity_cases

INPUTS = {
    "fiber_sample",
    "conductivities",
    "csf_thickness",
    "rootlets",
    "entry",
    "lead_along",
    "lead_lateral",
}


def test_each_input_is_other_by_itself_and_never_what_was_asked_for() -> None:
    asked = asdict(Settings(entry="rostral", csf_thickness=1.2, seed=5))
    found = cases_of(asked, "duke_lempka")
    assert {one.input for one in found} == INPUTS
    assert len({str(one) for one in found}) == len(found)
    for one in found:
        others = [
            bool(one.build),
            one.along_mm != 0,
            one.lateral_mm != 0,
            bool(one.conductivities),
            one.seed > 0,
        ]
        assert sum(others) == 1, one
        assert all(asked[name] != value for name, value in one.build.items()), one
        assert one.conductivities != "duke_lempka"
        # Each is one that a model can be built with.
        Settings(**{**asked, **one.build})


def test_csf_is_a_tenth_thicker_and_thinner_and_the_lead_two_mm_off_either_way() -> None:
    found = cases_of(asdict(Settings(csf_thickness=1.2)), "capogrosso2013")
    csf = sorted(one.build["csf_thickness"] for one in found if one.input == "csf_thickness")
    assert csf == pytest.approx([1.08, 1.32])
    assert sorted(one.along_mm for one in found if one.input == "lead_along") == [-2, 2]
    assert sorted(one.lateral_mm for one in found if one.input == "lead_lateral") == [-2, 2]
    assert {one.build["entry"] for one in found if one.input == "entry"} == {"rostral", "caudal"}


def test_conductivities_are_those_of_all_other_sets() -> None:
    assert [one.conductivities for one in conductivity_cases("rado_scs_3")] == [
        name for name in sets() if name != "rado_scs_3"
    ]
    assert len(conductivity_cases("my-own")) == len(sets())
