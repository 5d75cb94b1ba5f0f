"""Courses: thin leads follow the midline, paddles stay in their plane."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from cauda.anatomy.levels import parse_level
from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats
from cauda.lead import Course, Placement, catalog
from cauda.lead.fitting import surroundings
from cauda.lead.laying import laid

Spine = Callable[..., SpineModel]
SWING_MM = 4.0


@pytest.fixture
def winding(spine: Spine) -> SpineModel:
    """Return a spine whose middle swings from side to side."""
    model = spine(canal_mm=20.0)
    surfaces = {}
    for name, one in model.surfaces.items():
        own = model.axes.local(one.vertices_mm)
        own[:, 0] += swing(own[:, 2])
        surfaces[name] = replace(one, vertices_mm=model.axes.ras(own))
    return replace(model, surfaces=MappingProxyType(surfaces))


def swing(z_mm: np.ndarray) -> np.ndarray:
    return np.asarray(SWING_MM * np.sin(2 * np.pi * z_mm / 120.0))


def course_of(name: str, model: SpineModel, **asked: float) -> Course:
    placement = Placement(parse_level("T12"), **asked)  # type: ignore[arg-type]
    return laid(catalog(name), placement, 0.0, surroundings(model))


def nodes(name: str, model: SpineModel, **asked: float) -> Floats:
    return model.axes.local(course_of(name, model, **asked).points_mm)


def test_a_thin_lead_follows_a_winding_midline(winding: SpineModel) -> None:
    points = nodes("octrode-like", winding)
    inner = (points[:, 2] < -8) & (points[:, 2] > -45)
    assert points[inner, 0] == pytest.approx(swing(points[inner, 2]), abs=0.35)


def test_a_paddle_does_not_bend_sideways(winding: SpineModel) -> None:
    course = course_of("specify-5-6-5-like", winding, angle_deg=3.0)
    assert np.ptp(course.points_mm @ course.across[0]) < 1e-5
    assert np.ptp(course.across, axis=0) == pytest.approx(0.0)


def test_a_paddle_keeps_as_near_to_a_winding_midline_as_a_straight_line_does(winding: SpineModel) -> None:
    points = nodes("specify-5-6-5-like", winding)
    line = np.polynomial.polynomial.polyfit(points[:, 2], points[:, 0], 1)
    # It begins on the midline and takes the direction that keeps nearest to it.
    assert line[0] == pytest.approx(0.0, abs=0.05)
    z = np.linspace(-55, 8, 200)
    assert line[1] == pytest.approx((swing(z) @ z) / (z @ z), abs=0.02)


@pytest.mark.parametrize("name", ["specify-5-6-5-like", "octrode-like"])
def test_mirrored_anatomy_mirrors_the_course(winding: SpineModel, name: str) -> None:
    mirrored = {}
    for key, one in winding.surfaces.items():
        own = winding.axes.local(one.vertices_mm) * [-1, 1, 1]
        mirrored[key] = replace(one, vertices_mm=winding.axes.ras(own), triangles=one.triangles[:, ::-1])
    other = replace(winding, surfaces=MappingProxyType(mirrored))
    here = nodes(name, winding, lateral_mm=1.0, angle_deg=3.0)
    there = nodes(name, other, lateral_mm=-1.0, angle_deg=-3.0)
    assert there == pytest.approx(here * [-1, 1, 1], abs=0.03)
