"""Strands that make room for each other."""

from dataclasses import replace

import numpy as np
import pytest
from tests.anatomy.straight_cord import CORD_MM, DURA_MM, tube

from cauda.anatomy.parting import (
    CORD_GAP_MM,
    GAP_MM,
    LEAST_GAP_MM,
    LEAVING_DEG,
    SLIDE_MM,
    Obstacle,
    Parted,
    Strand,
    leaving,
    parted,
)
from cauda.arrays import Floats, Ints

CORD, DURA = tube(CORD_MM), tube(DURA_MM)
THICK_MM = 0.15
AS_THEY_LIE: Ints = np.zeros((3, 3), dtype=np.int64)


def place(theta: Floats, above: Floats, z: Floats) -> Floats:
    rho = CORD_MM + above
    return np.stack([rho * np.cos(theta), rho * np.sin(theta), z], axis=1)


def strand(
    begin_rad: float, end_rad: float, *, top: float = 60.0, bundle: int = 0, above: float = 0.8
) -> Strand:
    """Return a strand that leaves the cord, rises and runs 15 mm down to another angle."""
    z = np.linspace(top, top - 15.0, 31)
    share = np.linspace(0, 1, 31) ** 2 * (3 - 2 * np.linspace(0, 1, 31))
    points = place(begin_rad + (end_rad - begin_rad) * share, above * (1 - np.exp(z - top)), z)
    points[1] = leaving(CORD, points[:1], points[3:4], np.array([0.5]))[0]
    points[-2] = points[-1] + np.array([0.0, 0.0, 0.5])
    return Strand(points, THICK_MM, bundle, begin_rad)


def course(theta: float, above: float, radius_mm: float, bundle: int = 1) -> Obstacle:
    """Return an upright course."""
    z = np.arange(65.0, 40.0, -0.5)
    points = place(np.full(len(z), theta), np.full(len(z), above), z)
    return Obstacle(points, np.full(len(z), radius_mm), bundle)


def run(strands: list[Strand], obstacles: list[Obstacle], gives_way: Ints = AS_THEY_LIE) -> list[Parted]:
    return parted(strands, obstacles, CORD, DURA, gives_way)


def gap(one: Floats, two: Floats) -> float:
    """Return the least distance of two polygons, finely sampled."""
    fine = [
        np.stack([np.interp(np.linspace(0, 1, 600), np.linspace(0, 1, len(p)), p[:, k]) for k in range(3)], 1)
        for p in (one, two)
    ]
    return float(np.linalg.norm(fine[0][:, None] - fine[1][None], axis=2).min())


def test_no_strands_are_none() -> None:
    assert run([], [course(0.0, 1.0, 0.4)]) == []


def test_a_strand_that_has_its_room_keeps_its_place() -> None:
    laid = strand(0.0, 0.0)
    (found,) = run([laid], [])
    assert found.points_mm == pytest.approx(laid.points_mm, abs=0.02)
    assert found.thinner_mm == 0.0


def test_two_strands_part_evenly() -> None:
    away = 0.03
    laid = [strand(-away, -0.3), strand(away, 0.3, bundle=1)]
    one, two = run(laid, [])
    assert gap(one.points_mm, two.points_mm) > 2 * THICK_MM + GAP_MM - 0.03
    # The arrangement is symmetric about the plane y = 0, and so is what becomes of it.
    assert one.points_mm == pytest.approx(two.points_mm * np.array([1, -1, 1]), abs=0.02)


def test_a_strand_makes_room_for_a_course_that_does_not_move() -> None:
    tall = course(0.0, 0.75, 0.4)
    (found,) = run([strand(0.25, 0.12)], [tall])
    inner = found.points_mm[2:-2]
    apart = np.hypot(*(inner[:, :2] - tall.points_mm[0, :2]).T)
    assert apart.min() > 0.4 + THICK_MM + LEAST_GAP_MM
    assert (inner[:, 1] > 0).all()


@pytest.mark.parametrize("sense", [1, -1])
def test_below_a_course_without_room_it_gives_way_as_it_is_told(sense: int) -> None:
    low = course(0.0, 0.45, 0.4)
    told = np.zeros((3, 3), dtype=np.int64)
    told[0, 1] = sense
    (found,) = run([strand(0.02 * sense, 0.3 * sense, above=0.3)], [low], told)
    middle = found.points_mm[2:-2]
    assert (sense * middle[:, 1] > 0.2).all()
    apart = np.hypot(*(middle[:, :2] - low.points_mm[0, :2]).T)
    assert apart.min() > 0.4 + THICK_MM + LEAST_GAP_MM


def test_it_passes_the_course_on_which_it_ends() -> None:
    laid = strand(0.0, 0.0)
    (found,) = run([laid], [course(0.0, 0.8, 0.4, bundle=0)])
    assert found.points_mm == pytest.approx(laid.points_mm, abs=0.02)


def test_it_keeps_clear_of_the_cord_once_it_has_left_it() -> None:
    laid = strand(0.0, 0.0, above=0.3)
    sunk = laid.points_mm.copy()
    sunk[5:25, 0] = CORD_MM + 0.02
    (found,) = run([replace(laid, points_mm=sunk)], [])
    above = np.hypot(*found.points_mm[2:, :2].T) - CORD_MM
    assert above.min() > THICK_MM + CORD_GAP_MM - 0.03


def test_it_stays_inside_the_dura() -> None:
    (found,) = run([strand(0.0, 0.0, above=5.2)], [])
    middle = found.points_mm[8:-4]
    assert (np.hypot(*middle[:, :2].T) < DURA_MM - THICK_MM).all()


def test_it_begins_on_the_cord_at_its_height_not_far_from_its_place_and_steeply() -> None:
    laid = strand(0.0, 0.0)
    blocked = course(0.0, 0.45, 0.4)
    (found,) = run([laid], [blocked])
    first, second = found.points_mm[:2]
    assert np.hypot(*first[:2]) == pytest.approx(CORD_MM, abs=1e-9)
    assert first[2] == pytest.approx(laid.points_mm[0, 2], abs=1e-9)
    assert CORD_MM * abs(np.arctan2(first[1], first[0])) <= SLIDE_MM + 1e-9
    step = (second - first) / np.linalg.norm(second - first)
    rise = step[:2] @ first[:2] / CORD_MM
    assert np.degrees(np.arcsin(rise)) == pytest.approx(LEAVING_DEG, abs=1.0)


def test_ends_stay_where_they_are() -> None:
    laid = [strand(-0.01, -0.05), strand(0.01, 0.05)]
    for before, after in zip(laid, run(laid, []), strict=True):
        assert after.points_mm[-1] == pytest.approx(before.points_mm[-1], abs=1e-6)


def test_strands_that_are_held_too_near_to_each_other_have_to_be_thinner() -> None:
    apart = 0.2
    laid = [strand(0.0, 0.0), strand(0.3, apart / (CORD_MM + 0.8), bundle=1)]
    for found in run(laid, []):
        assert found.thinner_mm == pytest.approx((2 * THICK_MM + LEAST_GAP_MM - apart) / 2, abs=0.01)


def test_the_same_strands_give_the_same_bytes() -> None:
    laid = [strand(-0.02, -0.3), strand(0.02, 0.3, bundle=1)]
    for one, two in zip(run(laid, []), run(laid, []), strict=True):
        assert one.points_mm.tobytes() == two.points_mm.tobytes()
