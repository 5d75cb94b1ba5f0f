"""What stands in each section of the page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from html import escape

from cauda import __version__
from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import Tracing
from cauda.field.field_type import Field
from cauda.lead import Lead
from cauda.report import (
    along,
    axial,
    courses,
    cutting,
    fields,
    leads,
    legend,
    level_tables,
    origin,
    recruitments,
    searches,
    sleeve,
    tables,
    views,
)
from cauda.report.document import Block, Chapter, Pair
from cauda.report.markup import ABSENT, Figure, counted, element
from cauda.report.recruitments import Recruited
from cauda.report.searches import Searched

Progress = Callable[[str, float], None]

_BEYOND_MM = 3.0

_LINES = "left solid, right dashed and paler, ventral roots thin and darker."

_MADE = {
    "ventral_root": "ventral roots",
    "gray_matter": "gray matter",
    "filum": "the filum",
    "fat": "fat and canal",
    "soft_tissue": "soft tissue",
}


def chapters(
    model: SpineModel,
    tracing: Tracing | None,
    placed: Sequence[Lead],
    solved: Iterable[tuple[Lead, Field]],
    recruited: Iterable[Recruited],
    searched: Iterable[Searched],
    tell: Progress,
) -> tuple[Chapter, ...]:
    """Return the sections of the page in their order, telling each step and the fraction done before it."""
    views_of_all = _views(model, tracing, tell)
    tell("cut the sections", 0.75)
    sections = _axial(model, tracing)
    tell("draw the leads", 0.8)
    seen_leads = _leads(model, tracing, placed)
    tell("draw the fields", 0.85)
    seen_fields = _fields(model, solved)
    tell("draw what is recruited", 0.95)
    found = (
        Chapter("views", "Views", views_of_all),
        Chapter("sections", "Axial sections", sections),
        Chapter("leads", "Leads", seen_leads),
        Chapter("fields", "Fields", seen_fields),
        Chapter("recruitment", "Recruitment", _recruited(recruited)),
        Chapter("search", "Place and currents", _searched(searched)),
        Chapter("findings", "Findings", _findings(model)),
        Chapter("levels", "Levels", _levels(model)),
        Chapter("sizes", "Sizes and fit", _sizes(model)),
        Chapter("radii", "Radii", _radii(model)),
        Chapter("rootlets", "Rootlets", _rootlets(model)),
        Chapter("displacements", "Displacements", _displacements(model)),
        Chapter("provenance", "Provenance", _provenance(model)),
        Chapter("settings", "Settings", (tables.settings(model),)),
        Chapter("citation", "Citation", _citation()),
        Chapter("conventions", "Conventions", _conventions(model)),
        Chapter("sources", "Sources", _sources(model)),
    )
    return tuple(chapter for chapter in found if chapter.blocks)


def _views(model: SpineModel, tracing: Tracing | None, tell: Progress) -> tuple[Block, ...]:
    ends_mm = _annotated_ends_mm(model, tracing)
    tell("draw the whole model", 0.05)
    figures = [Figure("figure-whole", _whole_caption(model, ends_mm), views.whole(model, ends_mm))]
    tell("draw the conus", 0.35)
    conus = (
        "The conus, and where the roots enter the cord. A dot marks the first point of each root's center "
        "line, also where it is hidden. Cranial is up."
    )
    figures.append(Figure("figure-conus", conus, views.conus(model)))
    tell("draw the enlargement", 0.55)
    enlargement = views.enlargement(model)
    if enlargement is not None:
        caption = (
            "The lumbosacral enlargement, segments L3 to S1, without the dura. Rootlets are drawn as tubes "
            "round their center lines; they and the ventral roots are synthesized. Cranial is up."
        )
        figures.append(Figure("figure-enlargement", caption, enlargement))
    path = _example(model)
    if path is not None:
        tell("draw a sleeve", 0.7)
        caption = (
            f"Where root {legend.spoken(path.root)} leaves the dural sac in its sleeve, seen across its "
            "course from the back. Left, the dura whole; right, cut open along the root. Cranial is up."
        )
        figures.append(Figure("figure-sleeve", caption, sleeve.figure(model, path)))
    return tuple(figures)


def _annotated_ends_mm(model: SpineModel, tracing: Tracing | None) -> list[float]:
    """Return the heights of the first and the last annotated slice beyond which the model goes on."""
    if tracing is None or not tracing.dura:
        return []
    z_mm = model.surfaces["dura_outer"].vertices_mm[:, 2]
    first, last = tracing.dura[0].z_mm, tracing.dura[-1].z_mm
    beyond = z_mm.max() > first + _BEYOND_MM, z_mm.min() < last - _BEYOND_MM
    return [end for end, goes_on in zip((first, last), beyond, strict=True) if goes_on]


def _whole_caption(model: SpineModel, ends_mm: Sequence[float]) -> str:
    text = (
        "The model at one scale, without perspective; of the dura the far wall is shown. Each root bears the "
        "color of its level, paler on the right; the level is written at the ganglion."
    )
    if courses.ventral(model):
        text += " Ventral roots are thinner and darker."
    if "canal" in model.surfaces:
        text += " Of the epidural fat only the outline is drawn, at the wall of the canal."
    if ends_mm:
        text += " Below the lowest dashed line only the ganglia were annotated"
        text += ", above the upper one nothing." if len(ends_mm) > 1 else "."
    if model.segments or model.vertebrae:
        text += " Beside the heights, the segments of the cord and the vertebrae, these estimated."
    return f"{text} R right, L left, A anterior, P posterior of the subject."


def _example(model: SpineModel) -> RootPath | None:
    """Return the middle one of the left roots with a ganglion, or of all if there are none on the left."""
    whole = {surface.root for surface in model.surfaces.values() if surface.part == "ganglion"}
    paths = [path for path in courses.dorsal(model) if path.root in whole]
    paths = [path for path in paths if path.root.side == "L"] or paths
    return paths[(len(paths) - 1) // 2] if paths else None


def _axial(model: SpineModel, tracing: Tracing | None) -> tuple[Block, ...]:
    drawn = (
        "Annotated points within 0.6 mm of the plane are drawn over the model: rings along the dura, dots "
        "round the cord, crosses on the roots."
        if tracing is not None
        else "The annotation does not lie beside the model, so that its points are not drawn."
    )
    made = _synthesized(model)
    if courses.ventral(model):
        drawn += (
            " Ventral roots are hatched; v stands by their level where they lie apart from the dorsal one."
        )
    if made:
        drawn += (
            f" Cord, dura and dorsal roots follow the annotation; {made} are synthesized from published "
            "anatomy."
        )
    some = axial.cuts(model, cutting.sections(model, tracing))
    shown = axial.window(some)
    cord = [cut for cut in some if cut.section.of_cord]
    sac = [cut for cut in some if not cut.section.of_cord]
    through = "through the middle of each segment, " if model.segments else "where the roots enter, "
    caption = (
        f"Axial sections of the cord, {through}all at one scale. Radiological convention: seen from below, "
        f"the subject's right on the left of the figure, anterior up. {drawn} Point at an area to read its "
        "name."
    )
    below = "Axial sections below the cord, drawn in the same way and at the same scale."
    return (
        Figure("figure-sections", caption, axial.figure("cord", cord, tracing, shown)),
        Figure("figure-sac", below, axial.figure("sac", sac, tracing, shown)),
    )


def _synthesized(model: SpineModel) -> str:
    """Return in words what of the new parts the model holds, none of which was annotated."""
    present = {surface.tissue for surface in model.surfaces.values()}
    names = [name for tissue, name in _MADE.items() if tissue in present]
    if courses.rootlets(model):
        names.insert(1, "rootlets")
    untraced = [path for path in courses.dorsal(model) if set(path.provenance) == {"synthesized"}]
    if untraced:
        names.insert(0, f"the dorsal roots {', '.join(courses.levels(untraced))}")
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def _leads(model: SpineModel, tracing: Tracing | None, placed: Sequence[Lead]) -> tuple[Block, ...]:
    return tuple(block for lead in placed for block in leads.blocks(model, lead, tracing))


def _fields(model: SpineModel, solved: Iterable[tuple[Lead, Field]]) -> tuple[Block, ...]:
    return tuple(block for lead, field in solved for block in fields.blocks(model, lead, field))


def _recruited(recruited: Iterable[Recruited]) -> tuple[Block, ...]:
    return tuple(block for one in recruited for block in recruitments.blocks(one))


def _searched(searched: Iterable[Searched]) -> tuple[Block, ...]:
    return tuple(block for one in searched for block in searches.blocks(one))


def _findings(model: SpineModel) -> tuple[Block, ...]:
    if not model.findings:
        return (element("p", "Neither errors nor warnings."),)
    severities = [finding.severity for finding in model.findings]
    errors, warnings = (counted(severities.count(kind), kind) for kind in ("error", "warning"))
    text = (
        f"{errors} and {warnings} about the annotation and the building of the model. An error contradicts "
        "anatomy or the rest of the annotation; a warning asks for a look."
    )
    return element("p", text), tables.findings(model)


def _levels(model: SpineModel) -> tuple[Block, ...]:
    found: list[Block] = [level_tables.segments(model)] if model.segments else []
    if model.vertebrae and "canal" in model.surfaces:
        found.append(Pair(level_tables.vertebrae(model), level_tables.fat(model)))
    elif model.vertebrae:
        found.append(level_tables.vertebrae(model))
    return tuple(found)


def _sizes(model: SpineModel) -> tuple[Block, ...]:
    wholes, roots, fit = tables.wholes(model), tables.roots(model), tables.fit(model)
    return (Pair(wholes, fit), roots) if fit.rows else (wholes, roots)


def _radii(model: SpineModel) -> tuple[Block, ...]:
    paths = courses.roots(model)
    if not paths:
        return (element("p", "The model holds no roots."),)
    text = (
        "The radius along a root is the least of the published one and of what fits between cord, dura and "
        "neighboring roots at that place. The annotation is a line and tells no radius."
    )
    literature_mm = tables.literature_mm(model)
    chart = along.figure(paths, lambda path: path.radius_mm, "radius, mm", literature_mm)
    caption = f"Radius along each root; {_LINES}"
    return element("p", text), Pair(tables.radii(model), Figure("figure-radii", caption, chart))


def _rootlets(model: SpineModel) -> tuple[Block, ...]:
    if not courses.rootlets(model):
        return ()
    text = (
        "Each root fans out and enters the cord along its whole segment, dorsal ones at the dorsolateral, "
        "ventral ones at the ventrolateral sulcus. Number and place are drawn at random about published "
        "values; the same seed gives the same rootlets."
    )
    return element("p", text), level_tables.rootlets(model)


def _displacements(model: SpineModel) -> tuple[Block, ...]:
    paths = courses.roots(model)
    if not paths:
        return (element("p", "The model holds no roots."),)
    text = (
        "Traced lines of neighboring roots may come nearer to each other, to the cord or to the dura than "
        "their radii allow. The center lines are then moved by the least displacement that keeps them apart."
    )
    chart = along.figure(paths, lambda path: path.displacement_mm, "displacement, mm", {})
    figure = Figure("figure-displacements", f"Displacement along each root; {_LINES}", chart)
    return element("p", text), Pair(tables.displacements(model), figure)


def _provenance(model: SpineModel) -> tuple[Block, ...]:
    text = element(
        "p", "Every part of the model, and every point of a center line, says where it comes from."
    )
    if not courses.roots(model):
        return text, tables.solids(model)
    caption = "Center lines of the roots by provenance, in the model and as bars; the length of each in mm."
    figure = Figure("figure-origins", caption, origin.figure(model))
    return text, tables.solids(model), figure, tables.origins(model)


def _sources(model: SpineModel) -> tuple[Block, ...]:
    ordered = sorted(model.sources, key=lambda source: source.file)
    listed = "".join(f"{source.sha256}  {source.file}\n" for source in ordered)
    whole = element("code", hashlib.sha256(listed.encode()).hexdigest(), class_="hash")
    text = (
        f"The model was built from {counted(len(ordered), 'file')}. Their SHA-256 hashes, as "
        f"<code>sha256sum --check</code> reads them; the hash of this list itself is {whole}."
    )
    label = "Source files with their SHA-256 hashes"
    hashes = element("pre", escape(listed), class_="hashes", tabindex=0, role="region", aria_label=label)
    return element("p", text), hashes


def _citation() -> tuple[Block, ...]:
    own = (
        f"<cite>cauda</cite>, version {__version__}: from MRI annotations of the lumbosacral spine to models "
        "that stimulation can be planned on."
    )
    dataset = (
        "Liu J., Zhang W., Zhou Y., Xu L., Chu Y.-H., Jia F. <cite>An open-access lumbosacral spine MRI "
        "dataset with enhanced spinal nerve root structure resolution.</cite> Scientific Data 11, 1131 "
        "(2024). doi:10.1038/s41597-024-03919-4. Data: doi:10.6084/m9.figshare.c.7372564, CC BY 4.0. "
        "The population that sizes are judged by, and the annotation of its 14 subjects."
    )
    text = element("p", "Please cite in work that uses this model, besides the source of its annotation:")
    return (text + element("ul", element("li", own) + element("li", dataset), class_="references"),)


def _conventions(model: SpineModel) -> tuple[Block, ...]:
    made = _synthesized(model)
    entries = (
        "Coordinates are RAS+ in mm in the scanner's frame: x to the right of the subject, y anterior, z up.",
        "The annotated dura is the edge of the bright cerebrospinal fluid, the inner surface of the dura.",
        "The annotation holds one line for each side and level, which is taken for the dorsal root"
        + (f"; {made} are synthesized." if made else "; dorsal and ventral roots are not told apart."),
        "Renderings are orthographic. Colors tell levels and tissues, not brightness in any image.",
        f"{ABSENT} stands for a value that the model does not tell.",
    )
    return (element("ul", "".join(element("li", entry) for entry in entries)),)
