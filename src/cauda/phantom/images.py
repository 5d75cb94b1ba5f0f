"""The verb with images: virtual scans of virtual subjects, or of a model that was built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cauda import __version__, annotation, files
from cauda.anatomy import model_files
from cauda.anatomy.building import build
from cauda.anatomy.model import SpineModel
from cauda.annotation.published import write_published
from cauda.errors import ModelError, PhantomError
from cauda.phantom.defects import Defects
from cauda.phantom.folder import Progress, phantom, write_imaged_dataset
from cauda.phantom.image_files import TRUTH, Imaged, Imaging, is_current, request, write_image
from cauda.phantom.placing import GridChoice, check_choice
from cauda.phantom.scene import NEEDED
from cauda.phantom.sequence import Sequence
from cauda.phantom.subject import make
from cauda.tables.protocols import SEQUENCES

_BUILD_SHARE = 0.15
"""Of the progress of a subject, what goes to building its solids."""


def imaging_of(
    sequences: tuple[str, ...] = SEQUENCES,
    *,
    grid: GridChoice | None = None,
    snr: float = 30.0,
    defects: Defects | None = None,
    seed: int = 7,
    how: str | None = None,
    fat_suppressed: float | None = None,
    weighted: bool = False,
) -> Imaging:
    """Return how images are made, checked.

    Parameters
    ----------
    sequences : tuple of str
        Some of ``CISS``, ``DESS``, ``T2TSE``; each once.
    grid : GridChoice, optional
        The published grid by default.
    snr : float
        Mean over standard deviation of the magnitude in CSF; infinity for no noise.
    defects : Defects, optional
        None by default.
    seed : int
        Of noise and defects.
    how : str, optional
        How the acquisitions of CISS are combined: ``rms`` or ``max``.
    fat_suppressed : float, optional
        Share of the signal of fat that is suppressed; that of each sequence's table by default.
    weighted : bool
        Whether raw data are weighed down to their border (Hann): nothing rings, at the cost of a point spread
        wider by 1.7.

    Raises
    ------
    PhantomError
        If a name is not known, a value not within its limits, or banding is wanted without CISS.
    """
    if not sequences or len(set(sequences)) < len(sequences):
        raise PhantomError(
            f"sequences: found {', '.join(sequences) or 'none'}, wanted each once, one or more"
        )
    defects = defects or Defects()
    if (defects.banding or how) and "CISS" not in sequences:
        raise PhantomError(
            "banding and the combination of acquisitions are CISS's, which is not among the sequences"
        )
    made = [Sequence.of(name, how if name == "CISS" else None, fat_suppressed) for name in sequences]
    made[0].noise_sd(snr)
    grid = grid or GridChoice()
    for name in sequences:
        check_choice(name, grid)
    # Bands are those of a single acquisition.
    cycles = 1 if defects.banding else 2
    return Imaging(
        tuple(replace(one, cycles=cycles) if one.name == "CISS" else one for one in made),
        grid,
        snr,
        defects,
        seed,
        weighted,
    )


def phantom_images(
    folder: str | Path,
    imaging: Imaging,
    subjects: int = 3,
    seed: int = 7,
    *,
    progress: Progress | None = None,
) -> tuple[int, int]:
    """Make a dataset of virtual subjects with images; what of it is there already is kept.

    Markers are as of `cauda.phantom.phantom`. Images show the true anatomy, without the errors of the hand
    that drew the markers. They go to ``sub-XX/anat/``, their truth to ``derivatives/truth/sub-XX/``.

    Parameters
    ----------
    folder : str or Path
        Dataset to make or to complete.
    imaging : Imaging
        See `imaging_of`.
    subjects, seed : int
        As for `cauda.phantom.phantom`.
    progress : callable, optional
        Called with the step at hand and the fraction done.

    Returns
    -------
    (int, int)
        Images made, and images kept.

    Raises
    ------
    DatasetError
        If the folder holds other subjects, or what would be lost.
    PhantomError
        As of `cauda.phantom.phantom`.
    """
    folder = Path(folder)
    tell = progress or (lambda _step, _fraction: None)
    phantom(folder, subjects, seed, complete=True)
    made = kept = 0
    for index in range(1, subjects + 1):
        origin = {"seed": seed, "index": index}
        share = _Share(tell, index, subjects)

        def imaged(index: int = index, origin: dict[str, Any] = origin, share: _Share = share) -> Imaged:
            share.tell("solids", 0.0)
            truth = make(seed, index).truth
            return Imaged(truth.subject, build(truth), truth, origin)

        one, other = _images(folder, f"{index:02d}", imaging, origin, imaged, share)
        made, kept = made + one, kept + other
    return made, kept


def model_images(
    folder: str | Path, model: str | Path, imaging: Imaging, *, progress: Progress | None = None
) -> tuple[int, int]:
    """Make virtual images of a model that was built; what of them is there already is kept.

    Parameters
    ----------
    folder : str or Path
        Dataset to make, or one that this verb made, to which the subject is added.
    model : str or Path
        ``OUT/sub-XX`` as ``cauda build`` wrote it, with its tracing.
    imaging : Imaging
        See `imaging_of`.
    progress : callable, optional
        Called with the step at hand and the fraction done.

    Returns
    -------
    (int, int)
        Images made, and images kept.

    Raises
    ------
    ModelError
        If there is no model, or none with its tracing.
    DatasetError
        If the folder holds another dataset, or another subject of this name.
    """
    folder, model = Path(folder), Path(model)
    names = sorted(model.glob("sub-*_tracing.mrk.json")) if model.is_dir() else []
    document = sorted(model.glob("sub-*_model.json")) if model.is_dir() else []
    if len(names) != 1 or len(document) != 1:
        raise ModelError(
            f"{model.name}: wanted one model and one sub-XX_tracing.mrk.json in it, found {len(document)} "
            f"and {len(names)}; build the model with cauda build"
        )
    tracing = annotation.read(names[0])
    label = tracing.subject
    origin = {"model": files.source(document[0]).sha256, "tracing": files.source(names[0]).sha256}
    share = _Share(progress or (lambda _step, _fraction: None), 1, 1)
    share.tell("solids", 0.0)
    imaged = Imaged(label, _checked(model_files.read(model), label), tracing, origin)
    write_imaged_dataset(folder, label, lambda place: write_published(tracing, place))
    return _images(folder, label, imaging, origin, lambda: imaged, share)


def _checked(model: SpineModel, label: str) -> SpineModel:
    if model.subject != label:
        raise ModelError(
            f"sub-{model.subject}: the tracing beside the model is of sub-{label}; build it again"
        )
    missing = [name for name in NEEDED if name not in model.surfaces]
    if missing:
        raise ModelError(
            f"sub-{label}: the model has no {', '.join(missing)}; build it again with cauda build"
        )
    return model


@dataclass(frozen=True, slots=True)
class _Share:
    """The progress of one subject of several."""

    show: Progress
    index: int
    subjects: int

    def tell(self, step: str, done: float) -> None:
        self.show(f"subject {self.index} of {self.subjects}: {step}", (self.index - 1 + done) / self.subjects)


def _images(
    folder: Path,
    label: str,
    imaging: Imaging,
    origin: Mapping[str, Any],
    imaged: Callable[[], Imaged],
    share: _Share,
) -> tuple[int, int]:
    missing = [
        one for one in imaging.sequences if not is_current(folder, label, request(imaging, one, origin))
    ]
    kept = len(imaging.sequences) - len(missing)
    if not missing:
        return 0, kept
    one = imaged()
    _write_anatomy(folder, one)
    each = (1 - _BUILD_SHARE) / len(missing)
    for number, sequence in enumerate(missing):
        begin = _BUILD_SHARE + number * each

        def tell(done: float, name: str = sequence.name, begin: float = begin) -> None:
            share.tell(name, begin + each * done)

        write_image(folder, one, imaging, sequence, tell)
    return len(missing), kept


def _write_anatomy(folder: Path, imaged: Imaged) -> None:
    """Write what was in the scanner: the true tracing, and center lines and radii of the roots' solids."""
    truth = folder / TRUTH / f"sub-{imaged.label}"
    truth.mkdir(parents=True, exist_ok=True)
    annotation.write(imaged.tracing, truth / f"sub-{imaged.label}_tracing.mrk.json")
    document = {"frame": "RAS", "units": "mm", "version": __version__, "roots": _roots(imaged.model)}
    files.write_text(truth / f"sub-{imaged.label}_roots.json", files.json_text(document))


def _roots(model: SpineModel) -> list[dict[str, Any]]:
    return [
        {
            "root": str(path.root),
            "part": path.part,
            "points_mm": np.round(path.points_mm, 4).tolist(),
            "radius_mm": np.round(path.radius_mm, 4).tolist(),
        }
        for path in model.roots
        if path.k is None
    ]
