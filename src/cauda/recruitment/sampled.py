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
    def root(self) -> RootName | None:
        """Root that it belongs to; None in the dorsal columns."""

    @property
    def side(self) -> str:
        """``L`` or ``R``."""

    @property
    def part(self) -> str:
        """One of `cauda.recruitment.PARTS`."""

    @property
    def fiber_class(self) -> str:
        """Such as ``Ia``."""

    @property
    def diameter_um(self) -> float:
        """Outer diameter, of a branched fiber that of its trunk."""

    def along_mm(self) -> Floats:
        """Return where the nodes lie along the fiber, shape ``(nodes,)``.

        The length from where the root meets the cord, towards the nerve, negative within the cord; in the
        dorsal columns from the caudal end.
        """
