"""Fibers run along center lines."""

import numpy as np
import pytest
from tests.volume.closed_shapes import tube

from cauda.anatomy.axes import Axes
from cauda.anatomy.model import RootPath
from cauda.annotation.tracing import RootName
from cauda.volume.directions import Line, center_line


def quarter(radius_mm: float = 20.0) -> RootPath:
    turn = np.linspace(0, np.pi / 2, 60)
    points = radius_mm * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    return RootPath(
        RootName("L4", "L"), "dorsal", points, np.linspace(0.4, 0.8, 60), ("annotated",) * 60, np.zeros(60)
    )


def test_along_a_circle_the_direction_is_its_tangent() -> None:
    turn = np.linspace(0.1, 1.4, 50)
    points = 20.5 * np.stack([np.cos(turn), np.sin(turn), 0 * turn + 0.02], axis=1)
    tangent = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], axis=1)
    found = Line.of(quarter()).direction(points)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1.0)
    assert np.einsum("ij,ij->i", found, tangent).min() > np.cos(np.radians(1.0))


def test_the_radius_is_that_of_the_nearest_point() -> None:
    middle = 20 * np.array([[np.cos(np.pi / 4), np.sin(np.pi / 4), 0.0]])
    assert Line.of(quarter()).radius_mm(middle)[0] == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_the_line_of_a_tube_runs_through_its_middle(slope: float) -> None:
    vertices, faces = tube(0.5, 0.0, 30.0)
    oblique = vertices + slope * vertices[:, 2:] * np.array([1.0, 0.0, 0.0])
    line = center_line(oblique, faces, Axes(np.zeros(3), np.eye(3)))
    height = np.linspace(5, 25, 20)
    along = line.direction(np.stack([slope * height, 0 * height, height], axis=1))
    wanted = np.array([slope, 0, 1]) / np.hypot(slope, 1)
    assert (along @ wanted).min() > np.cos(np.radians(1.0))
    thread = line.thread
    inner = (thread.points_mm[:, 2] > 2) & (thread.points_mm[:, 2] < 28)
    off = thread.points_mm[inner, 0] - slope * thread.points_mm[inner, 2]
    assert np.abs(off).max() < 0.05
    # Sheared, its section across is an ellipse of half axes 0.5 and 0.5 / sqrt(1 + slope^2).
    assert 0.5 / np.hypot(slope, 1) - 0.02 < thread.radius_mm[inner].mean() < 0.52
