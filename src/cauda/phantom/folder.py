"""A dataset of virtual subjects on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from cauda import __version__, files
from cauda.annotation.published import write_published
from cauda.errors import DatasetError, PhantomError
from cauda.phantom.canal import landmarks_mm
from cauda.phantom.parameters import ROOTS, VERTEBRAE
from cauda.phantom.subject import VirtualSubject, make
from cauda.tables.protocols import SEQUENCES

Progress = Callable[[str, float], None]
"""Called with the step at hand and the fraction done, 0 to 1."""

_MARKERS, _TRUTH = Path("derivatives", "markers"), Path("derivatives", "truth")
_CONTENTS = (
    ".bidsignore",
    "dataset_description.json",
    "README.md",
    "participants.tsv",
    "participants.json",
    _MARKERS,
    _TRUTH,
)

_BIDS_VERSION = "1.10.0"
_ARTICLE = "https://doi.org/10.1038/s41597-024-03919-4"
_NOT_BIDS = "# markers are named as in the published dataset, which BIDS does not know\nsub-*/\n"
_NOT_SUFFIXES = "".join(
    f"{line}\n"
    for line in (
        "# images are named as in the published dataset; _CISS, _DESS and _T2TSE are no suffixes of BIDS",
        *(f"sub-*/anat/*_{name}.*" for name in SEQUENCES),
    )
)
_README = """\
# Virtual subjects

{subjects} virtual subjects of seed {seed}, made by cauda {version}: no person was scanned.
Their anatomy is drawn from the 14 subjects of Liu et al. 2024 ({article}) and from published sizes,
their markers have the errors of a careful hand.

- `derivatives/markers/sub-XX/`: contours of cord and dura, roots L1 to S2, ganglia (3D Slicer, LPS)
- `derivatives/truth/sub-XX/sub-XX_truth.json`: what the markers were made from (RAS)
- `sub-XX/anat/sub-XX_<CISS|DESS|T2TSE>.nii.gz`: virtual images, where any were made; their truth (tissues of
  each voxel, signals, noise, point spread, defects) lies in `derivatives/truth/sub-XX/`
"""
_README_OF_MODELS = """\
# Virtual images of models

Images computed by cauda {version} from models of annotated subjects: no scanner made them.

- `sub-XX/anat/sub-XX_<CISS|DESS|T2TSE>.nii.gz`: virtual images
- `derivatives/markers/sub-XX/`: the tracing that the model was built from (3D Slicer, LPS)
- `derivatives/truth/sub-XX/`: tissues of each voxel, signals, noise, point spread, defects
"""
_COLUMNS = {
    "participant_id": {"Description": "Label of the virtual subject"},
    "conus_level": {
        "Description": "Third of the vertebra (with the disc below it) that the tip of the conus is at"
    },
    "L1_origin_mm": {
        "Description": "Height of the traced origin of the L1 roots above the conus",
        "Units": "mm",
    },
    "S2_origin_mm": {
        "Description": "Height of the traced origin of the S2 roots above the conus",
        "Units": "mm",
    },
    "cord_area_mm2": {"Description": "Largest true area of a section of the cord", "Units": "mm^2"},
    "cord_contours": {"Description": "Number of contours of the cord"},
    "dura_contours": {"Description": "Number of contours of the dura"},
}


def phantom(
    folder: str | Path,
    subjects: int = 3,
    seed: int = 7,
    *,
    complete: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Make a dataset of virtual subjects: their markers, and what is true of them.

    Markers go to ``derivatives/markers/sub-XX/`` in the published layout, the truth to
    ``derivatives/truth/sub-XX/sub-XX_truth.json``. All is written or nothing.

    Parameters
    ----------
    folder : str or Path
        Dataset to make. If it exists, it must hold neither subjects nor any of the files to be written.
    subjects : int
        How many; their labels are 01, 02, ...
    seed : int
        Chooses the population. Subject 02 of a seed is the same however many are made.
    complete : bool
        Whether a folder that holds just this dataset already, byte by byte, is left as it is; else it is
        refused.
    progress : callable, optional
        Called with the step at hand and the fraction done.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DatasetError
        If the folder holds what would be mixed up or lost.
    PhantomError
        If `subjects` is below 1 or `seed` below 0.
    """
    folder = Path(folder)
    if subjects < 1 or seed < 0:
        raise PhantomError(f"subjects {subjects}, seed {seed}: wanted 1 subject or more and a seed from 0")
    if not (complete and folder.is_dir()):
        _refuse(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        staged = Path(temporary) / "dataset"
        rows = []
        for index in range(1, subjects + 1):
            if progress is not None:
                progress(f"subject {index} of {subjects}", (index - 1) / subjects)
            subject = make(seed, index)
            _write_subject(staged, subject)
            rows.append(_participant(subject))
        _write_descriptions(staged, rows, seed)
        if complete and _is_there(staged, folder):
            return folder
        _refuse(folder)
        _move(staged, folder)
    return folder


def write_imaged_dataset(folder: Path, label: str, write_markers: Callable[[Path], object]) -> None:
    """Make a dataset for images of a model, or add a subject to one; one that is there is left as it is.

    Parameters
    ----------
    folder : Path
    label : str
        Of the subject, without ``sub-``.
    write_markers : callable
        Writes the markers of the subject into the folder that it gets.

    Raises
    ------
    DatasetError
        If the folder holds another dataset, or other markers of this subject.
    """
    name, table = f"sub-{label}", folder / "participants.tsv"
    known = table.read_text("utf-8").split("\n") if table.is_file() else []
    if folder.exists() and (
        not folder.is_dir() or (any(folder.iterdir()) and known[:1] != ["participant_id"])
    ):
        raise DatasetError(f"{folder}: is no dataset of virtual images; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=folder) as temporary:
        staged = Path(temporary)
        write_markers(staged / _MARKERS / name)
        if not (folder / _MARKERS / name).exists():
            (folder / _MARKERS).mkdir(parents=True, exist_ok=True)
            (staged / _MARKERS / name).rename(folder / _MARKERS / name)
        elif not _is_there(staged, folder):
            raise DatasetError(f"{folder / _MARKERS / name}: holds other markers; choose another folder")
    _describe_models(folder, sorted({name, *(line for line in known[1:] if line)}))


def _describe_models(folder: Path, names: list[str]) -> None:
    files.write_text(folder / "participants.tsv", "\n".join(["participant_id", *names]) + "\n")
    files.write_json(
        folder / "participants.json", {"participant_id": {"Description": "Label of the subject"}}
    )
    files.write_text(folder / "README.md", _README_OF_MODELS.format(version=__version__))
    files.write_text(folder / ".bidsignore", _NOT_SUFFIXES)
    for title, kind, place in (
        ("Virtual images of models", "raw", Path()),
        ("Markers of models", "derivative", _MARKERS),
        ("Truth of virtual images", "derivative", _TRUTH),
    ):
        described = _described(title, kind, "cauda phantom --from-model")
        files.write_json(folder / place / "dataset_description.json", described)
        if kind == "derivative":
            files.write_text(folder / place / ".bidsignore", _NOT_BIDS)


def _is_there(staged: Path, folder: Path) -> bool:
    """Return whether a folder holds all staged files, byte by byte."""
    for path in staged.rglob("*"):
        other = folder / path.relative_to(staged)
        if path.is_file() and not (other.is_file() and other.read_bytes() == path.read_bytes()):
            return False
    return True


def _refuse(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, wanted a folder to make; choose another name")
    for parent in (folder, folder / _MARKERS, folder / _TRUTH):
        found = sorted(entry.name for entry in parent.glob("sub-*"))
        if found:
            listed = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
            raise DatasetError(
                f"{parent}: holds subjects already ({listed}), wanted none; choose another folder"
            )
    for name in _CONTENTS:
        if (folder / name).exists():
            raise DatasetError(
                f"{folder / name}: exists already and would be lost; choose another folder or remove it"
            )


def _write_subject(staged: Path, subject: VirtualSubject) -> None:
    name = f"sub-{subject.tracing.subject}"
    write_published(subject.tracing, staged / _MARKERS / name)
    files.write_json(staged / _TRUTH / name / f"{name}_truth.json", _truth(subject))


def _truth(subject: VirtualSubject) -> dict[str, Any]:
    parameters = subject.parameters
    return {
        "seed": subject.seed,
        "index": subject.index,
        "roots": [str(root) for root in ROOTS],
        "vertebrae": list(VERTEBRAE),
        "parameters": _plain({field.name: getattr(parameters, field.name) for field in fields(parameters)}),
        "landmarks_mm": _plain(landmarks_mm(parameters)),
        "slices_mm": _plain(subject.slices_mm),
        "cord_area_mm2": _plain(subject.cord_area_mm2),
        "dura_area_mm2": _plain(subject.dura_area_mm2),
        "roots_mm": _plain({str(root): points for root, points in subject.roots_mm.items()}),
    }


def _participant(subject: VirtualSubject) -> dict[str, str]:
    origin_mm = subject.parameters.origin_mm.reshape(2, -1).mean(axis=0)
    return {
        "participant_id": f"sub-{subject.tracing.subject}",
        "conus_level": _level(subject.parameters.conus_vertebrae),
        "L1_origin_mm": f"{origin_mm[0]:.1f}",
        "S2_origin_mm": f"{origin_mm[-1]:.1f}",
        "cord_area_mm2": f"{subject.cord_area_mm2.max():.1f}",
        "cord_contours": str(len(subject.tracing.cord)),
        "dura_contours": str(len(subject.tracing.dura)),
    }


def _level(vertebrae: float) -> str:
    """Name a level as the published population does.

    >>> _level(0.5), _level(1.1)
    ('L1mid', 'L2upper')
    """
    thirds = int(np.floor(3 * vertebrae))
    return VERTEBRAE[VERTEBRAE.index("L1") + thirds // 3] + ("upper", "mid", "lower")[thirds % 3]


def _write_descriptions(staged: Path, rows: list[dict[str, str]], seed: int) -> None:
    lines = ["\t".join(_COLUMNS), *("\t".join(row.values()) for row in rows)]
    files.write_text(staged / "participants.tsv", "\n".join(lines) + "\n")
    files.write_json(staged / "participants.json", _COLUMNS)
    text = _README.format(subjects=len(rows), seed=seed, version=__version__, article=_ARTICLE)
    files.write_text(staged / "README.md", text)
    files.write_text(staged / ".bidsignore", _NOT_SUFFIXES)
    kinds = (
        ("Virtual subjects", "raw", Path()),
        ("Markers", "derivative", _MARKERS),
        ("Truth", "derivative", _TRUTH),
    )
    for name, kind, place in kinds:
        title = name if kind == "raw" else f"{name} of virtual subjects"
        described = _described(title, kind, f"cauda phantom, seed {seed}")
        files.write_json(staged / place / "dataset_description.json", described)
        if kind == "derivative":
            files.write_text(staged / place / ".bidsignore", _NOT_BIDS)


def _described(title: str, kind: str, how: str) -> dict[str, Any]:
    return {
        "Name": title,
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": kind,
        # Nobody was scanned.
        "License": "CC0",
        "ReferencesAndLinks": [_ARTICLE],
        "GeneratedBy": [{"Name": "cauda", "Version": __version__, "Description": how}],
    }


def _plain(value: Any) -> Any:
    """Return arrays as lists and numbers to six digits, so that every computer writes the same bytes."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return np.round(value, 6).tolist()
    return round(value, 6) if isinstance(value, float) else value


def _move(staged: Path, folder: Path) -> None:
    """Move what is staged into the folder, all of it or nothing."""
    if not folder.exists():
        staged.replace(folder)
        return
    moved: list[Path | str] = []
    try:
        for name in _CONTENTS:
            (folder / name).parent.mkdir(exist_ok=True)
            (staged / name).rename(folder / name)
            moved.append(name)
    except BaseException:
        for name in moved:
            (folder / name).rename(staged / name)
        raise
