"""What MRIQC's own functions say of arrays, where it is installed; and scans to ask them about.

MRIQC is no dependency: this module is imported without it, and `by_mriqc` raises `ImportError`.
Run as a script it writes the numbers that the tests keep, with the version of MRIQC:

    python -m benchmarks.mriqc_functions tests/quality/mriqc.json
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Bools, Floats

TISSUES = ("csf", "gm", "wm")


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """An image and its masks, in MRIQC's words."""

    image: Floats
    tissues: Mapping[str, NDArray[np.float64]]
    air: Bools
    artifact: Bools
    body: Bools
    frame: Bools


def scans() -> dict[str, Scan]:
    """Return scans by name: hard and soft tissues, integers, bright, dim, with an empty frame."""
    return {
        "hard": made((30, 32, 34)),
        "soft": made((31, 28, 33), soft=True),
        "integers": made((32, 32, 32), whole=True),
        "bright": made((28, 40, 36), gain=30.0, soft=True),
        "dim": made((24, 26, 28), gain=0.02),
        "frame": made((36, 30, 30), frame=4, whole=True, soft=True),
    }


def made(
    shape: tuple[int, int, int],
    *,
    gain: float = 1.0,
    soft: bool = False,
    whole: bool = False,
    frame: int = 0,
) -> Scan:
    """Return three nested ellipsoids of tissue in a body, with the noise of a magnitude image.

    The noise is a hash of the voxel's number, so that it is the same with every version of every library.
    """
    indices = np.indices(shape, dtype=np.float64)
    half = (np.array(shape) / 2).reshape(3, 1, 1, 1)
    radius = np.sqrt((((indices - half + 0.5) / half) ** 2).sum(axis=0))
    width = 0.05 if soft else 1e-9
    inner, middle, outer = (np.clip((r - radius) / width + 0.5, 0, 1) for r in (0.25, 0.45, 0.6))
    tissues = {"csf": outer - middle, "gm": middle - inner, "wm": inner}
    clean = 1600 * tissues["csf"] + 780 * tissues["gm"] + 1000 * tissues["wm"]
    clean[(radius >= 0.6) & (radius < 0.75)] += 350
    amplitude = np.sqrt(-2 * np.log(_hash(shape, 1)))
    phase = 2 * np.pi * _hash(shape, 2)
    image = np.hypot(clean + 40 * amplitude * np.cos(phase), 40 * amplitude * np.sin(phase)) * gain
    image = np.round(image) if whole else image
    empty = np.zeros(shape, dtype=np.bool_)
    empty[:frame] = True
    image[empty] = 0
    ghost = np.zeros(shape, dtype=np.bool_)
    ghost[:, :2] = radius[:, :2] > 0.8
    air = (radius > 0.8) & ~ghost & ~empty
    return Scan(image, tissues, air, ghost & ~empty, radius < 0.8, empty)


def by_mriqc(scan: Scan) -> dict[str, float]:
    """Return what the functions of MRIQC say, by the names of its reports.

    Raises
    ------
    ImportError
        If MRIQC is not installed.
    """
    functions: Any = importlib.import_module("mriqc.qc.anatomical")
    # Outside of its own program MRIQC has no logger.
    importlib.import_module("mriqc.config").loggers.interface = logging.getLogger("mriqc")
    tissues = {name: share.astype(np.float64) for name, share in scan.tissues.items()}
    stats = functions.summary_stats(scan.image, {**tissues, "bg": scan.air.astype(np.uint8)})
    found = {f"summary_{tissue}_{name}": v for tissue, each in stats.items() for name, v in each.items()}
    air, gray, white = stats["bg"], stats["gm"], stats["wm"]
    for name in TISSUES:
        own = stats[name]
        found[f"snr_{name}"] = functions.snr(own["median"], own["stdv"], own["n"])
        found[f"snrd_{name}"] = functions.snr_dietrich(own["median"], air["mad"], air["stdv"])
    for kind in ("snr", "snrd"):
        found[f"{kind}_total"] = np.mean([found[f"{kind}_{name}"] for name in TISSUES])
    found["cnr"] = functions.cnr(white["median"], gray["median"], air["stdv"], white["stdv"], gray["stdv"])
    found["cjv"] = functions.cjv(white["median"], gray["median"], white["mad"], gray["mad"])
    frame = scan.frame.astype(np.uint8)
    found["fber"] = functions.fber(scan.image, scan.body.astype(np.uint8), frame)
    found["efc"] = functions.efc(scan.image, frame)
    found["wm2max"] = functions.wm2max(scan.image, white["median"])
    found["qi_1"] = functions.art_qi1(scan.air.astype(np.uint8), scan.artifact.astype(np.uint8))
    # This one writes a file into the working directory.
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        found["qi_2"] = functions.art_qi2(scan.image, scan.air.astype(np.uint8), save_plot=False)[0]
    shares = [share.copy() for share in tissues.values()]
    found.update({f"icvs_{name}": v for name, v in functions.volume_fraction(shares).items()})
    # This one writes into what it is given.
    found.update({f"rpve_{name}": v for name, v in functions.rpve(shares, None).items()})
    return {name: float(value) for name, value in found.items()}


def _hash(shape: tuple[int, int, int], stream: int) -> Floats:
    """Return numbers between 0 and 1, both left out, that look random (SplitMix64)."""
    with np.errstate(over="ignore"):
        state = np.arange(1, np.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        state += np.uint64(stream) * np.uint64(0xD1B54A32D192ED03)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return ((state >> np.uint64(12)).astype(np.float64) + 0.5).reshape(shape) / 2.0**52


def main() -> None:
    """Write what MRIQC says of the scans, with its version, to the file that is named."""
    version = importlib.import_module("mriqc").__version__
    found = {name: by_mriqc(scan) for name, scan in scans().items()}
    document = {"source": f"MRIQC {version}, mriqc.qc.anatomical", "scans": found}
    Path(sys.argv[1]).write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
