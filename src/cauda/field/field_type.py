"""Potentials in the volume for a current at each contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauda.arrays import Floats, frozen
from cauda.errors import FieldError
from cauda.field.electrodes import CASE
from cauda.field.montage import montage
from cauda.files import Source
from cauda.volume.mesh import VolumeMesh


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Potentials for 1 mA at each contact alone, and what they were computed with.

    Attributes
    ----------
    mesh : VolumeMesh
    contacts : tuple of str
    returns : tuple of str
        Where the current returns: ``case`` alone, which is at 0 V; or contacts, which share it equally, and
        whose mean potential is 0.
    transfer_ohm : (c, n) float64
        Potential of each node in mV for 1 mA at each contact, all others floating. Not a number within
        insulation, where there is none.
    voltage_ohm : (c, c) float64
        Row i: the potential of each contact for 1 mA at contact i. It is that of the metal; where the contact
        has an impedance the tissue's is another.
    admittance_s : (e, e) float64
        Currents out of `electrodes` for potentials of 1 V; symmetric, rows sum to 0.
    longitudinal_s_per_m, transverse_s_per_m : (m,) float64
        Conductivity of each tetrahedron as used; that of contacts and insulation was not.
    conductivities : mapping
        JSON-ready: the set that they are of.
    settings, measures : mapping
        JSON-ready: what it was computed with, and figures of how it went.
    sources : tuple of Source
        Files that it was made from.

    Raises
    ------
    FieldError
        If shapes do not fit.
    """

    mesh: VolumeMesh
    contacts: tuple[str, ...]
    returns: tuple[str, ...]
    transfer_ohm: Floats
    voltage_ohm: Floats
    admittance_s: Floats
    longitudinal_s_per_m: Floats
    transverse_s_per_m: Floats
    conductivities: Mapping[str, Any]
    settings: Mapping[str, Any]
    measures: Mapping[str, Any]
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        contacts, cells = len(self.contacts), len(self.mesh.tetrahedra)
        for name, shape in (
            ("transfer_ohm", (contacts, len(self.mesh.points_mm))),
            ("voltage_ohm", (contacts, contacts)),
            ("admittance_s", (len(self.electrodes),) * 2),
            ("longitudinal_s_per_m", (cells,)),
            ("transverse_s_per_m", (cells,)),
        ):
            array = np.asarray(getattr(self, name), dtype=np.float64)
            if array.shape != shape:
                raise FieldError(f"{name}: found shape {array.shape}, wanted {shape}")
            object.__setattr__(self, name, frozen(array))

    @property
    def electrodes(self) -> tuple[str, ...]:
        """Contacts, and last ``case`` where the current returns there."""
        return (*self.contacts, CASE) if self.returns == (CASE,) else self.contacts

    @property
    def contact_ohm(self) -> Floats:
        """Impedance of each contact against the return, all others floating, shape ``(c,)``."""
        return np.diagonal(self.voltage_ohm)

    def shares(self, currents_ma: str | Mapping[str, float]) -> Floats:
        """Return the factors of the rows of `transfer_ohm` of a montage, in mA, shape ``(c,)``.

        Parameters
        ----------
        currents_ma : str or mapping of str to float
            Current of some of `electrodes` in mA, such as ``C5:-1,case:+1``. A cathode's is negative.

        Raises
        ------
        FieldError
            If it names an electrode that there is not, or the currents do not sum to 0.
        """
        given = montage(currents_ma, self.electrodes)
        return np.array([given.get(contact, 0.0) for contact in self.contacts])

    def potential_mv(self, currents_ma: str | Mapping[str, float]) -> Floats:
        """Return the potential of each node for a montage, in mV, shape ``(n,)``.

        Parameters
        ----------
        currents_ma : str or mapping of str to float
            As of `shares`.

        Raises
        ------
        FieldError
            As `shares`.
        """
        potential: Floats = self.shares(currents_ma) @ self.transfer_ohm
        return potential
