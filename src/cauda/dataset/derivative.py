"""What makes a folder a derivative of BIDS: its description, and what a validator need not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cauda import __version__, files
from cauda.errors import DatasetError

BIDS_VERSION = "1.10.0"
DESCRIPTION, IGNORED = "dataset_description.json", ".bidsignore"


def describe(
    folder: str | Path,
    name: str,
    *,
    made_by: str = "cauda",
    description: str = "",
    ignored: Sequence[str] = (),
    fields: Mapping[str, Any] | None = None,
) -> None:
    """Write ``dataset_description.json`` and ``.bidsignore`` of a derivative, where there are none yet.

    Parameters
    ----------
    folder : str or Path
        The derivative, such as ``dataset/derivatives/markers``; made if it is not there.
    name : str
        What it holds, in words.
    made_by : str
        Program or people; of cauda the version is told, too.
    description : str
        How it was made.
    ignored : sequence of str
        Patterns of files that BIDS has no names for, such as ``sub-*/``.
    fields : mapping, optional
        Further fields of the description, such as ``License`` and ``SourceDatasets``.

    Raises
    ------
    DatasetError
        If the folder is a file.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, wanted a folder; choose another name")
    document = description_of(name, made_by=made_by, description=description, fields=fields)
    if not (folder / DESCRIPTION).exists():
        files.write_json(folder / DESCRIPTION, document)
    if ignored and not (folder / IGNORED).exists():
        lines = ["# named in ways that BIDS does not know", *ignored]
        files.write_text(folder / IGNORED, "".join(f"{line}\n" for line in lines))


def description_of(
    name: str, *, made_by: str = "cauda", description: str = "", fields: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the description of a derivative, as BIDS 1.10.0 wants it."""
    maker = {"Name": made_by}
    if made_by == "cauda":
        maker["Version"] = __version__
    if description:
        maker["Description"] = description
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        **(fields or {}),
        "GeneratedBy": [maker],
    }
