"""``cauda search``: where a lead lies best, and which currents then recruit a root best."""

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauda.cli.arguments import add_field, add_pulse
from cauda.errors import RecruitmentError

if TYPE_CHECKING:
    from cauda.cli.solved import Solved
    from cauda.pipeline import Aim, Places
    from cauda.recruitment import Trial

NAME = "search"
HELP = "look for the place of a lead and the currents that recruit a root best"

_EPILOG = """\
example:
  cauda search models/sub-03 --lead specify-5-6-5-like --roots L4_R
  cauda search models/sub-03 --lead octrode-like --roots L2_L,L2_R --along-mm=0,-3,-6 --lateral-mm=-1,1

MODEL is the folder of one subject, NAME a lead and SET a set of conductivities for which cauda solve wrote a
field there: shifts are from where that lead lies. Each place gets a mesh and a field of its own; fields are
kept in MODEL/fields, so that another search solves nothing anew that has not changed.
Writes MODEL/sub-XX_lead-<lead>_cond-<set>_search.tsv and .json.
"""

_TOLERANCE = 0.005


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    add_field(parser)
    parser.add_argument(
        "--roots", metavar="ROOT,ROOT", required=True, help="those wanted, each by itself, such as L4_R,S1_L"
    )
    add_pulse(parser)
    parser.add_argument(
        "--along-mm",
        metavar="D,D",
        default="6,4,2,0,-2,-4",
        help="shifts of the lead along the spine, cranial positive (6,4,2,0,-2,-4)",
    )
    parser.add_argument(
        "--lateral-mm",
        metavar="D,D",
        default="-2,2",
        help="shifts to the subject's right, tried at the best of these; none for '' (-2,2)",
    )
    parser.add_argument(
        "--size", choices=("coarse", "normal", "fine"), default="coarse", help="of the meshes (coarse)"
    )
    parser.add_argument(
        "--per-root", metavar="N", type=int, default=20, help="fibers of each dorsal root (20)"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the fibers (0)")
    parser.add_argument("--anew", action="store_true", help="search again though nothing has changed")


def run(args: argparse.Namespace) -> int:
    """Search and write, and say what came of it."""
    from cauda.cli.solved import solved
    from cauda.field.field_files import ENDING as FIELD_ENDING
    from cauda.recruitment.search_files import ENDING, read_search
    from cauda.recruitment.table_files import are_current

    aim = _aim(args)
    found = solved(args.model, args.lead, args.conductivities)
    path = found.path.with_name(found.path.name.removesuffix(FIELD_ENDING) + ENDING)
    asked = _asked(aim, args.size)
    kept = not args.anew and are_current([path], asked, found.sources)
    if not kept:
        _search(found, path, aim, args.size, asked)
    trials, document = read_search(path)
    for line in _said(found, trials, document, kept=kept):
        print(line)
    print(path)
    return 0


def _aim(args: argparse.Namespace) -> "Aim":
    from cauda.annotation.tracing import RootName
    from cauda.fiber import Pulse, Settings
    from cauda.fiber.number import whole
    from cauda.pipeline import Aim

    words = [word.strip() for word in args.roots.split(",") if word.strip()]
    try:
        roots = tuple(RootName.parse(word) for word in words)
    except ValueError as error:
        raise RecruitmentError(f"--roots: {error}") from error
    return Aim(
        roots=roots,
        pulse=Pulse.parse(args.pulse),
        along_mm=_numbers(args.along_mm, "--along-mm"),
        lateral_mm=_numbers(args.lateral_mm, "--lateral-mm"),
        per_root=whole(args.per_root, "--per-root", least=1),
        seed=whole(args.seed, "--seed", least=0),
        settings=Settings(tolerance=_TOLERANCE, block=0.0, warn=False),
    )


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(",") if word.strip())
    except ValueError:
        raise RecruitmentError(f"{option}: found {text!r}, wanted mm such as 4,2,0,-2") from None


def _asked(aim: "Aim", size: str) -> dict[str, Any]:
    """Return what is asked for, JSON-ready."""
    from dataclasses import asdict

    from cauda.recruitment.recruiting import pulse_document

    return {
        "roots": [str(root) for root in aim.roots],
        "pulse": pulse_document(aim.pulse),
        "along_mm": list(aim.along_mm),
        "lateral_mm": list(aim.lateral_mm),
        "size": size,
        "per_root": aim.per_root,
        "seed": aim.seed,
        "tolerance": aim.settings.tolerance,
        "effort": asdict(aim.effort),
    }


def _search(found: "Solved", path: Path, aim: "Aim", size: str, asked: dict[str, Any]) -> None:
    from cauda import anatomy
    from cauda.cli.progress import progress
    from cauda.field import field_files
    from cauda.pipeline import Fields, search_places
    from cauda.pipeline.fields import FOLDER
    from cauda.recruitment import write_search

    fields = Fields.like(field_files.read(found.path), size, found.folder / FOLDER)
    with progress() as tell:
        places = search_places(anatomy.read(found.folder), found.lead, fields, aim, progress=tell)
    write_search(places.trials, path, asked, found.sources, _about(places))


def _about(places: "Places") -> dict[str, Any]:
    """Return where the lead was in each place, and where it does not fit."""
    best = places.best
    return {
        "best_place": {"along_mm": best[0], "lateral_mm": best[1]},
        "places": [
            {
                "along_mm": along_mm,
                "lateral_mm": lateral_mm,
                "top": str(lead.placement.top),
                "lead_lateral_mm": lead.placement.lateral_mm,
            }
            for (along_mm, lateral_mm), lead in places.leads.items()
        ],
        "does_not_fit": [
            {"along_mm": along_mm, "lateral_mm": lateral_mm, "why": why}
            for (along_mm, lateral_mm), why in places.refused.items()
        ],
    }


def _said(
    found: "Solved", trials: "Sequence[Trial]", document: dict[str, Any], *, kept: bool
) -> Iterator[str]:
    """Yield how each place does, the best of each root, and how to place the lead there."""
    from cauda.pipeline.place_search import score

    best, count = _place(document["best_place"]), len(document["places"])
    yield f"sub-{found.subject}: {found.lead.name}, {count} places{' (kept)' if kept else ''}"
    for one in document["places"]:
        mark = " (best)" if _place(one) == best else ""
        yield f"  {_spoken(_place(one))}: {score(trials, _place(one)):.2f}{mark}"
    for one in document["does_not_fit"]:
        yield f"  {_spoken(_place(one))}: {one['why']}"
    for trial in sorted((one for one in trials if math.isfinite(one.fresh)), key=lambda one: one.root.rank):
        does = f"{trial.selectivity:.2f} from {trial.amplitude_ma:.2f} mA on"
        does += f"; {trial.fresh:.2f} on other fibers"
        yield f"{trial.root} at {_spoken(trial.place)}, {trial.kind} {trial.montage}: {does}"
    if best != (0.0, 0.0):
        there = next(one for one in document["places"] if _place(one) == best)
        yield f"to place it there: cauda place {found.folder} {_options(found, there)}"


def _place(document: dict[str, Any]) -> tuple[float, float]:
    return document["along_mm"], document["lateral_mm"]


def _spoken(place: tuple[float, float]) -> str:
    return f"{place[0]:+g} mm along, {place[1]:+g} mm lateral"


def _options(found: "Solved", there: dict[str, Any]) -> str:
    """Return the options of ``cauda place`` for a place."""
    wanted = found.lead.placement
    options = [f"--lead {found.lead.name} --top={there['top']} --lateral-mm={there['lead_lateral_mm']:g}"]
    if wanted.angle_deg:
        options.append(f"--angle-deg={wanted.angle_deg:g}")
    if wanted.encapsulation_mm:
        options.append(f"--encapsulation-mm {wanted.encapsulation_mm:g}")
    if wanted.fit != "refuse":
        options.append(f"--fit {wanted.fit}")
    return " ".join(options)
