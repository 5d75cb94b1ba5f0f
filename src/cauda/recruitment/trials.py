"""What was tried to recruit roots selectively: places of a lead, contacts, pairs and currents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.recruitment.currents import Kind


@dataclass(frozen=True, slots=True)
class Trial:
    """The best montage of a kind for one root, with the lead in one place.

    Attributes
    ----------
    root : RootName
        That is wanted.
    along_mm, lateral_mm : float
        How far the lead was shifted, cranially and to the subject's right.
    kind : "contact", "pair" or "currents"
    montage : str
        Its name, such as ``C5:-1,case:+1``.
    selectivity, amplitude_ma, upto_ma, recruited, others : float
        By full thresholds, as of `cauda.recruitment.selectivity.Selectivity`.
    fresh : float
        Selectivity on other fibers, which nothing was chosen by, in the middle of these amplitudes; not a
        number where it was not computed.
    """

    root: RootName
    along_mm: float
    lateral_mm: float
    kind: Kind
    montage: str
    selectivity: float
    amplitude_ma: float
    upto_ma: float
    recruited: float
    others: float
    fresh: float = np.nan

    @property
    def place(self) -> tuple[float, float]:
        """``along_mm`` and ``lateral_mm``."""
        return self.along_mm, self.lateral_mm

    @property
    def amplitude_within_ma(self) -> float:
        """Middle of the amplitudes at which it is so selective, as a geometric mean."""
        if not np.isfinite(self.upto_ma):
            return self.amplitude_ma
        return float(np.sqrt(self.amplitude_ma * self.upto_ma))
