"""Lofts: closed, outward, as large as the shapes that they stand for."""

import numpy as np
import pytest

from cauda.phantom.lofts import ball, loft, oval
from cauda.volume.closed import Closed


def test_an_oval_turns_counter_clockwise_and_reaches_as_far_as_asked() -> None:
    ring = oval(3.0, 2.0, 1.0, power=4.0)
    assert ring.max(axis=0).tolist() == pytest.approx([3.0, 2.0])
    assert ring.min(axis=0).tolist() == pytest.approx([-3.0, -1.0])
    x, y = ring.T
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0


@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_a_loft_of_circles_is_a_cylinder_outward_whichever_way_it_was_drawn(turned: float) -> None:
    rings = [np.column_stack([oval(2.0, 2.0), np.full(40, turned * z)]) for z in (0.0, 5.0)]
    solid = loft("rod", "marrow", rings)
    closed = Closed(solid.vertices_mm, solid.triangles)
    distance = closed.distance_mm(np.array([[0.0, 0.0, turned * 2.5], [3.0, 0.0, turned * 2.5]]))
    assert distance == pytest.approx([-2.0, 1.0], abs=0.02)


def test_a_ball_has_its_half_axes() -> None:
    solid = ball("egg", "marrow", np.array([1.0, 2.0, 3.0]), np.diag([2.0, 3.0, 4.0]))
    closed = Closed(solid.vertices_mm, solid.triangles)
    tips = np.array([[3.0, 2.0, 3.0], [1.0, 5.0, 3.0], [1.0, 2.0, 7.0]])
    assert np.abs(closed.distance_mm(tips)).max() < 0.06
    assert closed.distance_mm(np.array([[1.0, 2.0, 3.0]]))[0] < -1.9
