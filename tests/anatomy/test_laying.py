from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cauda.anatomy import caliber, laying, separation
from cauda.anatomy.course import Course
from cauda.anatomy.laying import NOT_BUILT, Bed, Roots
from cauda.anatomy.solids import Solids
from cauda.annotation.tracing import RootName
from cauda.errors import Finding, RootError

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

LEFT, RIGHT = RootName("L3", "L"), RootName("L3", "R")


@pytest.fixture(scope="module")
def bed(stages: "Stages") -> Bed:
    """Return what roots of a virtual subject are laid into, with two traced roots."""
    whole = stages.bed
    return replace(
        whole,
        traced_mm={root: whole.traced_mm[root] for root in (LEFT, RIGHT)},
        ganglia_mm={root: whole.ganglia_mm[root] for root in (LEFT, RIGHT)},
    )


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of names of roots of which no solids are made; all others make one small solid.

    Nothing is moved apart either, which takes most of the time.
    """
    refused: list[str] = []

    def solids(courses: Sequence[Course], *_: object) -> Solids:
        for course in courses:
            name = str(course.root) if course.part == "dorsal" else course.name
            if name in refused:
                raise RootError(name, "its tube is knotted")
        made = Solids()
        tetrahedron = made.pool.add(np.eye(4, 3))[np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])]
        made.regions["csf"] = made.boundaries["dura_outer"] = [tetrahedron]
        return made

    monkeypatch.setattr(laying, "solids", solids)
    monkeypatch.setattr(separation, "separated", lambda courses, *_: list(courses))
    return refused


def laid(bed: Bed, further: Sequence[str] = (), seed: int = 0) -> Roots:
    return laying.roots(bed, further, seed, lambda _step, _fraction: None)


def names(found: Roots) -> list[str]:
    assert [course.name for course in found.laid] == [course.name for course in found.moved]
    return [course.name for course in found.moved]


def test_every_traced_root_gets_a_ventral_one_and_rootlets(bed: Bed, refuse: list[str]) -> None:
    found = laid(bed)
    assert refuse == []
    assert names(found) == ["L3_L_dorsal", "L3_R_dorsal", "L3_L_ventral", "L3_R_ventral"]
    for course, radius in zip(found.moved, found.radii_mm, strict=True):
        assert radius.shape == (len(course.points_mm),)
    assert sorted((str(fan.root), fan.part) for fan in found.fans) == [
        ("L3_L", "dorsal"),
        ("L3_L", "ventral"),
        ("L3_R", "dorsal"),
        ("L3_R", "ventral"),
    ]
    assert found.left_out == []


def test_a_root_that_cannot_be_built_leaves_its_ventral_one_out_as_well_and_says_so(
    bed: Bed, refuse: list[str]
) -> None:
    refuse.append("L3_L")
    found = laid(bed)
    assert names(found) == ["L3_R_dorsal", "L3_R_ventral"]
    assert {fan.root for fan in found.fans} == {RIGHT}
    advice = "look at its course; the model lacks it and its ventral root"
    assert found.left_out == [Finding("error", NOT_BUILT, "L3_L", "its tube is knotted", advice)]


def test_a_ventral_root_that_cannot_be_built_is_named_and_its_dorsal_one_stays(
    bed: Bed, refuse: list[str]
) -> None:
    refuse.append("L3_R_ventral")
    found = laid(bed)
    assert names(found) == ["L3_L_dorsal", "L3_R_dorsal", "L3_L_ventral"]
    advice = "look at its course; the model has its dorsal root alone"
    assert found.left_out == [Finding("error", NOT_BUILT, "L3_R_ventral", "its tube is knotted", advice)]


def test_roots_are_left_out_one_after_the_other_until_solids_can_be_made(bed: Bed, refuse: list[str]) -> None:
    refuse += ["L3_R_ventral", "L3_R", "L3_L_ventral"]
    found = laid(bed)
    assert names(found) == ["L3_L_dorsal"]
    assert {finding.file for finding in found.left_out} == {"L3_R", "L3_L_ventral"}


def test_without_any_root_there_are_the_solids_alone(bed: Bed, refuse: list[str]) -> None:
    refuse += ["L3_L", "L3_R"]
    found = laid(bed)
    assert (found.moved, found.radii_mm, found.fans) == ([], [], [])
    assert len(found.left_out) == 2


def test_a_ventral_root_that_cuts_another_root_is_left_out_rather_than_a_traced_one(
    bed: Bed, refuse: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = iter([[(0.25, 0, 3)], []])
    monkeypatch.setattr(caliber, "overlaps", lambda _courses, _radii_mm: next(cut))
    found = laid(bed)
    assert refuse == []
    assert names(found) == ["L3_L_dorsal", "L3_R_dorsal", "L3_L_ventral"]
    (finding,) = found.left_out
    assert (finding.file, finding.code) == ("L3_R_ventral", NOT_BUILT)
    assert finding.what == "it cuts L3_L_dorsal by 0.25 mm: there is no room for both"


def test_traced_roots_are_built_even_where_they_cut_each_other(
    bed: Bed, refuse: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caliber, "overlaps", lambda _courses, _radii_mm: [(0.25, 0, 1)])
    found = laid(bed)
    assert (refuse, found.left_out, len(found.moved)) == ([], [], 4)


def test_a_further_root_that_cuts_a_traced_one_is_left_out_with_its_ventral_one(
    bed: Bed, refuse: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = iter([[(0.25, 0, 2)], []])
    monkeypatch.setattr(caliber, "overlaps", lambda _courses, _radii_mm: next(cut))
    found = laid(bed, ("T12",))
    assert refuse == []
    dorsal = ["T12_R_dorsal", "L3_L_dorsal", "L3_R_dorsal"]
    assert names(found) == [*dorsal, *(name.replace("dorsal", "ventral") for name in dorsal)]
    assert [finding.file for finding in found.left_out] == ["T12_L"]


def test_a_ventral_root_that_cuts_the_cord_is_left_out(
    bed: Bed, refuse: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def depth(course: Course, *_: object) -> float:
        return 0.2 if course.name == "L3_L_ventral" else -1.0

    monkeypatch.setattr(caliber, "into_cord_mm", depth)
    found = laid(bed)
    assert refuse == []
    assert [finding.what for finding in found.left_out] == ["it cuts the cord or the filum by 0.20 mm"]
    assert "L3_L_ventral" not in names(found)


def test_a_root_without_a_ganglion_is_no_business_of_the_builder(bed: Bed, refuse: list[str]) -> None:
    found = laid(replace(bed, ganglia_mm={RIGHT: bed.ganglia_mm[RIGHT]}))
    assert (refuse, found.left_out) == ([], [])
    assert names(found) == ["L3_R_dorsal", "L3_R_ventral"]


def test_a_root_of_one_point_is_left_out_and_named(bed: Bed, refuse: list[str]) -> None:
    found = laid(replace(bed, traced_mm={**bed.traced_mm, LEFT: bed.traced_mm[LEFT][:1]}))
    (finding,) = found.left_out
    assert refuse == []
    assert (finding.file, finding.what) == ("L3_L", "one point, wanted at least 2")
    assert finding.advice == "trace the root; the model lacks it and its ventral root"
    assert names(found) == ["L3_R_dorsal", "L3_R_ventral"]


@pytest.mark.parametrize(("aside_mm", "left_out"), [(4.0, False), (6.5, True)])
def test_a_root_that_begins_far_off_the_cord_is_left_out(
    aside_mm: float, left_out: bool, bed: Bed, refuse: list[str]
) -> None:
    points = bed.traced_mm[LEFT]
    theta, _ = bed.walls.cord.polar(points[:1])
    spoke = np.array([np.cos(theta[0]), np.sin(theta[0]), 0.0])
    begin = bed.walls.cord.point(theta, points[:1, 2]) + aside_mm * spoke
    found = laid(replace(bed, traced_mm={**bed.traced_mm, LEFT: np.concatenate([begin, points[4:]])}))
    assert ([finding.file for finding in found.left_out] == ["L3_L"]) is left_out
    assert all("off the cord, wanted at most 5 mm" in finding.what for finding in found.left_out)
    assert refuse == []


def test_further_roots_are_laid_where_none_was_traced(bed: Bed, refuse: list[str]) -> None:
    found = laid(bed, ("T12", "L3"))
    assert refuse == []
    dorsal = ["T12_L_dorsal", "T12_R_dorsal", "L3_L_dorsal", "L3_R_dorsal"]
    assert names(found) == [*dorsal, *(name.replace("dorsal", "ventral") for name in dorsal)]


def test_further_roots_for_which_there_is_no_place_are_named(bed: Bed, refuse: list[str]) -> None:
    found = laid(replace(bed, vertebrae=()), ("T12", "L3"))
    assert refuse == []
    assert names(found) == ["L3_L_dorsal", "L3_R_dorsal", "L3_L_ventral", "L3_R_ventral"]
    assert [(finding.severity, finding.code, finding.file) for finding in found.left_out] == [
        ("warning", NOT_BUILT, "T12_L"),
        ("warning", NOT_BUILT, "T12_R"),
    ]


def test_a_further_root_is_not_laid_in_the_place_of_one_that_cannot_be_built(
    bed: Bed, refuse: list[str]
) -> None:
    refuse.append("L3_L")
    found = laid(bed, ("L3",))
    assert names(found) == ["L3_R_dorsal", "L3_R_ventral"]


def test_the_seed_decides_the_places_of_rootlets_alone(bed: Bed, refuse: list[str]) -> None:
    bed = replace(bed, ganglia_mm={LEFT: bed.ganglia_mm[LEFT]})
    first, same, other = (laid(bed, seed=seed) for seed in (0, 0, 1))
    assert refuse == []

    def begins(found: Roots) -> list[list[float]]:
        return [rootlet.points_mm[0].tolist() for fan in found.fans for rootlet in fan.rootlets]

    assert begins(first) == begins(same)
    assert begins(first) != begins(other)
    for one, two in zip(first.moved, other.moved, strict=True):
        assert (one.points_mm == two.points_mm).all()


def test_a_root_whose_ganglion_lies_in_the_sac_cannot_be_built(bed: Bed) -> None:
    center = bed.walls.dura_inner.center(bed.ganglia_mm[LEFT][2:])[0]
    inside = np.array([*center, bed.ganglia_mm[LEFT][2]])
    found = laid(replace(bed, ganglia_mm={**bed.ganglia_mm, LEFT: inside}))
    assert names(found) == ["L3_R_dorsal", "L3_R_ventral"]
    # The ventral root is the first that fails; then there is no way for the dorsal one either.
    assert found.left_out[-1].file == "L3_L"
    assert "does not cross the wall all round" in found.left_out[-1].what
    assert "L3_L_ganglion" not in found.solids.regions
    assert "L3_R_ganglion" in found.solids.regions


def test_a_further_root_that_has_no_place_is_named(
    bed: Bed, refuse: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laying, "further_roots", lambda *_: ({}, {}))
    found = laid(bed, ("Co",))
    assert refuse == []
    assert [(one.severity, one.code, one.file) for one in found.left_out] == [
        ("warning", NOT_BUILT, "Co_L"),
        ("warning", NOT_BUILT, "Co_R"),
    ]
