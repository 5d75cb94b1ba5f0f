"""The page: one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cauda import annotation, lead
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES, RootName, Tracing
from cauda.errors import ModelError
from cauda.field.field_type import Field
from cauda.files import write_text
from cauda.report import courses, fields, legend, recruitments, searches, tables
from cauda.report.chapters import Progress, chapters
from cauda.report.document import Document, html
from cauda.report.markup import counted, number, with_unit
from cauda.report.recruitments import Recruited
from cauda.report.searches import Searched

_NEEDED = ("cord", "dura", "dura_inner", "dura_outer")


def report(folder: str | Path, *, progress: Progress | None = None) -> Path:
    """Write one HTML page about a model into its folder, and return the page's path.

    Parameters
    ----------
    folder : str or Path
        ``OUT/sub-XX`` as ``cauda build`` left it: the model, and ``sub-XX_tracing.mrk.json``. Without the
        tracing the sections show the model alone. Leads that ``cauda place`` put into this model are shown,
        and the fields, recruitments and searches of them that ``cauda solve``, ``cauda recruit`` and
        ``cauda search`` left there.
    progress : callable, optional
        Called with the name of a step and the fraction done.

    Returns
    -------
    Path
        ``OUT/sub-XX/sub-XX.html``; the same model gives the same bytes.

    Raises
    ------
    ModelError
        If there is no model in the folder, it is damaged, or it lacks cord or dura.
    AnnotationError
        If the tracing cannot be read.
    LeadError
        If a lead's file is damaged.
    FieldError
        If a field's file is damaged.
    RecruitmentError
        If a table of a recruitment is damaged.
    """
    folder = Path(folder)
    model = model_files.read(folder)
    traced = folder / f"sub-{model.subject}_tracing.mrk.json"
    tracing = annotation.read(traced) if traced.is_file() else None
    path = folder / f"sub-{model.subject}.html"
    leads = lead.placed(folder)
    solved, recruited = fields.found(folder, leads), recruitments.found(folder, leads)
    searched = searches.found(folder, leads)
    write_text(path, page(model, tracing, leads, solved, recruited, searched, progress=progress))
    return path


def page(
    model: SpineModel,
    tracing: Tracing | None,
    leads: Sequence[lead.Lead] = (),
    solved: Iterable[tuple[lead.Lead, Field]] = (),
    recruited: Iterable[Recruited] = (),
    searched: Iterable[Searched] = (),
    *,
    progress: Progress | None = None,
) -> str:
    """Return the HTML page about a model.

    Parameters
    ----------
    model : SpineModel
    tracing : Tracing or None
        What it was built from, to be drawn over the sections.
    leads : sequence of Lead
        Leads in their places in this model.
    solved : iterable of (Lead, Field)
        Fields of such leads, each with its lead; taken one after the other, so that they need not all be in
        memory.
    recruited : iterable of Recruited
        Recruitments with such leads.
    searched : iterable of Searched
        Searches from such leads.
    progress : callable, optional
        Called with the name of a step and the fraction done.

    Raises
    ------
    ModelError
        If the model lacks cord or dura.
    """
    lacking = [name for name in _NEEDED if name not in model.surfaces]
    if lacking:
        raise ModelError(
            f"sub-{model.subject}: the model has no surface {', '.join(lacking)}; build the model again"
        )
    tell = progress or (lambda _step, _fraction: None)
    content = chapters(model, tracing, leads, solved, recruited, searched, tell)
    return html(
        Document(
            f"Spine model sub-{model.subject}",
            "cauda model report",
            _summary(model),
            tuple(_key_figures(model)),
            content,
        )
    )


def _summary(model: SpineModel) -> str:
    """Return in two or three sentences what the model holds and what it lacks."""
    dorsal = courses.dorsal(model)
    levels = courses.levels(dorsal)
    roots = "dorsal and ventral nerve roots" if courses.ventral(model) else "dorsal nerve roots"
    fat = ", epidural fat" if "canal" in model.surfaces else ""
    text = (
        f"Spinal cord, cerebrospinal fluid, dura{fat} and {roots} as closed surfaces that fit together, "
        "built from annotated MRI slices. "
    )
    text += f"Roots {levels[0]} to {levels[-1]}." if levels else "No roots."
    present = {path.root for path in dorsal}
    published = [RootName(level, side) for level in PUBLISHED_LEVELS for side in SIDES]
    absent = [legend.spoken(root) for root in published if root not in present]
    return f"{text} Not in the model: {', '.join(absent)}." if absent else text


def _key_figures(model: SpineModel) -> Iterator[tuple[str, str]]:
    dorsal, ventral = courses.dorsal(model), courses.ventral(model)
    lengths = [courses.length_mm(path) for path in dorsal]
    severities = [finding.severity for finding in model.findings]
    yield ("Cord", with_unit(model.surfaces["cord"].volume_mm3, "mm³", 0))
    yield ("Dural sac, inside", with_unit(model.surfaces["dura_inner"].volume_mm3, "mm³", 0))
    if ventral:
        yield ("Roots, dorsal and ventral", f"{len(dorsal)} + {len(ventral)}")
    else:
        yield ("Dorsal roots", str(len(dorsal)))
    if courses.rootlets(model):
        yield ("Rootlets", str(len(courses.rootlets(model))))
    if lengths:
        untraced = sum(tables.untraced(path) * length for path, length in zip(dorsal, lengths, strict=True))
        yield ("Cord to ganglion", f"{number(min(lengths), 0)} to {with_unit(max(lengths), 'mm', 0)}")
        yield ("Dorsal root course not traced", with_unit(100 * untraced / sum(lengths), "%", 0))
    errors, warnings = (counted(severities.count(kind), kind) for kind in ("error", "warning"))
    yield ("Findings", f"{errors}, {warnings}")
