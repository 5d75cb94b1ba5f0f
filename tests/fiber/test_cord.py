"""The cord as fibers see it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy import SpineModel
from cauda.errors import FiberError
from cauda.fiber.cord import SENSE, Cord

Make = Callable[..., SpineModel]


@pytest.fixture(scope="module", params=[0.0, 12.0])
def cord(request: pytest.FixtureRequest, round_cord: Make) -> Cord:
    """Return a round cord, straight or turned about its axis."""
    return Cord(round_cord(request.param))


@pytest.mark.parametrize("side", SENSE)
def test_a_round_cord_has_its_radius_in_every_direction(cord: Cord, side: str) -> None:
    phi, z = np.radians([0, 33, 90, 179.0]), np.array([3, 20, 41, 58.0])
    np.testing.assert_allclose(cord.radius(phi, z, side), 4.0, atol=2e-3)


@pytest.mark.parametrize("side", SENSE)
def test_angles_grow_from_the_dorsal_midline_to_either_side(cord: Cord, side: str) -> None:
    # The horns lie at 45 and 140 degrees, 2 mm from the middle.
    horn = cord.points(np.radians(45.0), np.array(2.0), np.array(30.0), side)
    phi, depth = cord.polar(horn, side)
    assert np.degrees(phi) == pytest.approx(45, abs=0.01)
    assert depth == pytest.approx(2.0, abs=2e-3)
    phi, rho = cord.motor(np.array([5.0, 30.0]), side)
    np.testing.assert_allclose(np.degrees(phi), 140, atol=0.05)
    np.testing.assert_allclose(rho, 2.0, atol=3e-3)


@settings(max_examples=25)
@given(st.floats(0, 3.1), st.floats(0, 3), st.floats(2, 58), st.sampled_from(list(SENSE)))
def test_points_are_found_again(cord: Cord, phi: float, depth: float, z: float, side: str) -> None:
    point = cord.points(np.array(phi), np.array(depth), np.array(z), side)
    found = cord.polar(point, side)
    np.testing.assert_allclose(found, [phi, depth], atol=1e-9)


def test_the_sides_are_mirror_images(round_cord: Make) -> None:
    cord = Cord(round_cord())
    left, right = (cord.points(np.radians(40.0), np.array(0.5), np.array(30.0), side) for side in "LR")
    np.testing.assert_allclose(left[0] - 1, 1 - right[0], atol=1e-6)
    np.testing.assert_allclose(left[1:], right[1:], atol=1e-6)


@pytest.mark.parametrize("side", SENSE)
def test_gray_matter_reaches_as_far_as_it_does(cord: Cord, side: str) -> None:
    z = np.full(3, 30.0)
    found = cord.gray(np.radians([0.0, 45.0, 90.0]), z, side)
    # Directions are 5 degrees apart: the tip of a bell is cut off by a few percent.
    np.testing.assert_allclose(found, [1.0, 2.5, 1.0], atol=0.12)


@pytest.mark.parametrize("side", SENSE)
def test_the_dorsal_column_ends_where_gray_matter_reaches_half_of_the_radius(cord: Cord, side: str) -> None:
    # 1 + 1.5 exp(-((phi - 45) / 10)^2) = 2
    wanted = 45 - 10 * np.sqrt(np.log(1.5))
    assert np.degrees(cord.edge(np.array([30.0]), side)) == pytest.approx(wanted, abs=1.5)


@pytest.mark.parametrize("name", ["cord", "gray_matter"])
def test_a_model_without_a_part_is_refused(round_cord: Make, name: str) -> None:
    model = round_cord()
    left = {known: surface for known, surface in model.surfaces.items() if known != name}
    with pytest.raises(FiberError, match=f"sub-round: the model has no {name}"):
        Cord(replace(model, surfaces=left))


def test_a_model_without_horn_points_is_refused(round_cord: Make) -> None:
    model = round_cord()
    segments = tuple(replace(each, horns_mm={}) for each in model.segments)
    with pytest.raises(FiberError, match="no segment of the cord has horn points"):
        Cord(replace(model, segments=segments))


def test_a_cord_as_thin_as_a_thread_is_refused(round_cord: Make) -> None:
    model = round_cord()
    thread = replace(model.surfaces["cord"], vertices_mm=model.surfaces["cord"].vertices_mm * [0.1, 0.1, 1.0])
    with pytest.raises(FiberError, match="0 mm of the cord are thick enough"):
        Cord(replace(model, surfaces={**model.surfaces, "cord": thread}))
