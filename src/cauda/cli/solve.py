"""``cauda solve``: potentials of a mesh for a current at each contact."""

import argparse
import shutil
import textwrap
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauda.errors import MeshError

if TYPE_CHECKING:
    from cauda.cli.placed import Placed
    from cauda.field.conductivity import Conductivities
    from cauda.field.field_type import Field

NAME = "solve"
HELP = "solve for the potentials of each contact, everywhere and along every root"

_EPILOG = """\
example:
  cauda solve --list
  cauda solve models/sub-03 --lead specify-5-6-5-like --conductivities capogrosso2013
  cauda solve models/sub-03 --lead octrode-like --set dura=0.6 --name soft-dura --montage C5:-1,case:+1

MODEL is the folder of one subject, NAME a lead for which cauda mesh wrote a mesh there. SET is one of --list,
or a TSV of your own with the columns tissue, longitudinal_s_per_m, transverse_s_per_m. Writes
MODEL/sub-XX_lead-<lead>_cond-<set>_field.h5, .json and .vtu; what is there of the same input is kept.
"""


_LEAST_TEXT = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "model", metavar="MODEL", type=Path, nargs="?", help="folder OUT/sub-XX that cauda build wrote"
    )
    parser.add_argument("--list", action="store_true", help="list the sets of conductivities, nothing else")
    parser.add_argument("--lead", metavar="NAME", help="the lead of the mesh")
    parser.add_argument(
        "--conductivities",
        metavar="SET",
        default="capogrosso2013",
        help="a set, or a TSV of your own (capogrosso2013)",
    )
    parser.add_argument(
        "--set",
        metavar="TISSUE=S",
        action="append",
        default=[],
        help="another conductivity, such as dura=0.6 or white_matter=0.6/0.083 (along/across); repeatable",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="in the names of files instead of the set's, such as soft-dura"
    )
    parser.add_argument(
        "--return",
        dest="returns",
        metavar="WHERE",
        default="case",
        help="where the current returns: case, the lateral hull at 0 V, or contacts such as C1,C2 (case)",
    )
    parser.add_argument(
        "--impedance-ohm-mm2",
        metavar="Z",
        type=float,
        default=0.0,
        help="of the surface of each contact (0)",
    )
    parser.add_argument(
        "--montage",
        metavar="C:MA,C:MA",
        help="what the .vtu shows, such as C5:-1,case:+1 in mA (each contact at 1 mA)",
    )
    parser.add_argument("--anew", action="store_true", help="solve again though nothing has changed")
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Solve and write, and say what came of it; or list the sets."""
    if args.list:
        print(_listed())
        return 0
    absent = [name for name, given in (("MODEL", args.model), ("--lead", args.lead)) if not given]
    if absent:
        args.usage_error(f"the following arguments are required: {', '.join(absent)}")
    return _solve(args)


def _solve(args: argparse.Namespace) -> int:
    from cauda import anatomy
    from cauda.cli.placed import placed
    from cauda.field import outputs
    from cauda.field.conductivity import conductivities, parse_changes
    from cauda.field.field_files import ENDING
    from cauda.files import source
    from cauda.volume import mesh_files

    tissues = conductivities(args.conductivities, parse_changes(args.set))
    if args.name:
        tissues = replace(tissues, name=args.name)
    found = placed(args.model, args.lead)
    mesh_path = mesh_files.mesh_path(found.folder, found.subject, found.lead.name)
    mesh = _checked_mesh(mesh_path, found)
    asked = _asked(args, tissues, [contact.name for contact in found.lead.contacts])
    path = found.folder / f"sub-{found.subject}_lead-{found.lead.name}_cond-{tissues.name}{ENDING}"
    sources = (*found.sources, source(mesh_path), *tissues.sources)
    kept = not args.anew and outputs.is_current(path, asked, sources)
    if not kept:
        field = _solved(mesh_path, tissues, asked)
        roots = anatomy.read(found.folder).roots
        outputs.write(replace(field, sources=sources), path, asked, args.montage, roots)
    said = _said(outputs.sidecar(path)) + (" (kept)" if kept else "")
    print(f"sub-{found.subject}: {found.lead.name}, {said}")
    filled = _filled(tissues, mesh)
    if filled:
        print(f"not in {tissues.name}, filled (S/m): {filled}")
    for ending in (".h5", ".vtu", ".tsv"):
        print(path.with_suffix(ending))
    return 0


def _checked_mesh(path: Path, found: "Placed") -> dict[str, Any]:
    """Return what a mesh is; refuses one that is not there or is of another model or lead."""
    from cauda.volume import mesh_files

    verb = f"cauda mesh {found.folder} --lead {found.lead.name}"
    if not path.is_file():
        raise MeshError(f"{path.name}: no such file; make it first: {verb}")
    document = mesh_files.sidecar(path)
    if document["sources"] != [asdict(one) for one in found.sources]:
        raise MeshError(f"{path.name}: is of a model or lead that has changed since; mesh again: {verb}")
    return document


def _asked(args: argparse.Namespace, tissues: "Conductivities", contacts: list[str]) -> dict[str, Any]:
    """Return what is asked for, JSON-ready; refuses a return or montage that this lead has not."""
    from cauda.field.electrodes import CASE
    from cauda.field.montage import montage

    returns = [name.strip() for name in args.returns.split(",") if name.strip()]
    currents = None
    if args.montage is not None:
        electrodes = [*contacts, CASE] if returns == [CASE] else contacts
        currents = dict(montage(args.montage, electrodes))
    return {
        "conductivities": tissues.document,
        "returns": returns,
        "impedance_ohm_mm2": args.impedance_ohm_mm2,
        "montage_ma": currents,
    }


def _solved(mesh_path: Path, tissues: "Conductivities", asked: dict[str, Any]) -> "Field":
    from cauda.cli.progress import progress
    from cauda.field.solving import Settings, solve
    from cauda.volume import mesh_files

    settings = Settings(tuple(asked["returns"]), asked["impedance_ohm_mm2"])
    mesh = mesh_files.read(mesh_path)
    with progress() as tell:
        return solve(mesh, tissues, settings, progress=tell)


def _filled(tissues: "Conductivities", mesh: dict[str, Any]) -> str:
    """Return what was filled of the tissues that the mesh has and that carry current."""
    from cauda.field.electrodes import NO_CURRENT

    there = {entry["tissue"] for entry in mesh["labels"] if entry["tetrahedra"]} - set(NO_CURRENT)
    return ", ".join(f"{tissue} {tissues[tissue]}" for tissue in tissues.filled if tissue in there)


def _said(document: dict[str, Any]) -> str:
    ohm = document["contact_ohm"]
    back = " and ".join(document["returns"])
    about = f"{len(ohm)} contacts of {min(ohm):,.0f} to {max(ohm):,.0f} ohm against {back}"
    return f"{document['conductivities']['name']}, {about}, {document['measures']['unknowns']:,} unknowns"


def _listed() -> str:
    from cauda.field.conductivity import conductivities, sets

    width = max(shutil.get_terminal_size((100, 24)).columns, _LEAST_TEXT)
    lines = []
    for name in sets():
        one = conductivities(name)
        where = [part for part in (one.doi, one.url) if part != "-"]
        lines.append(f"{name} ({one.status})")
        own = [f"{tissue} {value}" for tissue, value in one.tissues.items() if tissue not in one.filled]
        filled = [f"{tissue} {one[tissue]}" for tissue in one.filled]
        for text in (
            ". ".join([one.title, *where]),
            f"S/m: {', '.join(own)}",
            f"filled: {', '.join(filled)}",
        ):
            lines += textwrap.wrap(
                text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
            )
    return "\n".join(lines)
