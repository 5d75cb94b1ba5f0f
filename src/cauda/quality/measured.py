"""What was measured in one scan: its metrics, those of its roots, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cauda.annotation.tracing import RootName
from cauda.errors import QualityError
from cauda.quality.metric import Metric, Quality


@dataclass(frozen=True, slots=True)
class RootMetric:
    """One metric of one root, in one slice or of its whole course.

    Attributes
    ----------
    root : RootName
        Level and side.
    slice : int or None
        Index along the slice axis of the image; None for what is of the root as a whole.
    place_mm : (float, float, float) or None
        Point of the traced course that it was measured at, RAS mm; None for the root as a whole.
    along_mm : float or None
        Length of the course from its first traced point to that place.
    name : str
        Such as ``root_cnr``.
    metric : Metric
        Value or reason, unit, direction, size of the mask.
    """

    root: RootName
    slice: int | None
    place_mm: tuple[float, float, float] | None
    along_mm: float | None
    name: str
    metric: Metric


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything measured in one scan.

    Attributes
    ----------
    name : str
        Of the image, without ending: ``sub-03_CISS``.
    subject : str
        Label without ``sub-``.
    contrast : str
        Suffix of the name: ``CISS``.
    quality : Quality
        Metrics of the scan as a whole, those of the roots summed up among them.
    roots : tuple of RootMetric
        Metrics of each root in each slice and as a whole; empty without a tracing.
    meta : mapping of str to JSON
        The sidecar's fields and whose scan it is: MRIQC's ``bids_meta``.
    provenance : mapping of str to JSON
        Program, version, hashes of what was read, settings, warnings.

    Raises
    ------
    QualityError
        If the name of a metric is that of one of the two mappings.
    """

    name: str
    subject: str
    contrast: str
    quality: Quality
    roots: tuple[RootMetric, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in RESERVED:
            if name in self.quality:
                raise QualityError(f"{self.name}: a metric cannot be named {name}")
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))


RESERVED = ("bids_meta", "provenance", "details")
"""Fields of the file of a scan that hold no metric."""


@dataclass(frozen=True, slots=True)
class MaskLabel:
    """A row of the table of masks: number in the label map, name, color as ``#rrggbb``."""

    index: int
    name: str
    color: str


MASK_LABELS = (
    MaskLabel(1, "body", "#8a8f98"),
    MaskLabel(2, "air", "#2b6cb0"),
    MaskLabel(3, "artifact", "#c05621"),
    MaskLabel(4, "frame", "#1a202c"),
    MaskLabel(5, "cord", "#edc461"),
    MaskLabel(6, "csf", "#6ba1db"),
    MaskLabel(7, "root", "#e68c33"),
    MaskLabel(8, "gm", "#9e6b5c"),
    MaskLabel(9, "wm", "#f2e2b0"),
)
"""Where metrics were measured, as ``sub-XX_<contrast>_masks.nii.gz`` has it; later ones lie on top."""
