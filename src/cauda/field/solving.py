"""The field of a mesh: potentials for a current at each contact.

Quasi-static: ``div(s grad V) = 0``, linear elements. Currents are in mA, lengths in mm and conductivities in
S/m: potentials come out in V, and are given in mV for 1 mA, which is ohm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.errors import FieldError
from cauda.field.admittance import admittance_s, asymmetry
from cauda.field.conductivity import Conductivities, of_cells
from cauda.field.electrodes import CASE, Electrode, contact_names, electrodes
from cauda.field.field_type import Field
from cauda.field.linear import Progress, Solution, Solver, silent, solved, solved_up_to_a_constant
from cauda.field.system import Anchors, System, conducting, system
from cauda.volume.mesh import VolumeMesh

_MV_PER_V = 1000.0
_PREPARED = 0.15


@dataclass(frozen=True, slots=True)
class Settings:
    """How a field is computed.

    Attributes
    ----------
    returns : tuple of str
        Where the current returns: at the ``case``, faces of the mesh with that mark at 0 V; or at contacts,
        which share it equally, and then the outer boundary is insulated all round.
    impedance_ohm_mm2 : float or mapping of str to float
        Of the surface of every contact, or of some by name; 0 for none.
    solver : Solver
    """

    returns: tuple[str, ...] = (CASE,)
    impedance_ohm_mm2: float | Mapping[str, float] = 0.0
    solver: Solver = field(default_factory=Solver)


def solve(
    mesh: VolumeMesh,
    conductivities: Conductivities,
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
) -> Field:
    """Return the potentials for 1 mA at each contact of a mesh.

    Contacts are equipotential; those without current float. No current leaves through insulation, nor through
    the outer boundary where that is not the case.

    Parameters
    ----------
    mesh : VolumeMesh
        With a lead.
    conductivities : Conductivities
    settings : Settings, optional
    progress : callable, optional
        Gets each step and the fraction done.

    Raises
    ------
    FieldError
        If a tissue has no conductivity, the mesh has no lead, no tissue joins one of its regions to the
        return, or a contact or number is not one that there can be.
    """
    along, across = of_cells(mesh, conductivities)
    found = solve_cells(mesh, along, across, settings, progress=progress)
    return replace(
        found,
        conductivities=conductivities.document,
        sources=(*found.sources, *conductivities.sources),
    )


def solve_cells(
    mesh: VolumeMesh,
    longitudinal_s_per_m: Floats,
    transverse_s_per_m: Floats,
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
) -> Field:
    """Return the potentials for 1 mA at each contact, for the conductivity of each tetrahedron.

    Parameters
    ----------
    mesh : VolumeMesh
        With a lead.
    longitudinal_s_per_m, transverse_s_per_m : (m,) float64
        Along the mesh's directions and across. Those of contacts and insulation may be anything.
    settings : Settings, optional
    progress : callable, optional
        Gets each step and the fraction done.

    Raises
    ------
    FieldError
        As `solve`, and if a conductivity is not positive.
    """
    settings, tell = settings or Settings(), progress or silent
    returns = _checked_returns(settings.returns, contact_names(mesh))
    conductivity = longitudinal_s_per_m, transverse_s_per_m
    conducts = conducting(mesh, *conductivity)
    tell("matrix", 0.0)
    found = electrodes(
        mesh, conducts, with_case=returns == (CASE,), impedance_ohm_mm2=settings.impedance_ohm_mm2
    )
    back = tuple(index for index, one in enumerate(found) if one.name in returns)
    network = system(mesh, conductivity, conducts, found, Anchors("the " + " and ".join(returns), back))
    result = _unit_currents(network, found, network.numbers.of_group[list(back)], settings.solver, tell)
    return _field(network, found, result, conductivity, settings)


def _checked_returns(returns: Sequence[str], contacts: Sequence[str]) -> tuple[str, ...]:
    found = tuple(returns)
    if found == (CASE,):
        return found
    unknown = [name for name in found if name not in contacts]
    if unknown or not found:
        what = repr(unknown[0]) if unknown else "none"
        raise FieldError(f"return: found {what}, wanted {CASE} alone or some of {', '.join(contacts)}")
    if len(set(found)) < len(found):
        raise FieldError(f"return: found {', '.join(found)}, wanted each contact once")
    return found


def _unit_currents(
    network: System, found: Sequence[Electrode], back: Ints, solver: Solver, tell: Progress
) -> Solution:
    """Return all potentials in V for 1 mA at each contact, that returns at `back`."""

    def told(step: str, fraction: float) -> None:
        tell(step, _PREPARED + (1 - _PREPARED) * fraction)

    numbers = network.numbers
    contacts = numbers.of_group[[one.name != CASE for one in found]]
    right = np.zeros((numbers.count, len(contacts)))
    right[contacts, np.arange(len(contacts))] = 1.0
    if numbers.sought < numbers.count:
        result = solved(network.sought, right[: numbers.sought], solver, told)
        at_zero = np.zeros((numbers.count - numbers.sought, len(contacts)))
        return replace(result, values=np.concatenate([result.values, at_zero]))
    right[back] -= 1 / len(back)
    result = solved_up_to_a_constant(network.matrix, right, solver, told, pinned=int(back[0]))
    return replace(result, values=result.values - result.values[back].mean(axis=0))


def _field(
    network: System,
    found: Sequence[Electrode],
    result: Solution,
    conductivity: tuple[Floats, Floats],
    settings: Settings,
) -> Field:
    contacts = [one for one in found if one.name != CASE]
    at_case = len(contacts) < len(found)
    potential = _MV_PER_V * result.values
    voltage = np.ascontiguousarray(potential[network.numbers.of_group[: len(contacts)]].T)
    return Field(
        mesh=network.mesh,
        contacts=tuple(one.name for one in contacts),
        returns=tuple(settings.returns),
        transfer_ohm=network.at_nodes(potential),
        voltage_ohm=voltage,
        admittance_s=admittance_s(voltage, returns=at_case),
        longitudinal_s_per_m=conductivity[0],
        transverse_s_per_m=conductivity[1],
        conductivities={},
        settings={
            "returns": list(settings.returns),
            "impedance_ohm_mm2": {one.name: one.impedance_ohm_mm2 for one in contacts},
            "solver": asdict(settings.solver),
        },
        measures={
            "tetrahedra": len(network.cells),
            "left_out_mm3": network.left_out_mm3,
            "unknowns": network.numbers.sought,
            "method": result.method,
            "iterations": result.iterations,
            "residual": result.residual,
            "asymmetry": asymmetry(voltage, returns=at_case),
        },
        sources=network.mesh.sources,
    )
