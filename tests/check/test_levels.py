from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cauda.annotation import RootName, Tracing
from cauda.arrays import Floats
from cauda.check import check
from cauda.errors import Finding

L4, L5 = RootName("L4", "L"), RootName("L5", "L")


def found(tracing: Tracing, code: str) -> list[Finding]:
    return [finding for finding in check(tracing) if finding.code == code]


def renamed(tracing: Tracing, part: str, name: Callable[[RootName], RootName]) -> Tracing:
    """Give the roots or ganglia other names."""
    return with_part(tracing, part, {name(old): place for old, place in getattr(tracing, part).items()})


def with_part(tracing: Tracing, part: str, places: dict[RootName, Floats]) -> Tracing:
    return replace(tracing, roots=places) if part == "roots" else replace(tracing, ganglia=places)


def exchange(one: RootName, two: RootName) -> Callable[[RootName], RootName]:
    return lambda name: {one: two, two: one}.get(name, name)


@pytest.mark.parametrize(("part", "word"), [("roots", "entry"), ("ganglia", "ganglion")])
def test_two_levels_exchanged_are_an_error_of_the_part_that_was_exchanged(
    spine: Tracing, part: str, word: str
) -> None:
    (finding,) = found(renamed(spine, part, exchange(L4, L5)), "level-order")
    assert finding.severity == "error"
    assert finding.file.startswith("L5_L")
    assert f"the {word} of L5_L lies" in finding.what


def test_two_roots_may_enter_in_one_slice(spine: Tracing) -> None:
    tracing = replace(spine, roots=dict(spine.roots) | {L4: spine.roots[L4][3:]})
    assert spine.roots[L5][0, 2] == pytest.approx(tracing.roots[L4][0, 2])
    assert found(tracing, "level-order") == []


def test_an_entry_one_slice_too_low_is_out_of_order(spine: Tracing) -> None:
    tracing = replace(spine, roots=dict(spine.roots) | {L4: spine.roots[L4][4:]})
    (finding,) = found(tracing, "level-order")
    assert "lies 2.0 mm above that of L4_L" in finding.what


def test_a_whole_annotation_in_the_wrong_frame_is_one_error(spine: Tracing) -> None:
    flip = np.array([-1.0, -1.0, 1.0])
    flipped = replace(
        spine,
        cord=tuple(replace(piece, points_mm=piece.points_mm * flip) for piece in spine.cord),
        dura=tuple(replace(piece, points_mm=piece.points_mm * flip) for piece in spine.dura),
        roots={name: points_mm * flip for name, points_mm in spine.roots.items()},
        ganglia={name: center_mm * flip for name, center_mm in spine.ganglia.items()},
    )
    (finding,) = found(flipped, "sides-swapped")
    assert finding.severity == "error"
    assert "28 of 28" in finding.what


@pytest.mark.parametrize("part", ["roots", "ganglia"])
def test_the_sides_of_one_level_exchanged_are_an_error_of_each(spine: Tracing, part: str) -> None:
    findings = found(renamed(spine, part, exchange(L4, L4.opposite)), "sides-swapped")
    assert [finding.severity for finding in findings] == ["error", "error"]
    assert {finding.file[:4] for finding in findings} == {"L4_L", "L4_R"}


@pytest.mark.parametrize("part", ["roots", "ganglia"])
def test_one_side_drawn_where_the_other_is_is_an_error_of_that_side(spine: Tracing, part: str) -> None:
    copied = dict(getattr(spine, part))
    copied[L4] = copied[L4.opposite] + [0.5, 0, 0]
    findings = found(with_part(spine, part, copied), "sides-swapped")
    assert "L4_L" in {finding.file[:4] for finding in findings}


def test_without_contours_the_midline_is_that_of_the_pairs(spine: Tracing) -> None:
    bare = replace(spine, cord=(), dura=())
    assert found(bare, "sides-swapped") == []
    exchanged = renamed(bare, "roots", exchange(L4, L4.opposite))
    assert len(found(exchanged, "sides-swapped")) == 2


def test_roots_of_one_side_alone_are_judged_by_the_sac(spine: Tracing) -> None:
    left = {name: points_mm for name, points_mm in spine.roots.items() if name.side == "L"}
    assert found(replace(spine, roots=left), "sides-swapped") == []
    wrong = {name.opposite: points_mm for name, points_mm in left.items()}
    assert len(found(replace(spine, roots=wrong, ganglia={}), "sides-swapped")) == 1
