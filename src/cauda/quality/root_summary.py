"""Metrics of roots summed up: over all slices, and over those of a spinal level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from cauda.annotation.tracing import LEVELS
from cauda.errors import QualityError
from cauda.quality.measured import RootMetric
from cauda.quality.metric import Sheet, definitions

_BAD_END = {"higher": {"p10": 10.0}, "lower": {"p90": 90.0}}


def add_root_summaries(sheet: Sheet, roots: Sequence[RootMetric]) -> None:
    """Add medians and the bad ends of the metrics of roots to a sheet, overall and by level.

    ``root_cnr_median`` is the median over all places of all roots, ``root_cnr_p10`` the tenth percentile;
    where lower is better the bad end is the ninetieth, as in ``root_fwhm_mm_p90``. ``root_cnr_L4_median`` is
    of one level, both sides. Places without a value are left out; where none has one, the most frequent
    reason stands.

    Parameters
    ----------
    sheet : Sheet
        Takes the summaries.
    roots : sequence of RootMetric
        As `cauda.quality.root_quality` returns them; may be empty.
    """
    levels = sorted({one.root.level for one in roots}, key=LEVELS.index)
    names = [name for name in definitions() if f"{name}_median" in definitions()]
    for name in names:
        own = [one for one in roots if one.name == name]
        _add(sheet, name, own, "")
    for level in levels:
        for name in names:
            _add(sheet, name, [one for one in roots if one.name == name and one.root.level == level], level)


def _add(sheet: Sheet, name: str, found: Sequence[RootMetric], level: str) -> None:
    prefix = f"{name}_{{level}}" if level else name
    voxels = sum(one.metric.voxels for one in found if one.metric.value is not None)
    ends = {"median": 50.0, **_BAD_END.get(definitions()[name].direction, {})}
    for end, percent in ends.items():
        if f"{prefix}_{end}" in definitions():
            sheet.add(f"{prefix}_{end}", voxels, partial(_percentile, found, percent), level=level)


def _percentile(found: Sequence[RootMetric], percent: float) -> float:
    values = [one.metric.value for one in found if one.metric.value is not None]
    if values:
        return float(np.percentile(values, percent))
    reasons = Counter(one.metric.reason for one in found)
    raise QualityError(reasons.most_common(1)[0][0] if reasons else "no root is traced")
