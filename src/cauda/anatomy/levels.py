"""Levels along the spine as they are written in arguments: ``vertebra:T12``, ``segment:L1``, ``-402mm``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.anatomy.vertebrae import VERTEBRAE
from cauda.annotation.tracing import LEVELS
from cauda.arrays import Floats
from cauda.errors import LevelError

Kind = Literal["vertebra", "segment", "height"]

KNOWN = MappingProxyType({"vertebra": (*VERTEBRAE, "S1"), "segment": LEVELS})
"""Names of the levels of each kind, from cranial to caudal."""

_HEIGHT = re.compile(r"([+-]?\d+(?:\.\d+)?) ?mm", re.ASCII)
_BAND_MM = 2.0


@dataclass(frozen=True, slots=True)
class Level:
    """A level along the spine.

    Attributes
    ----------
    kind : "vertebra", "segment" or "height"
        A vertebra means its upper end plate, a segment of the cord its rostral end, a height a plane across
        the scanner.
    name : str or None
        Such as ``T12``; None for a height.
    z_mm : float or None
        RAS z of a height, else None.

    Examples
    --------
    >>> str(Level("segment", "L1")), str(Level("height", z_mm=-402.0))
    ('segment:L1', '-402mm')
    """

    kind: Kind
    name: str | None = None
    z_mm: float | None = None

    def __str__(self) -> str:
        return f"{self.z_mm:g}mm" if self.kind == "height" else f"{self.kind}:{self.name}"


def parse_level(text: str) -> Level:
    """Return the level that a text names.

    Parameters
    ----------
    text : str
        ``vertebra:T12`` or ``T12`` alone, ``segment:L1``, or a RAS height such as ``-402mm``.

    Raises
    ------
    LevelError
        If it is none of these; the message lists the names that are known.

    Examples
    --------
    >>> parse_level("T12") == parse_level("vertebra:T12")
    True
    """
    height = _HEIGHT.fullmatch(text.strip())
    if height:
        return Level("height", z_mm=float(height[1]))
    kind, colon, name = text.strip().rpartition(":")
    if kind == "segment" and name in KNOWN["segment"]:
        return Level("segment", name)
    if (kind == "vertebra" or not colon) and name in KNOWN["vertebra"]:
        return Level("vertebra", name)
    raise LevelError(
        f"level {text!r}: wanted vertebra:NAME or NAME ({', '.join(KNOWN['vertebra'])}), "
        f"segment:NAME ({', '.join(KNOWN['segment'])}) or a RAS height such as -402mm"
    )


def height_of(level: Level, model: SpineModel) -> float:
    """Return the height of a level in the axes of a model, mm.

    Parameters
    ----------
    level : Level
        A vertebra's is that of its upper end plate (S1: the sacrum's), a segment's that of its rostral end, a
        RAS height that of the point of the sac's middle with this z: the axes may be tilted against the
        scanner.
    model : SpineModel
        Of which subject.

    Raises
    ------
    LevelError
        If the model does not have the level; the message says what it has.
    """
    if level.z_mm is not None:
        return _height_of_plane(level.z_mm, model)
    points_mm = _vertebrae(model) if level.kind == "vertebra" else _segments(model)
    if level.name is None or level.name not in points_mm:
        has = ", ".join(points_mm) or "none, as no ganglion or root tells where they lie"
        raise LevelError(f"{level}: sub-{model.subject} has no such {level.kind}; it has {has}")
    return float(model.axes.local(points_mm[level.name][None])[0, 2])


def _vertebrae(model: SpineModel) -> dict[str, Floats]:
    points_mm = {vertebra.level: vertebra.upper_mm for vertebra in model.vertebrae}
    for vertebra in model.vertebrae:
        if vertebra.level == "L5":
            points_mm["S1"] = vertebra.lower_mm
    return points_mm


def _segments(model: SpineModel) -> dict[str, Floats]:
    return {segment.level: segment.rostral_mm for segment in model.segments}


def _height_of_plane(z_mm: float, model: SpineModel) -> float:
    sac_mm = model.surfaces["dura_inner"].vertices_mm
    lowest, highest = float(sac_mm[:, 2].min()), float(sac_mm[:, 2].max())
    if not lowest <= z_mm <= highest:
        raise LevelError(
            f"{z_mm:g}mm: the sac of sub-{model.subject} reaches from {lowest:.0f} to {highest:.0f} mm RAS z"
        )
    band_mm = np.abs(sac_mm[:, 2] - z_mm)
    near_mm = sac_mm[band_mm <= max(_BAND_MM, float(band_mm.min()))]
    # The median, as sleeves of roots stand out to one side.
    middle_mm = np.array([*np.median(near_mm[:, :2], axis=0), z_mm])
    return float(model.axes.local(middle_mm[None])[0, 2])
