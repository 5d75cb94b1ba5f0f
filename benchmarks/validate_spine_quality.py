"""Whether metrics of the spine say what is true of virtual images, and follow their defects.

    python -m benchmarks.validate_spine_quality

Images of CISS of a virtual subject on the small grid, with one defect in five strengths each, as
`cauda phantom` writes them; masks, noise and metrics as `cauda measure` finds them. What is true is in the
files of the truth. Ends with status 1 where a bar is missed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
from benchmarks.bars import Bar, at_most, none

from cauda import anatomy, annotation
from cauda.dataset import read_scan
from cauda.phantom import Defects, GridChoice, imaging_of, make, model_images
from cauda.quality.background import background
from cauda.quality.metric import Sheet
from cauda.quality.noise import noise_level
from cauda.quality.spine import SpineScan, add_spine
from cauda.quality.tissue import tissues
from cauda.quality.voxels import read_voxels

SUBJECT, SEED = 1, 7
STRENGTHS: Mapping[str, tuple[float, ...]] = {
    "snr": (60.0, 30.0, 20.0, 15.0, 10.0),
    "ghosts": (0.01, 0.03, 0.05, 0.1, 0.2),
    "jitter": (0.1, 0.3, 0.6, 1.0, 1.5),
    "flow": (0.2, 0.4, 0.6, 0.8, 1.0),
    "banding": (1.0, 2.0, 3.0, 4.0, 5.0),
    "coil": (0.25, 0.5, 1.0, 1.5, 2.0),
}
"""Five strengths of each defect, from good to bad; SNR among them."""

FOLLOWS: Mapping[str, str] = {
    "snr": "csf_snr",
    "ghosts": "ghost_ratio",
    "jitter": "slice_jitter_mm",
    "flow": "flow_void_fraction",
    "banding": "banding_index",
    "coil": "csf_falloff",
}
"""What has to get worse from each strength to the next."""

TOLERANCES: Mapping[str, tuple[float, float]] = {
    "csf_snr": (0.10, 0.0),
    "ghost_ratio": (0.15, 0.003),
    "slice_jitter_mm": (0.15, 0.1),
}
"""Most that a metric may be off: relative, or absolute where that is more."""

_LESS_IS_WORSE = {"csf_snr"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One image measured: a metric as found, and as it is; NaN where it has no value, or none is known."""

    defect: str
    strength: float
    metric: str
    found: float
    true: float

    @property
    def error(self) -> float:
        """Of the metric over what it may be off: up to 1 is within."""
        relative, absolute = TOLERANCES[self.metric]
        allowed = max(relative * self.true, absolute)
        return abs(self.found - self.true) / allowed if np.isfinite(self.found) else np.inf


def outcomes(defects: Sequence[str] = tuple(STRENGTHS)) -> Iterator[Outcome]:
    """Make an image for each strength of each defect, and measure it."""
    with TemporaryDirectory() as folder:
        whole = make(SEED, SUBJECT)
        model = anatomy.write(anatomy.build(whole.tracing), Path(folder) / "models")
        annotation.write(whole.tracing, model / f"{model.name}_tracing.mrk.json")
        for defect in defects:
            for strength in STRENGTHS[defect]:
                yield _outcome(Path(folder) / f"{defect}-{strength:g}", model, defect, strength)


def bars(found: Sequence[Outcome]) -> list[Bar]:
    """Return what has to be reached, and whether it is."""
    made: list[Bar] = []
    for defect in dict.fromkeys(one.defect for one in found):
        own = [one for one in found if one.defect == defect]
        values = ", ".join(f"{one.found:.3g}" for one in own)
        name = own[0].metric
        if name in TOLERANCES:
            worst = max(own, key=lambda one: one.error)
            true = ", ".join(f"{one.true:.3g}" for one in own)
            what = f"{defect}: {name}, error over tolerance"
            made.append(at_most(what, worst.error, 1.0, where=f"{values} for {true}"))
        made.append(none(f"{defect}: {name} gets worse, {values}", _out_of_order(own)))
    return made


def figures(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the figures of the table ``quality_spine``."""
    made: dict[str, float] = {}
    for defect in dict.fromkeys(one.defect for one in found):
        own = [one for one in found if one.defect == defect]
        name = own[0].metric
        for one in own if name in TOLERANCES else ():
            made[f"{name} of {one.true:.3g}: error over tolerance"] = one.error
        made[f"{name}: strengths out of order, of five of {defect}"] = len(_out_of_order(own))
    return made


def _out_of_order(own: Sequence[Outcome]) -> list[str]:
    sign = -1 if own[0].metric in _LESS_IS_WORSE else 1
    return [
        f"{one.strength:g} to {other.strength:g}"
        for one, other in pairwise(own)
        if not sign * (other.found - one.found) > 0
    ]


def _outcome(dataset: Path, model: Path, defect: str, strength: float) -> Outcome:
    snr = strength if defect == "snr" else 30.0
    defects = Defects() if defect == "snr" else replace(Defects(), **{defect: strength})
    model_images(dataset, model, imaging_of(("CISS",), grid=GridChoice("small"), snr=snr, defects=defects))
    name = f"{model.name}_CISS"
    truth = json.loads((dataset / "derivatives" / "truth" / model.name / f"{name}_truth.json").read_bytes())
    values = _measured(dataset / model.name / "anat" / f"{name}.nii.gz", model)
    metric = FOLLOWS[defect]
    value = values[metric]
    return Outcome(
        defect, strength, metric, np.nan if value is None else value, _true(defect, strength, truth)
    )


def _true(defect: str, strength: float, truth: Mapping[str, Any]) -> float:
    """Return what the metric of a defect should be."""
    if defect == "snr":
        return float(truth["noise"]["snr"]["csf"])
    if defect == "jitter":
        # of the slices that hold the sac, in one drawing: their own deviation, not that of the distribution
        drawn = np.asarray(truth["defects"]["jitter_mm"], dtype=np.float64)
        return float(np.sqrt((drawn - drawn.mean(axis=0)).var(axis=0).mean()))
    return strength


def _measured(image: Path, model: Path) -> dict[str, float | None]:
    scan = read_scan(image)
    voxels = read_voxels(scan)
    tracing = annotation.read(model / f"{model.name}_tracing.mrk.json")
    around = background(voxels.image, voxels.spacing_mm, phase_axis=voxels.phase_axis)
    one, two, three = voxels.image.shape
    tissue = tissues(tracing, voxels.affine, (one, two, three))
    noise = noise_level(voxels.image, around, voxels.slice_axis, tissues=tissue)
    sheet = Sheet(False)
    add_spine(
        sheet,
        SpineScan(
            voxels.image,
            voxels.affine,
            voxels.slice_axis,
            voxels.phase_axis,
            around,
            tissue,
            noise,
            tracing,
            contrast="CISS",
        ),
    )
    return sheet.quality().values_by_name()


def main() -> int:
    """Print each bar; return 1 where one is missed."""
    begun = process_time()
    made = bars(list(outcomes()))
    for bar in made:
        print(f"{'ok    ' if bar.met else 'MISSED'} {bar.name}: {bar.value}, wanted {bar.wanted}")
    print(f"{process_time() - begun:.0f} s of processor time")
    return int(not all(bar.met for bar in made))


if __name__ == "__main__":
    sys.exit(main())
