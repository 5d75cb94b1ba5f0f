"""Signal of CSF along and across the sac: how it falls off, where it is void, and where bands cross it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from scipy import ndimage

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.sac import SacAxis, medians, places_mm, pure, sections
from cauda.quality.tissue import Tissues

_SMOOTHED_MM = 1.0
_SECTION_MM = 5.0
_LEAST_SECTIONS = 5
_LEAST_LENGTH_MM = 30.0
_DEGREE_ALONG, _ROUNDS = 4, 8
_DARK = 0.15
_DEVIATIONS = 3.0
_PER_MM = 100.0
_BAND_ALONG_MM, _BAND_DEEP_MM = 4.0, 3.0
_BAND_DARK, _BAND_SHARE, _LEAST_IN_CELL = 0.2, 0.8, 8


@dataclass(frozen=True, slots=True, eq=False)
class CsfSignal:
    """CSF, smoothed within itself, and where each of its voxels lies in the sac.

    Attributes
    ----------
    logs : (n,) float64
        Logarithm of the smoothed signal.
    places_mm : (n, 3) float64
        Along the sac, cranially, and across it.
    front_mm : (n,) float64
        From back to front, in the scanner.
    sd : float
        Of the noise of a logarithm, after smoothing; 0 where the noise is not known.
    """

    logs: Floats
    places_mm: Floats
    front_mm: Floats
    sd: float

    @classmethod
    def of(cls, image: Floats, affine: Floats, tissues: Tissues, noise: NoiseLevel | None) -> CsfSignal:
        """Return the signal of the CSF of a scan.

        Raises
        ------
        QualityError
            If too few voxels are CSF alone, or it has no signal.
        """
        mask = pure(tissues, "csf")
        sigma = _SMOOTHED_MM / np.linalg.norm(affine[:3, :3], axis=0)
        weight = ndimage.gaussian_filter(mask.astype(np.float64), sigma, mode="constant")
        total = ndimage.gaussian_filter(np.where(mask, image[tissues.window], 0.0), sigma, mode="constant")
        smooth = total[mask] / weight[mask]
        typical = float(np.median(smooth))
        if not typical > 0:
            raise QualityError("CSF has no signal")
        axis = SacAxis.of(mask, tissues, affine)
        scanner = places_mm(mask, tissues, affine)
        # Voxels whose noise is one do not help each other.
        averaged = float(np.prod(np.maximum(np.sqrt(4 * np.pi) * sigma, 1.0)))
        sd = 0.0
        if noise is not None:
            sd = noise.sd / typical * float(np.sqrt(min(1.0, noise.shared_voxels / averaged)))
        front = scanner[:, 1] - scanner[:, 1].mean()
        return cls(np.log(np.maximum(smooth, 1e-3 * typical)), axis.along_mm(scanner), front, sd)

    def residual(self) -> Floats:
        """Return the logarithms less a smooth surface through the brighter CSF.

        Of fourth degree along the sac and second across; what is dark is left out in turn.
        """
        terms = self._terms()
        kept = np.ones(len(self.logs), dtype=np.bool_)
        limit = max(_DARK / 2, 2 * self.sd)
        rest: Floats = self.logs - self.logs.mean()
        for _ in range(_ROUNDS):
            coefficients = np.linalg.lstsq(terms[kept], self.logs[kept], rcond=None)[0]
            rest = np.asarray(self.logs - terms @ coefficients)
            again = rest > -limit
            if (again == kept).all() or again.sum() < 2 * terms.shape[1]:
                break
            kept = again
        return rest

    def _terms(self) -> Floats:
        along, one, two = (self.places_mm / np.maximum(np.abs(self.places_mm).max(axis=0), 1e-9)).T
        height = legendre.legvander(along, _DEGREE_ALONG).T
        across = [one, two]
        columns = [*height, *(side * row for side in across for row in height[:3])]
        columns += [one * one, one * two, two * two]
        return np.asarray(np.stack(columns, axis=1))

    def extent_mm(self) -> float:
        """Return the length of CSF along the sac."""
        return float(np.ptp(self.places_mm[:, 0]))


def fall_off(signal: CsfSignal) -> float:
    """Return the slope of the logarithm of CSF along the sac, per 100 mm, positive where it grows cranially.

    Of the median of each section of 5 mm: a straight line by least squares.

    Raises
    ------
    QualityError
        If there are fewer than five sections or 30 mm.
    """
    heights, values = _profile(signal)
    return float(np.polyfit(heights, values, 1)[0]) * _PER_MM


def flow_void_fraction(signal: CsfSignal) -> float:
    """Return the share of CSF that is darker than its smooth surroundings by 15 %, and three deviations.

    Signal is averaged over 1 mm within CSF first.

    Raises
    ------
    QualityError
        If CSF has less than 30 mm along the sac.
    """
    _refuse_short(signal)
    limit = min(np.log(1 - _DARK), -_DEVIATIONS * signal.sd)
    return float((signal.residual() < limit).mean())


def banding_index(signal: CsfSignal) -> float:
    """Return the share of CSF in dark bands, which cross the sac from side to side.

    CSF is cut into cells of 4 mm along the sac and 3 mm from front to back that reach from side to side; one
    is of a band where four fifths of it are 20 % darker than the smooth surroundings. A flow void, a few mm
    wide, is none.

    Raises
    ------
    QualityError
        If CSF has less than 30 mm along the sac.
    """
    _refuse_short(signal)
    rest = signal.residual()
    along = sections(signal.places_mm[:, 0], _BAND_ALONG_MM)
    deep = sections(signal.front_mm, _BAND_DEEP_MM)
    numbers = (along - along.min()) * (int(np.ptp(deep)) + 1) + deep - deep.min()
    order = np.argsort(numbers, kind="stable")
    _, starts = np.unique(numbers[order], return_index=True)
    cells = [part for part in np.split(rest[order], starts[1:]) if part.size >= _LEAST_IN_CELL]
    if not cells:
        raise QualityError(f"no cell of {_BAND_ALONG_MM:g} x {_BAND_DEEP_MM:g} mm holds CSF enough")
    limit = min(np.log(1 - _BAND_DARK), -_DEVIATIONS * signal.sd)
    dark = sum(part.size for part in cells if np.quantile(part, _BAND_SHARE) < limit)
    return dark / sum(part.size for part in cells)


def _profile(signal: CsfSignal) -> tuple[Floats, Floats]:
    _refuse_short(signal)
    found = medians(signal.logs, sections(signal.places_mm[:, 0], _SECTION_MM))
    if len(found) < _LEAST_SECTIONS:
        raise QualityError(f"{len(found)} sections of {_SECTION_MM:g} mm hold CSF, wanted {_LEAST_SECTIONS}")
    return np.array(list(found)) * _SECTION_MM, np.array(list(found.values()))


def _refuse_short(signal: CsfSignal) -> None:
    if signal.extent_mm() < _LEAST_LENGTH_MM:
        raise QualityError(
            f"CSF extends {signal.extent_mm():.0f} mm along the sac, wanted {_LEAST_LENGTH_MM:g} mm"
        )
