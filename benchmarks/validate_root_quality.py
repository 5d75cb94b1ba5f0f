"""Whether metrics of roots say what is true of a virtual image, and follow its defects.

    python -m benchmarks.validate_root_quality

Slices of CISS of a virtual subject about its sac, with one defect in five strengths each. What is expected is
computed without the image: each root is a disc of its true radius at its true place, oblique as it is, whose
transform is cut where the raw data end and summed through the slice; noise lifts what is dark, for images are
magnitudes. A root alone in CSF is expected; in the image there are neighbors, cord and dura. Ends with
status 1 where a bar is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from time import process_time

import numpy as np
from benchmarks.bars import Bar, at_most, none
from scipy.special import j1

from cauda.anatomy.building import build
from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import RootName, Tracing
from cauda.arrays import Floats
from cauda.phantom import make
from cauda.phantom.defects import Defects
from cauda.phantom.grid import SUB_SLICES, ImageGrid
from cauda.phantom.placing import GridChoice, image_grid
from cauda.phantom.scan import Conditions, Scan
from cauda.phantom.sequence import Sequence as Protocol
from cauda.phantom.sequence import moments
from cauda.quality.measured import RootMetric
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.root_quality import root_quality
from cauda.quality.root_surroundings import RootSurroundings
from cauda.tables.tissues import tissues

SUBJECT, SEED = 1, 7
STRENGTHS: Mapping[str, tuple[float, ...]] = {
    "snr": (60.0, 40.0, 30.0, 20.0, 10.0),
    "voxel": (0.5, 0.6, 0.7, 0.8, 0.9),
    "gibbs": (0.0, 0.1, 0.2, 0.3, 0.4),
    "motion": (0.0, 0.1, 0.2, 0.4, 0.6),
    "jitter": (0.0, 0.08, 0.15, 0.22, 0.3),
    "bias": (0.0, 0.1, 0.2, 0.3, 0.4),
}
"""Five strengths of each defect, from good to bad; SNR and the edge of a voxel in mm among them."""

MUST_CHANGE: Mapping[str, tuple[str, ...]] = {
    "snr": ("root_cnr", "root_dprime"),
    "voxel": ("root_fwhm_mm", "root_edge_mm", "root_pv", "root_contrast"),
    "gibbs": ("root_fwhm_mm",),
    "motion": ("root_cnr", "root_contrast", "root_pv", "root_dprime"),
    "jitter": ("root_offset_mm",),
    "bias": (),
}
"""What has to get worse from each strength to the next.

Motion of more than 0.6 mm takes a root farther than it is looked for. Voxels begin at 0.5 mm: smaller ones
resolve the roots, and the ringing of what is just resolved narrows it, so that width does not rise at once.
"""

MUST_NOT_CHANGE: Mapping[str, tuple[str, ...]] = {
    "snr": ("root_fwhm_mm",),
    "voxel": (),
    "gibbs": (),
    "motion": (),
    "jitter": ("root_cnr", "root_fwhm_mm", "root_dprime"),
    "bias": ("root_contrast", "root_fwhm_mm", "root_pv"),
}

WORSE_IS_LESS = {"root_cnr", "root_dprime", "root_contrast"}
_BIAS = {"root_cnr": 0.10, "root_fwhm_mm": 0.10, "root_dprime": 0.15, "root_pv": 0.10, "root_offset_mm": 0.05}
"""Most that the median of the errors may be: relative, of partial volume and offset not."""

_SAME = 0.05
_CROP_MM, _SLICES, _STEP_MM = 38.4, 14, 0.3
_SNR = 30.0
_UNIT_SAMPLES = 48
_TISSUE = "root"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One image measured.

    Attributes
    ----------
    defect : str
    strength : float
    found, expected : mapping of str to (n,) float64
        By metric, at the same places; NaN where there is no value, or nothing expected.
    """

    defect: str
    strength: float
    found: Mapping[str, Floats]
    expected: Mapping[str, Floats]

    def error(self, name: str) -> Floats:
        """Return found over expected less 1, of partial volume and offset the difference."""
        found, expected = self.found[name], self.expected[name]
        absolute = name in ("root_pv", "root_offset_mm")
        error = found - expected if absolute else found / expected - 1
        return np.asarray(error[np.isfinite(error)])


def outcomes(defects: Sequence[str] = tuple(STRENGTHS)) -> Iterator[Outcome]:
    """Measure an image for each strength of each defect."""
    for defect in defects:
        for strength in STRENGTHS[defect]:
            yield _outcome(defect, strength)


def bars(found: Sequence[Outcome]) -> list[Bar]:
    """Return what has to be reached, and whether it is."""
    made: list[Bar] = []
    for defect in dict.fromkeys(one.defect for one in found):
        own = [one for one in found if one.defect == defect]
        made += [*_unbiased(own), *_monotone(defect, own), *_unchanged(defect, own)]
    return made


def figures(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the largest bias of each metric by defect, and of how many places, for a table."""
    return {
        f"{defect}: {name}, largest error of the median": max(
            abs(float(np.median(one.error(name)))) for one in found if one.defect == defect
        )
        for defect in dict.fromkeys(one.defect for one in found)
        for name in _expected_of(defect)
    }


def _expected_of(defect: str) -> tuple[str, ...]:
    if defect == "jitter":
        return ("root_offset_mm",)
    if defect in ("motion", "bias"):
        return ("root_fwhm_mm",) if defect == "bias" else ()
    return ("root_cnr", "root_fwhm_mm", "root_dprime", "root_pv")


def _unbiased(own: Sequence[Outcome]) -> Iterator[Bar]:
    for name in _expected_of(own[0].defect):
        errors = [(one, one.error(name)) for one in own]
        one, worst = max(errors, key=lambda pair: abs(float(np.median(pair[1]))))
        low, high = np.percentile(worst, [10, 90])
        where = f"{one.strength:g}; 10th to 90th percentile {low:+.2f} to {high:+.2f} of {len(worst)} places"
        bias = abs(float(np.median(worst)))
        yield at_most(f"{one.defect}: {name}, error of the median", bias, _BIAS[name], where=where)


def _monotone(defect: str, own: Sequence[Outcome]) -> Iterator[Bar]:
    for name in MUST_CHANGE[defect]:
        medians = [float(np.nanmedian(one.found[name])) for one in own]
        steps = np.diff(medians) * (-1 if name in WORSE_IS_LESS else 1)
        odd = [
            f"{one.strength:g} to {other.strength:g}"
            for one, other, step in zip(own[:-1], own[1:], steps, strict=True)
            if step <= 0
        ]
        yield none(f"{defect}: {name} gets worse, {medians[0]:.3g} to {medians[-1]:.3g}", odd)


def _unchanged(defect: str, own: Sequence[Outcome]) -> Iterator[Bar]:
    for name in MUST_NOT_CHANGE[defect]:
        medians = [float(np.nanmedian(one.found[name])) for one in own]
        change = max(abs(value - medians[0]) for value in medians)
        if name != "root_pv":
            change /= abs(medians[0])
        yield at_most(f"{defect}: {name} stays", change, _SAME)


@cache
def _subject() -> tuple[SpineModel, Tracing]:
    truth = make(SEED, SUBJECT).truth
    return build(truth), truth


def _outcome(defect: str, strength: float) -> Outcome:
    model, tracing = _subject()
    voxel_mm = strength if defect == "voxel" else _STEP_MM
    snr = strength if defect == "snr" else _SNR
    grid = _grid(tracing, voxel_mm)
    defects = Defects() if defect in ("snr", "voxel") else replace(Defects(), **{defect: strength})
    protocol = Protocol.of("CISS")
    scan = Scan(model, tracing, protocol, grid, Conditions(snr, defects, (SEED, SUBJECT)))
    truth = _Truth(model, scan)
    image = np.full(grid.shape, np.nan, dtype=np.float32)
    numbers = _numbers(tracing, grid)
    for number in numbers:
        image[:, :, number] = scan.slice(number).image
    around = RootSurroundings.of_tracing(tracing, truth.seen("white_matter") / truth.seen("csf"))
    measured = root_quality(image, grid.affine, tracing.roots, around, truth.noise)
    return _compared(defect, strength, measured, truth, set(numbers))


def _grid(tracing: Tracing, voxel_mm: float) -> ImageGrid:
    """Return the published slices about the sac alone; voxels of 0.3 mm are interpolated from 0.6 mm."""
    whole = image_grid("CISS", GridChoice(), tracing)
    count = 2 * round(_CROP_MM / voxel_mm / 2)
    affine = whole.affine.copy()
    affine[:3, :2] *= voxel_mm / whole.zooms_mm[:2]
    middle = np.mean([contour.points_mm.mean(axis=0) for contour in tracing.dura], axis=0)
    center = np.linalg.solve(affine[:3, :3], middle - affine[:3, 3])
    affine[:3, 3] += affine[:3, :2] @ np.round(center[:2] - (count - 1) / 2)
    acquired = count // 2 if voxel_mm == _STEP_MM else count
    fine = 1 if voxel_mm == _STEP_MM else 2
    return ImageGrid((count, count, whole.shape[2]), affine, 2, (acquired, acquired), fine)


def _numbers(tracing: Tracing, grid: ImageGrid) -> list[int]:
    points_mm = np.concatenate(list(tracing.roots.values()))
    inverse = np.linalg.inv(grid.affine)
    heights = points_mm @ inverse[2, :3] + inverse[2, 3]
    low, high = max(heights.min(), 0.0), min(heights.max(), grid.shape[2] - 1.0)
    numbers = np.unique(np.rint(np.linspace(low + 1, high - 1, _SLICES)).astype(np.int64))
    return [int(number) for number in numbers]


def _compared(
    defect: str, strength: float, measured: Sequence[RootMetric], truth: _Truth, numbers: set[int]
) -> Outcome:
    found: dict[str, list[float]] = {}
    expected: dict[str, list[float]] = {}
    places: dict[tuple[RootName, int], Mapping[str, float]] = {}
    for one in measured:
        if one.slice is None or one.place_mm is None or one.slice not in numbers:
            continue
        key = (one.root, one.slice)
        if key not in places:
            places[key] = truth.expected(one.root, one.slice, np.array(one.place_mm))
        value = one.metric.value
        found.setdefault(one.name, []).append(np.nan if value is None else value)
        expected.setdefault(one.name, []).append(places[key].get(one.name, np.nan))
    return Outcome(
        defect,
        strength,
        {name: np.array(values) for name, values in found.items()},
        {name: np.array(values) for name, values in expected.items()},
    )


class _Truth:
    """What is expected of each root alone in CSF."""

    def __init__(self, model: SpineModel, scan: Scan) -> None:
        self._roots = {path.root: path for path in model.roots if path.part == "dorsal" and path.k is None}
        self._grid, self._encoding, self._scan = scan.grid, scan.encoding, scan
        self._signals = {name: scan.sequence.signal(tissue) for name, tissue in tissues().items()}
        _, sd = scan.sequence.magnitude(tissues()["csf"], scan.noise_sd)
        shared = float(np.prod(np.divide(scan.grid.image_shape, scan.grid.acquired)))
        self.noise = NoiseLevel(sd, shared, "air", 1)
        self._frequencies = [
            (np.arange(_UNIT_SAMPLES) + 0.5) / _UNIT_SAMPLES * 2 * edge - edge for edge in self._edges()
        ]

    def seen(self, tissue: str) -> float:
        """Return the mean magnitude of a tissue."""
        return self._magnitude(self._signals[tissue])

    def _magnitude(self, signal: float) -> float:
        channels, sd = self._scan.sequence.acquisitions, self._scan.noise_sd
        mean, _ = moments(abs(signal) * np.sqrt(channels) / sd, channels)
        return float(mean * sd / np.sqrt(channels))

    def _edges(self) -> list[float]:
        """Return the highest frequencies that were acquired along both axes, per mm."""
        counts = list(self._grid.acquired)
        counts[self._encoding.phase_axis] = self._encoding.lines
        return [
            0.5 * count / (size * float(self._grid.zooms_mm[axis]))
            for count, size, axis in zip(counts, self._grid.image_shape, self._grid.axes, strict=True)
        ]

    def expected(self, root: RootName, number: int, place_mm: Floats) -> dict[str, float]:
        """Return what is expected of a root in a slice, by metric."""
        crossing = _crossing(self._roots[root], self._grid, number)
        if crossing is None:
            return {}
        center_mm, radius_mm, tilt = crossing
        seen = self._transform(radius_mm, tilt)
        cell = np.prod([each[1] - each[0] for each in self._frequencies])
        peak, energy = float(seen.sum() * cell), float((seen**2).sum() * cell)
        zooms = self._grid.zooms_mm
        full = self._signals["csf"] - self._signals[_TISSUE]
        core, csf = self._magnitude(self._signals["csf"] - full * peak), self.seen("csf")
        jitter_mm = self._encoding.jitter_mm[number]
        moved_mm = (center_mm - place_mm) @ (self._grid.affine[:3, :2] / zooms[:2]) + jitter_mm
        samples = energy / (zooms[0] * zooms[1]) / self.noise.shared_voxels
        return {
            "root_cnr": (csf - core) / self.noise.sd,
            "root_contrast": (csf - core) / (csf + core),
            "root_fwhm_mm": self._width_mm(radius_mm),
            "root_dprime": (csf - core) / peak * np.sqrt(samples) / self.noise.sd,
            "root_pv": 1 - (csf - core) / (csf - self.seen("white_matter")),
            "root_offset_mm": float(np.hypot(*moved_mm)),
        }

    def _transform(self, radius_mm: float, tilt: Floats) -> Floats:
        """Return the transform of an oblique disc through the slice: an ellipse, and where it wanders to."""
        x, y = self._frequencies[0][:, None], self._frequencies[1][None]
        slope = float(np.hypot(*tilt))
        long, across = (tilt / slope if slope else np.array([1.0, 0.0])), np.sqrt(1 + slope**2)
        frequency = np.hypot((x * long[0] + y * long[1]) * across, y * long[0] - x * long[1]) + 1e-12
        disc = across * radius_mm * j1(2 * np.pi * radius_mm * frequency) / frequency
        depth = ((np.arange(SUB_SLICES) + 0.5) / SUB_SLICES - 0.5) * self._grid.zooms_mm[2]
        wander = np.cos(2 * np.pi * (x * tilt[0] + y * tilt[1])[..., None] * depth).mean(axis=-1)
        return np.asarray(disc * wander)

    def _width_mm(self, radius_mm: float) -> float:
        """Return the diameter of the circle as large as what exceeds half of the peak, of an upright root."""
        step_mm = 0.02
        along = np.arange(-2.0, 2.0 + step_mm / 2, step_mm)
        seen = self._transform(radius_mm, np.zeros(2))
        first, second = (np.cos(2 * np.pi * np.outer(along, each)) for each in self._frequencies)
        image = first @ seen @ second.T
        half = image > image[len(along) // 2, len(along) // 2] / 2
        return float(2 * np.sqrt(half.sum() * step_mm**2 / np.pi))


def _crossing(path: RootPath, grid: ImageGrid, number: int) -> tuple[Floats, float, Floats] | None:
    """Return where a root crosses a slice, its radius there, and its slope along both axes of the slice."""
    inverse = np.linalg.inv(grid.affine)
    height = path.points_mm @ inverse[2, :3] + inverse[2, 3] - number
    at = np.flatnonzero((height[:-1] >= 0) != (height[1:] >= 0))
    if not len(at):
        return None
    first = int(at[0])
    share = height[first] / (height[first] - height[first + 1])
    center = path.points_mm[first] + share * (path.points_mm[first + 1] - path.points_mm[first])
    radius = path.radius_mm[first] + share * (path.radius_mm[first + 1] - path.radius_mm[first])
    chord = path.points_mm[min(first + 3, len(height) - 1)] - path.points_mm[max(first - 2, 0)]
    steps = grid.affine[:3, :3] / grid.zooms_mm
    along = np.linalg.solve(steps, chord)
    return center, float(radius), np.asarray(along[:2] / along[2])


def main() -> int:
    """Print every bar; return 1 where one is missed."""
    start = process_time()
    found = list(outcomes())
    made = bars(found)
    for bar in made:
        print(f"{'ok    ' if bar.met else 'MISSED'} {bar.name}: {bar.value}, wanted {bar.wanted}")
    print(f"{process_time() - start:.0f} s of processor time")
    return int(any(not bar.met for bar in made))


if __name__ == "__main__":
    sys.exit(main())
