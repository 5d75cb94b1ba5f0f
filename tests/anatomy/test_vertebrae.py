"""Heights of the vertebrae, told by the ganglia."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.axes import Axes
from cauda.anatomy.vertebrae import VERTEBRAE, vertebra_levels
from cauda.annotation import read
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES, RootName
from cauda.arrays import Floats
from cauda.phantom.canal import landmarks_mm
from cauda.phantom.subject import make
from cauda.tables.population import quantity

HEIGHTS_MM = np.array([quantity("vertebral_height", level).mean for level in VERTEBRAE])
SACRAL_MM = quantity("sacral_segment_height").mean


def usual(stretch: float = 1.0) -> tuple[Floats, dict[RootName, Floats]]:
    """Return upper ends of T10 to the sacrum of the mean subject, and its ganglia."""
    ends = np.concatenate([[0.0], -np.cumsum(stretch * HEIGHTS_MM)])
    ganglia = {}
    for level in PUBLISHED_LEVELS:
        rise = quantity("ganglion_rise", level).mean
        if level in VERTEBRAE:
            number = VERTEBRAE.index(level)
            height_mm = ends[number + 1] + rise * HEIGHTS_MM[number]
        else:
            height_mm = ends[-1] - (int(level[1]) - rise) * SACRAL_MM
        for side, x_mm in zip(SIDES, (-20.0, 20.0), strict=True):
            ganglia[RootName(level, side)] = np.array([x_mm, 5.0, height_mm])
    return ends, ganglia


@pytest.mark.parametrize("levels", [PUBLISHED_LEVELS, ("L4",), ("L1", "S2"), ("S1", "S2")])
def test_the_mean_subject_is_found_exactly_from_any_of_its_ganglia(levels: tuple[str, ...]) -> None:
    ends, ganglia = usual()
    found = vertebra_levels({name: center for name, center in ganglia.items() if name.level in levels})
    assert [vertebra.level for vertebra in found] == list(VERTEBRAE)
    assert [vertebra.upper_mm for vertebra in found] == pytest.approx(ends[:-1], abs=1e-9)
    assert [vertebra.lower_mm for vertebra in found] == pytest.approx(ends[1:], abs=1e-9)


def test_without_ganglia_nothing_is_told() -> None:
    assert vertebra_levels({}) == ()
    assert vertebra_levels({RootName("S3", "L"): np.zeros(3)}) == ()


def test_a_tall_person_has_tall_vertebrae_also_where_there_is_no_ganglion() -> None:
    ends, ganglia = usual(stretch=1.06)
    found = vertebra_levels(ganglia)
    for vertebra, mean_mm in zip(found, HEIGHTS_MM, strict=True):
        assert vertebra.upper_mm - vertebra.lower_mm > mean_mm
    assert found[VERTEBRAE.index("L3")].upper_mm == pytest.approx(ends[VERTEBRAE.index("L3")], abs=1.0)


def test_between_the_ganglia_they_are_interpolated_and_above_them_extrapolated() -> None:
    found = {vertebra.level: vertebra.provenance for vertebra in vertebra_levels(usual()[1])}
    assert [level for level in VERTEBRAE if found[level] == "interpolated"] == ["L2", "L3", "L4", "L5"]
    assert {found[level] for level in ("T10", "T11", "T12", "L1")} == {"extrapolated"}


def test_a_ganglion_of_t12_is_used_as_that_of_l1_would_be() -> None:
    rise = quantity("ganglion_rise", "L1").mean
    found = vertebra_levels({RootName("T12", "L"): np.array([0.0, 0.0, rise * HEIGHTS_MM[2]])})
    assert found[2].lower_mm == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.sampled_from([RootName(level, side) for level in PUBLISHED_LEVELS for side in SIDES]),
        st.floats(-8.0, 8.0),
        min_size=1,
    )
)
def test_one_vertebra_lies_below_the_other_however_far_the_ganglia_are_off(
    off: dict[RootName, float],
) -> None:
    ganglia = usual()[1]
    found = vertebra_levels({name: ganglia[name] + [0, 0, mm] for name, mm in off.items()})
    for above, below in pairwise(found):
        assert above.lower_mm == below.upper_mm
        assert 20.0 < above.upper_mm - above.lower_mm < 50.0


def test_the_vertebrae_of_virtual_subjects_are_found_within_a_few_mm() -> None:
    errors_mm = []
    for index in (1, 2, 3, 4):
        subject = make(7, index)
        axes, true_mm = Axes.of(subject.tracing), landmarks_mm(subject.parameters)
        ganglia = {name: axes.local(center[None])[0] for name, center in subject.tracing.ganglia.items()}
        errors_mm.append(
            [
                vertebra.upper_mm - axes.local(true_mm[f"vertebra_{vertebra.level}"][None])[0, 2]
                for vertebra in vertebra_levels(ganglia)
            ]
        )
    rms_mm = np.sqrt((np.array(errors_mm) ** 2).mean(axis=0))
    # the disc above L2 to that above L5 lie between ganglia, T10 to L1 above the first one
    assert rms_mm[VERTEBRAE.index("L2") :].max() < 2.5
    assert rms_mm[VERTEBRAE.index("T12")] < 6.0


@pytest.mark.shared
def test_the_conus_of_sub_03_lies_where_it_was_seen_in_its_sagittal_image(markers_sub_03: Path) -> None:
    # population_subjects.tsv: 1.17 vertebral heights below the upper end of L1
    tracing = read(markers_sub_03)
    axes = Axes.of(tracing)
    found = {
        vertebra.level: vertebra
        for vertebra in vertebra_levels({n: axes.local(c[None])[0] for n, c in tracing.ganglia.items()})
    }
    conus_mm = min(float(axes.local(contour.points_mm)[:, 2].mean()) for contour in tracing.cord)
    below_mm = found["L2"].upper_mm - conus_mm
    assert 1 + below_mm / (found["L2"].upper_mm - found["L2"].lower_mm) == pytest.approx(1.17, abs=0.1)
