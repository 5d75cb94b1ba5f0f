"""How one root is seen at one place: its fitted profile against the CSF about it and the noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError
from cauda.quality.metric import Metric, Sheet
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.root_fit import Fit, Patch, fit

RING_MM = (1.0, 3.0)
"""How far from the axis of a root the CSF about it is measured."""

LEAST_RING = 6
"""Fewest independent samples of that ring."""

TOUCHING_MM = 0.3
"""Nearer to the surface of the cord or to the dura than this, an axis cannot be told from what it touches."""

_FROM_EDGES_MM, _FROM_ROOTS_MM, _WIDTHS = 0.8, 1.2, 0.9
_LEAST_DIFFERENCE = 0.05
_FAINTEST = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is seen of a root at one place.

    Attributes
    ----------
    profile : Fit or str
        As fitted, or the reason why there is none.
    ring : float
        Median of the CSF about it; NaN where there are too few voxels.
    ring_voxels : int
        How many.
    nearest_mm : float
        Distance to the nearest other traced root; infinite if none is near.
    shared : float
        Voxels that share one sample of noise.
    """

    profile: Fit | str
    ring: float
    ring_voxels: int
    nearest_mm: float
    shared: float

    @classmethod
    def of(cls, patch: Patch) -> View:
        """Return what a patch shows."""
        traced_mm = _distances(patch)
        nearest_mm = _nearest(patch)
        touched = _touched(patch)
        if touched:
            return cls(touched, np.nan, 0, nearest_mm, patch.shared)
        level, _ = _ring(patch, traced_mm, _FROM_ROOTS_MM)
        found = fit(replace(patch, csf=level))
        if isinstance(found, str):
            return cls(found, np.nan, 0, nearest_mm, patch.shared)
        away_mm = found.distances_mm(patch.offset_mm)
        level, count = _ring(patch, away_mm, max(RING_MM[0], _WIDTHS * found.width_mm))
        return cls(found, level, count, nearest_mm, patch.shared)

    @property
    def fit(self) -> Fit:
        """The profile; raises the reason why there is none."""
        if isinstance(self.profile, str):
            raise QualityError(self.profile)
        return self.profile

    @property
    def csf(self) -> float:
        """Signal of the CSF about the root; raises the reason why there is none."""
        if isinstance(self.profile, str):
            raise QualityError(self.profile)
        if not np.isfinite(self.ring):
            raise QualityError(f"no CSF ring: fewer than {math.ceil(LEAST_RING * self.shared)} voxels")
        if not self.ring > 0:
            raise QualityError("the CSF about the root has no signal")
        return self.ring

    @property
    def relative(self) -> float:
        """Signal of the CSF less that of the core, over that of the CSF."""
        csf = self.csf
        return 1 - self.fit.core / csf

    @property
    def outstanding(self) -> Fit:
        """The profile where there is one to be seen; raises the reason where there is none."""
        found = self.fit
        strength = abs(found.contrast) * float(np.sqrt(found.energy / self.shared))
        if not strength > _FAINTEST * found.residual:
            raise QualityError("the root does not stand out from what the fit leaves")
        return found

    def dprime(self, noise: NoiseLevel | None) -> float:
        """Return the detectability by a matched filter in white or interpolated noise."""
        found, known = self.fit, _known(noise)
        return abs(found.contrast) * float(np.sqrt(found.energy / known.shared_voxels)) / known.sd

    def metrics(self, noise: NoiseLevel | None, cord_over_csf: float | None) -> dict[str, Metric]:
        """Return the metrics of this place by name."""
        sheet = Sheet(mriqc_compatible=False)
        profile = self.profile
        core, fitted = (0, 0) if isinstance(profile, str) else (profile.core_voxels, profile.voxels)
        both = core + self.ring_voxels
        sheet.add("root_cnr", both, lambda: abs(self.relative) * self.csf / _known(noise).sd)
        sheet.add("root_contrast", both, lambda: _michelson(self.csf, self.fit.core))
        sheet.add("root_fwhm_mm", fitted, lambda: self.outstanding.width_mm)
        sheet.add("root_edge_mm", fitted, lambda: self.outstanding.edge_mm)
        sheet.add("root_pv", both, lambda: _partial_volume(self, cord_over_csf))
        sheet.add("root_dprime", fitted, lambda: self.dprime(noise))
        sheet.add("root_separability", fitted, lambda: _separability(self))
        sheet.add("root_offset_mm", fitted, lambda: self.outstanding.offset_mm)
        return dict(sheet.quality())


def _michelson(csf: float, core: float) -> float:
    # A core that is black but for noise may come out below 0.
    core = max(core, 0.0)
    return abs(csf - core) / (csf + core)


def _partial_volume(view: View, cord_over_csf: float | None) -> float:
    if cord_over_csf is None:
        raise QualityError("the signal of the cord is not known")
    if abs(1 - cord_over_csf) < _LEAST_DIFFERENCE:
        raise QualityError("cord and CSF have the same signal")
    return 1 - view.relative / (1 - cord_over_csf)


def _separability(view: View) -> float:
    width_mm = view.outstanding.width_mm
    if not np.isfinite(view.nearest_mm):
        raise QualityError("no other traced root is near")
    return view.nearest_mm / width_mm


def _known(noise: NoiseLevel | None) -> NoiseLevel:
    if noise is None:
        raise QualityError("no noise level is known")
    return noise


def _distances(patch: Patch) -> Floats:
    """Return the distance of voxels to each traced axis, ``(n, k)``."""
    offset_mm = patch.offset_mm[:, None] - patch.roots_mm
    along_mm = np.einsum("nkd,kd->nk", offset_mm, patch.directions)
    return np.asarray(np.sqrt(np.maximum((offset_mm**2).sum(axis=2) - along_mm**2, 0.0)))


def _nearest(patch: Patch) -> float:
    direction, others = patch.directions[0], patch.roots_mm[1:]
    across = others - (others @ direction)[:, None] * direction
    return float(np.linalg.norm(across, axis=1).min(initial=np.inf))


def _touched(patch: Patch) -> str:
    """Return what the axis touches, as a reason; empty where it touches nothing."""
    cord_mm, dura_mm = patch.place_edges_mm
    if cord_mm < TOUCHING_MM:
        return f"within {TOUCHING_MM} mm of the cord"
    if dura_mm > -TOUCHING_MM:
        return f"within {TOUCHING_MM} mm of the dura, or outside of it"
    return ""


def _ring(patch: Patch, away_mm: Floats, least_mm: float) -> tuple[float, int]:
    """Return the median of the CSF about the first root, away from all, and in how many voxels."""
    inside: Bools = (away_mm[:, 0] <= RING_MM[1]) & (away_mm.min(axis=1) >= max(RING_MM[0], least_mm))
    inside &= (patch.cord_mm > _FROM_EDGES_MM) & (patch.dura_mm < -_FROM_EDGES_MM)
    count = int(inside.sum())
    return float(np.median(patch.value[inside])) if count >= LEAST_RING * patch.shared else np.nan, count
