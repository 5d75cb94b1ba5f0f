"""What a bipole over the segment L4 does to the dorsal roots beside it.

The cathode of a thin lead lies over the middle of the segment, the anode one contact farther down. Draws the
potential along dorsal roots and its second difference, which is what makes a fiber fire: it is largest where
a root of L4 enters the cord beside the cathode. To take little more than a minute the model has the roots L3
to L5 alone. The size "coarse" is faster and finds a peak a tenth lower.
"""

import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np

from cauda import anatomy, lead, volume
from cauda.annotation.tracing import Tracing
from cauda.field.along import along
from cauda.field.conductivity import conductivities
from cauda.field.solving import solve
from cauda.phantom import virtual_subject
from cauda.report.markup import element
from cauda.report.profiles import Quantity, figure

FIGURE = "bipole_over_l4.svg"
LEVELS = ("L3", "L4", "L5")
CONTACT_MM, PITCH_MM = 3.0, 9.0
BIPOLE = "C2:-1,C3:+1"


def main(file: str | Path = FIGURE, size: str = "normal") -> float:
    """Draw the figure; return the largest second difference along the roots of L4, in mV for 1 mA."""
    model = anatomy.build(subject())
    middle_mm = next(one.middle_mm[2] for one in model.segments if one.level == "L4")
    top_mm = middle_mm + PITCH_MM + CONTACT_MM / 2
    thin = lead.place(lead.catalog("pisces-quad-like"), model, top=f"{top_mm:.1f}mm")
    field = solve(volume.mesh(model, thin, size=size), conductivities("capogrosso2013"))
    currents_ma = field.shares(BIPOLE)
    courses = along(field, [path for path in model.roots if path.part == "dorsal"])
    peaks = {course.name: np.nanmax(currents_ma @ course.second_difference_ohm) for course in courses}
    for name, peak_mv in peaks.items():
        print(f"{name}: second difference up to {peak_mv:.2f} mV for 1 mA")
    quantities = (
        Quantity("Potential", "mV", lambda course: currents_ma @ course.potential_ohm),
        Quantity("Second difference", "mV", lambda course: currents_ma @ course.second_difference_ohm),
    )
    drawn = figure(courses, quantities, "Potential along dorsal roots, and its second difference")
    Path(file).write_text(standing_alone(drawn), encoding="utf-8")
    print(f"drawn: {file}")
    return float(max(peaks["L4_L_dorsal"], peaks["L4_R_dorsal"]))


def subject() -> Tracing:
    """Return the tracing of a virtual subject, with a few roots."""
    whole = virtual_subject(seed=7, index=1)
    return replace(
        whole,
        roots={root: points for root, points in whole.roots.items() if root.level in LEVELS},
        ganglia={root: center for root, center in whole.ganglia.items() if root.level in LEVELS},
    )


def standing_alone(svg: str) -> str:
    """Return a figure of the report as a file of its own: with its name space and the report's style."""
    begin, rest = svg.split(">", 1)
    style = resources.files("cauda.report").joinpath("style.css").read_text(encoding="utf-8")
    return f'{begin} xmlns="http://www.w3.org/2000/svg">{element("style", style)}{rest}'


if __name__ == "__main__":
    main(*sys.argv[1:])
