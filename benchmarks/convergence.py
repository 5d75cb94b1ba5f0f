"""How errors along a line like a root fall as the mesh of the layered cylinder is made finer.

    python -m benchmarks.convergence

Writes `TABLE` and draws it into `PLOT`. All edges of a mesh, those far away too, go with the ones at
interfaces; errors are root mean squares over tilts of the cylinder against the lattice.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path

import numpy as np
from benchmarks.cylinder_mesh import Edges, solved
from benchmarks.validate_cylinder import CANONICAL, TILTS_DEG, exact_lines, line_errors

from cauda.arrays import Floats
from cauda.report.markup import element, line, path, text

EDGES_MM = (1.4, 1.0, 0.7, 0.5)
"""At interfaces; the last one is that of the normal size."""

LINE = "oblique"

TABLE = Path(__file__).parents[1] / "docs" / "experiments" / "convergence.tsv"
PLOT = Path(__file__).parents[1] / "docs" / "images" / "convergence.svg"

# As at normal size, where edges of 0.5 mm grow by 0.3, along interfaces by 0.15, and up to 4 mm.
_GROWTH, _ALONG, _MOST = 0.6, 0.3, 8.001

_WAYS = {"linear": "linear elements", "recovered": "recovered"}
_QUANTITIES = {
    "potential": "potential",
    "second_difference": "second difference",
    "threshold": "threshold of 10 um",
}
_DRAWN = ("potential", "second_difference", "threshold")
_COLORS = {"linear": "#d9620f", "recovered": "#2f72c9"}
_INK, _GRAY, _HAIRLINE = "#1c2430", "#5b6573", "#d5dbe3"
_PERCENT = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_WIDTH, _HEIGHT, _TOP, _FOOT = 900, 360, 50, 300
_LEFT, _STEP, _SPAN = 80, 280, 220


def figures() -> dict[str, float]:
    """Measure, write `TABLE` and `PLOT`; return the figures of the table ``convergence``."""
    rows = [_measured(edge) for edge in EDGES_MM]
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(_head())
        writer.writerows([f"{value:.4g}" for value in row] for row in rows)
    found = read(TABLE)
    PLOT.write_text(plot(found), encoding="utf-8")
    return orders_and_errors(found)


def orders_and_errors(found: dict[str, Floats]) -> dict[str, float]:
    """Return the figures that the columns of `TABLE` tell."""
    orders = {
        f"{_QUANTITIES[quantity]}, {text}: order": order(
            found["edges, mm"], found[f"{_QUANTITIES[quantity]}, {text}, %"]
        )
        for quantity in ("potential", "second_difference")
        for text in _WAYS.values()
    }
    last = {
        f"{_QUANTITIES[quantity]}, recovered, edges of {EDGES_MM[-1]:g} mm: error": float(
            found[f"{_QUANTITIES[quantity]}, recovered, %"][-1]
        )
        for quantity in _QUANTITIES
    }
    return orders | last


def read(table: Path) -> dict[str, Floats]:
    """Return the columns of `TABLE`."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def order(edges_mm: Floats, errors: Floats) -> float:
    """Return the power of the edge that errors go with, fitted to all.

    Examples
    --------
    >>> round(order(np.array([1.0, 0.5, 0.25]), np.array([8.0, 2.0, 0.5])), 6)
    2.0
    """
    fit = np.polynomial.Polynomial.fit(np.log(edges_mm), np.log(errors), 1)
    return float(fit.convert().coef[1])


def plot(columns: dict[str, Floats]) -> str:
    """Return errors over edges as an SVG figure, both axes logarithmic."""
    parts = [element("rect", width=_WIDTH, height=_HEIGHT, fill="#ffffff")]
    for number, quantity in enumerate(_DRAWN):
        panel = _Panel(_QUANTITIES[quantity].replace(" um", " µm"), _LEFT + _STEP * number)
        parts.append(panel.frame())
        for way, name in _WAYS.items():
            errors = columns[f"{_QUANTITIES[quantity]}, {name}, %"]
            parts.append(panel.curve(columns["edges, mm"], errors, _COLORS[way]))
    for row, (way, name) in enumerate(_WAYS.items()):
        at, left = _TOP + 20 + 20 * row, _LEFT + 12
        parts.append(line((left, at), (left + 24, at), stroke=_COLORS[way], stroke_width=2))
        parts.append(text(left + 32, at + 4, name, fill=_INK))
    return element(
        "svg", "".join(parts), xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img", aria_label="Errors of potential, second difference and threshold over edges",
        font_family="Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif", font_size=13,
    )  # fmt: skip


def main() -> int:
    """Measure, write, print the orders."""
    for name, value in figures().items():
        print(f"{name:60} {value:8.3g}")
    return 0


def _head() -> list[str]:
    errors = [f"{quantity}, {way}, %" for quantity in _QUANTITIES.values() for way in _WAYS.values()]
    return ["edges, mm", "tetrahedra", *errors]


def _measured(edge_mm: float) -> list[float]:
    points, exact = exact_lines()[LINE]
    edges = Edges(edge_mm, _GROWTH * edge_mm, _ALONG * edge_mm, _MOST * edge_mm)
    counts, errors = [], []
    for tilt in TILTS_DEG:
        found = solved(CANONICAL, edges, tilt_deg=tilt)
        ways = (found.linear(points), found.at(points).potential[0])
        each = [line_errors(values, exact) for values in ways]
        counts.append(len(found.mesh.tetrahedra))
        errors.append([getattr(error, quantity) for quantity in _QUANTITIES for error in each])
    return [edge_mm, float(np.mean(counts)), *np.sqrt(np.mean(np.square(errors), axis=0)).tolist()]


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    left: float

    def frame(self) -> str:
        """Return title, grid and labels."""
        right = self.left + _SPAN
        parts = [text(self.left, _TOP - 14, self.title, font_weight=600, fill=_INK)]
        for edge in EDGES_MM:
            at = self._x(edge)
            parts.append(line((at, _TOP), (at, _FOOT), stroke=_HAIRLINE))
            parts.append(text(at, _FOOT + 18, f"{edge:g}", text_anchor="middle", fill=_GRAY))
        for percent in _PERCENT:
            at = _y(percent)
            parts.append(line((self.left, at), (right, at), stroke=_HAIRLINE))
            parts.append(text(self.left - 8, at + 4, f"{percent:g}", text_anchor="end", fill=_GRAY))
        middle = (self.left + right) / 2
        parts.append(text(middle, _FOOT + 42, "edges (mm)", text_anchor="middle", fill=_INK))
        if self.left == _LEFT:
            x, y = _LEFT - 46, (_TOP + _FOOT) / 2
            turned = f"rotate(-90 {x:g} {y:g})"
            parts.append(text(x, y, "error (%)", text_anchor="middle", fill=_INK, transform=turned))
        return "".join(parts)

    def curve(self, edges: Sequence[float] | Floats, errors: Sequence[float] | Floats, color: str) -> str:
        """Return a line through points, and a dot at each."""
        places = np.array([(self._x(a), _y(b)) for a, b in zip(edges, errors, strict=True)])
        dots = (element("circle", cx=float(a), cy=float(b), r=3.5, fill=color) for a, b in places)
        return path([places], closed=False, fill="none", stroke=color, stroke_width=2) + "".join(dots)

    def _x(self, edge: float) -> float:
        return self.left + _SPAN * log10(edge / 0.45) / log10(1.6 / 0.45)


def _y(percent: float) -> float:
    return _FOOT - (_FOOT - _TOP) * log10(percent / _PERCENT[0]) / log10(_PERCENT[-1] / _PERCENT[0])


if __name__ == "__main__":
    sys.exit(main())
