"""Where ganglia lie that nobody annotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.vertebrae import VERTEBRAE, VertebraHeights
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES, RootName
from cauda.arrays import Floats
from cauda.tables.further_roots import further_root
from cauda.tables.population import quantity
from cauda.tables.roots import RootGeometry, root_geometry

_STEEPER = 1.15
"""Courses are laid steeper than they shall leave by this factor."""

_LIKE_L1 = ("T11", "T12")


def ganglion(
    name: RootName,
    ganglia_mm: Mapping[RootName, Floats],
    vertebrae: Sequence[VertebraHeights],
    dura: PolarSurface,
) -> Floats | None:
    """Return the ganglion of a root: as annotated, or where it is assumed to lie.

    Parameters
    ----------
    name : RootName
        Of which root.
    ganglia_mm : mapping of RootName to (3,) float64
        Annotated ganglia in the model's axes.
    vertebrae : sequence of VertebraHeights
        As found from the ganglia; empty where there are none.
    dura : PolarSurface
        Inner surface of the dura.

    Returns
    -------
    (3,) float64 or None
        Mirrored from the other side where that one is annotated. Else T11 and T12 lie to their vertebra and
        the dura as L1 does, L1 to S2 as in the population, S3 to Co below the sac or beside its end. None
        where no ganglion tells the heights.
    """
    if name in ganglia_mm:
        return ganglia_mm[name]
    if not vertebrae:
        return None
    if name.opposite in ganglia_mm:
        x, y, z = ganglia_mm[name.opposite]
        return np.array([2 * dura.center(np.array([z]))[0, 0] - x, y, z])
    if name.level in (*_LIKE_L1, *PUBLISHED_LEVELS):
        return _in_canal(name, ganglia_mm, vertebrae, dura)
    return _beyond_sac(name, dura)


def exit_place(ganglion_mm: Floats, geometry: RootGeometry, dura: PolarSurface) -> tuple[float, float]:
    """Return where a root leaves the sac that reaches its ganglion at the angle of its level.

    Parameters
    ----------
    ganglion_mm : (3,) float64
        Center of the ganglion in the model's axes.
    geometry : RootGeometry
        Sizes of the level.
    dura : PolarSurface
        Inner surface of the dura.

    Returns
    -------
    (float, float)
        Height, mm, and angle about the center line of the sac, from +x towards +y, rad.
    """
    z = np.array([max(float(ganglion_mm[2]), _round_end_mm(dura))])
    offset = ganglion_mm[:2] - dura.center(z)[0]
    theta = np.arctan2(offset[1:], offset[:1])
    gap_mm = float(np.hypot(*offset) - dura.radius(theta, z)[0])
    return float(ganglion_mm[2]) + max(gap_mm, 1.0) / _slope(geometry), float(theta[0])


def theta_of(name: RootName, azimuth_deg: Floats | float) -> Floats:
    """Return angles about a center line, rad, of angles from the dorsal midline to the side of a root."""
    azimuth = np.radians(azimuth_deg)
    return np.asarray(np.arctan2(-np.cos(azimuth), _side(name) * np.sin(azimuth)))


def _side(name: RootName) -> float:
    return -1.0 if name.side == "L" else 1.0


def _slope(geometry: RootGeometry) -> float:
    return float(np.tan(np.radians(_STEEPER * geometry.exit_angle_deg)))


def _round_end_mm(dura: PolarSurface) -> float:
    """Height at which the rounded end of the sac begins."""
    return dura.bottom_mm + 1.5 * float(dura.mean_radius(np.array([dura.bottom_mm + 6.0]))[0])


def _in_canal(
    name: RootName,
    ganglia_mm: Mapping[RootName, Floats],
    vertebrae: Sequence[VertebraHeights],
    dura: PolarSurface,
) -> Floats:
    """In the foramen below its vertebra, or in the sacral canal."""
    like = "L1" if name.level in _LIKE_L1 else name.level
    z = np.array([_height_mm(name.level, like, vertebrae)])
    lateral_mm, anterior_mm = (
        quantity("ganglion_lateral", like).mean,
        quantity("ganglion_anterior", like).mean,
    )
    known = [RootName("L1", side) for side in (name.side, *SIDES) if RootName("L1", side) in ganglia_mm]
    if name.level in _LIKE_L1 and known:
        lateral_mm, anterior_mm = _beside_dura(known[0], ganglia_mm[known[0]], dura)
    if name.level in VERTEBRAE:
        lateral_mm += float(dura.radius(_straight_out(name), z)[0])
    x, y = dura.center(z)[0]
    return np.array([x + _side(name) * lateral_mm, y + anterior_mm, z[0]])


def _height_mm(level: str, like: str, vertebrae: Sequence[VertebraHeights]) -> float:
    lower_mm = {vertebra.level: vertebra.lower_mm for vertebra in vertebrae}
    rise = quantity("ganglion_rise", like).mean
    if level in lower_mm:
        return lower_mm[level] + rise * quantity("vertebral_height", level).mean
    return lower_mm["L5"] - (int(level[1]) - rise) * quantity("sacral_segment_height").mean


def _beside_dura(name: RootName, point_mm: Floats, dura: PolarSurface) -> tuple[float, float]:
    """How far lateral of the dura and anterior of the sac's center a ganglion lies."""
    x, y = dura.center(point_mm[2:])[0]
    half_mm = float(dura.radius(_straight_out(name), point_mm[2:])[0])
    return max(float(abs(point_mm[0] - x)) - half_mm, 1.0), float(point_mm[1] - y)


def _straight_out(name: RootName) -> Floats:
    return theta_of(name, np.array([90.0]))


def _beyond_sac(name: RootName, dura: PolarSurface) -> Floats:
    """So far from the sac as a root gets that leaves it at the angle of its level."""
    out_mm = dura.bottom_mm + further_root("exit_above_end", name.level)
    z = dura.bottom_mm - further_root("ganglion_below_end", name.level)
    theta = theta_of(name, np.array([further_root("exit_azimuth", name.level)]))
    end = np.array([_round_end_mm(dura)])
    away_mm = dura.radius(theta, end)[0] + (out_mm - z) * _slope(root_geometry()[name.level])
    x, y = dura.center(end)[0]
    return np.array([x + away_mm * np.cos(theta[0]), y + away_mm * np.sin(theta[0]), z])
