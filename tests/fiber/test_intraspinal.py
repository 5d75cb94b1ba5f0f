"""Fibers within the cord."""

from collections.abc import Callable

import numpy as np
import pytest

from cauda.anatomy import SpineModel
from cauda.arrays import Floats
from cauda.fiber.cord import SENSE, Cord
from cauda.fiber.frame import tangents
from cauda.fiber.intraspinal import Division, columns, division, motor
from cauda.fiber.scatter import generator, square

MIDDLE = np.array([1.0, -2.0])
ENTRY_MM = 25.0


@pytest.fixture(scope="module")
def cord(round_cord: Callable[..., SpineModel]) -> Cord:
    """Return a round cord of 4 mm, from 0 to 60 mm."""
    return Cord(round_cord())


def entering(
    cord: Cord,
    side: str,
    place: tuple[float, float] = (0.5, 0.5),
    deg: float = 48.0,
    entry_mm: float = ENTRY_MM,
) -> Division:
    """Return an afferent that enters going up, at 32 degrees to the surface."""
    at, inward = (
        cord.points(np.radians(deg), np.array(depth), np.array(entry_mm), side) for depth in (0.0, 1.0)
    )
    heading = np.sin(np.radians(32)) * (inward - at) + np.cos(np.radians(32)) * np.array([0, 0, 1.0])
    return division(cord, side, at, heading, np.array(place), 0.5)


def radius(points: Floats) -> Floats:
    return np.asarray(np.linalg.norm(points[:, :2] - MIDDLE, axis=1))


@pytest.mark.parametrize("side", SENSE)
def test_an_afferent_divides_near_its_entry_and_medially(cord: Cord, side: str) -> None:
    divides = entering(cord, side).trunk_mm[-1]
    phi, depth = cord.polar(divides, side)
    assert 20 < np.degrees(phi) < 48
    assert depth == pytest.approx(0.25, abs=1e-6)
    # Half of the way between 0.8 and 1.8 mm above its entry.
    assert divides[2] == pytest.approx(ENTRY_MM + 1.3)


@pytest.mark.parametrize("side", SENSE)
def test_one_branch_goes_up_to_the_end_of_the_cord_and_one_down(cord: Cord, side: str) -> None:
    found = entering(cord, side)
    for path in (found.rostral_mm, found.caudal_mm):
        np.testing.assert_allclose(path[0], found.trunk_mm[-1], atol=1e-9)
    assert (np.diff(found.rostral_mm[:, 2]) > 0).all()
    assert (np.diff(found.caudal_mm[:, 2]) < 0).all()
    assert found.rostral_mm[-1, 2] == pytest.approx(cord.top_mm, abs=1.01)
    assert found.trunk_mm[-1, 2] - found.caudal_mm[-1, 2] == pytest.approx(20, abs=1.01)


def test_the_rostral_branch_goes_on_and_the_caudal_one_leaves_at_a_right_angle(cord: Cord) -> None:
    found = entering(cord, "L")
    before = tangents(found.trunk_mm)[-1]
    assert before @ tangents(found.rostral_mm)[0] > np.cos(np.radians(20))
    assert abs(before @ tangents(found.caudal_mm)[0]) < np.sin(np.radians(20))


@pytest.mark.parametrize("deg", [22.0, 35.0, 48.0, 60.0])
def test_an_afferent_bends_gently(cord: Cord, deg: float) -> None:
    found = entering(cord, "R", deg=deg)
    for path in (found.trunk_mm, found.rostral_mm, found.caudal_mm):
        steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        along = np.diff(path, axis=0) / steps[:, None]
        turned = np.arccos(np.clip(np.einsum("ij,ij->i", along[1:], along[:-1]), -1, 1))
        assert (turned / ((steps[1:] + steps[:-1]) / 2)).max() < 1 / 0.5


def test_a_caudal_branch_ends_where_the_cord_does(cord: Cord) -> None:
    found = entering(cord, "L", entry_mm=8.0)
    assert found.caudal_mm[-1, 2] == pytest.approx(cord.bottom_mm, abs=1.01)
    assert (found.caudal_mm[:, 2] >= cord.bottom_mm).all()


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.3)])
def test_branches_stay_in_the_dorsal_column(cord: Cord, place: tuple[float, float]) -> None:
    found = entering(cord, "R", place)
    for path in (found.rostral_mm, found.caudal_mm):
        phi, depth = cord.polar(path, "R")
        assert (depth > 0.09).all()
        assert (radius(path) > cord.gray(phi, path[:, 2], "R")).all()
        settled = abs(path[:, 2] - path[0, 2]) > 8
        assert (phi[settled] > 0).all()
        assert (phi[settled] < cord.edge(path[settled, 2], "R")).all()


def test_a_rostral_branch_comes_nearer_to_the_midline(cord: Cord) -> None:
    path = entering(cord, "L").rostral_mm
    phi = cord.polar(path, "L")[0]
    low, high = (int(np.argmin(abs(path[:, 2] - z))) for z in (36.0, 56.0))
    # By a factor of e over 80 mm.
    assert phi[high] / phi[low] == pytest.approx(np.exp(-(path[high, 2] - path[low, 2]) / 80), rel=1e-3)


@pytest.mark.parametrize("side", SENSE)
def test_a_motor_axon_comes_straight_to_its_neuron_in_the_ventral_horn(cord: Cord, side: str) -> None:
    surface, inward = (
        cord.points(np.radians(147.0), np.array(depth), np.array(25.0), side) for depth in (0.0, 1.0)
    )
    path = motor(cord, side, surface, inward - surface, 27.0, np.zeros(2))
    neuron = cord.points(np.radians(140.0), np.array(2.0), np.array(27.0), side)
    np.testing.assert_allclose(path[-1], neuron, atol=0.02)
    assert (cord.polar(path, side)[1] > 0).all()


@pytest.mark.parametrize("place", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_motor_neurons_lie_about_that_point_and_in_gray_matter(cord: Cord, place: tuple[int, int]) -> None:
    surface = cord.points(np.radians(147.0), np.array(0.0), np.array(25.0), "R")
    end = motor(cord, "R", surface, np.array([0, 0, 1.0]), 27.0, np.array(place))[-1]
    middle = cord.points(np.radians(140.0), np.array(2.0), np.array(27.0), "R")
    # 0.12 of a radius of 4 mm, less where the horn is narrow: its bell of 10 degrees is 0.35 mm wide there.
    assert 0.08 < np.linalg.norm(end - middle) < 0.49
    gray = cord.gray(np.asarray(cord.polar(end, "R")[0]), np.array(27.0), "R")
    assert radius(end[None])[0] < float(gray)


@pytest.mark.parametrize("side", SENSE)
def test_fibers_of_the_dorsal_column_fill_it_over_the_whole_length(cord: Cord, side: str) -> None:
    paths = columns(cord, side, square(300, generator(0, "x")))
    assert len(paths) == 300
    for path in paths:
        assert path[0, 2] == cord.bottom_mm < 1
        assert path[-1, 2] == pytest.approx(cord.top_mm, abs=1.01)
    middle = np.array([path[30] for path in paths])
    phi, _ = cord.polar(middle, side)
    assert ((phi > 0) & (phi < cord.edge(middle[:, 2], side))).all()
    assert (radius(middle) < 3.9 + 2e-3).all()
    assert (radius(middle) > cord.gray(phi, middle[:, 2], side) + 0.099).all()
    # Even over the section: of the outer ring from 3 to 3.9 mm and of the medial 15 degrees as the areas say.
    edge = float(cord.edge(np.array([30.0]), side)[0])
    fine = np.linspace(0, edge, 2001)
    inner = cord.gray(fine, np.full(2001, 30.0), side) + 0.1
    whole = np.mean(3.9**2 - inner**2)
    assert np.mean(radius(middle) > 3) == pytest.approx(
        np.mean(3.9**2 - np.maximum(inner, 3) ** 2) / whole, abs=0.03
    )
    medial = fine < np.radians(15)
    assert np.mean(phi < np.radians(15)) == pytest.approx(
        np.sum((3.9**2 - inner**2)[medial]) / 2001 / whole, abs=0.03
    )
