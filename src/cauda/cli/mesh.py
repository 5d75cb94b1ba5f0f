"""``cauda mesh``: one tetrahedral mesh of a model with a lead."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cauda.cli.placed import Placed
    from cauda.volume.mesh import VolumeMesh

NAME = "mesh"
HELP = "mesh a model with a lead: tissues, roots, contacts in one mesh of tetrahedra"

_EPILOG = """\
example:
  cauda mesh models/sub-03 --lead specify-5-6-5-like
  cauda mesh models/sub-03 --lead specify-5-6-5-like --size coarse --export msh,xdmf,stl,nifti --voxel-mm 0.4

MODEL is the folder of one subject that cauda build wrote, NAME a lead that cauda place put there. Writes
MODEL/sub-XX_lead-<lead>_mesh.vtu and .json; a mesh that is there, of the same model, lead and size, is kept.
Exports: msh (Gmsh 4.1), xdmf (FEniCS), stl (surfaces by tissue, for COMSOL and Sim4Life), nifti (labels).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder OUT/sub-XX that cauda build wrote")
    parser.add_argument("--lead", metavar="NAME", required=True, help="a lead that was placed in this model")
    parser.add_argument(
        "--size", choices=("coarse", "normal", "fine"), default="normal", help="of the tetrahedra (normal)"
    )
    parser.add_argument(
        "--export", metavar="F,F", default="", help="further formats, some of msh,xdmf,stl,nifti (none)"
    )
    parser.add_argument(
        "--voxel-mm", metavar="V", type=float, default=0.5, help="edge of the voxels of nifti (0.5)"
    )
    parser.add_argument(
        "--soft-tissue-mm",
        metavar="D",
        type=float,
        default=150.0,
        help="how much farther soft tissue reaches than in the model, laterally and caudally (150)",
    )
    parser.add_argument(
        "--beyond-mm",
        metavar="D",
        type=float,
        default=0.0,
        help="how far all tissues go on above the cranial end of the model (0)",
    )
    parser.add_argument("--anew", action="store_true", help="mesh again though nothing has changed")


def run(args: argparse.Namespace) -> int:
    """Mesh, write and export, and say what came of it."""
    from cauda.cli.placed import placed
    from cauda.volume import exports, mesh_files

    formats = [word.strip() for word in args.export.split(",") if word.strip()]
    formats = [name for name in formats if name != "vtu"]
    exports.check(formats, args.voxel_mm)
    found = placed(args.model, args.lead)
    path = mesh_files.mesh_path(found.folder, found.subject, found.lead.name)
    extent = {"soft_tissue_mm": args.soft_tissue_mm, "beyond_mm": args.beyond_mm}
    asked = {"lead": found.lead.name, "size": args.size, **extent}
    kept = not args.anew and mesh_files.is_current(path, asked, found.sources)
    mesh = None
    if not kept:
        mesh = _meshed(found, asked)
        mesh_files.write(mesh, path)
    said = _said(mesh_files.sidecar(path)) + (" (kept)" if kept else "")
    print(f"sub-{found.subject}: {found.lead.name}, {said}")
    print(path)
    if formats:
        for written in exports.export(mesh or mesh_files.read(path), path, formats, args.voxel_mm):
            print(written)
    return 0


def _meshed(found: "Placed", asked: dict[str, Any]) -> "VolumeMesh":
    from dataclasses import replace

    from cauda import volume
    from cauda.anatomy import model_files
    from cauda.cli.progress import progress

    model = model_files.read(found.folder)
    extent = volume.Extent(asked["soft_tissue_mm"], asked["beyond_mm"])
    with progress() as tell:
        mesh = volume.mesh(model, found.lead, size=asked["size"], extent=extent, progress=tell)
    return replace(mesh, settings={**mesh.settings, **asked}, sources=found.sources)


def _said(document: dict[str, Any]) -> str:
    regions = sum(entry["tetrahedra"] > 0 for entry in document["labels"])
    counts = f"{document['tetrahedra']:,} tetrahedra, {document['points']:,} points, {regions} regions"
    return f"{document['settings']['size']}, {counts}"
