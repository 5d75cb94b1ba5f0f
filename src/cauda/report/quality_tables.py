"""Tables of metrics: value, unit, direction and mask, or the reason why there is no value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape

from cauda.annotation.tracing import LEVELS, RootName
from cauda.quality.measured import RootMetric
from cauda.quality.metric import Metric, Quality
from cauda.report import legend
from cauda.report.markup import ABSENT, MINUS, Column, Table, element, number
from cauda.tables.table import read_table

_MRIQC = re.compile(
    r"(summary|snr|snrd|fwhm|icvs|rpve|inu|size|spacing)_.+|cnr|cjv|fber|efc|wm2max|qi_[12]|snr_total|snrd_total"
)
_GROUPS = {
    "roots": "Metrics of the nerve roots",
    "spine": "Metrics of the spine",
    "structural": "Structural metrics, as MRIQC's users know them",
}
_ARROWS = {"higher": "↑", "lower": "↓", "neither": ABSENT}
_BETTER = {"higher": "higher is better", "lower": "lower is better", "neither": "describes without judging"}
_LARGE, _SMALL = 1e6, 1e-3
_SHORT_UNITS = {"1/1000 of the median of the reference tissue": "‰ of reference"}


def group_of(name: str) -> str:
    """Return to which group a metric belongs: ``structural``, ``spine`` or ``roots``.

    Examples
    --------
    >>> [group_of(name) for name in ("snr_csf", "slice_jitter_mm", "root_cnr")]
    ['structural', 'spine', 'roots']
    """
    if name.startswith("root_"):
        return "roots"
    return "structural" if _MRIQC.fullmatch(name) else "spine"


def level_of(name: str) -> str | None:
    """Return the spinal level that a metric is of; None for one of all levels.

    Examples
    --------
    >>> level_of("root_cnr_L4_p10"), level_of("root_cnr_p10")
    ('L4', None)
    """
    return next((part for part in name.split("_") if part in LEVELS), None)


def grouped(quality: Quality) -> list[Table]:
    """Return a table for each group of metrics that a scan has, without those of a level."""
    tables = []
    for group, caption in _GROUPS.items():
        names = [name for name in quality if group_of(name) == group and level_of(name) is None]
        if names:
            tables.append(_listing(f"table-{group}", f"{caption}.", names, quality))
    return tables


def by_level(quality: Quality) -> tuple[Table, Table] | None:
    """Return the metrics of each level side by side, and as a list with masks and reasons; None without."""
    names = [name for name in quality if level_of(name) is not None]
    if not names:
        return None
    levels = sorted({level_of(name) or "" for name in names}, key=LEVELS.index)
    of_stem: dict[str, dict[str, str]] = {}
    for name in names:
        level = level_of(name) or ""
        of_stem.setdefault("_".join(part for part in name.split("_") if part != level), {})[level] = name
    rows = []
    for stem, of_level in of_stem.items():
        cells = [_cell(quality.get(of_level.get(level, ""))) for level in levels]
        first = quality[next(iter(of_level.values()))]
        rows.append([element("code", escape(stem)), _unit_cell(first.unit), arrow(first.direction), *cells])
    columns = [
        Column("Metric", numeric=False),
        Column("Unit", numeric=False),
        Column("Better", numeric=False),
    ]
    columns += [Column(level) for level in levels]
    overview = Table("table-levels", "Metrics of the roots of each level.", columns, rows)
    return overview, _listing("table-level-metrics", "Metrics of each level, with masks.", names, quality)


def of_roots(roots: Sequence[RootMetric]) -> Table | None:
    """Return a table of what was measured of each root as a whole; None if nothing was."""
    whole = [each for each in roots if each.slice is None]
    if not whole:
        return None
    names = list(dict.fromkeys(each.name for each in whole))
    of_root: dict[RootName, dict[str, Metric]] = {}
    for each in whole:
        of_root.setdefault(each.root, {})[each.name] = each.metric
    units = {each.name: each.metric.unit for each in whole}
    columns = [Column("Root", numeric=False)] + [
        Column(name.removeprefix("root_").removesuffix("_mm").replace("_", " "), _unit(units[name]))
        for name in names
    ]
    ordered = sorted(of_root, key=lambda root: root.rank)
    rows = [[legend.spoken(root), *(_cell(of_root[root].get(name)) for name in names)] for root in ordered]
    return Table("table-each-root", "Each root as a whole.", columns, rows, [root.level for root in ordered])


def significant(value: float, figures: int = 4) -> str:
    """Return a number with about as many digits that count, whatever its size.

    Examples
    --------
    >>> significant(1234.56), significant(0.0123456), significant(0.0), significant(-2.0)
    ('1,235', '0.01235', '0', '−2')
    """
    if value == 0:
        return "0"
    size = abs(value)
    if size >= _LARGE or size < _SMALL:
        base, _, power = f"{size:.{figures - 1}e}".partition("e")
        text = f"{base.rstrip('0').rstrip('.')} × 10{_raised(int(power))}"
        return MINUS + text if value < 0 else text
    digits = max(0, figures - 1 - int(f"{size:e}".partition("e")[2]))
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def arrow(direction: str) -> str:
    """Return which is better as an arrow that is spoken in words."""
    return element("abbr", _ARROWS[direction], title=_BETTER[direction], aria_label=_BETTER[direction])


@cache
def meaning(name: str) -> str:
    """Return what a metric is, plain text; empty for one that the table of metrics does not know.

    Examples
    --------
    >>> meaning("cjv"), meaning("nothing")
    ('sum of the absolute deviations of two tissues over the difference of their medians', '')
    """
    found = [row for row in _definitions() if re.fullmatch(_pattern(row["metric"]), name)]
    return max(found, key=lambda row: len(row["metric"].partition("{")[0]))["meaning"] if found else ""


@cache
def _definitions() -> tuple[Mapping[str, str], ...]:
    return tuple(read_table("quality_metrics"))


def _pattern(metric: str) -> str:
    return "".join(
        ".+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", metric)
    )


def _listing(key: str, caption: str, names: Sequence[str], quality: Quality) -> Table:
    columns = [
        Column("Metric", numeric=False),
        Column("Value"),
        Column("Unit", numeric=False),
        Column("Better", numeric=False),
        Column("Mask", "voxels"),
        Column("What it is, or why it has no value", numeric=False),
    ]
    rows = [_row(name, quality[name]) for name in names]
    return Table(key, caption, columns, rows, [name.split("_")[0] for name in names])


def _row(name: str, metric: Metric) -> list[str]:
    told = escape(meaning(name))
    if metric.value is None:
        told = element("span", escape(metric.reason), class_="reason")
    return [
        element("code", escape(name)),
        ABSENT if metric.value is None else significant(metric.value),
        _unit_cell(metric.unit),
        arrow(metric.direction),
        number(metric.voxels, 0),
        told,
    ]


def _cell(metric: Metric | None) -> str:
    if metric is None:
        return ""
    if metric.value is None:
        return element("abbr", ABSENT, title=metric.reason, aria_label=f"not measured: {metric.reason}")
    return significant(metric.value)


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _unit_cell(unit: str) -> str:
    short = _SHORT_UNITS.get(unit)
    return element("abbr", short, title=unit) if short else escape(_unit(unit))


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
