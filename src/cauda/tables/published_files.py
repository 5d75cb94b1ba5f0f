"""The files of the published dataset: where they are downloaded from, their sizes and checksums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cauda.tables.table import read_table

PARTS = ("raw", "markers", "models", "qc")
"""Parts of the dataset that can be asked for; ``description`` always comes with them."""

LICENSE = "CC BY 4.0"
LICENSE_URL = "https://creativecommons.org/licenses/by/4.0/legalcode"
ARTICLE_DOI = "10.1038/s41597-024-03919-4"
COLLECTION_DOI = "10.6084/m9.figshare.c.7372564"
CITATION = (
    "Liu J, Zhang W, Zhou Y, Xu L, Chu Y-H, Jia F. An open-access lumbosacral spine MRI dataset with "
    f"enhanced spinal nerve root structure resolution. Scientific Data 11:1131 (2024). https://doi.org/{ARTICLE_DOI}"
)
BASE_URL = "https://ndownloader.figshare.com/files"
"""Each file is at this address, a slash and its id."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file of the published dataset.

    Attributes
    ----------
    part : str
        One of `PARTS`, or ``description``.
    place : str
        Folder of the dataset that it, or what is in it, belongs into; ``.`` is the dataset itself.
    id : str
        Its number at figshare.
    name : str
    bytes : int
    md5 : str
        Of the whole file, hexadecimal; empty where it is not known.
    doi : str
        Of the record that holds it.
    """

    part: str
    place: str
    id: str
    name: str
    bytes: int
    md5: str
    doi: str

    @property
    def is_archive(self) -> bool:
        """Whether it is a zip of which single entries are taken."""
        return self.name.endswith(".zip")


@cache
def published_files() -> tuple[PublishedFile, ...]:
    """Return the files of the published dataset, doi 10.6084/m9.figshare.c.7372564.

    Examples
    --------
    >>> [file.name for file in published_files() if file.part == "markers"]
    ['markers.zip']
    """
    return tuple(
        PublishedFile(
            row["part"], row["place"], row["id"], row["name"], int(row["bytes"]), row["md5"], row["doi"]
        )
        for row in read_table("published_files")
    )
