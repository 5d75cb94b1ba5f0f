"""What one metric says, and all metrics of a scan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Literal

from cauda.errors import QualityError
from cauda.tables.table import read_table

Direction = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of one scan: a value, or the reason why there is none.

    Attributes
    ----------
    value : float or None
        In `unit`; None where it cannot be measured.
    unit : str
        ``"1"`` for ratios.
    direction : "higher", "lower" or "neither"
        Which is better; "neither" for what describes without judging.
    voxels : int
        Size of the mask that it was measured in.
    reason : str
        Why it cannot be measured; empty where there is a value.

    Raises
    ------
    QualityError
        If there is neither value nor reason, or both, or the value is not finite.
    """

    value: float | None
    unit: str
    direction: Direction
    voxels: int
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise QualityError("a metric has a value or a reason why there is none, and not both")
        if self.value is not None and not math.isfinite(self.value):
            raise QualityError(f"a metric's value is a finite number, found {self.value}")


@dataclass(frozen=True, slots=True)
class Quality(Mapping[str, Metric]):
    """Metrics of one scan by name, in the order in which they were measured.

    Attributes
    ----------
    metrics : mapping of str to Metric
        Read-only.

    Examples
    --------
    >>> quality = Quality({"cnr": Metric(3.5, "1", "higher", 100)})
    >>> quality.values_by_name()
    {'cnr': 3.5}
    """

    metrics: Mapping[str, Metric]

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", MappingProxyType(dict(self.metrics)))

    def __getitem__(self, name: str) -> Metric:
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def values_by_name(self) -> dict[str, float | None]:
        """Return the values alone; None where one could not be measured."""
        return {name: metric.value for name, metric in self.metrics.items()}

    def reasons(self) -> dict[str, str]:
        """Return why, for each metric that could not be measured."""
        return {name: metric.reason for name, metric in self.metrics.items() if metric.value is None}


@dataclass(frozen=True, slots=True)
class Definition:
    """What is the same for a metric in every scan, a row of `quality_metrics.tsv`.

    Attributes
    ----------
    pattern : str
        Name of the metric; ``{tissue}`` stands for the tissue, ``{level}`` for the spinal level.
    unit, unit_mriqc : str
        Unit of the default form and of the form that equals MRIQC's.
    direction : "higher", "lower" or "neither"
        Which is better.
    """

    pattern: str
    unit: str
    unit_mriqc: str
    direction: Direction


@cache
def definitions() -> Mapping[str, Definition]:
    """Return the definitions of all metrics by pattern.

    Examples
    --------
    >>> definitions()["cjv"].direction
    'lower'
    """
    directions: dict[str, Direction] = {"higher": "higher", "lower": "lower", "neither": "neither"}
    return MappingProxyType(
        {
            row["metric"]: Definition(
                row["metric"], row["unit"], row["unit_mriqc"], directions[row["direction"]]
            )
            for row in read_table("quality_metrics")
        }
    )


@dataclass(slots=True)
class Sheet:
    """Metrics as they are measured, one after the other.

    Attributes
    ----------
    mriqc_compatible : bool
        Which of the units holds.
    """

    mriqc_compatible: bool
    _metrics: dict[str, Metric] = field(default_factory=dict)

    def add(
        self,
        pattern: str,
        voxels: int,
        measure: Callable[[], float],
        *,
        tissue: str = "",
        level: str = "",
    ) -> None:
        """Measure and note a metric, or note the reason why it cannot be measured.

        Parameters
        ----------
        pattern : str
            That of its definition.
        voxels : int
            Size of the mask.
        measure : callable
            Returns the value; raises `QualityError` with the reason.
        tissue, level : str
            For the name.
        """
        definition = definitions()[pattern]
        value, reason = None, ""
        try:
            value = float(measure())
        except QualityError as error:
            reason = str(error)
        if value is not None and not math.isfinite(value):
            value, reason = None, "the formula has no finite value here"
        unit = definition.unit_mriqc if self.mriqc_compatible else definition.unit
        name = pattern.format(tissue=tissue, level=level)
        self._metrics[name] = Metric(value, unit, definition.direction, int(voxels), reason)

    def quality(self) -> Quality:
        """Return all that was noted."""
        return Quality(self._metrics)
