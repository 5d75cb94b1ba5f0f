"""The page: one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib import resources
from pathlib import Path

from cauda import __version__, annotation
from cauda.anatomy import model_files
from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES, RootName, Tracing
from cauda.files import write_text
from cauda.report import along, axial, legend, origin, tables, views
from cauda.report.markup import ABSENT, Figure, Table, element, number, with_unit

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


_Block = Figure | Table | str


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of the page: its id, its heading, and what it holds."""

    key: str
    heading: str
    blocks: tuple[_Block, ...]


def report(folder: Path) -> Path:
    """Write one HTML page about a model into its folder, and return the page's path.

    Parameters
    ----------
    folder : Path
        ``OUT/sub-XX`` as ``cauda build`` left it: the model, and the tracing ``sub-XX_tracing.mrk.json``; without
        the tracing the sections show the model alone.

    Returns
    -------
    Path
        ``OUT/sub-XX/sub-XX.html``; the same model gives the same bytes.

    Raises
    ------
    ModelError
        If there is no model in the folder, or it is damaged.
    AnnotationError
        If the tracing cannot be read.
    """
    folder = Path(folder)
    model = model_files.read(folder)
    traced = folder / f"sub-{model.subject}_tracing.mrk.json"
    tracing = annotation.read(traced) if traced.is_file() else None
    path = folder / f"sub-{model.subject}.html"
    write_text(path, page(model, tracing))
    return path


def page(model: SpineModel, tracing: Tracing | None) -> str:
    """Return the HTML page about a model.

    Parameters
    ----------
    model : SpineModel
    tracing : Tracing or None
        What it was built from, to draw over the sections.
    """
    sections = (
        _views(model, tracing),
        _axial(model, tracing),
        _findings(model),
        _sizes(model),
        _radii(model),
        _displacements(model),
        _provenance(model),
        _settings(model),
        _sources(model),
        _citation(),
        _conventions(),
    )
    subject = escape(f"sub-{model.subject}")
    title = f"Spine model {subject}"
    style = resources.files("cauda.report").joinpath("style.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="generator" content="cauda {__version__}"><title>{title}</title><style>{style}</style>'
    )
    body = (
        '<a class="skip" href="#content">Skip to the content</a>'
        + element("header", _header(model, title))
        + element("nav", _contents(sections), aria_label="Contents")
        + element("main", "\n".join(_numbered(sections)), id="content")
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
    levels = list(dict.fromkeys(path.root.level for path in model.roots))
    text = "Spinal cord, cerebrospinal fluid, dura and dorsal nerve roots as closed surfaces that fit together"
    text += f", built from annotated MRI slices. Roots {levels[0]} to {levels[-1]}." if levels else "; no roots."
    present = {path.root for path in model.roots}
    absent = [RootName(level, side) for level in PUBLISHED_LEVELS for side in SIDES]
    absent = [root for root in absent if root not in present]
    if absent:
        text += f" Not in the model: {', '.join(legend.spoken(root) for root in absent)}."
    return text


def _key_figures(model: SpineModel) -> Iterator[str]:
    lengths = [float(along.lengths_mm(path)[-1]) for path in model.roots]
    total = sum(lengths)
    untraced = sum(tables.untraced(path) * length for path, length in zip(model.roots, lengths, strict=True))
    severities = [finding.severity for finding in model.findings]
    yield _key_figure("Cord", with_unit(model.surfaces["cord"].volume_mm3, "mm³", 0))
    yield _key_figure("Dural sac with sleeves, inside", with_unit(model.surfaces["dura_inner"].volume_mm3, "mm³", 0))
    yield _key_figure("Dorsal roots", str(len(model.roots)))
    if lengths:
        yield _key_figure("Cord to ganglion", f"{number(min(lengths), 0)} to {with_unit(max(lengths), 'mm', 0)}")
        yield _key_figure("Root course not traced", with_unit(100 * untraced / total, "%", 0))
    yield _key_figure("Findings", f"{_count(severities, 'error')}, {_count(severities, 'warning')}")


def _key_figure(name: str, value: str) -> str:
    return element("div", element("dt", name) + element("dd", value))


def _count(severities: Sequence[str], severity: str) -> str:
    count = severities.count(severity)
    return f"{count} {severity}{'' if count == 1 else 's'}"


def _contents(sections: Sequence[_Section]) -> str:
    links = (element("li", element("a", section.heading, href=f"#{section.key}")) for section in sections)
    return element("ol", "".join(links))


def _numbered(sections: Sequence[_Section]) -> Iterator[str]:
    """Return the sections as markup, their figures and tables numbered through the page."""
    counts = {Figure: 0, Table: 0}
    for section in sections:
        content = element("h2", section.heading, id=f"{section.key}-heading")
        for block in section.blocks:
            if isinstance(block, str):
                content += block
                continue
            counts[type(block)] += 1
            number_ = element("b", f"{type(block).__name__} {counts[type(block)]}.")
            content += str(replace(block, caption=f"{number_} {block.caption}"))
        yield element("section", content, id=section.key, aria_labelledby=f"{section.key}-heading")


def _views(model: SpineModel, tracing: Tracing | None) -> _Section:
    lowest_mm = tracing.dura[-1].z_mm if tracing is not None and tracing.dura else None
    below = " Below the dashed line nothing was annotated but the ganglia." if lowest_mm is not None else ""
    figures = [
        Figure(
            "figure-whole",
            "The model at one scale, without perspective; of the dura the far wall is shown. Each root bears the "
            f"color of its level, paler on the right; its level stands at the ganglion.{below} "
            "R right, L left, A anterior, P posterior of the subject.",
            views.whole(model, lowest_mm),
        ),
        Figure(
            "figure-conus",
            "The conus, and where the dorsal roots enter the cord. A dot marks the first point of each center line.",
            views.conus(model),
        ),
    ]
    path = _example(model)
    if path is not None:
        name = legend.spoken(path.root)
        figures.append(
            Figure(
                "figure-sleeve",
                f"Where root {name} leaves the dural sac in its sleeve, seen across its course. Left, the dura whole; "
                "right, cut open along the root. The root fills its sleeve but for a film of cerebrospinal fluid.",
                views.sleeve(model, path.root),
            )
        )
    return _Section("views", "Views", tuple(figures))


def _example(model: SpineModel) -> RootPath | None:
    """Return the middle one of the left roots, or of all if there are none on the left."""
    whole = {s.root for s in model.surfaces.values() if s.part == "ganglion"}
    paths = [path for path in model.roots if path.root in whole]
    paths = [path for path in paths if path.root.side == "L"] or paths
    return paths[len(paths) // 2] if paths else None


def _axial(model: SpineModel, tracing: Tracing | None) -> _Section:
    drawn = (
        "The annotated points of the same slice are drawn over the model: rings along the dura, dots round the "
        "cord, crosses on the roots."
        if tracing is not None
        else "The annotation is not beside the model, so that its points are not drawn."
    )
    caption = (
        "Axial sections of the model, all at one scale. Radiological convention: seen from below, the subject's "
        f"right on the left of the figure, anterior up. {drawn} Point at an area to read its name."
    )
    return _Section("sections", "Axial sections", (Figure("figure-sections", caption, axial.figure(model, tracing)),))


def _findings(model: SpineModel) -> _Section:
    if not model.findings:
        return _Section("findings", "Findings", (element("p", "Neither errors nor warnings."),))
    severities = [finding.severity for finding in model.findings]
    text = (
        f"{_count(severities, 'error')} and {_count(severities, 'warning')} about the annotation and the building of "
        "the model. An error means that a part of the input is not believed; a warning asks for a look."
    )
    return _Section("findings", "Findings", (element("p", text), tables.findings(model)))


def _sizes(model: SpineModel) -> _Section:
    blocks: list[_Block] = [tables.wholes(model), tables.roots(model)]
    if model.measures.get("fit"):
        blocks.append(tables.fit(model))
    return _Section("sizes", "Sizes and fit", tuple(blocks))


def _radii(model: SpineModel) -> _Section:
    text = (
        "The radius along a root is the least of the published one and of what fits between cord, dura and "
        "neighboring roots at that place. The annotation is a line and tells no radius."
    )
    if not model.roots:
        return _Section("radii", "Radii of the roots", (element("p", "The model holds no roots."),))
    figure = Figure(
        "figure-radii",
        "Radius along each root; left solid, right dashed and paler.",
        along.figure(model.roots, lambda path: path.radius_mm, "radius, mm", tables.literature_mm(model)),
    )
    return _Section("radii", "Radii of the roots", (element("p", text), tables.radii(model), figure))


def _displacements(model: SpineModel) -> _Section:
    text = (
        "Traced lines of neighboring roots may come nearer to each other, to the cord or to the dura than their "
        "radii allow. The center lines are then moved by the least displacement that keeps them apart."
    )
    if not model.roots:
        return _Section("displacements", "Displacements of the roots", (element("p", "The model holds no roots."),))
    figure = Figure(
        "figure-displacements",
        "Displacement along each root; left solid, right dashed and paler.",
        along.figure(model.roots, lambda path: path.displacement_mm, "displacement, mm", {}),
    )
    return _Section("displacements", "Displacements of the roots", (element("p", text), figure, tables.displacements(model)))


def _provenance(model: SpineModel) -> _Section:
    meanings = "".join(element("dt", name) + element("dd", meaning) for name, meaning in origin.MEANINGS.items())
    text = element("p", "Every part of the model, and every point of a center line, says where it comes from.")
    blocks: list[_Block] = [text + element("dl", meanings, class_="meanings")]
    if model.roots:
        caption = "Center lines of the roots by provenance, in the model and as bars; the length of each in mm."
        blocks += [Figure("figure-origins", caption, origin.figure(model)), tables.origins(model)]
    return _Section("provenance", "Provenance", (*blocks, tables.solids(model)))


def _settings(model: SpineModel) -> _Section:
    return _Section("settings", "Settings", (tables.settings(model),))


def _sources(model: SpineModel) -> _Section:
    ordered = sorted(model.sources, key=lambda source: source.file)
    listed = "".join(f"{source.sha256}  {source.file}\n" for source in ordered)
    files = f"{len(ordered)} file{'' if len(ordered) == 1 else 's'}"
    whole = element("code", hashlib.sha256(listed.encode()).hexdigest(), class_="hash")
    text = (
        f"The model was built from {files}. Their SHA-256 hashes, as <code>sha256sum --check</code> reads them; the "
        f"hash of this list itself is {whole}."
    )
    hashes = element("pre", escape(listed), class_="hashes", tabindex=0, aria_label="Source files with SHA-256 hashes")
    return _Section("sources", "Sources", (element("p", text), hashes))


def _citation() -> _Section:
    entries = (
        f"<cite>cauda</cite>, version {__version__}: from MRI annotations of the lumbosacral spine to models that "
        "stimulation can be planned on.",
        "Liu J., Zhang W., Zhou Y., Xu L., Chu Y.-H., Jia F. <cite>An open-access lumbosacral spine MRI dataset with "
        "enhanced spinal nerve root structure resolution.</cite> Scientific Data 11, 1131 (2024). "
        "doi:10.1038/s41597-024-03919-4. The published population, which plausible sizes come from, and, for "
        "its 14 subjects, the annotation (figshare, doi:10.6084/m9.figshare.c.7372564, CC BY 4.0).",
    )
    text = element("p", "Please cite in work that uses this model, besides the source of its annotation:")
    items = "".join(element("li", entry) for entry in entries)
    return _Section("citation", "Citation", (text + element("ul", items, class_="references"),))


def _conventions() -> _Section:
    entries = (
        "Coordinates are RAS+ in millimeters in the scanner's frame: x to the subject's right, y anterior, z cranial.",
        "The annotated dura is the edge of the bright cerebrospinal fluid, the inner surface of the dura.",
        "Each root is one line for each side and level: dorsal and ventral roots are not told apart in the annotation.",
        "Renderings are orthographic. Colors tell levels and tissues, not brightness in any image.",
        f"{ABSENT} stands for a value that the model does not tell.",
    )
    items = "".join(element("li", entry) for entry in entries)
    return _Section("conventions", "Conventions", (element("ul", items),))
