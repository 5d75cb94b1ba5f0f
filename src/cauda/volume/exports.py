"""A mesh for other programs: Gmsh, FEniCS, COMSOL and Sim4Life, and as a label image."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

import numpy as np

import cauda
from cauda.anatomy.model_files import COLORS
from cauda.anatomy.surface_files import write_stl
from cauda.errors import MeshError
from cauda.files import write_json, write_text
from cauda.lead.lead_files import BODY_COLOR, CONTACT_COLOR, LAYER_COLOR
from cauda.volume.gmsh_file import write_msh
from cauda.volume.interfaces import compact, interfaces
from cauda.volume.mesh import Label, VolumeMesh
from cauda.volume.mesh_files import ENDING
from cauda.volume.voxels import Grid, write_nifti
from cauda.volume.xdmf_file import write_xdmf

VOXEL_MM = 0.5
"""Edge of the voxels of a label image unless another is asked for."""

_UNKNOWN_COLOR = (0.6, 0.6, 0.6, 1.0)
_OF_A_LEAD = {"contact": CONTACT_COLOR, "insulation": BODY_COLOR, "encapsulation": LAYER_COLOR}


def export(
    mesh: VolumeMesh, path: str | Path, formats: Sequence[str], voxel_mm: float = VOXEL_MM
) -> tuple[Path, ...]:
    """Write a mesh in formats of other programs, and return the paths.

    Parameters
    ----------
    mesh : VolumeMesh
    path : str or Path
        Where the mesh itself lies, see `mesh_files.mesh_path`; the others lie beside it, their names begin as
        its name does.
    formats : sequence of str
        Of `FORMATS`.
    voxel_mm : float
        Edge of the voxels of a label image.

    Raises
    ------
    MeshError
        If a format is not known or `voxel_mm` is out of range; nothing is written then.
    """
    path = Path(path)
    check(formats, voxel_mm)
    if "nifti" in formats:
        Grid.of(mesh, voxel_mm)
    written: list[Path] = []
    for name in dict.fromkeys(formats):
        written += FORMATS[name](mesh, path.with_name(path.name.removesuffix(ENDING)), voxel_mm)
    return tuple(written)


def check(formats: Sequence[str], voxel_mm: float = VOXEL_MM) -> None:
    """Refuse what `export` could not write, before there is a mesh.

    Raises
    ------
    MeshError
        If a format is not known, then the message lists those that are, or `voxel_mm` is not positive.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise MeshError(f"export: {', '.join(unknown)} is not known, wanted some of {', '.join(FORMATS)}")
    if not (math.isfinite(voxel_mm) and voxel_mm > 0):
        raise MeshError(f"voxel_mm: found {voxel_mm:g}, wanted a positive length")


def surface_groups(mesh: VolumeMesh) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the names of surfaces, of each tissue and each contact, and which of them each label is in."""
    names = [label.name if label.tissue == "contact" else label.tissue for label in mesh.labels]
    groups = tuple(dict.fromkeys(names))
    return groups, tuple(groups.index(name) for name in names)


def _msh(mesh: VolumeMesh, stem: Path, _voxel_mm: float) -> tuple[Path, ...]:
    path = stem.with_name(f"{stem.name}_mesh.msh")
    write_msh(path, mesh)
    return (path,)


def _xdmf(mesh: VolumeMesh, stem: Path, _voxel_mm: float) -> tuple[Path, ...]:
    return write_xdmf(stem.with_name(f"{stem.name}_mesh.xdmf"), mesh)


def _stl(mesh: VolumeMesh, stem: Path, _voxel_mm: float) -> tuple[Path, ...]:
    names, group = surface_groups(mesh)
    faces = interfaces(mesh, np.array(group)[mesh.label])
    folder = stem.with_name(f"{stem.name}_stl")
    with _folder_anew(folder) as new:
        for index, name in enumerate(names):
            triangles = faces.of(index)
            if len(triangles):
                write_stl(new / f"{stem.name}_{name}.stl", *compact(mesh.points_mm, triangles))
    return (folder,)


def _nifti(mesh: VolumeMesh, stem: Path, voxel_mm: float) -> tuple[Path, ...]:
    image, table, sidecar = (stem.with_name(f"{stem.name}_dseg.{end}") for end in ("nii.gz", "tsv", "json"))
    count = write_nifti(image, mesh, voxel_mm)
    rows = ["index\tname\tcolor\ttissue\tvoxels"]
    rows += [
        f"{index}\t{label.name}\t{_hex(label)}\t{label.tissue}\t{count[index - 1]}"
        for index, label in enumerate(mesh.labels, start=1)
    ]
    write_text(table, "\n".join(rows) + "\n")
    write_json(
        sidecar,
        {
            "Description": "Label of the tetrahedron in which the center of a voxel lies, 0 outside the mesh",
            "Manual": False,
            "GeneratedBy": [{"Name": "cauda", "Version": cauda.__version__}],
            "VoxelSize": voxel_mm,
            "Settings": dict(mesh.settings),
            "Sources": [asdict(one) for one in mesh.sources],
        },
    )
    return image, table, sidecar


Export = Callable[[VolumeMesh, Path, float], tuple[Path, ...]]

FORMATS: Mapping[str, Export] = MappingProxyType({"msh": _msh, "xdmf": _xdmf, "stl": _stl, "nifti": _nifti})
"""What writes each format."""


@contextmanager
def _folder_anew(path: Path) -> Iterator[Path]:
    """Give an empty folder; in the end it takes the place of `path`, or nothing changes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as work:
        new, old = Path(work) / "new", Path(work) / "old"
        new.mkdir()
        yield new
        if path.exists():
            path.rename(old)
        try:
            new.rename(path)
        except BaseException:
            if old.exists():
                old.rename(path)
            raise


def _hex(label: Label) -> str:
    color = {**COLORS, **_OF_A_LEAD}.get(label.tissue, _UNKNOWN_COLOR)
    # The scene's colors are linear, those of tables are sRGB.
    return "#" + "".join(f"{round(255 * min(part, 1.0) ** (1 / 2.2)):02x}" for part in color[:3])
