"""How much current contacts may carry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen
from cauda.errors import RecruitmentError
from cauda.fiber import Pulse, Waveform
from cauda.tables.table import read_table
from cauda.volume.mesh import VolumeMesh

_PER_CM2 = 100


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Largest currents.

    Attributes
    ----------
    contact_ma : (c,) float64
        Of each contact, cathode or anode.
    total_ma : float
        Of all cathodes together.
    case : bool
        Whether the case takes what contacts leave; if not, the currents of contacts sum to 0.

    Raises
    ------
    RecruitmentError
        If a limit is not positive.
    """

    contact_ma: Floats
    total_ma: float
    case: bool = True

    def __post_init__(self) -> None:
        contact_ma = np.array(self.contact_ma, dtype=np.float64)
        if contact_ma.ndim != 1 or not contact_ma.size or not (contact_ma > 0).all() or not self.total_ma > 0:
            raise RecruitmentError("limits of currents: wanted a positive one for each contact and in total")
        object.__setattr__(self, "contact_ma", frozen(contact_ma))

    def most_ma(self, currents: ArrayLike) -> Floats:
        """Return by how much currents may be multiplied, shape ``(...)``.

        Parameters
        ----------
        currents : (..., c) array_like
            Of the contacts.
        """
        given = np.asarray(currents, dtype=np.float64)
        cathodes, anodes = np.maximum(-given, 0).sum(axis=-1), np.maximum(given, 0).sum(axis=-1)
        with np.errstate(divide="ignore"):
            single = (self.contact_ma / np.abs(given)).min(axis=-1)
            found: Floats = np.minimum(single, self.total_ma / np.maximum(cathodes, anodes))
        return found


def limits_of(
    area_mm2: ArrayLike,
    pulse: Pulse | Waveform,
    *,
    contact_ma: float | None = None,
    total_ma: float | None = None,
    charge_uc: float = math.inf,
    density_uc_per_cm2: float | None = None,
    case: bool = True,
) -> Limits:
    """Return the largest currents of contacts for a pulse.

    Parameters
    ----------
    area_mm2 : (c,) array_like
        Of each contact, see `contact_areas_mm2`.
    pulse : Pulse or Waveform
        Its phase of the largest charge counts.
    contact_ma, total_ma : float, optional
        Of one contact, and of all cathodes together; of ``current_limits.tsv`` if not given.
    charge_uc : float
        Of one contact in a phase.
    density_uc_per_cm2 : float, optional
        Charge of a phase for an area of the contact; of ``current_limits.tsv`` if not given.
    case : bool
        As of `Limits`.

    Raises
    ------
    RecruitmentError
        If an area or a limit is not positive.
    """
    areas = np.array(area_mm2, dtype=np.float64)
    one_ma = _limit("contact_current") if contact_ma is None else contact_ma
    density = _limit("charge_density") if density_uc_per_cm2 is None else density_uc_per_cm2
    if not (areas > 0).all() or not min(one_ma, density, charge_uc) > 0:
        raise RecruitmentError("limits of currents: wanted areas and limits that are positive")
    # mA times ms is uC
    charge_of_one_ma = phase_charge_ms(pulse)
    most = np.minimum(charge_uc, density * areas / _PER_CM2) / charge_of_one_ma
    total = _limit("total_current") if total_ma is None else total_ma
    return Limits(np.minimum(one_ma, most), total, case)


def phase_charge_ms(pulse: Pulse | Waveform) -> float:
    """Return the largest charge of a stretch of one sign, in uC for an amplitude of 1 mA.

    Examples
    --------
    >>> phase_charge_ms(Pulse(300))
    0.3
    """
    waveform = pulse.waveform() if isinstance(pulse, Pulse) else pulse
    sign = np.sign(waveform.levels)
    starts = np.flatnonzero(np.concatenate([[True], sign[1:] != sign[:-1]]))
    charges = np.add.reduceat(waveform.levels * np.diff(waveform.edges_ms), starts)
    return float(np.abs(charges).max())


def contact_areas_mm2(mesh: VolumeMesh, contacts: Sequence[str]) -> Floats:
    """Return the areas of contacts towards tissue, shape ``(c,)``.

    Parameters
    ----------
    mesh : VolumeMesh
    contacts : sequence of str
        As of `Field.contacts`.
    """
    found = []
    for contact in contacts:
        a, b, c = (mesh.points_mm[mesh.marked(contact)[:, corner]] for corner in range(3))
        found.append(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    return frozen(np.array(found))


def _limit(quantity: str) -> float:
    return next(float(row["value"]) for row in read_table("current_limits") if row["quantity"] == quantity)
