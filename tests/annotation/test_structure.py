import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.annotation.structure import Structure
from cauda.annotation.tracing import LEVELS, SIDES, RootName


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sub-03_cord_12", "cord_12"),
        ("sub_14_dura_3", "dura_3"),
        ("cord-007", "cord_7"),
        ("sub-03_nerveroots_L4_L", "L4_L_root"),
        ("sub-03_ganglions_S1_R", "S1_R_ganglion"),
        ("L4_L_root", "L4_L_root"),
        ("root_L4_L", "L4_L_root"),
        ("S2_R_ganglion", "S2_R_ganglion"),
        ("ganglia_T12_R", "T12_R_ganglion"),
        ("SUB-03_DURA_3", "dura_3"),
        ("Nerveroots_l4_r", "L4_R_root"),
    ],
)
def test_names_of_the_dataset_and_of_slicer_are_understood(name: str, written: str) -> None:
    assert str(Structure.parse(name)) == written


@pytest.mark.parametrize(
    "name",
    ["", "cord", "F", "CC_58", "L4_L", "L9_L_root", "L4_X_root", "cord_1_2", "sub-03_model", "cord_-1"],
)
def test_other_names_say_no_structure(name: str) -> None:
    assert Structure.parse(name) is None


@given(st.sampled_from(LEVELS), st.sampled_from(SIDES), st.integers(0, 999_999))
def test_what_a_structure_is_called_is_understood_as_that_structure(
    level: str, side: str, number: int
) -> None:
    name = RootName(level, side)
    structures = [Structure("root", root=name), Structure("ganglion", root=name), Structure("dura", number)]
    for structure in structures:
        assert Structure.parse(str(structure)) == structure
        assert Structure.parse(f"sub-03_{structure}") == structure
