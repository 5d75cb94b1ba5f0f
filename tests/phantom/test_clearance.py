"""Roots are moved apart, off the cord and inside the dura, by as little as that takes."""

import numpy as np
from numpy.typing import NDArray

from cauda.phantom.clearance import Clearance, Room
from cauda.phantom.sections import ANGLES_RAD, Sections

SLICES = 12
WANTED = Clearance(roots_mm=1.4, cord_mm=0.7, dura_mm=0.8)


def _room(roots: int = 2) -> Room:
    ones = np.ones((SLICES, len(ANGLES_RAD)))
    center = np.zeros((SLICES, 2))
    active = np.ones((roots, SLICES), dtype=bool)
    return Room(Sections(center, 4.0 * ones), Sections(center, 9.0 * ones), active)


def _straight(*places: tuple[float, float]) -> NDArray[np.float64]:
    return np.repeat(np.array(places)[:, None], SLICES, axis=1)


def _settled(room: Room, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return room.settled(points, WANTED, rounds=80, smoothing=0.25)


def test_roots_that_are_clear_stay_where_they_are() -> None:
    points = _straight((-6.0, 0.0), (6.0, 0.0))
    np.testing.assert_array_equal(_settled(_room(), points), points)


def test_two_roots_too_near_each_move_half_the_way() -> None:
    points = _straight((-0.5, -6.5), (0.5, -6.5))
    moved = _settled(_room(), points)
    np.testing.assert_allclose(moved[:, 3:], _straight((-0.7, -6.5), (0.7, -6.5))[:, 3:], atol=0.03)


def test_the_entry_does_not_move() -> None:
    points = _straight((-0.5, -6.5), (0.5, -6.5))
    np.testing.assert_array_equal(_settled(_room(), points)[:, 0], points[:, 0])


def test_roots_are_pushed_off_the_cord_and_into_the_dura() -> None:
    moved = _settled(_room(), _straight((4.1, 0.0), (-8.9, 0.0)))
    np.testing.assert_allclose(moved[:, 1:], _straight((4.7, 0.0), (-8.2, 0.0))[:, 1:], atol=1e-9)


def test_what_is_settled_has_the_clearance_and_what_is_not_has_not() -> None:
    room, points = _room(), _straight((-0.5, -6.5), (0.5, -6.5))
    least = Clearance(roots_mm=1.3, cord_mm=0.6, dura_mm=0.7)
    moved = _settled(room, points)
    moved[:, 0] = moved[:, 1]
    assert room.has(moved, least, cord_to_dura_mm=4.9)
    assert not room.has(points, least, cord_to_dura_mm=4.9)
    assert not room.has(moved, least, cord_to_dura_mm=5.1)


def test_a_root_that_is_absent_in_a_slice_pushes_nobody_there() -> None:
    room = _room()
    room.active[1, 6:] = False
    points = _straight((-0.5, -6.5), (0.5, -6.5))
    moved = room.settled(points, WANTED, rounds=80, smoothing=0.0)
    np.testing.assert_array_equal(moved[0, 6:], points[0, 6:])
    assert (moved[0, 1:6, 0] < -0.6).all()
