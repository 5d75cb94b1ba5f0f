"""CPU seconds and memory that the metrics of a large scan take, beside MRIQC's functions where installed.

    python -m benchmarks.quality
    python -m benchmarks.quality --shape 960 960 80

Each is measured in a process of its own, so that the memory is what the metrics need, the scan included.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from benchmarks.mriqc_functions import TISSUES, Scan, by_mriqc

from cauda.arrays import Bools
from cauda.quality import Regions, structural

SHAPE = (320, 320, 192)
_MASKS = ("air", "artifact", "body", "frame")
_GIB = 2**30


def main(arguments: list[str] | None = None) -> None:
    """Print a line for each form."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shape", type=int, nargs=3, default=SHAPE, metavar="N")
    parser.add_argument("--no-mriqc", action="store_true", help="leave MRIQC's functions out")
    options = parser.parse_args(arguments)
    measures: dict[str, Callable[[str], tuple[float, float]]] = {
        "cauda": _default,
        "cauda, compatible": _compatible,
    }
    if importlib.util.find_spec("mriqc") and not options.no_mriqc:
        measures["MRIQC's functions"] = _mriqc
    with TemporaryDirectory() as folder:
        file = str(Path(folder) / "scan.npz")
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            pool.apply(_write, (file, tuple(options.shape)))
        for name, measure in measures.items():
            with context.Pool(1) as pool:
                seconds, gib = pool.apply(measure, (file,))
            print(f"{name:20} {seconds:6.1f} CPU s {gib:6.2f} GiB", flush=True)


def _write(file: str, shape: tuple[int, int, int]) -> None:
    """Write nested ellipsoids with noise, made slice by slice: float32 image, masks of bytes."""
    rng = np.random.default_rng(0)
    image = np.empty(shape, dtype=np.float32)
    labels = np.empty(shape, dtype=np.uint8)
    y, z = np.ogrid[: shape[1], : shape[2]]
    across = ((y - shape[1] / 2) / (shape[1] / 2)) ** 2 + ((z - shape[2] / 2) / (shape[2] / 2)) ** 2
    for x in range(shape[0]):
        radius = np.sqrt(across + ((x - shape[0] / 2) / (shape[0] / 2)) ** 2)
        labels[x] = np.searchsorted([0.25, 0.45, 0.6, 0.78], radius)
        clean = np.array([1000.0, 780.0, 1600.0, 350.0, 0.0])[labels[x]]
        real, other = rng.normal(0, 40, (2, *radius.shape))
        image[x] = np.hypot(clean + real, other)
    air = labels == 4
    artifact = np.zeros(shape, dtype=np.bool_)
    artifact[:, :3] = air[:, :3]
    frame = np.zeros(shape, dtype=np.bool_)
    tissues = {name: labels == number for name, number in zip(TISSUES, (2, 1, 0), strict=True)}
    np.savez(
        file, image=image, air=air & ~artifact, artifact=artifact, body=labels < 4, frame=frame, **tissues
    )


def _default(file: str) -> tuple[float, float]:
    return _metrics(file, compatible=False)


def _compatible(file: str) -> tuple[float, float]:
    return _metrics(file, compatible=True)


def _metrics(file: str, *, compatible: bool) -> tuple[float, float]:
    with np.load(file) as arrays:
        tissues = {name: arrays[name] for name in TISSUES}
        regions = Regions(tissues, **{name: arrays[name] for name in _MASKS})
        image = arrays["image"]
    return _cost(lambda: structural(image, (1.0, 1.0, 1.0), regions, mriqc_compatible=compatible))


def _mriqc(file: str) -> tuple[float, float]:
    with np.load(file) as arrays:
        masks: dict[str, Bools] = {name: arrays[name] for name in _MASKS}
        tissues = {name: arrays[name].astype(np.float64) for name in TISSUES}
        scan = Scan(arrays["image"].astype(np.float64), tissues, **masks)
    return _cost(lambda: by_mriqc(scan))


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """Return CPU seconds of the work, and the most memory that the process ever held, in GiB."""
    before = time.process_time()
    work()
    seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, peak * (1 if sys.platform == "darwin" else 1024) / _GIB


if __name__ == "__main__":
    main()
