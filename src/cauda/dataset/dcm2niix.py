"""The program that converts DICOM: dcm2niix, Li et al. 2016, doi 10.1016/j.jneumeth.2016.03.001."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cauda.dataset.scan import read_sidecar
from cauda.errors import DatasetError

_DEEPEST = "9"
_PERSON = ("PatientName", "PatientID", "PatientBirthDate")


@dataclass(frozen=True, slots=True)
class Converted:
    """What a conversion gave.

    Attributes
    ----------
    images : tuple of Path
        Uncompressed NIfTI files that have a sidecar, by name.
    uneven : tuple of Path
        Those of them whose slices are not equally far apart.
    persons : int
        How many persons the DICOM files tell apart by name, number or birth date; 0 if they name nobody.
    warnings : tuple of str
        What the program warned of, without names of folders.
    """

    images: tuple[Path, ...]
    uneven: tuple[Path, ...]
    persons: int
    warnings: tuple[str, ...]


def wheel_program() -> Path | None:
    """Return the program that came with the Python package ``dcm2niix``; None if it is not installed."""
    spec = importlib.util.find_spec("dcm2niix")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("dcm2niix", "dcm2niix.exe"):
            if (path := Path(folder) / name).is_file():
                return path
    return None


def convert(source: Path, folder: Path, program: Path | None = None) -> Converted:
    """Convert all DICOM files below a folder.

    Parameters
    ----------
    source : Path
        Folder with DICOM files, at most nine folders deep.
    folder : Path
        Where to write; must exist.
    program : Path, optional
        dcm2niix; that of the Python package by default.

    Raises
    ------
    DatasetError
        If the program is not there, finds no DICOM, or fails.
    """
    program = program or wheel_program()
    if program is None:
        raise DatasetError(
            "dcm2niix is not installed; install it (pip install dcm2niix) or put it on the path"
        )
    folder, source = folder.resolve(), source.resolve()
    done = _run(program, source, folder, "-b", "y", "-ba", "y", "-z", "n")
    told = (done.stdout + done.stderr).replace(str(folder), "").replace(str(source), "DICOM")
    images = tuple(path for path in sorted(folder.glob("*.nii")) if path.with_suffix(".json").is_file())
    if not images:
        problems = [line for line in told.splitlines() if re.match(r"(Error|Warning)", line)]
        found = "; ".join(problems[:2])[:300] or f"dcm2niix ended with status {done.returncode}"
        raise DatasetError(
            f"{source}: no image could be converted ({found}); wanted a folder with DICOM files"
        )
    if done.returncode != 0:
        raise DatasetError(
            f"{source}: dcm2niix ended with status {done.returncode} after {len(images)} images; nothing was "
            "imported: look at it with `dcm2niix -v 1`"
        )
    uneven = tuple(path for path in images if any(folder.glob(f"{path.stem}_Eq*.nii")))
    warnings = [
        line.removeprefix("Warning:").strip() for line in told.splitlines() if line.startswith("Warning")
    ]
    return Converted(images, uneven, _persons(program, source, folder), tuple(dict.fromkeys(warnings)))


def _run(program: Path, source: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    # -g i: defaults that a user once saved must not change what is written
    words = ["-g", "i", "-w", "2", "-d", _DEEPEST, *options, "-f", "series_%4s"]
    try:
        return subprocess.run(
            [str(program), *words, "-o", str(folder), str(source)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise DatasetError(f"{program}: cannot be run ({error.strerror}); install dcm2niix again") from error


def _persons(program: Path, source: Path, folder: Path) -> int:
    """Return how many persons the files are about; what names them is looked at here and nowhere kept."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        _run(program, source, Path(temporary), "-b", "o", "-ba", "n")
        sidecars = [read_sidecar(path) or {} for path in sorted(Path(temporary).glob("*.json"))]
    told = {tuple(str(sidecar.get(name, "")) for name in _PERSON) for sidecar in sidecars}
    return len({person for person in told if any(person)})
