"""What sets one virtual subject apart from another, drawn from the published population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cauda.annotation.tracing import SIDES, RootName
from cauda.arrays import Floats, frozen
from cauda.tables.population import CISS_SLICE_MM, LEVELS, columns, quantity, subjects

ROOTS = tuple(RootName(level, side) for side in SIDES for level in LEVELS)
"""Order of the roots in all arrays of this package: left, then right, each from cranial to caudal."""

VERTEBRAE = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")

_SACRAL_SEGMENTS = 3
_SHRINKAGE = 0.2
_NEAREST_ORIGINS_MM = 1.8
_FURTHEST_SD = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Anatomy of one virtual subject, and how it lay in the scanner.

    Heights are above the tip of the conus. Arrays of 14 are in the order of `ROOTS`.

    Attributes
    ----------
    conus_vertebrae : float
        Tip of the conus below the upper end of L1, in vertebral heights.
    vertebral_height_mm : (8,) float64
        Heights of `VERTEBRAE`, each with the disc below it.
    sacral_segment_mm : float
        Height of a segment of the sacrum.
    origin_mm : (14,) float64
        Height of the traced origins of the roots.
    entry_angle_deg : (14,) float64
        Where roots enter the cord, about its centroid, from the dorsal midline to their own side.
    bed_angle_deg, bed_depth_mm : (14,) float64
        Where roots lie just below the conus: angle about the center of the sac, from the dorsal midline to
        their own side, and distance from the dura.
    ganglion_lateral_mm, ganglion_anterior_mm, ganglion_rise_mm : (14,) float64
        Where ganglia lie: lateral of the dura (S1, S2: of the midline), in front of the center of the canal,
        above the lower end of the vertebra (S1, S2: of the sacral segment).
    cord_size, cord_length : float
        Of the cord's sections, relative to ``population_cord.tsv``, and of the heights along it, relative to
        the population's mean.
    sac_size : (2,) float64
        Of the sac, transverse and anteroposterior, relative to the mean.
    dorsal_gap_mm : float
        How much further than in the mean the cord lies from the dorsal dura.
    lordosis : float
        Curvature of the canal, relative to the mean.
    lean_deg : (2,) float64
        Lean of the spine in the scanner, to the right and to the front.
    slice_tilt_deg : float
        Tilt of the slices, to the front.
    tip_mm : (3,) float64
        Tip of the conus in the scanner, RAS mm; the first value is the midline.
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
    ganglion_lateral_mm: Floats
    ganglion_anterior_mm: Floats
    ganglion_rise_mm: Floats
    cord_size: float
    cord_length: float
    sac_size: Floats
    dorsal_gap_mm: float
    lordosis: float
    lean_deg: Floats
    slice_tilt_deg: float
    tip_mm: Floats
    traced_above_mm: float
    slices: int

    def height_mm(self, vertebrae: Floats | float) -> Floats:
        """Return heights above the conus of places in vertebral heights below the upper end of L1."""
        stations, depths_mm = self._column()
        depth_mm = np.interp(vertebrae, stations, depths_mm)
        return np.asarray(np.interp(self.conus_vertebrae, stations, depths_mm) - depth_mm)

    def vertebrae(self, height_mm: Floats | float) -> Floats:
        """Return places in vertebral heights below the upper end of L1, the inverse of `height_mm`."""
        stations, depths_mm = self._column()
        tip_mm = np.interp(self.conus_vertebrae, stations, depths_mm)
        return np.asarray(np.interp(tip_mm - np.asarray(height_mm), depths_mm, stations))

    def _column(self) -> tuple[Floats, Floats]:
        """Upper ends of T9 to S3, in vertebral heights and in mm below that of T9."""
        first = -VERTEBRAE.index("L1") - 1
        steps_mm = [
            self.vertebral_height_mm[0],
            *self.vertebral_height_mm,
            *[self.sacral_segment_mm] * _SACRAL_SEGMENTS,
        ]
        return np.arange(first, first + len(steps_mm) + 1.0), np.concatenate([[0.0], np.cumsum(steps_mm)])


def draw(rng: Generator) -> Parameters:
    """Return the parameters of one subject, drawn from the published population.

    Origins, level of the conus and length of cord above L1 are drawn together, as they go together in the 14
    subjects of doi 10.1038/s41597-024-03919-4; everything else from the means and standard deviations of
    ``population_quantities.tsv``, cut at 2.5 standard deviations.
    """
    origin_mm, conus_vertebrae, traced_above_mm = _cord_in_column(rng)
    return Parameters(
        conus_vertebrae=conus_vertebrae,
        vertebral_height_mm=_vertebral_heights(rng),
        sacral_segment_mm=_draw(rng, "sacral_segment_height"),
        origin_mm=_on_both_sides(rng, origin_mm),
        entry_angle_deg=_angles(rng, "entry_angle"),
        bed_angle_deg=_in_order(_angles(rng, "bed_angle")),
        bed_depth_mm=frozen(np.array([_draw(rng, "bed_depth", root.level) for root in ROOTS])),
        ganglion_lateral_mm=frozen(np.array([_draw(rng, "ganglion_lateral", root.level) for root in ROOTS])),
        ganglion_anterior_mm=frozen(
            np.array([_draw(rng, "ganglion_anterior", root.level) for root in ROOTS])
        ),
        ganglion_rise_mm=_ganglion_rises(rng),
        cord_size=_cord_size(rng),
        cord_length=float(origin_mm.mean() / np.mean([subject.origin_mm for subject in subjects()])),
        sac_size=_sac_size(rng),
        dorsal_gap_mm=_normal(rng, 0.0, quantity("dorsal_gap").sd),
        lordosis=_draw(rng, "lordosis"),
        lean_deg=frozen(np.array([_draw(rng, "lean", way) for way in ("right", "anterior")])),
        slice_tilt_deg=_draw(rng, "slice_tilt"),
        tip_mm=frozen(np.array([_draw(rng, "conus_in_scanner", axis) for axis in "xyz"])),
        traced_above_mm=traced_above_mm,
        slices=int(rng.choice([subject.dura_contours for subject in subjects()])),
    )


def _cord_in_column(rng: Generator) -> tuple[Floats, float, float]:
    """Draw origins, level of the conus and length of cord traced above L1."""
    observed = np.array(
        [
            [
                *subject.origin_mm,
                subject.conus_vertebrae,
                CISS_SLICE_MM * subject.cord_contours - subject.origin_mm[0],
            ]
            for subject in subjects()
        ]
    )
    mean, spread = observed.mean(axis=0), observed.std(axis=0, ddof=1)
    # 14 subjects say little about 36 correlations: a fifth of each is taken away, nothing of the spreads.
    covariance = (1 - _SHRINKAGE) * np.cov(observed.T) + _SHRINKAGE * np.diag(spread**2)
    factor = np.linalg.cholesky(covariance)
    found = mean + factor @ rng.standard_normal(len(mean))
    while (np.abs(found - mean) > _FURTHEST_SD * spread).any():
        found = mean + factor @ rng.standard_normal(len(mean))
    return _apart(found[: len(LEVELS)]), float(found[-2]), float(found[-1])


def _apart(origin_mm: Floats) -> Floats:
    """Return origins in order, none nearer to the next than in the 14 subjects, moved both ways alike."""
    origin_mm = origin_mm.copy()
    while (lack := _NEAREST_ORIGINS_MM + np.diff(origin_mm)).max() > 1e-6:
        half = 0.5 * np.maximum(lack, 0.0)
        origin_mm[:-1] += half
        origin_mm[1:] -= half
    return frozen(origin_mm)


def _vertebral_heights(rng: Generator) -> Floats:
    # The vertebrae of one person are tall together: half of the variance is taken to be stature (assumed).
    stature = _normal(rng, 0.0, np.sqrt(0.5))
    heights = [quantity("vertebral_height", level) for level in VERTEBRAE]
    return frozen(np.array([h.mean + h.sd * (stature + _normal(rng, 0.0, np.sqrt(0.5))) for h in heights]))


def _on_both_sides(rng: Generator, mean_mm: Floats) -> Floats:
    half_mm = np.array([_draw(rng, "side_difference", "origin") / 2 for _ in LEVELS])
    return frozen(np.concatenate([mean_mm + half_mm, mean_mm - half_mm]))


def _angles(rng: Generator, name: str) -> Floats:
    # Half of the variance is taken to be the subject's, half the root's (assumed).
    own = _normal(rng, 0.0, np.sqrt(0.5))
    angles = [quantity(name, root.level) for root in ROOTS]
    return frozen(np.array([a.mean + a.sd * (own + _normal(rng, 0.0, np.sqrt(0.5))) for a in angles]))


def _in_order(angles_deg: Floats) -> Floats:
    """Sort the angles of each side: cranial roots lie lateral of caudal ones."""
    return frozen(-np.sort(-angles_deg.reshape(len(SIDES), -1), axis=1).ravel())


def _ganglion_rises(rng: Generator) -> Floats:
    share = {level: _draw(rng, "ganglion_rise", level) for level in LEVELS}
    rises = []
    for root in ROOTS:
        is_sacral = root.level not in VERTEBRAE
        height = quantity("sacral_segment_height") if is_sacral else quantity("vertebral_height", root.level)
        rises.append(share[root.level] * height.mean + _draw(rng, "side_difference", "ganglion") / np.sqrt(2))
    return frozen(np.array(rises))


def _cord_size(rng: Generator) -> float:
    size = quantity("cord_transverse", "L3")
    heights_mm, wide_mm = columns("population_cord", "height_mm", "transverse_mm")
    l3_mm = np.mean([subject.origin_mm[LEVELS.index("L3")] for subject in subjects()])
    # Half of the published spread, which also holds the differences between eleven studies.
    return _normal(rng, size.mean, size.sd / 2) / float(np.interp(float(l3_mm), heights_mm, wide_mm))


def _sac_size(rng: Generator) -> Floats:
    size = quantity("sac_size")
    # A wide sac is a deep one, mostly: a fifth of the variance is each direction's own (assumed).
    common = _normal(rng, 0.0, np.sqrt(0.8))
    return frozen(
        np.array([size.mean + size.sd * (common + _normal(rng, 0.0, np.sqrt(0.2))) for _ in range(2)])
    )


def _draw(rng: Generator, name: str, part: str = "") -> float:
    found = quantity(name, part)
    return _normal(rng, found.mean, found.sd)


def _normal(rng: Generator, mean: float, sd: float) -> float:
    """Draw from a normal distribution cut at 2.5 standard deviations: healthy subjects have no monsters."""
    while abs(value := rng.standard_normal()) > _FURTHEST_SD:
        pass
    return float(mean + sd * value)
