"""``cauda recruit``: which fibers of which roots fire, from which current on, for each contact."""

import argparse
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cauda.cli.arguments import add_field, add_pulse
from cauda.errors import RecruitmentError

if TYPE_CHECKING:
    from cauda.anatomy import SpineModel
    from cauda.cli.progress import Progress
    from cauda.cli.solved import Solved
    from cauda.fiber import Pulse, Settings
    from cauda.field.field_type import Field
    from cauda.recruitment import Changed, Montage, Recruitment, Selectivity, Tables

NAME = "recruit"
HELP = "find which fibers of which roots fire, from which current on, for each contact or any montage"

_EPILOG = """\
example:
  cauda recruit models/sub-03 --lead specify-5-6-5-like --conductivities capogrosso2013
  cauda recruit models/sub-03 --lead octrode-like --pulse biphasic,400us --montage C5:-1,case:+1 C5:-1,C6:+1

MODEL is the folder of one subject, NAME a lead and SET a set of conductivities for which cauda solve wrote a
field there. PULSE is SHAPE,WIDTH: monophasic, biphasic or asymmetric, cathodic first unless ,anodic follows.
Writes MODEL/sub-XX_lead-<lead>_cond-<set>_recruitment.tsv, _curves.tsv and _selectivity.tsv, each with a
.json; what is there of the same input is kept. A run that was interrupted goes on where it was. Bands of
curves hold what the sample of fibers does, with sets the other sets of conductivities, too; full changes
one input after the other on coarse meshes and writes _uncertainty.tsv.
"""

_PART = "dorsal"
# A search to 0.1 % takes two thirds more time and changes no threshold by more than 0.6 %.
_TOLERANCE = 0.005
# Of each root, with other inputs: draws take as many as there are of those asked for.
_FEW = 20
# Of the time, what the recruitment itself takes.
_SHARES = {"sample": 1.0, "sets": 0.5, "full": 0.1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    add_field(parser)
    add_pulse(parser)
    parser.add_argument(
        "--montage",
        metavar="C:I,C:I",
        nargs="+",
        action="extend",
        default=[],
        help="besides each contact alone: shares of the current, such as C5:-1,case:+1; repeatable",
    )
    parser.add_argument("--only-montages", action="store_true", help="those montages, not each contact")
    parser.add_argument(
        "--per-root",
        metavar="N",
        type=int,
        default=100,
        help="fibers of each dorsal and ventral root and of either dorsal column (100)",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the fibers (0)")
    parser.add_argument(
        "--variant",
        choices=("normal", "prefixed", "postfixed"),
        default="normal",
        help="of the roots of muscles (normal)",
    )
    parser.add_argument(
        "--block",
        metavar="TIMES",
        type=float,
        default=0.0,
        help="look for block up to so many times each threshold, such as 10; 0 for not at all (0)",
    )
    parser.add_argument(
        "--uncertainty",
        choices=("sample", "sets", "full"),
        default="sets",
        help="what bands hold: the sample of fibers, sets of conductivities as well, or all inputs (sets)",
    )
    parser.add_argument("--name", metavar="NAME", help="in the names of files, to tell this run from others")
    parser.add_argument("--anew", action="store_true", help="compute again though nothing has changed")


def run(args: argparse.Namespace) -> int:
    """Compute and write, and say what came of it."""
    from cauda.cli.solved import solved
    from cauda.recruitment import outputs

    how = _how(args)
    found = solved(args.model, args.lead, args.conductivities)
    path = _path(found, args.name)
    montages = _montages(args, found)
    asked = _asked(how, montages)
    if how.uncertainty == "full":
        _tracing(found)
    wanted = ("curves", "selectivity", *(("uncertainty",) if how.uncertainty == "full" else ()))
    kept = not args.anew and outputs.is_current(path, asked, found.sources, wanted)
    if not kept:
        _recruit(found, path, how, montages, anew=args.anew)
    for line in _said(found, path, how, montages, kept=kept):
        print(line)
    for file in (path, *(outputs.beside(path, table) for table in wanted)):
        print(file)
    return 0


class _How(NamedTuple):
    """What is asked for of any field."""

    pulse: "Pulse"
    settings: "Settings"
    per_root: int
    seed: int
    variant: Any
    uncertainty: str


def _how(args: argparse.Namespace) -> _How:
    from cauda.fiber import Pulse, Settings
    from cauda.fiber.number import whole

    return _How(
        Pulse.parse(args.pulse),
        Settings(tolerance=_TOLERANCE, block=args.block, warn=False),
        whole(args.per_root, "--per-root", least=1),
        whole(args.seed, "--seed", least=0),
        args.variant,
        args.uncertainty,
    )


def _path(found: "Solved", name: str | None) -> Path:
    from cauda.field import field_files
    from cauda.recruitment import outputs

    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", name):
        raise RecruitmentError(f"--name: found {name!r}, wanted letters, digits and . + - alone")
    stem = found.path.name.removesuffix(field_files.ENDING)
    return found.path.with_name(f"{stem}{'' if name is None else f'_desc-{name}'}{outputs.ENDING}")


def _montages(args: argparse.Namespace, found: "Solved") -> "tuple[Montage, ...]":
    """Return the montages asked for; refuses one of electrodes that the field has not."""
    from cauda.field.electrodes import CASE
    from cauda.recruitment.montages import each_contact, montages_of

    if args.only_montages and not args.montage:
        raise RecruitmentError(
            "--only-montages: found no --montage, wanted one or more such as C5:-1,case:+1"
        )
    electrodes = [*found.contacts, CASE] if found.returns == (CASE,) else list(found.contacts)
    given = montages_of(args.montage, electrodes) if args.montage else ()
    alone = () if args.only_montages else each_contact(found.contacts, found.returns)
    return tuple({one.name: one for one in (*alone, *given)}.values())


def _asked(how: _How, montages: "Sequence[Montage]") -> dict[str, Any]:
    """Return what is asked for, JSON-ready."""
    from cauda.recruitment.recruiting import pulse_document

    return {
        "pulse": pulse_document(how.pulse),
        "montages": [one.name for one in montages],
        "per_root": how.per_root,
        "seed": how.seed,
        "variant": how.variant,
        "tolerance": how.settings.tolerance,
        "block": how.settings.block,
        "uncertainty": how.uncertainty,
    }


def _recruit(found: "Solved", path: Path, how: _How, montages: "Sequence[Montage]", *, anew: bool) -> None:
    from cauda.cli.progress import progress
    from cauda.recruitment import write

    parts, cases = path.with_suffix(".parts"), path.with_suffix(".cases")
    if anew:
        for folder in (parts, cases):
            shutil.rmtree(folder, ignore_errors=True)
    with progress() as tell:
        tables = _tables(found, how, montages, (parts, cases), tell)
    write(tables, path, _asked(how, montages))
    shutil.rmtree(parts, ignore_errors=True)


def _tables(
    found: "Solved",
    how: _How,
    montages: "Sequence[Montage]",
    kept: tuple[Path, Path],
    tell: "Progress | None",
) -> "Tables":
    """Return all tables; parts and cases of a long work are kept in two folders."""
    from dataclasses import replace

    from cauda import anatomy
    from cauda.fiber import sample
    from cauda.field import field_files
    from cauda.recruitment import Options, Tables, curves_of, influences, recruit
    from cauda.recruitment.progress import within

    field, model = field_files.read(found.path), anatomy.read(found.folder)
    end = _SHARES[how.uncertainty]
    result = recruit(
        field,
        sample(model, how.per_root, how.seed),
        how.pulse,
        [one.currents_ma for one in montages],
        options=Options(how.settings, kept[0]),
        progress=within(tell, 0.0, end),
        sources=found.sources,
    )
    changed = _changed(found, how, montages, kept, (field, model), within(tell, end, 1.0))
    bands = [f"{one.input} {one.case}" for one in changed.changed]
    result = replace(result, settings={**result.settings, "uncertainty": how.uncertainty, "bands": bands})
    return Tables(
        result,
        curves_of([result, *(one.recruitment for one in changed.changed)]),
        _selectivities(result, how.variant),
        influences(changed.base or result, changed.changed) if how.uncertainty == "full" else (),
        changed.refused,
    )


class _Changed(NamedTuple):
    """Recruitments with other inputs."""

    changed: "Sequence[Changed]"
    base: "Recruitment | None" = None
    refused: Mapping[str, str] = MappingProxyType({})


def _changed(
    found: "Solved",
    how: _How,
    montages: "Sequence[Montage]",
    kept: tuple[Path, Path],
    of: "tuple[Field, SpineModel]",
    tell: "Progress | None",
) -> _Changed:
    """Return what bands hold besides the sample of fibers: of few fibers, as many draws tell their width."""
    from cauda import annotation
    from cauda.fiber import sample
    from cauda.pipeline import Fields, Question, cases_of, recruit_cases, recruit_sets
    from cauda.pipeline.fields import FOLDER
    from cauda.recruitment import Options

    (field, model), few = of, min(how.per_root, _FEW)
    if how.uncertainty == "sets":
        fibers = sample(model, few, how.seed)
        options = Options(how.settings, kept[0])
        return _Changed(recruit_sets(field, fibers, how.pulse, montages, options=options, progress=tell))
    if how.uncertainty == "sample":
        return _Changed(())
    question = Question(
        model,
        annotation.read(_tracing(found)),
        found.lead,
        Fields.like(field, folder=found.folder / FOLDER),
        how.pulse,
        montages,
        few,
        how.seed,
        how.settings,
    )
    # Cases do not depend on what else is asked for, and are kept when that is other.
    asked = _asked(how._replace(per_root=few), montages)
    own = {name: value for name, value in asked.items() if name not in ("variant", "uncertainty")}
    cases = cases_of(model.settings, str(field.conductivities["name"]))
    some = recruit_cases(question, cases, kept[1], asked=own, sources=found.sources, progress=tell)
    return _Changed(some.changed, some.base, some.refused)


def _tracing(found: "Solved") -> Path:
    """Return the tracing that the model was built from."""
    path = found.folder / f"sub-{found.subject}_tracing.mrk.json"
    if not path.is_file():
        raise RecruitmentError(
            f"{path.name}: no such file, wanted for --uncertainty full; build the model again: cauda build"
        )
    return path


def _selectivities(result: "Recruitment", variant: Any) -> "list[Selectivity]":
    """Return the selectivity of dorsal roots, of ventral roots and of muscles, of whichever there are two."""
    from cauda.recruitment import muscle_roots, selectivities

    found: list[Selectivity] = []
    for part in ("dorsal", "ventral"):
        if len(_roots(result, part)) > 1:
            found += selectivities(result, parts=part)
    muscles, dorsal = muscle_roots(variant=variant), _roots(result, _PART)
    levels = [{root.level for root in dorsal if root.side == side} for side in "LR"]
    if sum(len(muscles.among(own)) for own in levels) > 1:
        found += selectivities(result, parts=_PART, muscles=muscles)
    return found


def _roots(result: "Recruitment", part: str) -> set[Any]:
    return {root for root, own in zip(result.roots, result.parts, strict=True) if own == part}


def _said(
    found: "Solved", path: Path, how: _How, montages: "Sequence[Montage]", *, kept: bool
) -> Iterator[str]:
    """Yield how much was computed, what each montage recruits first, and what is most selective."""
    from cauda.field.field_files import ENDING
    from cauda.recruitment import read, read_selectivities
    from cauda.recruitment.outputs import beside

    result, called = read(path), {one.name: one.short for one in montages}
    pulse = f"{how.pulse.shape} {how.pulse.width_us:g} us{', anodic' if how.pulse.polarity > 0 else ''}"
    counts = f"{len(result.roots):,} fibers, {len(called)} montage{'s' if len(called) > 1 else ''}, {pulse}"
    conductivities = found.path.name.rpartition("_cond-")[2].removesuffix(ENDING)
    yield f"sub-{found.subject}: {found.lead.name}, {conductivities}, {counts}{' (kept)' if kept else ''}"
    yield f"first 10 % of a {_PART} root, mA: {'; '.join(_first(result, called))}"
    best = read_selectivities(beside(path, "selectivity"))
    of_roots = [one for one in best if (one.of, one.part) == ("root", _PART)]
    yield f"most selective, mA: {'; '.join(_most(of_roots, called))}"


def _first(result: "Recruitment", called: Mapping[str, str]) -> Iterator[str]:
    """Yield for each montage the root that reaches 10 % at the least amplitude, and that."""
    from cauda.recruitment import Bands, curves_of, order

    curves = curves_of(result, [0.0], by_class=False, bands=Bands(draws=0))
    threshold_ma = {(one.montage, one.root, one.part): float(one.threshold_ma[0]) for one in curves}
    for name, short in called.items():
        roots = order(curves, name, part=_PART)
        yield f"{short} {roots[0]} {threshold_ma[name, roots[0], _PART]:.2f}" if roots else f"{short} none"


def _most(found: "Sequence[Selectivity]", called: Mapping[str, str]) -> Iterator[str]:
    """Yield for each root its largest selectivity, and with which montage and where that is reached."""
    for root in dict.fromkeys((one.name, one.side) for one in found):
        own = [one for one in found if (one.name, one.side) == root]
        best = max(own, key=lambda one: one.selectivity)
        where = f" by {called[best.montage]} at {best.amplitude_ma:.2f}" if best.selectivity > 0 else ""
        yield f"{'_'.join(root)} {best.selectivity:.2f}{where}"
