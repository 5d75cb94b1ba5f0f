"""Tables by level: segments of the cord, rootlets, vertebrae, epidural fat."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel
from cauda.report import courses, measures
from cauda.report.courses import length_mm
from cauda.report.cutting import height_of, section_at
from cauda.report.markup import ABSENT, Column, Table, counted, number
from cauda.report.section import heights_at, largest, outlines
from cauda.report.tables import root_cell
from cauda.tables.gray import gray_sections

_FROSTELL = "Frostell 2016, doi:10.3389/fneur.2016.00238"


def segments(model: SpineModel) -> Table:
    """Return the segments of the cord: traced spacing, published and used length, share of gray matter."""
    columns = [
        Column("Segment", numeric=False),
        Column("Rostral end, z", "mm"),
        Column("Entry to next entry", "mm"),
        Column("Published length", "mm"),
        Column("Scaled to this cord", "mm"),
        Column("Used length", "mm"),
        Column("Gray share", "%"),
        Column("Table's share", "%"),
        Column("Provenance", numeric=False),
    ]
    spacing_mm = _entry_spacings_mm(model)
    shares = any(segment.gray_share is not None for segment in model.segments)
    rows = []
    for segment in model.segments:
        entry = measures.of_level(model, "segments", segment.level)
        published = gray_sections().get(segment.level)
        rows.append(
            (
                segment.level,
                number(float(segment.rostral_mm[2]), 1),
                number(spacing_mm.get(segment.level), 1),
                number(segment.published_length_mm, 1),
                number(measures.number(entry, "scaled_length_mm"), 1),
                number(segment.length_mm, 1),
                number(None if segment.gray_share is None else 100 * segment.gray_share, 1),
                number(None if published is None or not shares else 100 * published.share, 1),
                segment.provenance,
            )
        )
    caption = (
        "Segments of the cord. The entries were traced on slices, mean of the sides; published lengths are "
        f"those of a cord of 450 mm ({_FROSTELL}), also scaled to this subject's. The length used blends "
        "both, so that no border crosses the next."
    )
    if shares:
        caption += (
            " The share of gray matter is that of the section in the middle of the segment; the table's is "
            "published for T12 to S1 and assumed elsewhere."
        )
    return Table("segments-table", caption, columns, rows).without_blanks()


def vertebrae(model: SpineModel) -> Table:
    """Return the heights of the vertebrae, which the ganglia tell."""
    columns = [
        Column("Vertebra", numeric=False),
        Column("Upper end plate, z", "mm"),
        Column("Height with disc", "mm"),
        Column("Provenance", numeric=False),
    ]
    rows = [
        (
            vertebra.level,
            number(float(vertebra.upper_mm[2]), 1),
            number(height_of(model, vertebra.upper_mm) - height_of(model, vertebra.lower_mm), 1),
            vertebra.provenance,
        )
        for vertebra in model.vertebrae
    ]
    caption = "Vertebrae, estimated from the ganglia: bones were not annotated."
    return Table("vertebrae-table", caption, columns, rows)


def fat(model: SpineModel) -> Table:
    """Return how thick the epidural fat is in the middle of each vertebra."""
    columns = [Column("Vertebra", numeric=False), Column("Dorsal", "mm"), Column("Ventral", "mm")]
    rows = []
    for vertebra in model.vertebrae:
        heights = (height_of(model, end) for end in (vertebra.upper_mm, vertebra.lower_mm))
        depths = _fat_depths_mm(model, sum(heights) / 2)
        rows.append((vertebra.level, *(number(depth, 1) for depth in depths or (None, None))))
    caption = (
        "Depth of the epidural fat, from dura to the wall of the canal in the midline of the sac, in the "
        "middle of each vertebra. Fat was not annotated: its depth is assumed."
    )
    return Table("fat-table", caption, columns, rows)


def rootlets(model: SpineModel) -> Table:
    """Return number, spacing and radius of the rootlets of every root."""
    names = list(dict.fromkeys(path.root for path in courses.rootlets(model)))
    columns = [Column("Root", numeric=False)]
    for part in courses.ROOT_PARTS:
        columns += [
            Column(f"{part.capitalize()} rootlets"),
            Column("Spacing", "mm"),
            Column("Radius", "mm"),
            Column("Length", "mm"),
        ]
    rows = []
    for root in names:
        cells = [root_cell(root)]
        for part in courses.ROOT_PARTS:
            cells += _rootlet_cells(model, courses.rootlets_of(model, root, part))
        rows.append(cells)
    total = len(courses.rootlets(model))
    caption = (
        f"Rootlets, {counted(total, 'center line')} in all. Spacing of neighboring attachments along the "
        "cord, radius and length are means of each root. All are synthesized."
    )
    return Table("rootlets-table", caption, columns, rows, [root.level for root in names]).without_blanks()


def _entry_spacings_mm(model: SpineModel) -> dict[str, float]:
    """Return the distance along the cord from the traced entry of each level to that of the next level."""
    entries = [
        (segment.level, height_of(model, segment.entry_mm))
        for segment in model.segments
        if segment.entry_mm is not None
    ]
    return {level: height - below for (level, height), (_, below) in itertools.pairwise(entries)}


def _fat_depths_mm(model: SpineModel, height_mm: float) -> tuple[float, float] | None:
    """Return how far the canal's wall lies behind and before the dura at a height."""
    plane = section_at(model, (), "", height_mm).plane
    dura, canal = (
        largest(outlines(surface.vertices_mm, surface.triangles, plane))
        for surface in (model.surfaces["dura_outer"], model.surfaces["canal"])
    )
    if dura is None or canal is None:
        return None
    middle = float(dura[:, 0].min() + dura[:, 0].max()) / 2
    (inner_low, *_, inner_high), outer = heights_at(dura, middle), heights_at(canal, middle)
    return float(inner_low - outer[0]), float(outer[-1] - inner_high)


def _rootlet_cells(model: SpineModel, paths: Sequence[RootPath]) -> list[str]:
    if not paths:
        return [ABSENT] * 4
    heights = [height_of(model, path.points_mm[0]) for path in paths]
    spacing_mm = float(np.abs(np.diff(heights)).mean()) if len(heights) > 1 else None
    radius_mm = float(np.mean([path.radius_mm.mean() for path in paths]))
    lengths = float(np.mean([length_mm(path) for path in paths]))
    return [str(len(paths)), number(spacing_mm, 2), number(radius_mm, 2), number(lengths, 1)]
