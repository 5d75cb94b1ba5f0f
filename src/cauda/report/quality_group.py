"""The page about the quality of a group: each metric as a distribution, and which scans stand out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import numpy as np

from cauda.errors import QualityError
from cauda.quality.measured import Measured
from cauda.quality.metric import Direction, Metric
from cauda.quality.outliers import LEAST_SCANS, THRESHOLD, Outlier, outliers
from cauda.report import quality_dots
from cauda.report.document import Block, Chapter, Document, Folded, html
from cauda.report.markup import ABSENT, Column, Table, counted, element, number
from cauda.report.quality_dots import Row
from cauda.report.quality_reasons import gathered
from cauda.report.quality_tables import arrow, group_of, level_of, meaning, significant

_HEADINGS = {
    "roots": "Metrics of the nerve roots",
    "spine": "Metrics of the spine",
    "structural": "Structural metrics",
}
_OF_ONE_PROTOCOL = ("fwhm", "efc", "fber")
"""Metrics whose value depends on grid and field of view, so that two protocols cannot be compared by them."""

_INTENSITY = "intensity"
_LEAST_FOR_QUARTILES = 4
_MOST_NAMED = 6
_LABEL = '<div id="dot-label" role="status" hidden="hidden"></div>'


@dataclass(frozen=True, slots=True)
class _Scan:
    """A scan of the group: its short name within its contrast, and where its page lies."""

    name: str
    page: str
    measured: Measured


_Group = Mapping[str, Sequence[_Scan]]


def group_page(scans: Sequence[Measured]) -> str:
    """Return the HTML page about a group of scans.

    It needs no network and no other file; it links to the pages of the scans,
    ``sub-XX/<name>_quality.html``. Without its script the dots have no names, but outliers and the table of
    all scans do.

    Parameters
    ----------
    scans : sequence of Measured
        Of any contrasts; contrasts and scans are shown in the order of their names.

    Raises
    ------
    QualityError
        If there is no scan, or two have the same name.
    """
    names = [scan.name for scan in scans]
    if not names or len(set(names)) < len(names):
        found = f"{len(names) - len(set(names))} names twice" if names else "none"
        raise QualityError(f"group of scans: found {found}, wanted at least one, each with its own name")
    group = _by_contrast(scans)
    metrics = list(
        dict.fromkeys(name for some in group.values() for one in some for name in one.measured.quality)
    )
    rows = {name: _rows(name, group) for name in metrics}
    directions = {name: _known(name, group).direction for name in metrics}
    chapters = [
        Chapter("outliers", "Scans that stand out", tuple(_outliers(rows, group))),
        Chapter("contrasts", "Contrasts side by side", tuple(_contrasts(rows, directions, group))),
    ]
    for key, heading in _HEADINGS.items():
        chosen = [name for name in metrics if group_of(name) == key and rows[name]]
        if chosen:
            chapters.append(Chapter(key, heading, tuple(_panels(chosen, rows, group))))
    chapters.append(Chapter("absent", "Not measured", tuple(_absent(metrics, group))))
    chapters.append(Chapter("scans", "All scans", (_scans(group, rows),)))
    return html(
        Document(
            "Image quality of the group",
            "cauda image quality",
            _summary(group),
            tuple(_key_figures(group, metrics)),
            chapters,
            styles=("quality.css",),
            after=_LABEL,
            scripts=("quality_sections.js", "quality_group.js"),
        )
    )


def _by_contrast(scans: Sequence[Measured]) -> dict[str, list[_Scan]]:
    group: dict[str, list[_Scan]] = {contrast: [] for contrast in sorted({scan.contrast for scan in scans})}
    for scan in sorted(scans, key=lambda scan: (_natural(scan.name), scan.name)):
        page = quote(f"sub-{scan.subject}/{scan.name}_quality.html")
        group[scan.contrast].append(_Scan(scan.name.removesuffix(f"_{scan.contrast}"), page, scan))
    return group


def _rows(name: str, group: _Group) -> list[Row]:
    """Return a row for each contrast that a metric was measured in."""
    rows = []
    for contrast, some in group.items():
        metrics = [one.measured.quality.get(name) for one in some]
        values = [None if metric is None else metric.value for metric in metrics]
        if all(value is None for value in values):
            continue
        short = [one.name for one in some]
        found = outliers(short, values, _known(name, group).direction)
        array = np.array([np.nan if value is None else value for value in values])
        rows.append(Row(contrast, short, array, found, {one.name: one.page for one in some}))
    return rows


def _known(name: str, group: _Group) -> Metric:
    """Return a metric as the first scan has it that has a value, or at least a reason."""
    found = [
        one.measured.quality[name] for some in group.values() for one in some if name in one.measured.quality
    ]
    return next((metric for metric in found if metric.value is not None), found[0])


def _summary(group: _Group) -> str:
    counts = ", ".join(f"{len(some)} {contrast}" for contrast, some in group.items())
    text = (
        f"{escape(counts)}. Each dot is a scan: point at it, or go to it by the arrows, to read its name; "
        "open its page by a click or Enter."
    )
    few = [contrast for contrast, some in group.items() if len(some) < LEAST_SCANS]
    if few:
        text += f" Fewer than {LEAST_SCANS} scans of {escape(', '.join(few))}: no distribution is known."
    return text


def _key_figures(group: _Group, metrics: Sequence[str]) -> Iterator[tuple[str, str]]:
    scans = [one for some in group.values() for one in some]
    yield "Scans", str(len(scans))
    yield "Subjects", str(len({one.measured.subject for one in scans}))
    yield "Contrasts", str(len(group))
    yield "Metrics", str(len(metrics))


def _outliers(rows: Mapping[str, Sequence[Row]], group: _Group) -> Iterator[Block]:
    links = {(contrast, one.name): one.page for contrast, some in group.items() for one in some}
    found = [(row.contrast, name, one) for name, some in rows.items() for row in some for one in row.outliers]
    if all(len(some) < LEAST_SCANS for some in group.values()):
        yield element(
            "p",
            f"No contrast has {LEAST_SCANS} scans: no distribution is known, and no scan can stand out.",
            class_="reason",
        )
        return
    explanation = (
        "Within a contrast, a scan stands out if its robust z, (x − median) / (1.4826 MAD), is "
        f"{THRESHOLD:g} or more in size (Iglewicz and Hoaglin 1993). About one value in two thousand of a "
        "normal distribution does: among many metrics some do by chance. The direction of the metric tells "
        "which side is worse."
    )
    yield element("p", explanation)
    yield _standing_out(found, links)
    worse = [each for each in found if each[2].side == "worse"]
    yield _outlier_table("table-worse", "Values on the bad side.", worse, links)
    rest = [each for each in found if each[2].side != "worse"]
    if rest:
        table = _outlier_table(
            "table-unusual", "Values on the good side, or of metrics that have none.", rest, links
        )
        yield Folded(f"{counted(len(rest), 'value')} on the good side, or of metrics that have none", table)


def _standing_out(found: Sequence[tuple[str, str, Outlier]], links: Mapping[tuple[str, str], str]) -> Table:
    """Return the table of scans with values on the bad side, the one with most first."""
    of_scan: dict[tuple[str, str], list[str]] = defaultdict(list)
    for contrast, name, one in sorted(found, key=lambda each: -abs(each[2].z)):
        if one.side == "worse":
            of_scan[contrast, one.scan].append(name)
    ordered = sorted(of_scan, key=lambda key: (-len(of_scan[key]), key[0], _natural(key[1])))
    rows = []
    for contrast, scan in ordered:
        names = of_scan[contrast, scan]
        told = ", ".join(element("code", escape(name)) for name in names[:_MOST_NAMED])
        told += f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        rows.append([_link(scan, links[contrast, scan]), escape(contrast), str(len(names)), told])
    columns = [
        Column("Scan", numeric=False),
        Column("Contrast", numeric=False),
        Column("Metrics"),
        Column("Which, the furthest first", numeric=False),
    ]
    return Table("table-standing-out", "Scans with values on the bad side, most first.", columns, rows)


def _outlier_table(
    key: str, caption: str, found: Sequence[tuple[str, str, Outlier]], links: Mapping[tuple[str, str], str]
) -> Table:
    rows = [
        [
            _link(one.scan, links[contrast, one.scan]),
            escape(contrast),
            element("code", escape(name)),
            significant(one.value),
            element("span", number(one.z, 1), class_="worse-mark" if one.side == "worse" else None),
        ]
        for contrast, name, one in sorted(found, key=lambda each: -abs(each[2].z))
    ]
    columns = [
        Column("Scan", numeric=False),
        Column("Contrast", numeric=False),
        Column("Metric", numeric=False),
        Column("Value"),
        Column("Robust z"),
    ]
    return Table(key, caption, columns, rows)


def _contrasts(
    rows: Mapping[str, Sequence[Row]], directions: Mapping[str, Direction], group: _Group
) -> Iterator[Block]:
    names = [
        name
        for name, some in rows.items()
        if len(some) > 1
        and _comparable(_known(name, group))
        and level_of(name) is None
        and not name.startswith(_OF_ONE_PROTOCOL)
    ]
    names.sort(key=lambda name: list(_HEADINGS).index(group_of(name)))
    if len(group) < 2 or not names:
        yield element("p", "There is one contrast alone, or no metric that two share.", class_="reason")
        return
    columns = [Column("Metric", numeric=False), Column("Better", numeric=False)]
    columns += [Column(contrast, "median (middle half)") for contrast in group]
    body = []
    for name in names:
        of_contrast = {row.contrast: row for row in rows[name]}
        medians = {contrast: float(np.median(row.known)) for contrast, row in of_contrast.items()}
        better, worse = (max, min) if directions[name] == "higher" else (min, max)
        # Where all are the same none is the best.
        best = better(medians.values()) if better(medians.values()) != worse(medians.values()) else np.nan
        cells = [_quartiles(of_contrast.get(contrast), best) for contrast in group]
        body.append([element("code", escape(name)), arrow(directions[name]), *cells])
    caption = (
        "Medians of the contrasts, the best in bold. Left out are metrics that describe without judging, "
        "those in units of one image, and those that depend on grid and field of view "
        f"({', '.join(_OF_ONE_PROTOCOL)}). Contrasts with other voxels differ in noise for that alone."
    )
    yield Table("table-contrasts", caption, columns, body, [group_of(name) for name in names])


def _comparable(metric: Metric) -> bool:
    """Return whether contrasts can be compared by a metric: it judges, and not in units of one image."""
    return metric.direction != "neither" and metric.unit != _INTENSITY


def _quartiles(row: Row | None, best: float) -> str:
    if row is None:
        return ABSENT
    low, median, high = np.percentile(row.known, [25, 50, 75]).tolist()
    text = element("span", significant(median, 3), class_="best" if median == best else None)
    if len(row.known) < _LEAST_FOR_QUARTILES:
        return text
    return f"{text} ({significant(low, 3)} to {significant(high, 3)})"


def _panels(names: Sequence[str], rows: Mapping[str, Sequence[Row]], group: _Group) -> Iterator[Block]:
    """Return a panel for each metric; those of single levels are folded away."""
    whole = [name for name in names if level_of(name) is None]
    single = [name for name in names if level_of(name) is not None]
    for some, heading in ((whole, ""), (single, "Metrics of each spinal level")):
        panels = "".join(_panel(name, rows[name], _known(name, group)) for name in some)
        content = element("div", panels, class_="panels")
        if some:
            yield Folded(heading, content) if heading else content


def _panel(name: str, rows: Sequence[Row], metric: Metric) -> str:
    shared = _comparable(metric)
    unit = "" if metric.unit == "1" else f", {metric.unit}"
    heading = element("h3", f"{escape(name)} {arrow(metric.direction)}{element('span', escape(unit))}")
    drawing = element("div", quality_dots.figure(name, rows, shared=shared))
    return element("figure", heading + element("p", escape(meaning(name))) + drawing)


def _absent(metrics: Sequence[str], group: _Group) -> Iterator[Block]:
    """Return which metrics were not measured in which scans, those with the same reason together."""
    rows = []
    for contrast, some in group.items():
        found = gathered(
            (reason, (name, one.name))
            for one in some
            for name, reason in one.measured.quality.reasons().items()
        )
        for reason, pairs in found.items():
            for lacking, names in _together(pairs).items():
                who = "all" if len(lacking) == len(some) else escape(_some(lacking))
                rows.append([escape(reason), escape(contrast), who, _listed(names)])
    if not rows:
        yield element("p", f"All {len(metrics)} metrics were measured in every scan that has them.")
        return
    columns = [Column(text, numeric=False) for text in ("Reason", "Contrast", "Scans", "Metrics")]
    yield Table("table-absent", "Metrics without a value, and why.", columns, rows)


def _together(pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, ...], list[str]]:
    """Return metrics by the scans that lack them, from pairs of metric and scan."""
    scans: dict[str, list[str]] = defaultdict(list)
    for metric, scan in pairs:
        scans[metric].append(scan)
    together: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for metric, lacking in scans.items():
        together[tuple(lacking)].append(metric)
    return together


def _listed(names: Sequence[str]) -> str:
    """Return names of metrics; those of levels once, with the levels behind them."""
    of_stem: dict[str, list[str]] = {}
    for name in names:
        level = level_of(name)
        stem = "_".join(part for part in name.split("_") if part != level)
        of_stem.setdefault(f"{stem} " if level else stem, []).append(level or "")
    told = [element("code", escape(stem.strip())) for stem, levels in of_stem.items() if levels == [""]]
    of_levels: dict[str, list[str]] = {}
    for stem, levels in of_stem.items():
        if levels != [""]:
            of_levels.setdefault(", ".join(levels), []).append(element("code", escape(stem.strip())))
    parts = [", ".join(told)] if told else []
    parts += [f"of {levels}: {', '.join(stems)}" for levels, stems in of_levels.items()]
    return "; ".join(parts)


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _scans(group: _Group, rows: Mapping[str, Sequence[Row]]) -> Table:
    worse: dict[tuple[str, str], int] = defaultdict(int)
    for some in rows.values():
        for row in some:
            for found in row.outliers:
                worse[row.contrast, found.scan] += found.side == "worse"
    cells: dict[str, dict[str, str]] = defaultdict(dict)
    for contrast, scans in group.items():
        for one in scans:
            missing = len(one.measured.quality.reasons())
            link = element("a", escape(one.name), href=one.page, data_contrast=contrast)
            cells[one.name][contrast] = f"{link} {worse[contrast, one.name]} / {missing}"
    columns = [Column("Scan", numeric=False)]
    columns += [Column(contrast, "on the bad side / not measured", numeric=False) for contrast in group]
    body = [
        [escape(name), *(cells[name].get(contrast, "") for contrast in group)]
        for name in sorted(cells, key=_natural)
    ]
    return Table("table-scans", "All scans; each leads to its page.", columns, body)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts a name so that 9 comes before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _link(name: str, page: str) -> str:
    return element("a", escape(name), href=page)
