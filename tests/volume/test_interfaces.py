"""Interfaces: the triangles round each region, closed and outward."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.blocks import CONTACT, INNER, OUTER, block

from cauda.volume import interfaces as module
from cauda.volume.interfaces import compact, interfaces


def test_the_surface_of_a_cube_in_a_cube_has_its_area_and_its_volume() -> None:
    mesh = block(side=6, edge_mm=0.5)
    found = interfaces(mesh, mesh.label)
    inner = trimesh.Trimesh(*compact(mesh.points_mm, found.of(INNER)), process=False)
    assert inner.is_watertight
    assert inner.area == pytest.approx(6 * 2.0**2)
    assert inner.volume == pytest.approx(2.0**3)


def test_every_surface_is_closed_and_encloses_its_tetrahedra() -> None:
    mesh = block()
    found = interfaces(mesh, mesh.label)
    for group in (OUTER, INNER, CONTACT):
        surface = trimesh.Trimesh(*compact(mesh.points_mm, found.of(group)), process=False)
        assert surface.is_watertight
        assert surface.is_winding_consistent
        assert surface.volume == pytest.approx(mesh.volumes_mm3[mesh.label == group].sum())


def test_one_group_alone_has_the_outer_boundary() -> None:
    mesh = block(side=3, edge_mm=1.0)
    faces = interfaces(mesh, np.zeros(len(mesh.tetrahedra), dtype=np.int64))
    assert len(faces.triangles) == 2 * 6 * 3**2
    assert (faces.group == 0).all()


@given(seed=st.integers(0, 2**32 - 1), groups=st.integers(1, 5))
@settings(max_examples=15)
def test_whatever_the_groups_every_edge_is_wound_both_ways_alike(seed: int, groups: int) -> None:
    mesh = block(side=3)
    group = np.random.default_rng(seed).integers(0, groups, len(mesh.tetrahedra))
    found = interfaces(mesh, group)
    for one in range(groups):
        triangles = found.of(one)
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        assert sorted(map(tuple, edges.tolist())) == sorted(map(tuple, edges[:, ::-1].tolist()))


def test_meshes_of_very_many_nodes_are_sorted_in_another_way_to_the_same_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mesh = block(side=4)
    few = interfaces(mesh, mesh.label)
    monkeypatch.setattr(module, "_PRODUCT_OF_THREE_FITS", 1)
    many = interfaces(mesh, mesh.label)
    assert many.triangles.tolist() == few.triangles.tolist()
    assert many.group.tolist() == few.group.tolist()


def test_compact_keeps_the_points_that_are_used_alone() -> None:
    points = np.arange(12.0).reshape(4, 3)
    used, triangles = compact(points, np.array([[3, 1, 0]]))
    assert used.tolist() == points[[0, 1, 3]].tolist()
    assert triangles.tolist() == [[2, 1, 0]]
