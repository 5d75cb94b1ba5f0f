"""Rules about the files of a dataset: what BIDS wants, what is missing, what does not belong there."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cauda.check import checksums, protocol
from cauda.dataset.scan import entities_of, sidecar_of, stem_of, suffix_of
from cauda.dataset.subject import MARKERS, image_paths, is_image
from cauda.errors import Finding
from cauda.tables.sequences import bids_names, bids_suffixes

_TOP_FILES = re.compile(
    r"dataset_description\.json|README(\.(md|rst|txt))?|CHANGES(\.md)?|LICENSE(\.(md|txt))?|CITATION\.cff|"
    r"participants\.(tsv|json)|samples\.(tsv|json)|[A-Za-z0-9_-]+\.json"
)
_TOP_FOLDERS = re.compile(r"sub-[A-Za-z0-9]+|derivatives|sourcedata|code|phenotype|stimuli")
_NEEDED = ("Name", "BIDSVersion")
_OLD_FIELDS = {"Author": "Authors", "EthicsApproval": "EthicsApprovals", "Licence": "License"}
_MOST = 0.5
_OF_CAUDA = {protocol.OWN, checksums.LIST}


def find(folder: Path, labels: Sequence[str]) -> Iterator[Finding]:
    """Yield what is wrong with the files of a dataset, contents of images and markers aside."""
    yield from _description(folder / "dataset_description.json", folder)
    for path in sorted(folder.glob("derivatives/*/dataset_description.json")):
        yield from _description(path, folder)
    yield from _derivatives(folder)
    if not any((folder / name).is_file() for name in ("README", "README.md", "README.rst", "README.txt")):
        yield Finding(
            "warning", "no-readme", "README", "is absent", "say in it what was scanned, how and why"
        )
    yield from _top(folder)
    for label in labels:
        yield from _of_subject(folder, label)
    yield from _suffixes(folder, labels)
    yield from _missing(folder, labels)


def _description(path: Path, folder: Path) -> Iterator[Finding]:
    place = path.relative_to(folder).as_posix()
    if not path.is_file():
        advice = "write it with Name and BIDSVersion, License and Authors"
        yield Finding("error", "no-description", place, "is absent, BIDS wants it", advice)
        return
    try:
        fields = json.loads(path.read_bytes().decode("utf-8-sig"))
        if not isinstance(fields, dict):
            raise ValueError(f"it holds {type(fields).__name__}, wanted an object")
    except (OSError, ValueError, RecursionError) as error:
        yield Finding("error", "unreadable", place, f"is no readable JSON: {error}", "write it again")
        return
    needed = (*_NEEDED, *(("GeneratedBy",) if place.startswith("derivatives/") else ()))
    for name in needed:
        if not fields.get(name):
            yield Finding("error", "description", place, f"has no {name}, BIDS wants it", f"add {name}")
    for name, right in _OLD_FIELDS.items():
        if name in fields:
            what = f"has the field {name}, which BIDS does not know; BIDS has {right}"
            yield Finding("warning", "description", place, what, "rename the field")
    if not fields.get("License") and not place.startswith("derivatives/"):
        what = "has no License: nobody may use the data"
        yield Finding("warning", "description", place, what, "add License, such as CC0 or CC BY 4.0")


def _derivatives(folder: Path) -> Iterator[Finding]:
    parent = folder / "derivatives"
    for path in sorted(parent.iterdir()) if parent.is_dir() else ():
        if (
            path.is_dir()
            and not path.name.startswith(".")
            and not (path / "dataset_description.json").is_file()
        ):
            place = f"derivatives/{path.name}/dataset_description.json"
            what = "is absent, BIDS wants it of each derivative"
            yield Finding(
                "warning", "no-description", place, what, "write it with Name, BIDSVersion, GeneratedBy"
            )


def _top(folder: Path) -> Iterator[Finding]:
    ignored = _ignored(folder)
    for path in sorted(folder.iterdir()):
        known = _TOP_FOLDERS if path.is_dir() else _TOP_FILES
        is_ignored = any(fnmatch.fnmatchcase(path.name, pattern.strip("/")) for pattern in ignored)
        if not path.name.startswith(".") and not known.fullmatch(path.name) and not is_ignored:
            what = "is nothing that BIDS knows at the top of a dataset"
            advice = "move it to code/, sourcedata/ or derivatives/"
            if path.name in _OF_CAUDA:
                advice = "cauda reads it; list it in .bidsignore"
            yield Finding("warning", "odd-file", path.name, what, advice)
        if path.is_file() and path.stat().st_size == 0:
            yield Finding("error", "empty-file", path.name, "is empty", "copy it again, or remove it")
    for path in sorted(folder.glob("sourcedata/download/.*.part")):
        place = path.relative_to(folder).as_posix()
        what = "is what came of a download that was broken off"
        yield Finding("warning", "odd-file", place, what, "run cauda download again, or remove it")


def _of_subject(folder: Path, label: str) -> Iterator[Finding]:
    for path in sorted((folder / f"sub-{label}").rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_dir() or any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if not path.exists():
            yield Finding(
                "error", "dead-link", place, "is a link that leads nowhere", "fetch what it leads to"
            )
        elif path.stat().st_size == 0:
            yield Finding("error", "empty-file", place, "is empty", "copy it again, or remove it")
        elif path.parent.name == "anat":
            yield from _in_anat(path, place, label)
        elif path.parent.name == f"sub-{label}" and not _is_beside_markers(folder, path):
            what = "is nothing that BIDS knows in the folder of a subject"
            yield Finding("warning", "odd-file", place, what, "move it to derivatives/ or sourcedata/")


def _is_beside_markers(folder: Path, path: Path) -> bool:
    """Tell whether markers lie beside the images, where cauda finds them, too."""
    return path.suffix == ".json" and not (folder / MARKERS).is_dir()


def _in_anat(path: Path, place: str, label: str) -> Iterator[Finding]:
    entities, suffix = entities_of(path), suffix_of(path)
    if not (is_image(path) or path.suffix == ".json"):
        what = "is neither an image nor a sidecar"
        yield Finding("warning", "odd-file", place, what, "move it to derivatives/ or sourcedata/")
        return
    if entities.get("sub") != label:
        found = f"subject {entities['sub']}" if "sub" in entities else "no subject"
        what = f"its name says {found}, its folder sub-{label}"
        yield Finding(
            "error", "other-subject", place, what, "move it to the folder of its subject, or rename it"
        )
    if suffix not in bids_suffixes() and suffix not in bids_names():
        what = (
            f"its name ends in {suffix or stem_of(path)[-20:]!r}, wanted a suffix of BIDS such as T2w, or "
            + (", ".join(bids_names()))
        )
        yield Finding("warning", "suffix", place, what, "rename it; cauda does not look at it otherwise")
    if is_image(path) and not sidecar_of(path).is_file():
        yield Finding(
            "error", "no-sidecar", place, "has no sidecar of the same name", "write it: dcm2niix -b y"
        )
    if path.suffix == ".json" and not any(
        (path.parent / f"{stem_of(path)}{ending}").exists() for ending in (".nii.gz", ".nii")
    ):
        yield Finding("error", "no-image", place, "is a sidecar without its image", "add the image")


def _suffixes(folder: Path, labels: Sequence[str]) -> Iterator[Finding]:
    """Yield one warning for each suffix of the published dataset that BIDS does not know."""
    paths = [path for label in labels for path in image_paths(folder, label)]
    for suffix, right in bids_names().items():
        found = [path for path in paths if suffix_of(path) == suffix]
        if found:
            first = found[0]
            wanted = first.name.replace(f"_{suffix}.", f"_{right}.")
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            what = f"BIDS knows no suffix {suffix}; it would have {wanted}{more}"
            advice = f"cauda reads it; list *_{suffix}.* in .bidsignore"
            if f"_{suffix}." not in _text(folder / ".bidsignore"):
                yield Finding("warning", "suffix", first.relative_to(folder).as_posix(), what, advice)


def _missing(folder: Path, labels: Sequence[str]) -> Iterator[Finding]:
    """Yield what a subject lacks and most others have."""
    has = {label: {suffix_of(path) for path in image_paths(folder, label)} for label in labels}
    for sequence in sorted(set().union(*has.values()) - {""}):
        owners = [label for label in labels if sequence in has[label]]
        if len(owners) <= _MOST * len(labels):
            continue
        for label in sorted(set(labels) - set(owners)):
            what = f"has no {sequence}, as {len(owners)} of {len(labels)} subjects have"
            yield Finding(
                "error", "missing-file", f"sub-{label}", what, "add the image, or tell why in README"
            )
    traced = [label for label in labels if has_markers(folder, label)]
    for label in sorted(set(labels) - set(traced)) if len(traced) > _MOST * len(labels) else ():
        what = f"has no markers, as {len(traced)} of {len(labels)} subjects have"
        yield Finding("warning", "no-markers", f"sub-{label}", what, "trace it, or fetch its markers")


def has_markers(folder: Path, label: str) -> bool:
    """Tell whether a subject of a dataset has markers where cauda finds them."""
    return any((folder / MARKERS / f"sub-{label}").glob("*.json")) or any(
        (folder / f"sub-{label}").glob("*.json")
    )


def _ignored(folder: Path) -> list[str]:
    """Return the patterns of files that a validator of BIDS need not know."""
    lines = [line.strip() for line in _text(folder / ".bidsignore").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
