"""What sets one virtual subject apart from another, drawn from the published population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from cauda.annotation.tracing import SIDES, RootName
from cauda.arrays import Floats, frozen
from cauda.tables.population import LEVELS, quantity, subjects

ROOTS = tuple(RootName(level, side) for side in SIDES for level in LEVELS)
"""Roots in the order of all arrays ``(14, ...)`` of this package: left, then right, from cranial to caudal."""

VERTEBRAE = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")

_SHRINKAGE = 0.2
_NEAREST_ORIGINS_MM = 1.8
_LONGEST_TRIALS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Anatomy and annotation of one virtual subject.

    Heights are above the tip of the conus. `ROOTS` orders the arrays of 14.

    Attributes
    ----------
    conus_vertebrae : float
        Tip of the conus below the upper end of L1, in vertebral heights.
    vertebral_height_mm : (8,) float64
        Heights of `VERTEBRAE`, each with the disc below it.
    sacral_segment_mm : float
        Height of a segment of the sacrum.
    origin_mm : (14,) float64
        Height of the traced origins.
    entry_angle_deg : (14,) float64
        Where roots enter, about the centroid of the cord from the dorsal midline, positive on both sides.
    bed_angle_deg, bed_depth_mm : (14,) float64
        Where roots lie below the conus: angle about the center of the sac from the dorsal midline, and
        distance from the dura.
    cord_size, cord_length : float
        Of the cord's sections and of its heights, relative to the mean of the population.
    sac_size : (2,) float64
        Of the sac, transverse and anteroposterior, relative to the mean.
    dorsal_gap_mm : float
        How much further than the mean the cord lies from the dorsal dura.
    lordosis : float
        Curvature of the canal, relative to the mean.
    ganglia_mm : (14, 3) float64
        Ganglion: lateral of the dura (of the midline for S1 and S2), in front of the canal's center, and its
        height above the lower end of its vertebra.
    tilt_deg : (2,) float64
        Lean of the spine in the scanner: to the right, to the front.
    slice_tilt_deg : float
        Lean of the slices against the scanner's axis.
    tip_mm : (3,) float64
        Where the tip of the conus lies in the scanner, RAS mm; its first value is the midline there.
    traced_above_mm : float
        How far above the origin of L1 the annotation begins.
    slices : int
        How many slices were annotated.
    """

    conus_vertebrae: float
    vertebral_height_mm: Floats
    sacral_segment_mm: float
    origin_mm: Floats
    entry_angle_deg: Floats
    bed_angle_deg: Floats
    bed_depth_mm: Floats
    cord_size: float
    cord_length: float
    sac_size: Floats
    dorsal_gap_mm: float
    lordosis: float
    ganglia_mm: Floats
    tilt_deg: Floats
    slice_tilt_deg: float
    tip_mm: Floats
    traced_above_mm: float
    slices: int

    def height_mm(self, vertebrae: Any) -> Floats:
        """Return the height of places along the column given in vertebral heights below the upper end of L1."""
        return _column(self.vertebral_height_mm, self.sacral_segment_mm, np.asarray(vertebrae)) - _column(
            self.vertebral_height_mm, self.sacral_segment_mm, np.asarray(self.conus_vertebrae)
        )

    def vertebrae(self, height_mm: Floats) -> Floats:
        """Return heights in vertebral heights below the upper end of L1, the inverse of `height_mm`."""
        stations = np.arange(-4.0, 9.0)
        heights = self.height_mm(stations)
        return np.interp(-height_mm, -heights, stations)


def draw(rng: Generator) -> Parameters:
    """Return the parameters of one subject, drawn from the published population."""
    origin_mm, conus_vertebrae, traced_above_mm = _cord_in_column(rng)
    size = quantity("cord_transverse", "L3")
    # Half of the published spread: it also holds the differences between eleven studies.
    cord_size = 1 + _normal(rng, 0.0, size.sd / 2) / size.mean
    reference = np.mean([subject.origin_mm for subject in subjects()])
    sac = quantity("sac_size")
    common = _normal(rng, 0.0, sac.sd)
    return Parameters(
        conus_vertebrae=conus_vertebrae,
        vertebral_height_mm=_vertebral_heights(rng),
        sacral_segment_mm=_draw(rng, "sacral_segment_height"),
        origin_mm=_by_side(rng, origin_mm, quantity("side_difference", "origin").sd),
        entry_angle_deg=_angles(rng, "entry_angle"),
        bed_angle_deg=_angles(rng, "bed_angle"),
        bed_depth_mm=np.array([_draw(rng, "bed_depth", root.level) for root in ROOTS]),
        cord_size=cord_size,
        cord_length=float(origin_mm.mean() / reference),
        sac_size=frozen(1 + common + np.array([_normal(rng, 0.0, sac.sd / 2) for _ in range(2)])),
        dorsal_gap_mm=_normal(rng, 0.0, 0.2),
        lordosis=1 + _normal(rng, 0.0, 0.2),
        ganglia_mm=_ganglia(rng),
        tilt_deg=frozen(np.array([_normal(rng, 0.0, 0.6), _normal(rng, 0.0, 1.0)])),
        slice_tilt_deg=_normal(rng, 0.0, 0.1),
        tip_mm=frozen(np.array([_normal(rng, 0.0, 5.0), _normal(rng, -50.0, 15.0), _normal(rng, -450.0, 40.0)])),
        traced_above_mm=traced_above_mm,
        slices=int(rng.choice([subject.dura_contours for subject in subjects()])),
    )


def _cord_in_column(rng: Generator) -> tuple[Floats, float, float]:
    """Origins, conus level and length traced above L1, as they go together in the 14 subjects."""
    people = subjects()
    observed = np.array(
        [
            [*person.origin_mm, person.conus_vertebrae, 2.0 * person.cord_contours - person.origin_mm[0]]
            for person in people
        ]
    )
    mean, covariance = observed.mean(axis=0), np.cov(observed.T)
    # 14 subjects say little about 36 correlations: a fifth of each is taken away, none of the spreads.
    covariance = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * np.diag(np.diag(covariance))
    root = np.linalg.cholesky(covariance)
    lowest, highest = observed.min(axis=0) - observed.std(axis=0), observed.max(axis=0) + observed.std(axis=0)
    for _ in range(_LONGEST_TRIALS):
        found = mean + root @ rng.standard_normal(len(mean))
        is_in_order = (-np.diff(found[: len(LEVELS)]) >= _NEAREST_ORIGINS_MM).all()
        if is_in_order and (found >= lowest).all() and (found <= highest).all():
            return frozen(found[: len(LEVELS)]), float(found[-2]), float(found[-1])
    raise AssertionError("the population has no subject whose roots are in order")


def _vertebral_heights(rng: Generator) -> Floats:
    # Vertebrae of one person are tall together: half of the variance is stature.
    stature = _normal(rng, 0.0, np.sqrt(0.5))
    heights = [quantity("vertebral_height", level) for level in VERTEBRAE]
    return frozen(np.array([h.mean + h.sd * (stature + _normal(rng, 0.0, np.sqrt(0.5))) for h in heights]))


def _by_side(rng: Generator, mean_mm: Floats, difference_mm: float) -> Floats:
    half = np.array([_normal(rng, 0.0, difference_mm / 2) for _ in LEVELS])
    return frozen(np.concatenate([mean_mm + half, mean_mm - half]))


def _angles(rng: Generator, name: str) -> Floats:
    # Half of the variance is the subject's, half the root's.
    own = _normal(rng, 0.0, np.sqrt(0.5))
    quantities = [quantity(name, root.level) for root in ROOTS]
    return frozen(np.array([q.mean + q.sd * (own + _normal(rng, 0.0, np.sqrt(0.5))) for q in quantities]))


def _ganglia(rng: Generator) -> Floats:
    side = quantity("side_difference", "ganglion").sd / np.sqrt(2)
    rise = {level: _draw(rng, "ganglion_rise", level) for level in LEVELS}
    rows = []
    for root in ROOTS:
        lateral = "ganglion_lateral" if root.level in ("S1", "S2") else "ganglion_gap"
        height = quantity("sacral_segment_height" if root.level in ("S1", "S2") else "vertebral_height",
                          "" if root.level in ("S1", "S2") else root.level).mean
        rows.append(
            [
                _draw(rng, lateral, root.level),
                _draw(rng, "ganglion_anterior", root.level),
                rise[root.level] * height + _normal(rng, 0.0, side),
            ]
        )
    return frozen(np.array(rows))


def _draw(rng: Generator, name: str, part: str = "") -> float:
    found = quantity(name, part)
    return _normal(rng, found.mean, found.sd)


def _normal(rng: Generator, mean: float, sd: float) -> float:
    """Normal, cut at 2.5 standard deviations: there are no monsters among 50 healthy subjects."""
    while abs(value := rng.standard_normal()) > 2.5:
        pass
    return float(mean + sd * value)


def _column(heights_mm: Floats, sacral_mm: float, vertebrae: Any) -> Floats:
    first = -VERTEBRAE.index("L1")
    stations = np.arange(first - 1.0, len(VERTEBRAE) + first + 4.0)
    steps = np.concatenate([heights_mm[:1], heights_mm, np.full(3, sacral_mm)])
    down = np.concatenate([[0.0], np.cumsum(steps)])
    down -= down[1 - first]
    return np.asarray(-np.interp(vertebrae, stations, down))
