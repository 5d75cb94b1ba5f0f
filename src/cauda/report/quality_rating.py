"""A form to rate a scan by eye; its marks are exported as a JSON file with the fields of MRIQC's ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cauda.quality.measured import Measured
from cauda.report.markup import element

RATINGS = ("exclude", "poor", "acceptable", "excellent")
"""From 1 to 4, as MRIQC numbers them."""

ARTIFACTS = {
    "motion": "Motion of the subject",
    "breathing": "Breathing or bowel",
    "flow": "Flow of the CSF, flow voids",
    "banding": "Dark bands (bSSFP)",
    "ghosts": "Ghosts along the phase axis",
    "wrap-around": "Wrap-around, folded tissue",
    "noise": "Noise over all of the image",
    "local-noise": "Noise in a part of it",
    "em-interference": "Stripes, interference",
    "coil-failure": "Failure of a coil",
    "inu": "Uneven brightness",
    "susceptibility": "Metal or susceptibility",
    "truncation": "Ringing at edges (Gibbs)",
    "field-of-view": "Conus, roots or ganglia cut off",
    "postprocessing": "Reconstruction or filter",
    "incidental-finding": "Incidental finding",
    "uncategorized": "Another artifact",
}
"""Artifacts by the word that the exported file has for them: MRIQC's where it has one."""


def form(measured: Measured) -> str:
    """Return the form; without a script it can be filled in and printed, and says that it is not kept."""
    sha256, md5sum = hashes(measured.name, measured.provenance)
    ratings = "".join(_rating(value, word) for value, word in enumerate(RATINGS, start=1))
    artifacts = "".join(_artifact(key, label) for key, label in ARTIFACTS.items())
    content = (
        element("fieldset", element("legend", "Rating") + element("div", ratings, class_="ratings"))
        + element("fieldset", element("legend", "Artifacts") + element("div", artifacts, class_="artifacts"))
        + element("label", "Note", for_="rating-note")
        + element("textarea", "", id="rating-note", rows=3)
        + element("p", "Not rated yet.", id="rating-status", role="status")
        + element(
            "p",
            element("a", "Export the rating (JSON)", id="rating-export", class_="button", hidden="hidden")
            + element("button", "Clear", id="rating-clear", type="button", hidden="hidden"),
        )
        + element(
            "details",
            element("summary", "What is exported") + element("pre", "", id="rating-json", tabindex=0),
            id="rating-file",
            hidden="hidden",
        )
        + element("noscript", element("p", "Without a script a rating cannot be kept or exported."))
    )
    return element(
        "form",
        content,
        id="rating-form",
        data_name=measured.name,
        data_subject=measured.subject,
        data_contrast=measured.contrast,
        data_dataset=_dataset(measured),
        data_sha256=sha256,
        data_md5sum=md5sum,
    )


def hashes(name: str, provenance: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return SHA-256 and MD5 of an image as its provenance tells them; None for one that is not told.

    Parameters
    ----------
    name : str
        Of the image, without ending.
    provenance : mapping of str to JSON
        With ``sha256sum`` or ``md5sum`` of the image, or with ``sources``: files, each with ``file`` and
        ``sha256``.

    Examples
    --------
    >>> hashes("sub-01_CISS", {"sources": [{"file": "sub-01_CISS.nii.gz", "sha256": "ab"}]})
    ('ab', None)
    """
    sha256, md5sum = (provenance.get(key) for key in ("sha256sum", "md5sum"))
    sources = provenance.get("sources")
    for one in sources if isinstance(sources, Sequence) and not isinstance(sources, str) else ():
        if isinstance(one, Mapping) and str(one.get("file", "")).startswith(f"{name}.nii"):
            sha256 = sha256 or one.get("sha256")
    return _text(sha256), _text(md5sum)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _dataset(measured: Measured) -> str:
    found = measured.provenance.get("dataset") or measured.meta.get("dataset")
    return found if isinstance(found, str) else ""


def _rating(value: int, word: str) -> str:
    box = element("input", type="radio", name="rating", value=value, id=f"rating-{value}")
    key = element("kbd", str(value), aria_hidden="true")
    return element("label", f"{box}{key} {word}", for_=f"rating-{value}")


def _artifact(key: str, label: str) -> str:
    box = element("input", type="checkbox", name="artifacts", value=key, id=f"artifact-{key}")
    return element("label", f"{box} {escape(label)}", for_=f"artifact-{key}")
