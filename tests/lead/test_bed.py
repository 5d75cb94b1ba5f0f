"""The dorsal side of the dura, and heights of walls over a plane."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.model import SpineModel
from cauda.errors import LeadError
from cauda.lead.bed import dorsal_line, relief, unrolled
from cauda.lead.course import Course

Spine = Callable[..., SpineModel]
GRID_MM = np.arange(-2, 2.01, 0.25)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_heights_over_a_tilted_plane_are_exact_and_there_are_none_beside_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    slope, plane = random.normal(0, 0.5, 2), random.uniform(-1.5, 1.5, (3, 2))
    corners = np.column_stack([plane, plane @ slope + 4.0])
    found = relief(corners, np.array([[0, 1, 2]]), GRID_MM, GRID_MM)
    along, across = np.meshgrid(GRID_MM, GRID_MM, indexing="ij")
    over = np.isfinite(found)
    assert found[over] == pytest.approx((along * slope[0] + across * slope[1] + 4.0)[over])
    assert (found[~over] == -np.inf).all()
    area = abs(np.linalg.det(plane[1:] - plane[0])) / 2
    assert over.sum() * 0.25**2 == pytest.approx(area, abs=0.25 * 2 * 7)


def test_of_two_walls_the_higher_counts_or_the_lower() -> None:
    square = np.array([[-3, -3, 0], [3, -3, 0], [3, 3, 0], [-3, 3, 0.0]])
    vertices = np.concatenate([square, square + np.array([0, 0, 2.5])])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    assert relief(vertices, triangles, GRID_MM, GRID_MM) == pytest.approx(2.5)
    assert relief(vertices, triangles, GRID_MM, GRID_MM, lowest=True) == pytest.approx(0.0, abs=1e-12)
    beside = vertices + np.array([9, 0, 0])
    assert (relief(beside, triangles, GRID_MM, GRID_MM, lowest=True) == np.inf).all()


@pytest.mark.parametrize("lateral_mm", [0.0, 3.0, -5.0])
def test_on_a_round_dura_a_distance_along_it_is_an_angle(spine: Spine, lateral_mm: float) -> None:
    model = spine(tilt_deg=6.0)
    dura = model.surfaces["dura_outer"]
    line = dorsal_line(model.axes.local(dura.vertices_mm), dura.triangles, -40, 20, lateral_mm)
    turn = lateral_mm / 8.0
    assert line.points_mm[:, 2] == pytest.approx(np.linspace(-40, 20, 61))
    assert line.points_mm[:, :2] == pytest.approx(
        np.broadcast_to([8 * np.sin(turn), -8 * np.cos(turn)], (61, 2)), abs=0.02
    )
    assert line.across == pytest.approx(np.broadcast_to([np.cos(turn), np.sin(turn)], (61, 2)), abs=0.02)


def test_a_place_on_the_flank_is_refused_and_the_most_is_said(spine: Spine) -> None:
    model = spine()
    dura = model.surfaces["dura_outer"]
    # A quarter of the way round is 12.57 mm, less what its direction is taken from.
    with pytest.raises(LeadError, match=r"lateral_mm: found -11.5, wanted at most 11\.1: .* flank"):
        dorsal_line(model.axes.local(dura.vertices_mm), dura.triangles, -40, 20, -11.5)


def test_a_wall_beside_a_straight_lead_is_unrolled_to_where_it_is(spine: Spine) -> None:
    model = spine()
    canal = model.surfaces["canal"]
    start = model.axes.ras(np.array([[0.0, -8.1, 0.0]]))[0]
    along = np.arange(0, 50.1, 0.5)
    course = Course(along, start - np.outer(along, [0, 0, 1]), np.tile([1.0, 0, 0], (len(along), 1)))
    vertices, triangles = unrolled(course, canal)
    assert np.hypot(vertices[:, 1], vertices[:, 2] + 8.1) == pytest.approx(12.0, abs=1e-6)
    assert 0 < len(triangles) < len(canal.triangles)
    assert triangles.max() == len(vertices) - 1
