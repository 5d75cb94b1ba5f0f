"""CPU seconds and memory that the metrics of a large scan take, beside MRIQC's functions where installed.

    python -m benchmarks.quality
    python -m benchmarks.quality --shape 960 960 80
    python -m benchmarks.quality --whole

Each is measured in a process of its own, so that the memory is what the metrics need, the scan included.
With ``--whole`` it is all that `cauda measure` measures in a virtual CISS and its tracing, masks, spine
and roots included, on the published grid of 960 x 960 x 80 voxels and resampled to 320 x 320 x 192; reading
the file, the bias field and the page apart.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nibabel
import numpy as np
from benchmarks.mriqc_functions import TISSUES, Scan, by_mriqc

from cauda import annotation
from cauda.arrays import Bools
from cauda.dataset import read_scan
from cauda.phantom import Defects, imaging_of, phantom_images
from cauda.quality import Regions, structural
from cauda.quality.measuring import measure

SHAPE = (320, 320, 192)
_MASKS = ("air", "artifact", "body", "frame")
_GIB = 2**30


def main(arguments: list[str] | None = None) -> None:
    """Print a line for each form."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shape", type=int, nargs=3, default=SHAPE, metavar="N")
    parser.add_argument("--no-mriqc", action="store_true", help="leave MRIQC's functions out")
    parser.add_argument("--whole", action="store_true", help="all that cauda measure measures")
    options = parser.parse_args(arguments)
    if options.whole:
        _whole()
        return
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


def _whole() -> None:
    """Print the costs of all steps of a virtual CISS on two grids."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        with context.Pool(1) as pool:
            scans = pool.apply(_virtual, (folder,))
        for name in scans:
            with context.Pool(1) as pool:
                seconds, gib = pool.apply(_steps, (name, folder))
            known = ", ".join(f"{step} {taken:.1f}" for step, taken in seconds.items())
            metrics = sum(taken for step, taken in seconds.items() if step not in _APART)
            print(f"{Path(name).name}: metrics {metrics:.1f} CPU s, {gib:.2f} GiB ({known})", flush=True)


_APART = ("reading voxels", "estimating the bias field")


def _virtual(folder: str) -> list[str]:
    """Write a virtual CISS on the published grid, and the same on another one; return their paths."""
    dataset = Path(folder) / "dataset"
    phantom_images(dataset, imaging_of(("CISS",), defects=Defects.parse("typical")), subjects=1)
    path = dataset / "sub-01" / "anat" / "sub-01_CISS.nii.gz"
    image: Any = nibabel.Nifti1Image.from_filename(path)
    values, affine = np.asarray(image.dataobj, dtype=np.float32), image.affine.copy()
    index = np.minimum(np.arange(SHAPE[2]) * values.shape[2] / SHAPE[2], values.shape[2] - 1).astype(np.int64)
    other = values[::3, ::3][:, :, index]
    affine[:3, :3] = affine[:3, :3] * [3, 3, values.shape[2] / SHAPE[2]]
    finer = path.with_name("sub-01_acq-320x320x192_CISS.nii.gz")
    nibabel.save(nibabel.Nifti1Image(other, affine), finer)  # type: ignore[no-untyped-call]
    return [str(path), str(finer)]


def _steps(name: str, folder: str) -> tuple[dict[str, float], float]:
    """Return the CPU seconds of each step, and the most memory that the process ever held, in GiB."""
    tracing = annotation.read(Path(folder) / "dataset", "01")
    begun: list[tuple[str, float]] = []

    def tell(step: str, _done: float) -> None:
        begun.append((step, time.process_time()))

    measure(read_scan(name), tracing, progress=tell)
    tell("", 1.0)
    seconds = {step: later - at for (step, at), (_, later) in pairwise(begun)}
    return seconds, _peak_gib()


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
    return seconds, _peak_gib()


def _peak_gib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / _GIB


if __name__ == "__main__":
    main()
