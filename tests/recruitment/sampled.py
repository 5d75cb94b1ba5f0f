"""Fibers and recruitments made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.fiber import Fiber
from cauda.recruitment import Recruitment, montage

ELECTRODES = ["C1", "C2", "C3", "case"]


@dataclass(frozen=True)
class Sampled:
    """A fiber of a root, with the distance of its nodes along its course."""

    fiber: Fiber
    root: RootName
    nodes_mm: Floats
    part: str = "dorsal"
    fiber_class: str = "Ia"

    @property
    def side(self) -> str:
        """That of its root."""
        return self.root.side

    def along_mm(self) -> Floats:
        """Return where its nodes lie along its course."""
        return self.nodes_mm

    @property
    def diameter_um(self) -> float:
        """Outer diameter."""
        return self.fiber.diameter_um


def sampled(fiber: Fiber, root: str, part: str = "dorsal", fiber_class: str = "Ia") -> Sampled:
    """Return a fiber whose course is measured from its first node."""
    steps = np.linalg.norm(np.diff(fiber.nodes_mm(), axis=0), axis=1)
    arc_mm = np.concatenate([[0.0], np.cumsum(steps)])
    return Sampled(fiber, RootName.parse(root), arc_mm, part, fiber_class)


def recruitment(
    thresholds: ArrayLike,
    roots: Sequence[str],
    *,
    block: ArrayLike | None = None,
    parts: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    names: Sequence[str] = ("C1:-1,case:+1", "C2:-1,case:+1", "C3:-1,case:+1"),
) -> Recruitment:
    """Return a recruitment of given thresholds, one row for each of the first montages.

    Fibers of the dorsal columns have a side instead of a root.
    """
    rows = np.atleast_2d(np.asarray(thresholds, dtype=np.float64))
    count = len(roots)
    return Recruitment(
        montages=tuple(montage(name, ELECTRODES) for name in names[: len(rows)]),
        fiber=np.arange(count),
        roots=tuple(None if len(root) == 1 else RootName.parse(root) for root in roots),
        sides=tuple(root[-1] for root in roots),
        parts=tuple(parts or ["dorsal"] * count),
        classes=tuple(classes or ["Ia"] * count),
        diameter_um=np.linspace(8, 14, count),
        threshold_ma=rows,
        initiation_mm=np.where(np.isfinite(rows), 2.5, np.nan),
        latency_ms=np.where(np.isfinite(rows), 1.25, np.nan),
        block_ma=np.full(rows.shape, np.inf) if block is None else np.atleast_2d(np.asarray(block)),
        settings={"pulse": {"width_us": 300}},
        measures={"fibers": count},
    )
