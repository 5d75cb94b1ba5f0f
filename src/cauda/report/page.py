"""The page: one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from importlib import resources
from pathlib import Path

from cauda import __version__, annotation, lead
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES, RootName, Tracing
from cauda.errors import ModelError
from cauda.field.field_type import Field
from cauda.files import write_text
from cauda.report import courses, fields, legend, recruitments, searches, tables
from cauda.report.chapters import Block, Chapter, Pair, Progress, chapters
from cauda.report.markup import Figure, Table, counted, element, number, with_unit
from cauda.report.recruitments import Recruited
from cauda.report.searches import Searched

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
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
    title = escape(f"Spine model sub-{model.subject}")
    style = resources.files("cauda.report").joinpath("style.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="generator" content="cauda {__version__}"><title>{title}</title><style>{style}</style>'
    )
    body = (
        '<a class="skip" href="#content">Skip to the content</a>\n'
        + element("header", _header(model, title))
        + element("nav", _contents(content), aria_label="Contents")
        + element("main", "\n".join(_numbered(content)), id="content")
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _header(model: SpineModel, title: str) -> str:
    return (
        element("p", "cauda model report", class_="kicker")
        + element("h1", title)
        + element("p", _summary(model), class_="summary")
        + element("dl", "".join(_key_figures(model)), class_="key-figures")
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


def _key_figures(model: SpineModel) -> Iterator[str]:
    dorsal, ventral = courses.dorsal(model), courses.ventral(model)
    lengths = [courses.length_mm(path) for path in dorsal]
    severities = [finding.severity for finding in model.findings]
    yield _key_figure("Cord", with_unit(model.surfaces["cord"].volume_mm3, "mm³", 0))
    yield _key_figure("Dural sac, inside", with_unit(model.surfaces["dura_inner"].volume_mm3, "mm³", 0))
    if ventral:
        yield _key_figure("Roots, dorsal and ventral", f"{len(dorsal)} + {len(ventral)}")
    else:
        yield _key_figure("Dorsal roots", str(len(dorsal)))
    if courses.rootlets(model):
        yield _key_figure("Rootlets", str(len(courses.rootlets(model))))
    if lengths:
        untraced = sum(tables.untraced(path) * length for path, length in zip(dorsal, lengths, strict=True))
        yield _key_figure(
            "Cord to ganglion", f"{number(min(lengths), 0)} to {with_unit(max(lengths), 'mm', 0)}"
        )
        yield _key_figure("Dorsal root course not traced", with_unit(100 * untraced / sum(lengths), "%", 0))
    errors, warnings = (counted(severities.count(kind), kind) for kind in ("error", "warning"))
    yield _key_figure("Findings", f"{errors}, {warnings}")


def _key_figure(name: str, value: str) -> str:
    return element("div", element("dt", name) + element("dd", value))


def _contents(content: Sequence[Chapter]) -> str:
    links = (element("li", element("a", chapter.heading, href=f"#{chapter.key}")) for chapter in content)
    return element("ol", "".join(links))


def _numbered(content: Sequence[Chapter]) -> Iterator[str]:
    """Return the sections as markup, their figures and tables numbered through the page."""
    counts = {"Figure": 0, "Table": 0}

    def marked_up(block: Block) -> str:
        if isinstance(block, str):
            return block
        if isinstance(block, Pair):
            return element("div", marked_up(block.left) + marked_up(block.right), class_="pair")
        return str(_with_number(block, counts))

    for chapter in content:
        heading = element("h2", chapter.heading, id=f"{chapter.key}-heading")
        blocks = "".join(marked_up(block) for block in chapter.blocks)
        yield element("section", heading + blocks, id=chapter.key, aria_labelledby=f"{chapter.key}-heading")


def _with_number(block: Figure | Table, counts: dict[str, int]) -> Figure | Table:
    kind = type(block).__name__
    counts[kind] += 1
    return replace(block, caption=f"{element('b', f'{kind} {counts[kind]}.')} {block.caption}")
