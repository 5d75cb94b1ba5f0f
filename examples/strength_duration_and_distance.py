"""How the threshold of a fiber falls with the width of a pulse, and rises with the distance of the contact.

Draws both, for three fibers in a uniform medium, into one figure. The dashed line is the law of Weiss (1901),
I = rheobase (1 + chronaxie / width), through the thresholds of one of them.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path

import numpy as np

from cauda.arrays import Floats
from cauda.fiber import (
    Pulse,
    StrengthDuration,
    current_distance,
    point_source_mv_per_ma,
    straight,
    strength_duration,
)
from cauda.report.markup import element, line, path, text

FIGURE = "strength_duration_and_distance.svg"
DIAMETERS_UM = {5.7: "#7cc0e8", 10.0: "#2f72c9", 16.0: "#16264f"}
WIDTHS_US = (20, 50, 100, 200, 300, 500, 1000)
DISTANCES_MM = (0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)
SIGMA_S_PER_M, DISTANCE_MM, WIDTH_US = 0.2, 1.0, 100.0
# Long against the largest distance, so that no sealed end is excited.
NODES = 91
INK, GRAY, HAIRLINE = "#1c2430", "#5b6573", "#d5dbe3"
LAW, DASH = "#d9620f", "5 4"


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis: its name, its ticks, and where on the page it begins and ends."""

    name: str
    ticks: Sequence[float]
    begin: float
    end: float

    def place(self, value: float) -> float:
        """Return where on the page a value lies."""
        first, last = self.ticks[0], self.ticks[-1]
        return self.begin + (self.end - self.begin) * log10(value / first) / log10(last / first)


@dataclass(frozen=True)
class Panel:
    """Two axes under a title."""

    title: str
    x: Axis
    y: Axis

    def frame(self) -> str:
        """Return the title, the grid and the labels."""
        left, right, top, foot = self.x.begin, self.x.end, self.y.end, self.y.begin
        parts = [text(left, top - 14, self.title, font_weight=600, fill=INK)]
        for value in self.x.ticks:
            at = self.x.place(value)
            parts.append(line((at, top), (at, foot), stroke=HAIRLINE))
            parts.append(text(at, foot + 18, f"{value:g}", text_anchor="middle", fill=GRAY))
        for value in self.y.ticks:
            at = self.y.place(value)
            parts.append(line((left, at), (right, at), stroke=HAIRLINE))
            parts.append(text(left - 8, at + 4, f"{value:g}", text_anchor="end", fill=GRAY))
        middle = (top + foot) / 2
        turned = f"rotate(-90 {left - 46:g} {middle:g})"
        parts.append(text((left + right) / 2, foot + 42, self.x.name, text_anchor="middle", fill=INK))
        parts.append(text(left - 46, middle, self.y.name, text_anchor="middle", fill=INK, transform=turned))
        return "".join(parts)

    def curve(self, x: Iterable[float], y: Iterable[float], color: str, *, dashed: bool = False) -> str:
        """Return a line through points, and a dot at each unless it is dashed."""
        places = np.array([(self.x.place(a), self.y.place(b)) for a, b in zip(x, y, strict=True)])
        dash = DASH if dashed else None
        drawn = path([places], closed=False, fill="none", stroke=color, stroke_width=2, stroke_dasharray=dash)
        dots = (element("circle", cx=float(a), cy=float(b), r=3.5, fill=color) for a, b in places)
        return drawn if dashed else drawn + "".join(dots)

    def legend(self, x: float, y: float, *, law: bool) -> str:
        """Return what each line is, on white."""
        entries = [(f"fiber of {diameter_um:g} µm", color) for diameter_um, color in DIAMETERS_UM.items()]
        if law:
            entries.append(("law of Weiss, 10 µm", LAW))
        parts = [element("rect", x=x - 8, y=y - 12, width=158, height=20 * len(entries) + 4, fill="#ffffff")]
        for row, (label, color) in enumerate(entries):
            at = y + 20 * row
            dash = DASH if color == LAW else None
            parts.append(line((x, at), (x + 24, at), stroke=color, stroke_width=2, stroke_dasharray=dash))
            if color != LAW:
                parts.append(element("circle", cx=x + 12, cy=at, r=3.5, fill=color))
            parts.append(text(x + 32, at + 4, label, fill=INK))
        return "".join(parts)


def main(file: str | Path = FIGURE) -> float:
    """Draw the figure; return the chronaxie of a fiber of 10 um, 1 mm from the contact, in us."""
    contact = point_source_mv_per_ma([DISTANCE_MM, 0, 0], sigma_s_per_m=SIGMA_S_PER_M)
    by_width = {
        diameter_um: strength_duration(straight(diameter_um, NODES, rule="discrete"), contact, WIDTHS_US)
        for diameter_um in DIAMETERS_UM
    }
    pulse = Pulse(WIDTH_US, "monophasic")
    by_distance = {
        diameter_um: current_distance(
            diameter_um, DISTANCES_MM, pulse, sigma_s_per_m=SIGMA_S_PER_M, nodes=NODES, rule="discrete"
        )
        for diameter_um in DIAMETERS_UM
    }
    Path(file).write_text(figure(by_width, by_distance), encoding="utf-8")
    found = by_width[10.0]
    print(f"rheobase {found.rheobase_ma:.4f} mA, chronaxie {found.chronaxie_us:.0f} us; drawn: {file}")
    return found.chronaxie_us


def figure(by_width: dict[float, StrengthDuration], by_distance: dict[float, Floats]) -> str:
    """Return the figure as SVG."""
    widths = Panel(
        f"Contact {DISTANCE_MM:g} mm away",
        Axis("pulse width (µs)", (20, 50, 100, 200, 500, 1000), 80, 420),
        Axis("threshold (mA)", (0.03, 0.05, 0.1, 0.2, 0.5, 1), 300, 50),
    )
    distances = Panel(
        f"Pulse of {WIDTH_US:g} µs",
        Axis("distance of the contact (mm)", (0.2, 0.5, 1, 2, 5), 530, 870),
        Axis("threshold (mA)", (0.01, 0.03, 0.1, 0.3, 1, 3, 10), 300, 50),
    )
    parts = [element("rect", width=900, height=360, fill="#ffffff"), widths.frame(), distances.frame()]
    weiss = by_width[10.0]
    fitted = weiss.rheobase_ma * (1 + weiss.chronaxie_us / np.geomspace(20, 1000, 60))
    for diameter_um, color in DIAMETERS_UM.items():
        found = by_width[diameter_um]
        parts.append(widths.curve(found.width_us, found.threshold_ma, color))
        parts.append(distances.curve(DISTANCES_MM, by_distance[diameter_um], color))
    parts.append(widths.curve(np.geomspace(20, 1000, 60), fitted, LAW, dashed=True))
    parts += [widths.legend(250, 70, law=True), distances.legend(550, 70, law=False)]
    return element(
        "svg", "".join(parts), xmlns="http://www.w3.org/2000/svg", viewBox="0 0 900 360", role="img",
        aria_label="Thresholds by pulse width and by distance",
        font_family="Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif", font_size=13,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
