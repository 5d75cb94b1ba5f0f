"""The rootlets of one root before they are parted from all others: laid like the strands of a rope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.packing import END_GAP_MM, packed
from cauda.anatomy.parting import CORD_GAP_MM, GAP_MM, SLIDE_MM, leaving
from cauda.anatomy.sulcus import Sulcus
from cauda.arrays import Floats

NODE_MM = 0.5
"""About the distance between the nodes of a strand."""

Tube = tuple[Floats, Floats]
"""Points ``(n, 3)`` of falling height, and radii ``(n,)``."""

_LIFT_MM, _AHEAD_MM = 1.0, 2.0
"""Half the length over which a strand makes room for the next one, and how far above it that begins."""

_OPEN = 0.5
"""How far strands lie apart round the cord until the rope closes, over their distance where they end."""

_AWAY_RAD = np.deg2rad(15.0)
"""Of the direction in which earlier strands lie from later ones, over that round the cord."""

_MEDIAL_MM = -0.5
_SLOW, _STEEPER = 1.15, 2.0
_GRID_MM, _REACH = 0.25, 4
_FADE_MM = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Rope:
    """Where strands begin and end.

    Attributes
    ----------
    heights_mm : (n,) float64
        Of the begins in the sulcus, falling.
    ends_mm : (n, 3) float64
        Where each strand ends.
    heading : (3,) float64
        Unit vector along which they end.
    outer : float
        1 where earlier strands lie away from the midline of later ones, -1 where towards it.
    thick_mm : float
        Radius of the corners of a strand's section.
    sulcus : Sulcus
    """

    heights_mm: Floats
    ends_mm: Floats
    heading: Floats
    outer: float
    thick_mm: float
    sulcus: Sulcus

    def laid(self, tubes: Sequence[Tube]) -> list[Floats]:
        """Return nodes of each strand from its begin to its end, medial of tubes that are in the way."""
        return self._placed(self._beside(self._unrolled(), tubes))

    def _unrolled(self) -> list[Floats]:
        """Return the strands in the unrolled sulcus, with heights, ``(n, 3)`` each.

        Those that have begun further up run side by side, in the order in which they end, so far from the
        sulcus and the cord that the next one finds its place beside them. Below the last begin the rope
        closes and turns into the root.
        """
        flat = self.sulcus.unrolled(self.ends_mm)
        slope = (self.sulcus.unrolled(self.ends_mm - self.heading) - flat) / self.heading[2]
        steps = np.maximum(-self.outer * np.diff(flat[:, 0]), _OPEN * (2 * self.thick_mm + END_GAP_MM))
        lane = np.concatenate([[0.0], -np.cumsum(steps)])
        lowest = np.minimum.accumulate(flat[:, 1]) - self.thick_mm - CORD_GAP_MM
        ahead = max(0.0, float((self.outer * flat[:, 0]).max()) + lane[-1])
        number = np.arange(1, len(flat) + 1)
        starts = np.array([self.heights_mm[0], self.heights_mm[-1] + _LIFT_MM])
        strands = []
        for k, (height, end) in enumerate(zip(self.heights_mm, self.ends_mm[:, 2], strict=True)):
            z = np.linspace(height, end, max(8, round(_SLOW * (height - end) / NODE_MM) + 1))
            begun = (self.heights_mm[None, :] + _AHEAD_MM - z[:, None]) / (2 * _LIFT_MM)
            begun = np.clip(begun, 0, 1).sum(axis=1)
            share = np.clip((starts - z[:, None]) / (starts - end), 0, 1)
            share *= share * (3 - 2 * share)
            beside = lane[k] - np.interp(begun, number, lane) + ahead * share[:, 0]
            rope = np.stack([self.outer * beside, flat[k, 1] - np.interp(begun, number, lowest)], axis=1)
            above = (z - end)[:, None]
            target = flat[k] + slope[k] * above * np.exp(-above / (_STEEPER * _LIFT_MM))
            leave = (1 - np.exp(-(height - z) / _LIFT_MM))[:, None]
            strands.append(np.column_stack([leave * (rope + share[:, 1:] * (target - rope)), z]))
        return strands

    def _beside(self, strands: Sequence[Floats], tubes: Sequence[Tube]) -> list[Floats]:
        """Return the strands, all shifted towards the midline at heights at which a tube is in the way."""
        end = float(self.ends_mm[:, 2].mean())
        grid = np.arange(end, self.heights_mm[0] + _GRID_MM, _GRID_MM)
        own = [
            [np.interp(grid, strand[::-1, 2], strand[::-1, axis]) for axis in (0, 1)] for strand in strands
        ]
        shift = np.zeros(len(grid))
        for points, radius in tubes:
            if points[-1, 2] > grid[-1] or points[0, 2] < grid[0]:
                continue
            flat, falling = self.sulcus.unrolled(points)[::-1], points[::-1, 2]
            beside, above = (np.interp(grid, falling, flat[:, axis]) for axis in (0, 1))
            reach = np.interp(grid, falling, radius[::-1]) + self.thick_mm + GAP_MM
            there = (grid >= falling[0]) & (grid <= falling[-1])
            for strand, (own_beside, own_above) in zip(strands, own, strict=True):
                half = np.sqrt(np.maximum(reach**2 - (own_above - above) ** 2, 0.0))
                meets = there & (grid <= strand[0, 2]) & (half > 0) & (own_beside < beside + half)
                shift = np.maximum(shift, np.where(meets, own_beside - beside + half, 0.0))
        shift = np.minimum(_spread(shift), SLIDE_MM) * np.clip((grid - end) / _FADE_MM, 0, 1)
        aside = np.array([1.0, 0.0, 0.0])
        return [strand - np.interp(strand[:, 2], grid, shift)[:, None] * aside for strand in strands]

    def _placed(self, strands: Sequence[Floats]) -> list[Floats]:
        """Return the strands in space, with begins on the cord and the given ends."""
        placed = []
        for strand, end in zip(strands, self.ends_mm, strict=True):
            points = self.sulcus.points(strand[:, :2], strand[:, 2])
            beside = np.clip(strand[:1, :1], -SLIDE_MM, SLIDE_MM) * np.array([[1.0, 0.0]])
            points[0] = self.sulcus.points(beside, strand[:1, 2])[0]
            step = np.array([(strand[0, 2] - strand[-1, 2]) / (len(strand) - 1)])
            points[1] = leaving(self.sulcus.cord, points[:1], points[3:4], step)[0]
            points[-1], points[-2] = end, end - step * self.heading
            placed.append(points)
        return placed


def side_by_side(
    middle_mm: Floats, heading: Floats, sulcus: Sulcus, count: int, pitch_mm: float
) -> tuple[Floats, float]:
    """Return where strands end about a point of their root, and on which side earlier ones lie.

    Parameters
    ----------
    middle_mm, heading : (3,) float64
        The point, and the unit vector along the root.
    sulcus : Sulcus
        Along which they begin.
    count : int
        How many.
    pitch_mm : float
        Distance of neighbors.

    Returns
    -------
    ends_mm : (count, 3) float64
        From the first, which begins furthest up.
    outer : float
        1 where earlier ones end away from the midline of later ones, -1 where towards it: unless the root
        lies medial of the sulcus they run on the lateral side.
    """
    place = sulcus.unrolled(middle_mm[None])
    outer = 1.0 if place[0, 0] > _MEDIAL_MM else -1.0
    ahead = np.array([[outer * np.cos(_AWAY_RAD), np.sin(_AWAY_RAD)], [0.0, 1.0]])
    away, above = sulcus.points(place + ahead, np.full(2, middle_mm[2])) - middle_mm
    away = _unit(away - heading * (heading @ away))
    above = _unit(above - heading * (heading @ above) - away * (away @ above))
    flat = packed(count) * pitch_mm
    # Of two that are equally far away the upper one comes first: there is a way below it.
    flat = flat[np.lexsort((-flat[:, 1], -np.round(flat[:, 0], 9)))]
    ends: Floats = middle_mm + flat[:, :1] * away + flat[:, 1:] * above
    return ends, outer


def _spread(shift: Floats) -> Floats:
    """Return a smooth shift that is nowhere less for a mm around."""
    window = 2 * _REACH + 1
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(shift, _REACH, mode="edge"), window).max(axis=1)
    even: Floats = np.lib.stride_tricks.sliding_window_view(np.pad(wide, _REACH, mode="edge"), window).mean(
        axis=1
    )
    return even


def _unit(vector: Floats) -> Floats:
    unit: Floats = vector / np.linalg.norm(vector)
    return unit
