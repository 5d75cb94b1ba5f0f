"""What a plane meets: regions, and rootlets that are lines."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import RootName
from cauda.report.crosscut import crosscut, crossings
from cauda.report.section import Plane

X, Y = np.eye(3)[:2]


def level(z_mm: float) -> Plane:
    return Plane(np.array([6.0, -50.0, z_mm]), -X, Y)


def test_regions_are_drawn_from_the_outside_in(full: SpineModel) -> None:
    names = [surface.name for surface, _ in crosscut(full, level(83.0)).areas]
    kept = [name for name in names if "_L_" not in name and "_R_" not in name]
    assert kept == ["soft_tissue", "fat", "dura", "csf", "white_matter", "gray_matter"]
    assert names[-1].endswith("dorsal")


def test_a_rootlet_that_is_a_solid_is_no_dot(full: SpineModel) -> None:
    assert crosscut(full, level(91.0)).dots
    solid = replace(full.surfaces["L3_L_dorsal"], name="L3_L_dorsal_rootlet", part="dorsal_rootlet")
    with_solid = replace(full, surfaces=MappingProxyType({**full.surfaces, solid.name: solid}))
    before, after = (
        {(dot.path.root, dot.path.part) for dot in crosscut(one, level(91.0)).dots}
        for one in (full, with_solid)
    )
    assert before - after == {(RootName("L3", "L"), "dorsal_rootlet")}


def test_the_middle_of_a_root_is_that_of_its_section_or_of_its_rootlets(full: SpineModel) -> None:
    root = RootName("L3", "L")
    alone = crosscut(full, level(91.0)).middles_mm()
    assert alone[root, "dorsal"] == pytest.approx([3.2, -2.0], abs=0.01)
    met = crosscut(full, level(70.0)).middles_mm()
    assert met[root, "dorsal"][1] == pytest.approx(-2.0, abs=0.05)
    assert met[root, "ventral"][1] == pytest.approx(2.0, abs=0.05)


@settings(max_examples=30)
@given(st.floats(-0.99, 0.99), st.integers(3, 30))
def test_a_wave_passes_through_a_plane_as_often_as_its_formula_says(height: float, half_turns: int) -> None:
    turn = np.linspace(0, half_turns * np.pi, 60 * half_turns + 1)
    points = np.column_stack([turn, np.zeros(len(turn)), -np.cos(turn)])
    radius = 0.1 + 0.01 * turn
    path = RootPath(
        RootName("L4", "L"), "dorsal_rootlet", points, radius, ("synthesized",) * len(turn), radius * 0, 1
    )
    dots = crossings(path, Plane(np.array([0.0, 0.0, height]), X, Y))
    assert len(dots) == half_turns
    for dot in dots:
        assert -np.cos(dot.center_mm[0]) == pytest.approx(height, abs=0.01)
        assert dot.radius_mm == pytest.approx(0.1 + 0.01 * dot.center_mm[0], abs=1e-3)
