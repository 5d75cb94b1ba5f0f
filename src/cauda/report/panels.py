"""Rendered pictures side by side in one figure, and what is drawn in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cauda.anatomy.model import SpineModel, Surface
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.report import courses, legend, markup, palette
from cauda.report.camera import Camera
from cauda.report.legend import WIDTH
from cauda.report.shading import Solid, render
from cauda.report.tubes import tubes

TOP = 50.0
"""Height of the titles above the pictures."""

_SKIN_OPACITY = 0.26
_SIDE_INSET = 0.14


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How a panel looks at the model.

    Attributes
    ----------
    title : str
    camera : Camera
    sides : (str, str)
        Letters for the subject's sides at the left and the right of the picture, such as ``("R", "L")``.
    """

    title: str
    camera: Camera
    sides: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A view at its place in a figure: its left edge and its scale in units of the figure."""

    view: View
    x: float
    units_per_mm: float

    @property
    def width(self) -> float:
        """Width in units of the figure."""
        return self.view.camera.width_px / self.view.camera.px_per_mm * self.units_per_mm

    @property
    def height(self) -> float:
        """Height of the picture in units of the figure."""
        return self.view.camera.height_px / self.view.camera.px_per_mm * self.units_per_mm

    def place(self, points_mm: Floats) -> Floats:
        """Return where points of shape ``(..., 3)`` in RAS mm lie in the figure, shape ``(..., 2)``."""
        units_per_px = self.units_per_mm / self.view.camera.px_per_mm
        spots: Floats = self.view.camera.project(points_mm)[..., :2] * units_per_px + [self.x, TOP]
        return spots

    def depth_mm(self, surface: Surface) -> float:
        """Return how far the middle of a surface lies behind the middle of the picture."""
        return float(self.view.camera.project(surface.vertices_mm.mean(axis=0))[2])

    def draw(self, solids: tuple[Solid, ...]) -> str:
        """Return the picture with its title and its sides."""
        title = markup.text(self.x + self.width / 2, 16, self.view.title, "title", text_anchor="middle")
        places = (self.x + _SIDE_INSET * self.width, self.x + (1 - _SIDE_INSET) * self.width)
        sides = "".join(
            markup.text(x, 38, letter, "side", text_anchor="middle")
            for x, letter in zip(places, self.view.sides, strict=True)
        )
        return markup.picture(render(solids, self.view.camera), self.x, TOP, self.width) + title + sides


def row(views: Sequence[View], left: float = 0.0) -> list[Panel]:
    """Return panels side by side, as large as the figure's width right of `left` allows, all at one scale."""
    widths_mm = [view.camera.width_px / view.camera.px_per_mm for view in views]
    units_per_mm = (WIDTH - left) / sum(widths_mm)
    starts = left + units_per_mm * np.cumsum([0.0, *widths_mm[:-1]])
    return [Panel(view, float(start), units_per_mm) for view, start in zip(views, starts, strict=True)]


def bodies(model: SpineModel) -> tuple[Solid, ...]:
    """Return cord, filum, roots, ganglia and nerves."""
    cord = solid(replace(model.surfaces["cord"], tissue="cord"))
    others = (
        solid(surface)
        for surface in model.surfaces.values()
        if surface.kind == "region" and (surface.root is not None or surface.tissue == "filum")
    )
    return (cord, *others)


def rootlets(model: SpineModel) -> tuple[Solid, ...]:
    """Return tubes for those rootlets that are lines and no solids."""
    return tubes(courses.bare_rootlets(model))


def far_dura(model: SpineModel, camera: Camera) -> Solid:
    """Return the far wall of the dura, which lets the colors of what it encloses be seen as they are."""
    dura = model.surfaces["dura_outer"]
    across, up = dura.vertices_mm @ camera.right, dura.vertices_mm @ camera.up
    a, b, c = dura.triangles.T
    turn = (across[b] - across[a]) * (up[c] - up[a]) - (up[b] - up[a]) * (across[c] - across[a])
    return replace(solid(dura), triangles=dura.triangles[turn < 0], opacity=_SKIN_OPACITY)


def solid(surface: Surface) -> Solid:
    """Return a surface in the color of its root or its tissue."""
    if surface.root is None:
        color = palette.tissue_color(surface.tissue)
    else:
        color = palette.part_color(surface.root, surface.part)
    return Solid(surface.vertices_mm, surface.triangles, palette.rgb(color))


def keys(model: SpineModel, tissues: Sequence[str], x: float, y: float) -> tuple[str, float]:
    """Return the legend of levels, ventral roots and tissues from `x` on, and the height it needs."""
    entries = legend.roots(courses.levels(courses.dorsal(model)))
    if courses.ventral(model):
        entries.append(legend.named("ventral, darker", "label", _dorsal_and_ventral, 26))
    entries += legend.tissues(tissues)
    content, count = legend.rows(entries, x, y)
    return content, 28 + max(count * legend.ROW, 24)


def _dorsal_and_ventral(x: float, y: float) -> str:
    root = RootName("L4", "L")
    colors = (palette.part_color(root, part) for part in courses.ROOT_PARTS)
    return "".join(legend.swatch(x + place * 13, y, color) for place, color in enumerate(colors))


def of_part(model: SpineModel, part: str) -> Mapping[RootName, Surface]:
    """Return the surfaces of one part, such as ``ganglion``, by root."""
    return {s.root: s for s in model.surfaces.values() if s.part == part and s.root is not None}
