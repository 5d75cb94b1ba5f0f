"""What stands in each section of the page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from cauda import __version__
from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import Tracing
from cauda.report import along, axial, legend, origin, sleeve, tables, views
from cauda.report.markup import ABSENT, Figure, Table, counted, element


@dataclass(frozen=True, slots=True)
class Pair:
    """Two blocks side by side where the page is wide enough."""

    left: Figure | Table
    right: Figure | Table


Block = str | Figure | Table | Pair
"""What a section is made of; a string is markup."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section of the page: its id, its heading, and what it holds."""

    key: str
    heading: str
    blocks: tuple[Block, ...]


Progress = Callable[[str, float], None]


def chapters(model: SpineModel, tracing: Tracing | None, tell: Progress) -> tuple[Chapter, ...]:
    """Return the sections of the page in their order, telling each step and the fraction done before it."""
    views_of_all = _views(model, tracing, tell)
    tell("cut the sections", 0.85)
    return (
        Chapter("views", "Views", views_of_all),
        Chapter("sections", "Axial sections", _axial(model, tracing)),
        Chapter("findings", "Findings", _findings(model)),
        Chapter("sizes", "Sizes and fit", _sizes(model)),
        Chapter("radii", "Radii", _radii(model)),
        Chapter("displacements", "Displacements", _displacements(model)),
        Chapter("provenance", "Provenance", _provenance(model)),
        Chapter("settings", "Settings", (tables.settings(model),)),
        Chapter("citation", "Citation", _citation()),
        Chapter("conventions", "Conventions", _conventions()),
        Chapter("sources", "Sources", _sources(model)),
    )


def _views(model: SpineModel, tracing: Tracing | None, tell: Progress) -> tuple[Block, ...]:
    lowest_mm = tracing.dura[-1].z_mm if tracing is not None and tracing.dura else None
    below = " Below the dashed line only the ganglia were annotated." if lowest_mm is not None else ""
    whole = (
        "The model at one scale, without perspective; of the dura the far wall is shown. Each root bears the "
        "color of its level, paler on the right; the level is written at the ganglion."
        f"{below} R right, L left, A anterior, P posterior of the subject."
    )
    conus = (
        "The conus, and where the dorsal roots enter the cord. A dot marks the first point of each center "
        "line, also where it is hidden. Cranial is up."
    )
    tell("draw the whole model", 0.05)
    figures = [Figure("figure-whole", whole, views.whole(model, lowest_mm))]
    tell("draw the conus", 0.4)
    figures.append(Figure("figure-conus", conus, views.conus(model)))
    path = _example(model)
    if path is not None:
        tell("draw a sleeve", 0.7)
        caption = (
            f"Where root {legend.spoken(path.root)} leaves the dural sac in its sleeve, seen across its "
            "course from the back. Left, the dura whole; right, cut open along the root. Cranial is up."
        )
        figures.append(Figure("figure-sleeve", caption, sleeve.figure(model, path)))
    return tuple(figures)


def _example(model: SpineModel) -> RootPath | None:
    """Return the middle one of the left roots with a ganglion, or of all if there are none on the left."""
    whole = {surface.root for surface in model.surfaces.values() if surface.part == "ganglion"}
    paths = [path for path in model.roots if path.root in whole]
    paths = [path for path in paths if path.root.side == "L"] or paths
    return paths[(len(paths) - 1) // 2] if paths else None


def _axial(model: SpineModel, tracing: Tracing | None) -> tuple[Block, ...]:
    drawn = (
        "The annotated points of the same slice are drawn over the model: rings along the dura, dots round "
        "the cord, crosses on the roots."
        if tracing is not None
        else "The annotation does not lie beside the model, so that its points are not drawn."
    )
    caption = (
        "Axial sections of the model, all at one scale. Radiological convention: seen from below, the "
        f"subject's right on the left of the figure, anterior up. {drawn} Point at an area to read its name."
    )
    return (Figure("figure-sections", caption, axial.figure(model, tracing)),)


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


def _sizes(model: SpineModel) -> tuple[Block, ...]:
    wholes, roots, fit = tables.wholes(model), tables.roots(model), tables.fit(model)
    return (Pair(wholes, fit), roots) if fit.rows else (wholes, roots)


def _radii(model: SpineModel) -> tuple[Block, ...]:
    if not model.roots:
        return (element("p", "The model holds no roots."),)
    text = (
        "The radius along a root is the least of the published one and of what fits between cord, dura and "
        "neighboring roots at that place. The annotation is a line and tells no radius."
    )
    literature_mm = tables.literature_mm(model)
    chart = along.figure(model.roots, lambda path: path.radius_mm, "radius, mm", literature_mm)
    caption = "Radius along each root; left solid, right dashed and paler."
    return element("p", text), Pair(tables.radii(model), Figure("figure-radii", caption, chart))


def _displacements(model: SpineModel) -> tuple[Block, ...]:
    if not model.roots:
        return (element("p", "The model holds no roots."),)
    text = (
        "Traced lines of neighboring roots may come nearer to each other, to the cord or to the dura than "
        "their radii allow. The center lines are then moved by the least displacement that keeps them apart."
    )
    chart = along.figure(model.roots, lambda path: path.displacement_mm, "displacement, mm", {})
    figure = Figure(
        "figure-displacements", "Displacement along each root; left solid, right dashed and paler.", chart
    )
    return element("p", text), Pair(tables.displacements(model), figure)


def _provenance(model: SpineModel) -> tuple[Block, ...]:
    text = element(
        "p", "Every part of the model, and every point of a center line, says where it comes from."
    )
    if not model.roots:
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


def _conventions() -> tuple[Block, ...]:
    entries = (
        "Coordinates are RAS+ in mm in the scanner's frame: x to the right of the subject, y anterior, z up.",
        "The annotated dura is the edge of the bright cerebrospinal fluid, the inner surface of the dura.",
        "The annotation holds one line for each side and level; dorsal and ventral roots are not told apart.",
        "Renderings are orthographic. Colors tell levels and tissues, not brightness in any image.",
        f"{ABSENT} stands for a value that the model does not tell.",
    )
    return (element("ul", "".join(element("li", entry) for entry in entries)),)
