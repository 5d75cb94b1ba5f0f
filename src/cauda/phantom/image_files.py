"""One virtual image with its truth on disk: whole or not at all, and kept if it is there already."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cauda import __version__, files
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.phantom.defects import Defects
from cauda.phantom.grid import SUB_SLICES
from cauda.phantom.placing import GridChoice, image_grid
from cauda.phantom.scan import PHASE_AXIS, Conditions, Scan, Slice
from cauda.phantom.sequence import UNIT, Sequence
from cauda.phantom.sidecar import sidecar
from cauda.phantom.slice_files import SliceFile
from cauda.tables.protocols import SEQUENCES
from cauda.tables.tissues import tissues

TRUTH = Path("derivatives", "truth")
_HEADROOM, _FULL = 2.5, 32767
_SHADING_STEP = 2e-4
_COLORS = {
    "csf": "#6ba1db",
    "white_matter": "#edc461",
    "gray_matter": "#9e6b5c",
    "root": "#e68c33",
    "ganglion": "#bf4026",
    "dura": "#8c99ad",
    "fat": "#f2d959",
    "marrow": "#c9b28f",
    "cortical_bone": "#e8e2d0",
    "nucleus": "#8fc7c0",
    "annulus": "#5f8f8a",
    "ligament": "#b0a080",
    "muscle": "#a04a4a",
    "viscera": "#b57b86",
    "flowing_blood": "#7a1f2b",
}


@dataclass(frozen=True, slots=True)
class Imaging:
    """How images are made.

    Attributes
    ----------
    sequences : tuple of Sequence
    grid : GridChoice
    snr : float
        Of CSF, see `Sequence.noise_sd`.
    defects : Defects
    seed : int
        Of noise and of what is drawn for defects.
    weighted : bool
        Whether raw data are weighed down to their border so that nothing rings.
    """

    sequences: tuple[Sequence, ...]
    grid: GridChoice
    snr: float
    defects: Defects
    seed: int
    weighted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Imaged:
    """Who lies in the scanner.

    Attributes
    ----------
    label : str
        Without ``sub-``.
    model, tracing : SpineModel, Tracing
        The solids, and what they were built from.
    origin : mapping
        JSON-ready: what tells this subject from any other.
    """

    label: str
    model: SpineModel
    tracing: Tracing
    origin: Mapping[str, Any]


def request(imaging: Imaging, sequence: Sequence, origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that decides over an image, JSON-ready: as long as it is the same, so is the image."""
    return {
        "version": __version__,
        "subject": dict(origin),
        "sequence": asdict(sequence),
        "grid": asdict(imaging.grid),
        "snr": None if np.isinf(imaging.snr) else imaging.snr,
        "defects": asdict(imaging.defects),
        "seed": imaging.seed,
        "weighted": imaging.weighted,
    }


def is_current(folder: Path, label: str, asked: Mapping[str, Any]) -> bool:
    """Return whether a dataset holds an image of just this request, whole."""
    path = folder / _truth_path(label, asked["sequence"]["name"])
    try:
        known = json.loads(path.read_bytes())
        written = [folder / name for name in known["files"]]
        return bool(known["request"] == asked) and all(file.is_file() for file in written)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write_image(
    folder: Path,
    imaged: Imaged,
    imaging: Imaging,
    sequence: Sequence,
    tell: Callable[[float], None] = lambda _done: None,
) -> None:
    """Write one image, its sidecar and its truth into a dataset; what was there of them is replaced.

    Parameters
    ----------
    folder : Path
        The dataset.
    imaged : Imaged
    imaging : Imaging
    sequence : Sequence
    tell : callable
        Called with the fraction done, 0 to 1.
    """
    grid = image_grid(sequence.name, imaging.grid, imaged.tracing)
    seed = (imaging.seed, _number(imaged.label), SEQUENCES.index(sequence.name))
    conditions = Conditions(imaging.snr, imaging.defects, seed, imaging.weighted)
    scan = Scan(imaged.model, imaged.tracing, sequence, grid, conditions)
    with tempfile.TemporaryDirectory(prefix=f".sub-{imaged.label}_{sequence.name}.", dir=folder) as temporary:
        staged = Path(temporary)
        written = _write_volumes(staged, imaged.label, scan, tell)
        name = f"sub-{imaged.label}_{sequence.name}"
        anat = Path(f"sub-{imaged.label}", "anat")
        files.write_json(staged / anat / f"{name}.json", sidecar(sequence, grid))
        written += [anat / f"{name}.json"]
        asked = request(imaging, sequence, imaged.origin)
        truth = {"request": asked, "files": [path.as_posix() for path in written], **truth_of(scan)}
        files.write_text(staged / _truth_path(imaged.label, sequence.name), files.json_text(truth))
        _remove(folder, _truth_path(imaged.label, sequence.name))
        for path in [*written, _truth_path(imaged.label, sequence.name)]:
            # The truth comes last: it tells that all the others are there.
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).replace(folder / path)


def _remove(folder: Path, truth: Path) -> None:
    """Remove an earlier image of the same name with all its files, its truth first."""
    try:
        names = json.loads((folder / truth).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    (folder / truth).unlink()
    for path in (folder / str(name) for name in names):
        # The list was read from a file: only what is this subject's is removed.
        if path.name.startswith(f"{truth.parent.name}_") and path.resolve().is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)


def truth_of(scan: Scan) -> dict[str, Any]:
    """Return what is true of an image, JSON-ready: signals, noise, point spread, defects."""
    sequence, grid, encoding = scan.sequence, scan.grid, scan.encoding
    signals = {name: sequence.signal(tissue) for name, tissue in tissues().items()}
    spread = encoding.spread_mm()
    phase = PHASE_AXIS[sequence.name]
    return {
        "signals": {
            "unit": UNIT,
            "description": "closed forms without noise, at unit shading; the unit is water at rest",
            "values": _rounded(signals),
            "fat_suppressed": sequence.fat_suppressed,
        },
        "noise": _noise(scan, signals),
        "point_spread": {
            "kind": "sinc within slices, mean over the thickness across them"
            if not encoding.weighted
            else "that of Hann-weighted raw data within slices, mean over the thickness across them",
            "axes": ["ijk"[axis] for axis in (*grid.axes, grid.slice_axis)],
            "fwhm_mm": _rounded([*spread, grid.zooms_mm[grid.slice_axis]]),
            "acquired_matrix": list(grid.acquired),
            "acquired_mm": _rounded(list(grid.acquired_mm)),
            "sub_slices": SUB_SLICES,
        },
        "defects": {
            "strengths": asdict(scan.defects),
            "phase_encoding_axis": "ijk"[grid.axes[phase]],
            "motion_direction": _rounded(encoding.direction),
            "motion_mm": _rounded(encoding.motion_mm) if scan.defects.motion else [],
            "jitter_mm": _rounded(encoding.jitter_mm) if scan.defects.jitter else [],
            "lines_acquired": encoding.lines,
            "ghost_ratio": encoding.ghost,
            "ghost_shift_voxels": grid.image_shape[phase] / 2,
            "flow_voids_mm": _rounded(scan.shading.voids_mm),
            "sac_mm": _rounded(scan.shading.around.sac_mm),
        },
    }


def _noise(scan: Scan, signals: Mapping[str, float]) -> dict[str, Any]:
    sequence, sd, axes = scan.sequence, scan.noise_sd, list(scan.grid.axes)
    found: dict[str, Any] = {
        "sd_of_each_channel": round(sd, 6),
        "acquisitions": sequence.acquisitions,
        "combination": sequence.how,
        "samples_over_voxels": _rounded(
            [count / scan.grid.shape[axis] for count, axis in zip(scan.grid.acquired, axes, strict=True)]
        ),
    }
    if not sd:
        return found
    seen = {name: sequence.magnitude(tissue, sd) for name, tissue in tissues().items()}
    found["snr"] = _rounded({name: mean / spread for name, (mean, spread) in seen.items()})
    found["cnr_with_csf"] = _rounded(
        {name: (signals["csf"] - value) / seen["csf"][1] for name, value in signals.items()}
    )
    if sequence.how != "max":
        found["air_mean"], found["air_sd"] = (round(value, 6) for value in sequence.magnitude(None, sd))
    return found


def _write_volumes(staged: Path, label: str, scan: Scan, tell: Callable[[float], None]) -> list[Path]:
    """Write the image and its truth voxel by voxel; return the files, within the dataset."""
    grid, name = scan.grid, scan.sequence.name
    anat, truth = Path(f"sub-{label}", "anat"), TRUTH / f"sub-{label}"
    paths = {
        "image": anat / f"sub-{label}_{name}.nii.gz",
        "labels": truth / f"sub-{label}_space-{name}_dseg.nii.gz",
    }
    for tissue in sorted({part.tissue for part in scan.parts}):
        paths[tissue] = truth / f"sub-{label}_space-{name}_label-{_camel(tissue)}_probseg.nii.gz"
    if scan.defects.bias or scan.defects.coil:
        paths["shading"] = truth / f"sub-{label}_space-{name}_biasfield.nii.gz"
    for path in paths.values():
        (staged / path).parent.mkdir(parents=True, exist_ok=True)
    kinds = _kinds(scan)
    share: dict[str, Any] = {"kind": "u1", "slope": 1 / 255, "description": "share of each voxel"}
    seen: set[int] = set()
    with ExitStack() as open_files:
        volumes = {
            key: open_files.enter_context(SliceFile(staged / path, grid, **kinds.get(key, share)))
            for key, path in paths.items()
        }
        for number, one in enumerate(scan.slices(), 1):
            for key, volume in volumes.items():
                volume.add(_plane(one, key))
            seen.update(np.unique(one.labels).tolist())
            tell(number / grid.slices)
    return [*paths.values(), _write_table(staged, truth / f"sub-{label}_space-{name}_dseg.tsv", scan, seen)]


def _kinds(scan: Scan) -> dict[str, dict[str, Any]]:
    """Return how the numbers of a file stand for values; the slope is set before any value is known."""
    shaded = np.exp(scan.defects.bias + scan.defects.coil)
    most = _HEADROOM * scan.sequence.peak() * shaded + 8 * scan.noise_sd
    image = {"slope": float(np.float32(most / _FULL)), "description": f"virtual {scan.sequence.name}"}
    return {
        "image": {"kind": "i2", **image},
        "labels": {"kind": "u2", "intent": "label", "description": "parts, see the table beside it"},
        "shading": {"kind": "i2", "slope": _SHADING_STEP, "description": "by what the signal is multiplied"},
    }


def _plane(one: Slice, key: str) -> Any:
    own = {"image": one.image, "labels": one.labels, "shading": one.shading}
    return own[key] if key in own else one.tissues.get(key)


def _write_table(staged: Path, path: Path, scan: Scan, seen: Iterable[int]) -> Path:
    present = set(seen)
    rows = [
        f"{part.number}\t{part.name}\t{part.tissue}\t{_COLORS[part.tissue]}"
        for part in scan.parts
        if part.number in present
    ]
    files.write_text(staged / path, "\n".join(["index\tname\ttissue\tcolor", *rows]) + "\n")
    return path


def _truth_path(label: str, sequence: str) -> Path:
    return TRUTH / f"sub-{label}" / f"sub-{label}_{sequence}_truth.json"


def _number(label: str) -> int:
    """Return a number for a label: so noise differs between subjects."""
    return int.from_bytes(label.encode()[:8], "big")


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _rounded(value: Mapping[str, float] | Floats | list[Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: round(float(item), 6) + 0.0 for key, item in value.items()}
    return (np.round(np.asarray(value, dtype=np.float64), 6) + 0.0).tolist()
