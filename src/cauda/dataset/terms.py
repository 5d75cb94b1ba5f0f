"""Licence, citation and descriptions, written beside what was downloaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cauda import files
from cauda.dataset.derivative import describe
from cauda.tables import published_files as published

_DATASET_DOI = f"doi:{published.COLLECTION_DOI}"
_LICENSE = f"""\
The files of the published dataset, https://doi.org/{published.COLLECTION_DOI}, are under the
Creative Commons Attribution 4.0 International Public License (CC BY 4.0):
{published.LICENSE_URL}

Attribution: {published.CITATION}
Changes: single files were taken out of the published archives; their bytes were not changed.
"""
_CITATION = f"""\
cff-version: 1.2.0
message: If you use this dataset, please cite the article.
type: dataset
title: An open-access lumbosacral spine MRI dataset with enhanced spinal nerve root structure resolution
license: CC-BY-4.0
doi: {published.COLLECTION_DOI}
authors:
  - {{family-names: Liu, given-names: Jionghui}}
  - {{family-names: Zhang, given-names: Wenqi}}
  - {{family-names: Zhou, given-names: Yuxing}}
  - {{family-names: Xu, given-names: Linhao}}
  - {{family-names: Chu, given-names: Ying-Hua}}
  - {{family-names: Jia, given-names: Fumin}}
preferred-citation:
  type: article
  title: An open-access lumbosacral spine MRI dataset with enhanced spinal nerve root structure resolution
  authors:
    - {{family-names: Liu, given-names: Jionghui}}
    - {{family-names: Zhang, given-names: Wenqi}}
    - {{family-names: Zhou, given-names: Yuxing}}
    - {{family-names: Xu, given-names: Linhao}}
    - {{family-names: Chu, given-names: Ying-Hua}}
    - {{family-names: Jia, given-names: Fumin}}
  journal: Scientific Data
  volume: 11
  start: "1131"
  year: 2024
  doi: {published.ARTICLE_DOI}
"""
_BIDSIGNORE = """\
# suffixes of the published dataset that BIDS does not know
*_CISS.*
*_DESS.*
*_T2TSE.*
"""
_FIELDS = {
    "License": published.LICENSE,
    "HowToAcknowledge": published.CITATION,
    "ReferencesAndLinks": [f"https://doi.org/{published.ARTICLE_DOI}"],
    "DatasetDOI": _DATASET_DOI,
    "SourceDatasets": [{"DOI": _DATASET_DOI, "URL": f"https://doi.org/{published.COLLECTION_DOI}"}],
}
_MADE = {
    "markers": ("Markers", "3D Slicer", "Contours, roots and ganglia drawn by hand by the dataset's authors"),
    "models": (
        "Models",
        "the authors' generator",
        "Surfaces made from the markers by the authors",
    ),
    "qc": (
        "Image quality",
        "the authors' scripts",
        "Ratios measured in the images by the authors",
    ),
}


def write(folder: Path, parts: Iterable[str]) -> None:
    """Write licence, citation and BIDS descriptions into a dataset, where there are none yet."""
    texts = {Path("LICENSE"): _LICENSE, Path("CITATION.cff"): _CITATION, Path(".bidsignore"): _BIDSIGNORE}
    for path, text in texts.items():
        if not (folder / path).exists():
            files.write_text(folder / path, text)
    for part in (part for part in parts if part in _MADE):
        name, maker, description = _MADE[part]
        describe(
            folder / "derivatives" / part,
            f"{name} of the lumbosacral spine MRI dataset",
            made_by=maker,
            description=description,
            ignored=["sub-*/"],
            fields=_FIELDS,
        )
