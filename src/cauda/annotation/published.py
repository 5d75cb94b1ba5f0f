"""Writing a tracing in the layout of the published dataset: one markup in each file."""

from __future__ import annotations

from pathlib import Path

from cauda import files
from cauda.annotation.structure import Structure
from cauda.annotation.tracing import Tracing
from cauda.annotation.writer import document, entries

_WORD = {"root": "nerveroots", "ganglion": "ganglions"}


def write_published(tracing: Tracing, folder: str | Path) -> tuple[Path, ...]:
    """Write a tracing as the published dataset does, the folder whole or not at all.

    The files are ``sub-XX_cord_<n>.json``, ``sub-XX_dura_<n>.json``,
    ``sub-XX_nerveroots_<level>_<side>.json`` and ``sub-XX_ganglions_<level>_<side>.json``, in LPS, doi
    10.1038/s41597-024-03919-4.

    Parameters
    ----------
    tracing : Tracing
        What to write.
    folder : str or Path
        Folder to make, by habit ``sub-XX``.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    OSError
        If the folder exists and is not empty.
    """
    folder = Path(folder)
    names = []
    with files.atomic_folder(folder) as temporary:
        for structure, points_mm in entries(tracing):
            names.append(f"sub-{tracing.subject}_{_file_stem(structure)}.json")
            files.write_text(temporary / names[-1], document([(structure, points_mm)], "LPS"))
    return tuple(folder / name for name in names)


def _file_stem(structure: Structure) -> str:
    if structure.root is None:
        return str(structure)
    return f"{_WORD[structure.kind]}_{structure.root}"
