"""Borders of the segments of the cord: the subject's traced entries blended with published lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import nnls

from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats
from cauda.tables.segments import segment_lengths_mm, segment_spread

Entry = Literal["rostral", "center", "caudal"]

ENTRIES: tuple[Entry, ...] = ("rostral", "center", "caudal")
"""Where in its segment a traced entry lies."""

_ENTRY_ABOVE_CAUDAL = {"rostral": 1.0, "center": 0.5, "caudal": 0.0}


@dataclass(frozen=True, slots=True)
class Borders:
    """Borders of one segment of the cord.

    Attributes
    ----------
    level : str
        ``T11`` to ``Co``.
    rostral_mm, caudal_mm : float
        Heights of its borders in the model's axes; the caudal one is the rostral one of the next segment.
    entry_mm : float or None
        Height of its traced entry, mean of the sides; None where none was traced.
    published_length_mm : float
        Its length in a cord of 450 mm, Frostell 2016, 10.3389/fneur.2016.00238.
    scaled_length_mm : float
        The same times the scale of this subject's cord.
    provenance : str
        ``interpolated`` from the first to the last level with a traced entry, else ``extrapolated``.
    """

    level: str
    rostral_mm: float
    caudal_mm: float
    entry_mm: float | None
    published_length_mm: float
    scaled_length_mm: float
    provenance: str

    @property
    def length_mm(self) -> float:
        """Distance between its borders."""
        return self.rostral_mm - self.caudal_mm

    @property
    def middle_mm(self) -> float:
        """Height of the middle between its borders."""
        return (self.rostral_mm + self.caudal_mm) / 2


def segment_borders(
    entries_mm: Mapping[RootName, float], conus_mm: float, top_mm: float, entry: Entry = "center"
) -> tuple[Borders, ...]:
    """Return the borders of the segments from T11, or the first one with room, to Co at the tip of the conus.

    Parameters
    ----------
    entries_mm : mapping of RootName to float
        Heights of the traced entries in the model's axes; any of them, or none, in any order.
    conus_mm : float
        Height of the caudal end of the cord, where the coccygeal segment ends.
    top_mm : float
        Height of the cranial end of the cord, above `conus_mm`. A segment that reaches beyond it is left
        out, and with it those further up; one with a traced entry is cut there.
    entry : {"center", "rostral", "caudal"}
        Where in its segment a traced entry lies.

    Returns
    -------
    tuple of Borders
        From cranial to caudal, without a gap, each of positive length.

    Notes
    -----
    Least squares with bounds. Entries depart from where they should lie by their spread, lengths from the
    published ones times a scale by theirs; the scale is found together with them (``segment_spread.tsv``; the
    spreads are those of the 14 subjects of 10.1038/s41597-024-03919-4). No segment gets shorter than 0.4 of
    its scaled published length, so that no border crosses the next, whatever was traced. What lies below the
    last traced level is scaled to end at the tip of the conus; where the entries leave too little room for
    it, they give way. Without any entry the published lengths are laid up from the conus as they are.

    Examples
    --------
    >>> without_entries = segment_borders({}, conus_mm=0.0, top_mm=60.0)
    >>> [(each.level, round(each.rostral_mm, 2)) for each in without_entries[-3:]]
    [('S4', 12.6), ('S5', 6.75), ('Co', 2.7)]
    """
    sides_mm: dict[str, list[float]] = {}
    for name, height_mm in entries_mm.items():
        sides_mm.setdefault(name.level, []).append(height_mm)
    scale, lengths_mm = _fitted(sides_mm, conus_mm, _ENTRY_ABOVE_CAUDAL[entry])
    traced = [LEVELS.index(level) for level in sides_mm]
    published = segment_lengths_mm()
    found: list[Borders] = []
    caudal_mm = conus_mm
    for rank, level in reversed(list(enumerate(LEVELS))):
        rostral_mm = caudal_mm + lengths_mm[rank]
        if rostral_mm > top_mm:
            if level not in sides_mm or caudal_mm >= top_mm:
                break
            rostral_mm = top_mm
        borders = Borders(
            level=level,
            rostral_mm=rostral_mm,
            caudal_mm=caudal_mm,
            entry_mm=sum(sides_mm[level]) / len(sides_mm[level]) if level in sides_mm else None,
            published_length_mm=published[level],
            scaled_length_mm=scale * published[level],
            provenance="interpolated" if traced and min(traced) <= rank <= max(traced) else "extrapolated",
        )
        found.append(borders)
        caudal_mm = rostral_mm
    return tuple(reversed(found))


def _fitted(
    sides_mm: Mapping[str, Sequence[float]], conus_mm: float, entry_above_caudal: float
) -> tuple[float, list[float]]:
    """Return the scale of the published lengths and the length of each of `LEVELS`."""
    published_mm = np.array([segment_lengths_mm()[level] for level in LEVELS])
    body = max((LEVELS.index(level) + 1 for level in sides_mm), default=0)
    tail_mm = published_mm[body:]
    pieces_mm = np.append(published_mm[:body], tail_mm.sum()) if len(tail_mm) else published_mm
    spread_mm = segment_spread("length") * pieces_mm
    if len(tail_mm):
        spread_mm[-1] = segment_spread("tail") * pieces_mm[-1]
    # Of unknowns (scale, lengths of the pieces): rows of what they should be, each over its spread.
    rows = [np.append(1.0, np.zeros(len(pieces_mm))) / segment_spread("scale")]
    rows += list(np.column_stack([-pieces_mm, np.eye(len(pieces_mm))]) / spread_mm[:, None])
    wanted = [1 / segment_spread("scale"), *np.zeros(len(pieces_mm))]
    for level, heights_mm in sides_mm.items():
        rank = LEVELS.index(level)
        place = np.concatenate([np.zeros(rank + 1), [entry_above_caudal], np.ones(len(pieces_mm) - rank - 1)])
        sd_mm = _entry_sd_mm(len(heights_mm))
        rows.append(place / sd_mm)
        wanted.append((float(np.mean(heights_mm)) - conus_mm) / sd_mm)
    solution = _above_least(np.array(rows), np.array(wanted), pieces_mm)
    scale, lengths_mm = float(solution[0]), solution[1:]
    if len(tail_mm):
        lengths_mm = np.concatenate([lengths_mm[:-1], lengths_mm[-1] * tail_mm / tail_mm.sum()])
    return scale, lengths_mm.tolist()


def _entry_sd_mm(sides: int) -> float:
    return float(np.hypot(segment_spread("entry_both_sides"), segment_spread("entry_one_side") / sides**0.5))


def _above_least(rows: Floats, wanted: Floats, pieces_mm: Floats) -> Floats:
    """Least squares with bounds: scale and lengths are sought as what they exceed their least by."""
    exceeding = np.eye(len(pieces_mm) + 1)
    exceeding[1:, 0] = segment_spread("least_share") * pieces_mm
    least = segment_spread("least_scale") * exceeding[:, 0]
    excess, _ = nnls(rows @ exceeding, wanted - rows @ least)
    solution: Floats = least + exceeding @ excess
    return solution
