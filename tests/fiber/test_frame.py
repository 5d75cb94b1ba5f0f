"""Curves with a frame that does not twist."""

import numpy as np
import pytest

from cauda.arrays import Floats
from cauda.fiber.frame import Framed, hermite, lengths, smoothstep, tangents

FLIP = np.array([-1.0, 1.0, 1.0])


def helix(count: int = 400) -> Floats:
    turn = np.linspace(0, 4 * np.pi, count)
    return np.stack([3 * np.cos(turn), 3 * np.sin(turn), 2 * turn], axis=1)


def test_the_frame_of_a_straight_curve_is_the_same_everywhere() -> None:
    points = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 3.0]])
    frame = Framed.along(points, "R")
    np.testing.assert_allclose(frame.across, [[0, 1, 0]] * 3)
    np.testing.assert_allclose(frame.offset(np.array([[0.5, 0.0]])), points + np.array([0, 0.5, 0]))


def test_a_plane_curve_keeps_its_normal() -> None:
    turn = np.linspace(0, np.pi, 50)
    frame = Framed.along(np.stack([np.sin(turn), 0 * turn, np.cos(turn)], axis=1), "L")
    np.testing.assert_allclose(frame.across, [[0, 1, 0]] * 50, atol=1e-12)


def test_the_frame_stands_upright_on_the_curve() -> None:
    points = helix()
    frame = Framed.along(points, "L")
    along = tangents(points)
    for one, other in ((frame.across, along), (frame.beside, along), (frame.across, frame.beside)):
        np.testing.assert_allclose(np.einsum("ij,ij->i", one, other), 0, atol=1e-12)


def test_the_frame_does_not_twist() -> None:
    # Against its normal, a helix turns by its torsion times its length: here 2/13 per mm, 4 pi sqrt(13) mm.
    points = helix(4000)
    frame = Framed.along(points, "L")
    inward = -points * [1, 1, 0] / 3
    aside = np.cross(tangents(points), inward)
    angle = np.unwrap(
        np.arctan2(np.einsum("ij,ij->i", frame.across, aside), np.einsum("ij,ij->i", frame.across, inward))
    )
    assert angle[-1] - angle[0] == pytest.approx(-2 / 13 * 4 * np.pi * 13**0.5, abs=0.02)


def test_the_mirror_image_of_a_curve_has_the_mirror_image_of_its_frame() -> None:
    flat = np.array([[0.3, -0.7]])
    left = Framed.along(helix(), "L").offset(flat)
    right = Framed.along(helix() * FLIP, "R").offset(flat)
    np.testing.assert_allclose(right, left * FLIP, atol=1e-12)


def test_offsets_are_found_again() -> None:
    frame = Framed.along(helix(), "R")
    flat = np.array([[0.3, -0.7], [1.0, 0.2]])
    points = np.stack([frame.offset(each[None])[17] for each in flat])
    np.testing.assert_allclose(frame.flat(points, 17), flat, atol=1e-12)


def test_a_curve_that_runs_ventrally_has_a_frame() -> None:
    frame = Framed.along(np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0.0]]), "R")
    np.testing.assert_allclose(frame.across, [[0, 0, 1]] * 3)


def test_lengths_are_those_of_the_polyline() -> None:
    np.testing.assert_allclose(lengths(np.array([[0, 0, 0], [3, 4, 0], [3, 4, 2.0]])), [0, 5, 7])


def test_a_smooth_step_is_level_at_both_ends() -> None:
    assert smoothstep(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0, 0.5, 1, 1]
    near = smoothstep(np.array([1e-4, 1 - 1e-4]))
    np.testing.assert_allclose(near, [0, 1], atol=1e-7)


def test_a_cubic_has_the_ends_and_slopes_asked_for() -> None:
    share = np.array([0, 1e-6, 1 - 1e-6, 1.0])
    values = hermite(share, 2.0, 5.0, -1.0, 0.5)
    assert values[[0, -1]].tolist() == [2.0, -1.0]
    assert (values[1] - values[0]) / 1e-6 == pytest.approx(5.0, abs=1e-4)
    assert (values[3] - values[2]) / 1e-6 == pytest.approx(0.5, abs=1e-4)
