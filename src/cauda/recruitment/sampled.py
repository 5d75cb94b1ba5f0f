"""What `recruit` asks of a fiber of a model."""

from __future__ import annotations

from typing import Protocol

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.fiber import Fiber


class SampledFiber(Protocol):
    """A fiber of a model: what `recruit` asks of it."""

    @property
    def fiber(self) -> Fiber:
        """Its course and sizes."""

    @property
    def root(self) -> RootName:
        """Root that it belongs to."""

    @property
    def part(self) -> str:
        """One of `cauda.recruitment.PARTS`."""

    @property
    def fiber_class(self) -> str:
        """Such as ``Ia``."""

    @property
    def diameter_um(self) -> float:
        """Outer diameter, of a branched fiber that of its trunk."""

    @property
    def arc_mm(self) -> Floats:
        """Distance of each node along the course from where the root meets the cord, negative within it."""
