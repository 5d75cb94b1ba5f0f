"""Which sequence an image was made by, told from its sidecar."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from cauda.errors import DatasetError
from cauda.tables.contrasts import Contrast, contrasts

LEFT_OUT = "-"
"""What a map gives to a series that is not wanted."""

_NAMES = ("ProtocolName", "SeriesDescription", "SequenceName", "PulseSequenceName", "PulseSequenceDetails")
_NAME = re.compile(r"(?:[a-z]+-[A-Za-z0-9]+_)*[A-Za-z0-9]+")
_DERIVED = {
    "DERIVED",
    "SECONDARY",
    "LOCALIZER",
    "MPR",
    "MIP",
    "MINIP",
    "PROJECTION IMAGE",
    "PHASE",
    "PHASE MAP",
    "P",
}
_WHOLE = {"COMPOSED", "COMP", "COMBINED"}
# spin echoes of another contrast
_OTHER = re.compile(r"(?<![a-z])t1|flair|stir|(?<![a-z])tirm|(?<![a-z])dwi|diff|(?<![a-z])pd(?![a-z])")
_SCOUT = re.compile(r"localizer|scout|survey|3-?plane|calibration|asset")


def recognized(sidecar: Mapping[str, Any]) -> tuple[str, str]:
    """Return the suffix of an image and an empty text, or an empty suffix and the reason.

    A name that makers give to the sequence must not be contradicted by kind of sequence, echo time and
    repetition time. T2-weighted spin echoes are told by these alone.

    Examples
    --------
    >>> recognized({"ProtocolName": "t2_ciss3d", "ScanningSequence": "GR", "EchoTime": 0.005})
    ('CISS', '')
    >>> recognized({"ProtocolName": "mprage", "ScanningSequence": "GR"})
    ('', 'its names and times are those of none of CISS, DESS, T2TSE')
    """
    kinds = {str(kind).upper() for kind in _listed(sidecar.get("ImageType"))}
    text = " ".join(str(sidecar[name]) for name in _NAMES if sidecar.get(name)).lower()
    if kinds & _DERIVED and not kinds & _WHOLE:
        return "", f"it was computed from other images ({', '.join(sorted(kinds & _DERIVED))})"
    if _SCOUT.search(text):
        return "", "it is a localizer"
    is_other = _OTHER.search(text) is not None
    named = [one for one in contrasts() if one.words.search(text) and not (is_other and one.scanning == "SE")]
    # T2 is in the names of gradient echoes, too
    for contrast in sorted(named, key=lambda one: one.scanning == "SE"):
        if _fits(contrast, sidecar):
            return contrast.suffix, ""
    spin = [one for one in contrasts() if one.scanning == "SE" and _fits(one, sidecar, is_known=True)]
    if spin and not is_other:
        return spin[0].suffix, ""
    if named:
        return "", f"its names say {named[0].suffix}, its times or kind of sequence do not"
    return "", f"its names and times are those of none of {', '.join(one.suffix for one in contrasts())}"


def read_map(words: Sequence[str]) -> dict[str, str]:
    """Return which suffix each series is to get, from words such as ``5=CISS`` and ``*drive*=T2TSE``.

    Raises
    ------
    DatasetError
        If a word is no such pair, or the suffix cannot stand in the name of a file.
    """
    pairs = {}
    for word in words:
        series, equals, suffix = word.rpartition("=")
        if not equals or not series or not (suffix == LEFT_OUT or _NAME.fullmatch(suffix)):
            raise DatasetError(
                f"map {word!r}: wanted series=suffix, such as 5=CISS, '*drive*=T2TSE' or 7={LEFT_OUT}"
            )
        pairs[series] = suffix
    return pairs


def mapped(sidecar: Mapping[str, Any], pairs: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the pair of a map that is about an image, by number of its series or by name, or None."""
    names = {str(sidecar.get(name, "")).lower() for name in ("SeriesDescription", "ProtocolName")}
    for series, suffix in pairs.items():
        if series == str(sidecar.get("SeriesNumber", "")):
            return series, suffix
        if any(name and fnmatch.fnmatchcase(name, series.lower()) for name in names):
            return series, suffix
    return None


def _fits(contrast: Contrast, sidecar: Mapping[str, Any], *, is_known: bool = False) -> bool:
    """Tell whether kind and times allow a sequence; what is not told allows it, unless all must be known."""
    kinds = {kind for part in _listed(sidecar.get("ScanningSequence")) for kind in re.split(r"[\\_ ,]", part)}
    told = [
        (sidecar.get("EchoTime"), contrast.echo_s),
        (sidecar.get("RepetitionTime"), contrast.repetition_s),
    ]
    if kinds and contrast.scanning not in kinds:
        return False
    if contrast.scanning == "SE" and kinds & {"IR", "EP"}:
        return False
    if is_known and not (kinds and all(_is_number(value) for value, _ in told)):
        return False
    return all(not _is_number(value) or low <= float(value) <= high for value, (low, high) in told)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
