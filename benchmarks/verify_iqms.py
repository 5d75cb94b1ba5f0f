"""Hold the metrics of cauda in their compatible form against those of MRIQC on the same arrays.

    python benchmarks/verify_iqms.py IMAGE.nii.gz LABELS.nii.gz --air AIR.nii.gz --artifact ART.nii.gz
        --reference REF.json

Labels 1, 2 and 3 are MRIQC's csf, gm and wm. The reference is what MRIQC's functions returned, by the names
of its reports; dictionaries within are joined by underscores. The exit status is 1 where a metric that both
have differs by more than 1e-6, or is measured by MRIQC alone.

MRIQC writes -1, and 0 for `qi_2`, where it cannot measure; cauda gives a reason. Neither is a difference.
`fber` wants a mask of the body. Without ``--body`` it is one of: what has a label, what is not air, what is
neither air nor artifact; the reference does not say which, so the one nearest to it counts and is named.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from cauda.arrays import Bools, Floats
from cauda.errors import ArrayError, CaudaError, QualityError
from cauda.quality import Metric, Quality, Regions, from_labels, structural

LIMIT = 1e-6
NAMES = {1: "csf", 2: "gm", 3: "wm"}
_FWHM = "fwhm_"


def main(arguments: list[str] | None = None) -> int:
    """Print the difference of each shared metric; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        reference = dict(_flat(_document(options.reference)))
        quality, note = _measured(options, reference)
    except (CaudaError, OSError, nib.filebasedimages.ImageFileError, json.JSONDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    if note:
        print(note)
    verdicts = [_verdict(name, quality.get(name), value) for name, value in reference.items()]
    compared = [verdict for verdict in verdicts if verdict is not None]
    if not compared:
        print(f"{options.reference}: holds no metric that cauda measures", file=sys.stderr)
        return 2
    missed = compared.count(False)
    print(f"{len(compared)} metrics compared, {missed} differ by more than {LIMIT:g}")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("image", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--air", type=Path, required=True, help="mask of the air without artifact")
    parser.add_argument("--artifact", type=Path, required=True, help="mask of the artifact in the background")
    parser.add_argument("--reference", type=Path, required=True, help="what MRIQC's functions returned")
    parser.add_argument("--body", type=Path, help="mask of the subject, for fber")
    parser.add_argument("--frame", type=Path, help="mask of voxels that were never measured")
    parser.add_argument("--raw", type=Path, help="image as it was measured, for qi_2 (default: IMAGE)")
    parser.add_argument("--bias", type=Path, help="bias field, for inu_med and inu_range")
    return parser


def _measured(options: argparse.Namespace, reference: Mapping[str, Any]) -> tuple[Quality, str]:
    image, spacing = _read(options.image)
    regions = Regions(
        from_labels(_read(options.labels)[0], NAMES),
        _read(options.air)[0] != 0,
        _read(options.artifact)[0] != 0,
        frame=None if options.frame is None else _read(options.frame)[0] != 0,
    )
    raw, bias = (None if path is None else _read(path)[0] for path in (options.raw, options.bias))
    bodies = _bodies(options, regions)
    first = next(iter(bodies))
    quality = structural(
        image, spacing, replace(regions, body=bodies[first]), raw=raw, bias=bias, mriqc_compatible=True
    )
    wanted = reference.get("fber")
    if options.body is not None or not _is_number(wanted):
        return quality, ""
    found = {name: _fber(image, spacing, regions, body) for name, body in bodies.items()}
    name = min(found, key=lambda name: _distance(found[name].value, wanted))
    return Quality({**quality, "fber": found[name]}), f"fber: the body is {name}"


def _distance(value: float | None, wanted: Any) -> float:
    return math.inf if value is None else abs(value - wanted)


def _bodies(options: argparse.Namespace, regions: Regions) -> dict[str, Bools]:
    if options.body is not None:
        return {"that of the file": _read(options.body)[0] != 0}
    assert regions.air is not None
    assert regions.artifact is not None
    labeled = np.logical_or.reduce(list(regions.tissues.values()))
    return {
        "what has a label": labeled,
        "what is not air": ~regions.air,
        "what is neither air nor artifact": ~(regions.air | regions.artifact),
    }


def _fber(image: Floats, spacing: tuple[float, ...], regions: Regions, body: Bools) -> Metric:
    alone = Regions({}, body=body, frame=regions.frame)
    return structural(image, spacing, alone, mriqc_compatible=True)["fber"]


def _verdict(name: str, ours: Metric | None, theirs: Any) -> bool | None:
    """Print a line; return whether both agree, or None where they cannot be compared."""
    if name.startswith(_FWHM):
        print(f"{name:24} not compared: MRIQC has it from AFNI, not from a function of its own")
        return None
    if ours is None:
        print(f"{name:24} not compared: cauda has no such metric")
        return None
    known = _is_number(theirs) and not (theirs == -1 or (name == "qi_2" and theirs == 0))
    if ours.value is None:
        print(f"{name:24} {theirs!s:>22} not measured: {ours.reason}")
        # Of nothing MRIQC says whatever its arithmetic gives.
        without_input = "is known" in ours.reason or not ours.voxels
        return None if without_input else not known
    if not known:
        print(f"{name:24} {theirs!s:>22} {ours.value:22.15g} measured by cauda alone")
        return ours.value == theirs or None
    difference = abs(ours.value - theirs)
    print(f"{name:24} {theirs:22.15g} {ours.value:22.15g} {difference:10.3g}")
    return bool(difference <= LIMIT)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _flat(document: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if before == "" and name in ("bids_meta", "provenance"):
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}_")
        else:
            yield f"{before}{name}", value


def _document(path: Path) -> Mapping[str, Any]:
    document = json.loads(path.read_text("utf-8"))
    if not isinstance(document, Mapping):
        raise QualityError(f"{path}: found a {type(document).__name__}, wanted an object of metrics")
    return document


def _read(path: Path) -> tuple[Floats, tuple[float, ...]]:
    image: Any = nib.load(path)
    values = np.asanyarray(image.dataobj)
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise ArrayError(f"{path}: found shape {values.shape}, wanted three axes")
    return values.astype(np.float64), tuple(float(size) for size in image.header.get_zooms()[:3])


if __name__ == "__main__":
    sys.exit(main())
