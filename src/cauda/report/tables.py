"""Tables of the report: a model's findings, sizes, radii, displacements, origins and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from cauda.anatomy.model import PROVENANCES, RootPath, SpineModel
from cauda.annotation.tracing import RootName
from cauda.report import courses, measures, palette
from cauda.report.courses import length_mm, lengths_mm
from cauda.report.legend import spoken
from cauda.report.markup import ABSENT, Column, Table, counted, element, number
from cauda.report.origin import MEANINGS, shares_mm

_PLURALS = {
    "dorsal": "dorsal roots",
    "ventral": "ventral roots",
    "ganglion": "ganglia",
    "nerve": "nerves",
    "dorsal_rootlet": "dorsal rootlets",
    "ventral_rootlet": "ventral rootlets",
}
_ROOT_AND_PART = (Column("Root", numeric=False), Column("Part", numeric=False))
_TOLD_ONCE = (0, 1, 4)
_FIT_NAMES = {"cord": "cord", "dura_inner": "dura, inner surface"}


def findings(model: SpineModel) -> Table:
    """Return what was noticed in the annotation and while building, errors first."""
    found = sorted(model.findings)
    rows: list[list[str]] = []
    groups: list[str] = []
    for finding in found:
        group = f"{finding.severity} {finding.code} {finding.advice}"
        repeated = bool(groups) and groups[-1] == group
        cells = (
            element("span", finding.severity, class_=f"severity {finding.severity}"),
            element("code", escape(finding.code)),
            element("span", escape(finding.file), class_="file"),
            escape(finding.what),
            escape(finding.advice),
        )
        # What a row repeats is left to screen readers: to the eye the rule and its advice stand once.
        rows.append(
            [
                element("span", cell, class_="again") if repeated and at in _TOLD_ONCE else cell
                for at, cell in enumerate(cells)
            ]
        )
        groups.append(group)
    headings = ("Severity", "Rule", "File", "Found", "What to do")
    columns = [Column(heading, numeric=False) for heading in headings]
    return Table("findings-table", "Findings, errors first.", columns, rows, groups)


def wholes(model: SpineModel) -> Table:
    """Return volume and area of every surface that belongs to no root."""
    columns = [
        Column("Surface", numeric=False),
        Column("Kind", numeric=False),
        Column("Volume", "mm³"),
        Column("Area", "mm²"),
        Column("Triangles"),
        Column("Mostly", numeric=False),
    ]
    rows = [
        (
            element("code", escape(surface.name)),
            surface.kind,
            number(surface.volume_mm3, 0),
            number(surface.area_mm2, 0),
            number(len(surface.triangles), 0),
            surface.provenance,
        )
        for surface in model.surfaces.values()
        if surface.root is None
    ]
    kinds = [surface.kind for surface in model.surfaces.values() if surface.root is None]
    caption = (
        "Surfaces that belong to no root. Regions share no volume; a boundary is the closed surface round "
        "several regions. Volumes and areas are those of the triangles."
    )
    return Table("wholes-table", caption, columns, rows, kinds)


def roots(model: SpineModel) -> Table:
    """Return length, volumes and areas of every root and of its parts; rootlets that are solids together."""
    present = {courses.part_of(surface) for surface in model.surfaces.values()}
    parts = [part for part in _PLURALS if part in present]
    lines = [part for part in courses.ROOT_PARTS if any(path.part == part for path in courses.roots(model))]
    columns = [Column("Root", numeric=False)]
    columns += [
        Column("Length" if len(lines) == 1 else f"{part.capitalize()} length", "mm") for part in lines
    ]
    for part in parts:
        name = _PLURALS[part].capitalize() if part.endswith("rootlet") else part.capitalize()
        columns += [Column(name, unit) for unit in ("mm³", "mm²")]
    known = {(path.root, path.part): path for path in courses.roots(model)}
    names = list(dict.fromkeys(path.root for path in courses.roots(model)))
    rows = []
    for root in names:
        ways = [known.get((root, part)) for part in lines]
        cells = [root_cell(root), *(number(None if way is None else length_mm(way), 1) for way in ways)]
        for part in parts:
            found = [s for s in model.surfaces.values() if s.root == root and courses.part_of(s) == part]
            cells.append(number(sum(s.volume_mm3 for s in found) if found else None, 1))
            cells.append(number(sum(s.area_mm2 for s in found) if found else None, 1))
        rows.append(cells)
    caption = (
        "Roots. Length along the center line, of a dorsal root from the cord's surface to the center of the "
        "ganglion, of a ventral root to where it joins the nerve. Volume and area of each part's surface."
    )
    return Table("roots-table", caption, columns, rows, [root.level for root in names])


def fit(model: SpineModel) -> Table:
    """Return how near the surfaces lie to the annotation."""
    measured = measures.mapping(model.measures.get("fit"))
    columns = [
        Column("Surface", numeric=False),
        Column("rms", "mm"),
        Column("Largest", "mm"),
        Column("Signed mean", "mm"),
        Column("Annotated volume", "mm³"),
    ]
    rows = []
    for name, values in measured.items():
        entry = measures.mapping(values)
        distances = [number(measures.number(entry, key), 3) for key in ("rms_mm", "max_mm", "mean_mm")]
        rows.append(
            (escape(_FIT_NAMES.get(name, name)), *distances, number(measures.number(entry, "volume_mm3"), 0))
        )
    caption = "Distance of the annotated points from the surface; in the signed mean, outside is positive."
    return Table("fit-table", caption, columns, rows).without_blanks()


def radii(model: SpineModel) -> Table:
    """Return published and used radius of every root, and the share of its section that is lost."""
    columns = [
        *_ROOT_AND_PART,
        Column("Literature", "mm"),
        Column("Used, mean", "mm"),
        Column("Used, least", "mm"),
        Column("Lost area", "%"),
    ]
    rows = []
    for path in courses.roots(model):
        entry = measures.of_path(model, "radii", path)
        mean_mm = measures.number(entry, "used_mean_mm")
        least_mm = measures.number(entry, "used_min_mm")
        rows.append(
            (
                *_root_and_part(path, model),
                number(measures.number(entry, "literature_mm"), 2),
                number(float(path.radius_mm.mean()) if mean_mm is None else mean_mm, 2),
                number(float(path.radius_mm.min()) if least_mm is None else least_mm, 2),
                number(measures.number(entry, "lost_area_percent"), 0),
            )
        )
    caption = "Radius of each root and the share of its published section that does not fit."
    return Table("radii-table", caption, columns, rows, _levels(model)).without_blanks()


def literature_mm(model: SpineModel) -> dict[tuple[RootName, str], float]:
    """Return the published radius in mm of each root's parts, where the model tells it."""
    values = {
        (path.root, path.part): measures.number(measures.of_path(model, "radii", path), "literature_mm")
        for path in courses.roots(model)
    }
    return {key: value for key, value in values.items() if value is not None}


def displacements(model: SpineModel) -> Table:
    """Return how far the center line of each root was moved, where most, and for what."""
    columns = [
        *_ROOT_AND_PART,
        Column("Mean", "mm"),
        Column("Largest", "mm"),
        Column("at, from the entry", "mm"),
        Column("Moved for", numeric=False),
    ]
    rows = []
    for path in courses.roots(model):
        entry = measures.of_path(model, "displacements", path)
        mean_mm, most_mm = measures.number(entry, "mean_mm"), measures.number(entry, "max_mm")
        place_mm = float(lengths_mm(path)[np.argmax(path.displacement_mm)])
        moved = float(path.displacement_mm.max()) > 0
        rows.append(
            (
                *_root_and_part(path, model),
                number(float(path.displacement_mm.mean()) if mean_mm is None else mean_mm, 3),
                number(float(path.displacement_mm.max()) if most_mm is None else most_mm, 3),
                number(place_mm if moved else None, 0),
                _reasons(entry.get("moved_for")),
            )
        )
    caption = (
        "Displacement of the center lines from where the annotation, smoothed and continued, or the rule by "
        "which they are laid leads them."
    )
    return Table("displacements-table", caption, columns, rows, _levels(model)).without_blanks()


def origins(model: SpineModel) -> Table:
    """Return the length of each center line by provenance; rootlets are summed up."""
    columns = [*_ROOT_AND_PART]
    columns += [Column(provenance.capitalize(), "mm") for provenance in PROVENANCES]
    columns += [Column("Length", "mm"), Column("Not traced", "%")]
    paths = courses.roots(model)
    rows = [(*_root_and_part(path, model), *_origin_cells([path])) for path in paths]
    groups = [path.root.level for path in paths]
    for part in courses.ROOT_PARTS:
        lines = [path for path in courses.rootlets(model) if path.part == f"{part}_rootlet"]
        if lines:
            rows.append((f"all {counted(len(lines), 'rootlet')}", part, *_origin_cells(lines)))
            groups.append("rootlets")
    caption = "Length of each center line by provenance; rootlets together."
    return Table("origins-table", caption, columns, rows, groups).without_blanks()


def solids(model: SpineModel) -> Table:
    """Return which surfaces, and which rootlets that are lines alone, come mostly from where."""
    columns = [Column(heading, numeric=False) for heading in ("Provenance", "Meaning", "Parts")]
    lines = courses.bare_rootlets(model)
    rows = []
    for provenance in PROVENANCES:
        names: dict[str, int] = {}
        for surface in model.surfaces.values():
            if surface.provenance == provenance:
                name = (
                    surface.name
                    if surface.root is None
                    else _PLURALS.get(str(courses.part_of(surface)), str(surface.part))
                )
                names[name] = names.get(name, 0) + 1
        for path in lines:
            if max(set(path.provenance), key=path.provenance.count) == provenance:
                name = f"{_PLURALS[path.part]}, as lines"
                names[name] = names.get(name, 0) + 1
        listed = ", ".join(
            name if name in model.surfaces else f"{name} ({count})" for name, count in names.items()
        )
        rows.append((provenance, MEANINGS[provenance], escape(listed) or ABSENT))
    return Table("solids-table", "Where the greater part of each part comes from.", columns, rows)


def settings(model: SpineModel) -> Table:
    """Return the settings of the build."""
    columns = [Column("Setting", numeric=False), Column("Value", numeric=False)]
    rows = [(element("code", escape(name)), escape(str(value))) for name, value in _flat(model.settings)]
    return Table("settings-table", "Settings of the build.", columns, rows)


def untraced(path: RootPath) -> float:
    """Return the share of a center line, 0 to 1, that lies beyond the traced points."""
    shares = shares_mm(path)
    return (shares["extrapolated"] + shares["synthesized"]) / max(sum(shares.values()), 1e-9)


def root_cell(root: RootName) -> str:
    """Return a root's name with a swatch of its color."""
    color = palette.root_color(root)
    style = f"background:{color};border-color:{palette.shade(color, 0.25)}"
    return element("span", class_="swatch", style=style, aria_hidden="true") + spoken(root)


def _levels(model: SpineModel) -> list[str]:
    return [path.root.level for path in courses.roots(model)]


def _root_and_part(path: RootPath, model: SpineModel) -> tuple[str, str]:
    """Return root and part; the part is not told where all are dorsal."""
    return root_cell(path.root), path.part if courses.ventral(model) else ABSENT


def _origin_cells(paths: Sequence[RootPath]) -> list[str]:
    shares = [shares_mm(path) for path in paths]
    lengths = {name: sum(share[name] for share in shares) for name in PROVENANCES}
    total = sum(lengths.values())
    beyond = 100 * (lengths["extrapolated"] + lengths["synthesized"]) / max(total, 1e-9)
    return [*(number(length or None, 1) for length in lengths.values()), number(total, 1), number(beyond, 0)]


def _reasons(value: object) -> str:
    if isinstance(value, str):
        return escape(value.replace("_", " ")) if value else ABSENT
    if isinstance(value, list | tuple):
        return ", ".join(_reasons(str(part)) for part in value) or ABSENT
    return ABSENT


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
