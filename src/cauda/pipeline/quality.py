"""Image quality of a dataset: every scan measured, kept, shown, and compared with the others."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cauda import __version__, annotation, files
from cauda.annotation.tracing import Tracing
from cauda.dataset.markers import find_markers
from cauda.dataset.scan import Scan, entities_of, read_scan, stem_of, suffix_of
from cauda.dataset.subject import image_paths, is_image, labels
from cauda.errors import CaudaError, DatasetError, QualityError
from cauda.quality.mask_files import MASKS, read_masks, write_masks
from cauda.quality.measured import Measured
from cauda.quality.measured_files import (
    QUALITY,
    ROOTS,
    measured_paths,
    read_document,
    read_measured,
    write_group,
    write_measured,
)
from cauda.quality.measuring import Request, measure
from cauda.quality.voxels import read_voxels
from cauda.report.quality_group import group_page
from cauda.report.quality_scan import scan_page

PAGE, GROUP_PAGE = "_quality.html", "group.html"
_MEASURED = 0.95

Progress = Callable[[str, float], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which scans are measured, and how.

    Attributes
    ----------
    subjects : tuple of str
        Labels with or without ``sub-``; all if there are none.
    contrasts : tuple of str
        Suffixes of names, such as ``CISS``; all if there are none.
    labels : Path or None
        Own masks on the grid of the one scan that is chosen.
    mriqc_compatible : bool
        See `cauda.quality.structural`.
    """

    subjects: tuple[str, ...] = ()
    contrasts: tuple[str, ...] = ()
    labels: Path | None = None
    mriqc_compatible: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scan.

    Attributes
    ----------
    name : str
        Of the image, without ending.
    path : Path or None
        Of its JSON file; None where it could not be measured.
    kept : bool
        Whether it had been measured before.
    values, reasons : int
        How many metrics of the scan have a value, and how many a reason for none.
    error : str
        Why it could not be measured; empty where it was.
    """

    name: str
    path: Path | None = None
    kept: bool = False
    values: int = 0
    reasons: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of all scans, and the page that compares them."""

    scans: tuple[Outcome, ...]
    group: Path | None


def measure_dataset(
    path: str | Path,
    output: str | Path,
    wanted: Wanted | None = None,
    *,
    anew: bool = False,
    progress: Progress | None = None,
) -> Done:
    """Measure the scans of a dataset, write files and pages, and compare all that were measured.

    A scan that was measured of the same files in the same way is kept, so that the work can be stopped and
    gone on with. One that cannot be measured is told and left out; the others are measured all the same.

    Parameters
    ----------
    path : str or Path
        A dataset, or one NIfTI image.
    output : str or Path
        Folder; files of a scan go to ``sub-XX/`` in it.
    wanted : Wanted, optional
        All scans by default.
    anew : bool
        Measure again what has been measured.
    progress : callable, optional
        Called with the step at hand and the fraction done.

    Raises
    ------
    DatasetError
        If there is no such scan.
    QualityError
        If own masks are given and not just one scan is chosen.
    """
    wanted, output = wanted or Wanted(), Path(output)
    chosen = tuple(_chosen(Path(path), wanted))
    if wanted.labels is not None and len(chosen) != 1:
        raise QualityError(
            f"{wanted.labels.name}: own masks are of one scan, {len(chosen)} are chosen; "
            "name the image, or --subject and --contrast"
        )
    tell = progress or (lambda _step, _fraction: None)
    outcomes = []
    for number, (image, folder) in enumerate(chosen):

        def within(step: str, done: float, number: int = number, image: Path = image) -> None:
            tell(f"{stem_of(image)}: {step}", (number + done) / len(chosen))

        outcomes.append(_outcome(image, folder, output, wanted, anew, within))
        # the voxels of the last scan are let go before those of the next are read
        gc.collect()
    return Done(tuple(outcomes), write_comparison(output))


def write_comparison(output: Path) -> Path | None:
    """Write the tables and the page that compare all scans measured into a folder; None if there are none."""
    scans = [read_measured(path) for path in measured_paths(output)]
    if not scans:
        return None
    write_group(output, scans)
    files.write_text(output / GROUP_PAGE, group_page(scans))
    return output / GROUP_PAGE


def write_pages(output: str | Path, dataset: str | Path | None = None) -> tuple[Path, ...]:
    """Write the pages of all scans measured into a folder anew, and return their paths, the group's first.

    Parameters
    ----------
    output : str or Path
        Folder that `measure_dataset` wrote to.
    dataset : str or Path, optional
        Where the images lie; without it the page of the group alone is written.

    Raises
    ------
    QualityError
        If nothing was measured into the folder, a file of it is damaged, or an image is another one than was
        measured.
    """
    output = Path(output)
    group = write_comparison(output)
    if group is None:
        raise QualityError(f"{output}: holds no measured scan; wanted a folder that cauda measure wrote to")
    if dataset is None:
        return (group,)
    written = [group]
    for path in measured_paths(output):
        measured = read_measured(path)
        scan = read_scan(_image_of(measured, Path(dataset)))
        voxels = read_voxels(scan)
        masks = read_masks(path.with_name(measured.name + MASKS), scan.shape)
        page = path.with_name(measured.name + PAGE)
        files.write_text(page, scan_page(measured, voxels.as_in_file(voxels.image), scan.affine, masks))
        written.append(page)
    return tuple(written)


def _image_of(measured: Measured, dataset: Path) -> Path:
    found = [path for path in image_paths(dataset, measured.subject) if stem_of(path) == measured.name]
    if not found:
        raise QualityError(f"{dataset}: has no image {measured.name}; wanted the dataset that was measured")
    if files.source(found[0]).sha256 != measured.provenance.get("sha256sum"):
        raise QualityError(f"{found[0].name}: is not the image that was measured; measure it again")
    return found[0]


def _chosen(path: Path, wanted: Wanted) -> Iterator[tuple[Path, Path]]:
    """Yield each image that is wanted, and its dataset."""
    if path.is_file():
        if not is_image(path):
            raise DatasetError(f"{path}: is no NIfTI image; wanted a dataset, or a file that ends in .nii.gz")
        yield path, _dataset_of(path)
        return
    if not path.is_dir():
        raise DatasetError(f"{path}: no such file or folder; wanted a dataset or an image")
    known = [label for label in labels(path) if image_paths(path, label)]
    asked = [label.removeprefix("sub-") for label in wanted.subjects]
    absent = [label for label in asked if label not in known]
    if absent or not known:
        listed = ", ".join(known) or "none"
        raise DatasetError(
            f"{path}: no images of subject {', '.join(absent) or 'any'} in sub-XX/anat/; "
            f"there are those of {listed}"
        )
    found = [image for label in (asked or known) for image in image_paths(path, label)]
    suffixes = sorted({suffix_of(image) for image in found})
    lacking = [name for name in wanted.contrasts if name not in suffixes]
    if lacking:
        raise DatasetError(
            f"{path}: no image is of contrast {', '.join(lacking)}; "
            f"there are {', '.join(filter(None, suffixes))}"
        )
    for image in found:
        if not wanted.contrasts or suffix_of(image) in wanted.contrasts:
            yield image, path


def _dataset_of(image: Path) -> Path:
    """Return the dataset that an image lies in, or its folder."""
    for parent in image.parents:
        if parent.name.startswith("sub-"):
            return parent.parent
    return image.parent


def _outcome(image: Path, dataset: Path, output: Path, wanted: Wanted, anew: bool, tell: Progress) -> Outcome:
    name = stem_of(image)
    try:
        tell("reading", 0.0)
        scan = read_scan(image)
        tracing = _tracing(dataset, entities_of(image).get("sub"))
        request = Request(wanted.labels, mriqc_compatible=wanted.mriqc_compatible)
        folder = output / f"sub-{entities_of(image).get('sub', 'unknown')}"
        path = folder / f"{name}{QUALITY}"
        sources = request.sources(scan, tracing)
        ends = (PAGE, MASKS, *((ROOTS,) if tracing is not None and tracing.roots else ()))
        if not anew and _is_current(path, ends, request.settings(), sources):
            return _told(read_measured(path), path, kept=True)
        return _told(_written(folder, scan, tracing, request, tell), path, kept=False)
    except (CaudaError, OSError) as error:
        _log.info("%s: %s", name, error)
        return Outcome(name, error=str(error))


def _tracing(dataset: Path, label: str | None) -> Tracing | None:
    """Return the tracing of a subject, None where the dataset has no markers of it."""
    if label is None:
        return None
    try:
        find_markers(dataset, label)
    except DatasetError:
        return None
    return annotation.read(dataset, label)


def _is_current(
    path: Path, ends: Sequence[str], settings: Mapping[str, Any], sources: Sequence[files.Source]
) -> bool:
    """Return whether a scan was measured of these files in this way, and the files beside it are there."""
    try:
        known = read_document(path)["provenance"]
        asked = {
            "version": __version__,
            "settings": dict(settings),
            "sources": [asdict(one) for one in sources],
        }
        same = all(known[key] == value for key, value in asked.items())
        return same and all(path.with_name(path.name.removesuffix(QUALITY) + end).is_file() for end in ends)
    except (QualityError, KeyError, TypeError):
        return False


def _told(measured: Measured, path: Path, *, kept: bool) -> Outcome:
    reasons = len(measured.quality.reasons())
    return Outcome(measured.name, path, kept, len(measured.quality) - reasons, reasons)


def _written(folder: Path, scan: Scan, tracing: Tracing | None, request: Request, tell: Progress) -> Measured:
    measured, voxels, masks = measure(scan, tracing, request, progress=tell)
    tell("drawing its page", _MEASURED)
    # slices are counted as the file counts them, on the page too
    stored = voxels.as_in_file(masks)
    page = scan_page(measured, voxels.as_in_file(voxels.image), scan.affine, stored)
    name = measured.name
    # the JSON file comes last: where it is, all is
    (folder / f"{name}{QUALITY}").unlink(missing_ok=True)
    write_masks(folder / f"{name}{MASKS}", stored, scan.affine)
    files.write_text(folder / f"{name}{PAGE}", page)
    write_measured(folder, measured)
    return measured
