"""Exports: what readers of other projects find in them."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import trimesh
from tests.volume.blocks import CONTACT, INNER, LABELS, block

from cauda.errors import MeshError
from cauda.volume.exports import FORMATS, export, surface_groups
from cauda.volume.mesh import Label
from cauda.volume.mesh_files import mesh_path

STEM = "sub-01_lead-x"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small mesh in every format."""
    folder = tmp_path_factory.mktemp("models") / "sub-01"
    export(block(), mesh_path(folder, "01", "x"), list(FORMATS), voxel_mm=0.25)
    return folder


def test_a_path_may_be_a_text(exported: Path, tmp_path: Path) -> None:
    export(block(), str(mesh_path(tmp_path, "01", "x")), list(FORMATS), voxel_mm=0.25)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in exported.iterdir()
    )


def test_every_format_has_its_files_and_no_other(exported: Path) -> None:
    assert sorted(path.name.removeprefix(f"{STEM}_") for path in exported.iterdir()) == [
        "dseg.json",
        "dseg.nii.gz",
        "dseg.tsv",
        "mesh.h5",
        "mesh.msh",
        "mesh.xdmf",
        "mesh_faces.xdmf",
        "stl",
    ]


def test_stl_has_a_closed_surface_for_each_tissue_and_each_contact(exported: Path) -> None:
    mesh = block()
    folder = exported / f"{STEM}_stl"
    wanted = {"csf": 18.875, "dorsal_root": 8.0, "C1": 0.125}
    assert {path.name for path in folder.iterdir()} == {f"{STEM}_{name}.stl" for name in wanted}
    for name, volume_mm3 in wanted.items():
        path = folder / f"{STEM}_{name}.stl"
        surface = trimesh.load_mesh(path)
        assert surface.is_watertight
        assert surface.volume == pytest.approx(volume_mm3, rel=1e-5)
        assert path.read_bytes()[:80].rstrip(b"\0") == b"cauda SPACE=RAS"
    inner = mesh.points_mm[np.unique(mesh.tetrahedra[mesh.label == INNER])]
    root = trimesh.load_mesh(folder / f"{STEM}_dorsal_root.stl")
    assert root.bounds.tolist() == pytest.approx(np.array([inner.min(axis=0), inner.max(axis=0)]))


def test_regions_of_one_tissue_share_a_surface_but_contacts_do_not() -> None:
    labels = (*LABELS, Label("C2", "contact"), Label("L4_R_dorsal", "dorsal_root"))
    assert surface_groups(replace(block(), labels=labels)) == (
        ("csf", "dorsal_root", "C1", "C2"),
        (0, 1, 2, 3, 1),
    )


def test_the_label_image_has_a_table_and_a_sidecar(exported: Path) -> None:
    with (exported / f"{STEM}_dseg.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found: Any = nib.load(exported / f"{STEM}_dseg.nii.gz")
    data = np.asarray(found.dataobj)
    assert [(row["name"], row["tissue"]) for row in rows] == [(one.name, one.tissue) for one in LABELS]
    for row in rows:
        assert int(row["voxels"]) == np.count_nonzero(data == int(row["index"]))
        assert len(row["color"]) == 7
        assert int(row["color"][1:], 16)
    assert len({row["color"] for row in rows}) == len(rows)
    document = json.loads((exported / f"{STEM}_dseg.json").read_text())
    assert document["VoxelSize"] == 0.25
    assert document["Sources"] == [{"file": "sub-01_model.json", "sha256": "0" * 64}]


def test_the_same_mesh_gives_the_same_bytes(exported: Path, tmp_path: Path) -> None:
    export(block(), mesh_path(tmp_path / "sub-01", "01", "x"), list(FORMATS), voxel_mm=0.25)
    for path in exported.rglob("*"):
        if path.is_file():
            again = tmp_path / "sub-01" / path.relative_to(exported)
            assert again.read_bytes() == path.read_bytes(), path.name


def test_surfaces_of_an_earlier_mesh_do_not_stay(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sub-01"
    shutil.copytree(exported, folder)
    mesh = block()
    without = replace(mesh, label=np.where(mesh.label == CONTACT, 0, mesh.label))
    export(without, mesh_path(folder, "01", "x"), ["stl"])
    names = {path.name.removeprefix(f"{STEM}_") for path in (folder / f"{STEM}_stl").iterdir()}
    assert names == {"csf.stl", "dorsal_root.stl"}
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_an_unknown_format_is_refused_with_those_that_are_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="export: vtk is not known, wanted some of msh, xdmf, stl, nifti"):
        export(block(), mesh_path(tmp_path, "01", "x"), ["msh", "vtk"])
    with pytest.raises(MeshError, match="voxel_mm: found 0"):
        export(block(), mesh_path(tmp_path, "01", "x"), ["msh", "nifti"], voxel_mm=0.0)
    assert list(tmp_path.iterdir()) == []
