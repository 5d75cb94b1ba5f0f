"""Solids that reach into those that they touch."""

import numpy as np
from tests.volume.closed_shapes import Shape, box

from cauda.volume.closed import Closed
from cauda.volume.plugs import DEPTH_MM, plugged

ONE: Shape = box((0, 0, 0), (2, 2, 2), parts=4)
TWO: Shape = box((2, 0, 0), (4, 2, 2), parts=4)


def test_a_solid_goes_on_into_the_one_that_shares_its_face() -> None:
    made = Closed(*plugged(ONE, TWO, Closed(*TWO)))
    inside = np.array([[2.0, 1.0, 1.0], [2.0 + 0.8 * DEPTH_MM, 1.0, 1.0], [2.0, 0.3, 1.7]])
    assert (made.distance_mm(inside) < -0.05).all()
    assert made.distance_mm(np.array([[2.0 + 1.2 * DEPTH_MM, 1.0, 1.0]]))[0] > 0.05


def test_nothing_changes_outside_of_the_other_solid() -> None:
    made, plain = Closed(*plugged(ONE, TWO, Closed(*TWO))), Closed(*ONE)
    points = np.random.default_rng(1).uniform(-1, 3, (3000, 3))
    outside = Closed(*TWO).distance_mm(points) > 0
    assert ((made.distance_mm(points) < 0) == (plain.distance_mm(points) < 0))[outside].all()


def test_solids_that_share_no_face_stay_as_they_are() -> None:
    apart = box((2.5, 0, 0), (4, 2, 2), parts=4)
    vertices, faces = plugged(ONE, apart, Closed(*apart))
    assert vertices is ONE[0]
    assert faces is ONE[1]


def test_it_reaches_less_deep_into_a_thin_solid() -> None:
    thin = box((2, 0, 0), (2.4, 2, 2), parts=4)
    reach = plugged(ONE, thin, Closed(*thin))[0][:, 0].max()
    assert 2.0 < reach < 2.4
