"""The label image of a mesh: which voxel has which label, where it lies, and in how little memory."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.blocks import CONTACT, INNER, OUTER, block

from cauda.errors import MeshError
from cauda.volume import voxels
from cauda.volume.mesh import Label, VolumeMesh
from cauda.volume.voxels import LONGEST, Grid, slabs, write_nifti

CUBES_MM3 = {OUTER: 18.875, INNER: 8.0, CONTACT: 0.125}


def directions(found: Any) -> tuple[str, ...]:
    named: Any = nib.aff2axcodes
    return tuple(named(found.affine))


def image(mesh: VolumeMesh, voxel_mm: float) -> np.ndarray:
    return np.concatenate(list(slabs(mesh, Grid.of(mesh, voxel_mm))), axis=2)


def test_voxels_that_fit_into_cubes_fill_them_exactly(tmp_path: Path) -> None:
    count = write_nifti(tmp_path / "a.nii.gz", block(side=6, edge_mm=0.5), 0.1)
    assert (count * 0.1**3).tolist() == pytest.approx(
        [CUBES_MM3[OUTER], CUBES_MM3[INNER], CUBES_MM3[CONTACT]]
    )


def test_nibabel_reads_each_label_where_the_mesh_has_it(tmp_path: Path) -> None:
    mesh = block(side=6, edge_mm=0.5, corner_mm=(1, -2, -402))
    write_nifti(tmp_path / "a.nii.gz", mesh, 0.1)
    found: Any = nib.load(tmp_path / "a.nii.gz")
    data = np.asarray(found.dataobj)
    assert data.dtype == np.uint8
    assert found.header.get_zooms() == pytest.approx((0.1, 0.1, 0.1))
    assert found.header.get_xyzt_units()[0] == "mm"
    assert directions(found) == ("R", "A", "S")
    assert found.get_sform(coded=True)[1] == found.get_qform(coded=True)[1] == 1
    for point_mm, label in (
        ((1.24, -1.76, -401.76), CONTACT),
        ((1.26, -1.76, -401.26), OUTER),
        ((1.76, -1.26, -401.26), INNER),
        ((3.44, 0.44, -399.56), INNER),
        ((3.56, 0.44, -399.56), OUTER),
    ):
        index = np.rint(np.linalg.inv(found.affine) @ [*point_mm, 1])[:3].astype(int)
        assert data[tuple(index)] == label + 1


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_a_voxel_has_the_label_of_the_tetrahedron_that_its_center_lies_in(seed: int) -> None:
    mesh = block(side=3, edge_mm=1.0)
    rng = np.random.default_rng(seed)
    mesh = replace(
        mesh,
        points_mm=mesh.points_mm + rng.uniform(-0.1, 0.1, mesh.points_mm.shape),
        label=np.arange(len(mesh.tetrahedra)),
        labels=tuple(Label(f"t{number}", "fat") for number in range(len(mesh.tetrahedra))),
    )
    grid = Grid.of(mesh, 0.37)
    found = image(mesh, 0.37)
    corner = mesh.points_mm[mesh.tetrahedra]
    for index in rng.integers(0, found.shape, (30, 3)):
        center = grid.first_mm + 0.37 * index
        edges = (corner[:, 1:] - corner[:, :1]).transpose(0, 2, 1)
        share = np.linalg.solve(edges, (center - corner[:, 0])[..., None])[..., 0]
        least = np.minimum(share.min(axis=1), 1 - share.sum(axis=1))
        wanted = least.argmax() + 1 if least.max() > 0 else 0
        assert found[tuple(index)] == wanted


def test_slabs_of_any_thickness_make_the_same_image(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = block()
    whole = image(mesh, 0.17)
    monkeypatch.setattr(voxels, "_SLAB_VOXELS", 1)
    parts = list(slabs(mesh, Grid.of(mesh, 0.17)))
    assert {part.shape[2] for part in parts} == {1}
    assert np.concatenate(parts, axis=2).tobytes() == whole.tobytes()


def test_the_grid_covers_the_mesh_and_no_more() -> None:
    mesh = block(side=2, edge_mm=0.5, corner_mm=(0.3, -0.3, -401.0))
    grid = Grid.of(mesh, 0.25)
    half = 0.125
    last = grid.first_mm + 0.25 * (np.array(grid.shape) - 1)
    assert (grid.first_mm - half <= mesh.points_mm.min(axis=0) + 1e-12).all()
    assert (last + half >= mesh.points_mm.max(axis=0) - 1e-12).all()
    assert grid.shape == (5, 5, 4)


def test_more_labels_than_a_byte_holds_are_kept_apart(tmp_path: Path) -> None:
    mesh = block(side=4, edge_mm=1.0)
    labels = tuple(Label(f"t{number}", "fat") for number in range(len(mesh.tetrahedra)))
    many = replace(mesh, label=np.arange(len(labels)), labels=labels)
    count = write_nifti(tmp_path / "a.nii.gz", many, 0.1)
    found: Any = nib.load(tmp_path / "a.nii.gz")
    data = np.asarray(found.dataobj)
    assert data.dtype == np.uint16
    assert np.bincount(data.ravel(), minlength=len(labels) + 1)[1:].tolist() == count.tolist()
    assert count.min() > 0


def test_the_same_mesh_gives_the_same_bytes_without_a_time(tmp_path: Path) -> None:
    mesh = block(side=3)
    for name in ("one.nii.gz", "two.nii.gz"):
        write_nifti(tmp_path / name, mesh, 0.2)
    one = (tmp_path / "one.nii.gz").read_bytes()
    assert one == (tmp_path / "two.nii.gz").read_bytes()
    assert one[4:8] == bytes(4)
    assert len(gzip.decompress(one)) == 352 + np.prod(Grid.of(mesh, 0.2).shape)


@pytest.mark.parametrize("voxel_mm", [0.0, -1.0, float("nan"), float("inf")])
def test_a_length_that_is_none_is_refused(voxel_mm: float, tmp_path: Path) -> None:
    with pytest.raises(MeshError, match=r"voxel_mm: found .*, wanted a positive length"):
        write_nifti(tmp_path / "a.nii.gz", block(side=2), voxel_mm)
    assert list(tmp_path.iterdir()) == []


def test_too_many_voxels_are_refused_with_the_least_length() -> None:
    mesh = block(side=2, edge_mm=50.0)
    with pytest.raises(MeshError, match=r"wanted at least 0\.0031 for a mesh of this size"):
        Grid.of(mesh, 1e-3)
    assert max(Grid.of(mesh, 0.0031).shape) <= LONGEST
