"""Boxes that show and hide the outlines of masks: by style alone, without a script."""

from __future__ import annotations

from cauda.quality.measured import MASK_LABELS
from cauda.report.markup import element
from cauda.report.quality_extent import Extent

_HIDDEN_AT_FIRST = ("air", "frame")


def toggles(extent: Extent) -> str:
    """Return a box for each mask that a scan has, with its color."""
    boxes = []
    for label in MASK_LABELS:
        if not extent.holds(label.index):
            continue
        checked = None if label.name in _HIDDEN_AT_FIRST else "checked"
        box = element("input", type="checkbox", id=f"show-{label.name}", checked=checked)
        swatch = element("span", "", class_="swatch", style=f"border-color:{label.color}")
        boxes.append(element("label", f"{box}{swatch}{label.name}", for_=f"show-{label.name}"))
    if not boxes:
        return element("p", "No mask of this scan is known.", class_="reason")
    return element("fieldset", element("legend", "Outlines of the masks") + "".join(boxes), class_="toggles")


def style() -> str:
    """Return the rules that give each outline its color and hide it where its box is not checked."""
    return "\n".join(
        f".mask-{label.name}{{stroke:{label.color}}}\n"
        f"body:has(#show-{label.name}:not(:checked)) .mask-{label.name}{{display:none}}"
        for label in MASK_LABELS
    )
