"""Figures of the validation page about fields that have a closed form, and about what holds of any field.

    python -m benchmarks.validate_field

Every case is meshed and solved by cauda itself, and lies obliquely to the lattice of its mesh. Where only a
ball of an endless medium is meshed, the exact potential is given on its surface.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from benchmarks import closed_forms, convergence, validation_tables
from benchmarks.field_meshes import (
    AXES,
    Case,
    around,
    ball,
    disc,
    half_space,
    lead_in_cylinder,
    meshed,
    nearer,
)
from benchmarks.validate_cylinder import CANONICAL
from scipy.sparse import diags_array
from scipy.sparse.linalg import cg

from cauda.arrays import Floats, Ints
from cauda.field.along import SPACING_MM, second_difference
from cauda.field.electrodes import CASE, electrodes
from cauda.field.field_type import Field
from cauda.field.linear import Solver, silent, solved_up_to_a_constant
from cauda.field.point_sources import Given, point_sources
from cauda.field.recovery import Recovery
from cauda.field.solving import Settings, solve_cells
from cauda.field.system import Anchors, System, conducting, system

SOURCE_MM = np.array([0.37, -0.21, 0.44])
"""On no vertex of a lattice."""

FAT, WHITE_MATTER, CSF = (0.04, 0.04), (0.6, 0.083), (1.7, 1.7)
"""Along fibers and across, S/m."""

DISC_MM = float(np.sqrt(6 / np.pi))
"""Radius of a disc of 6 mm2."""

NEAR_MM = 2.0

_REACH_MM = 20.0
_POINTS = 2000
_STEPS = 10
_Potential = Callable[[Floats], Floats]


def tables() -> dict[str, dict[str, float]]:
    """Return the figures of the tables ``field`` and ``convergence``."""
    figures = (
        endless("one isotropic medium", FAT, None)
        | endless("one medium, fibers oblique to the lattice", WHITE_MATTER, AXES[:, 2])
        | halves("two half spaces, source in CSF before fat", CSF[0], FAT[0])
        | halves("two half spaces, source in fat before CSF", FAT[0], CSF[0])
        | poles()
        | discs()
        | far_from_a_bipole()
        | of_any_field(1.0)
    )
    return {"field": figures, "convergence": convergence.figures()}


def endless(
    name: str, s_per_m: tuple[float, float], fibers: Floats | None, scale: float = 1.0
) -> dict[str, float]:
    """Return the errors about a point source in one medium, and those of a linear potential."""
    # Along fibers all is as if it were nearer by so much, in an isotropic medium.
    nearer_by = float(np.sqrt(s_per_m[1] / s_per_m[0]))
    regions = [
        ball("medium", _REACH_MM, 1.6 * scale, 1.6 * scale, fibers),
        around("medium", SOURCE_MM, 0.12 * scale * nearer_by, fibers),
    ]
    case = meshed(regions, {"medium": s_per_m}, 0.2 * scale * nearer_by**0.5)
    found = _errors(
        name, case, SOURCE_MM, lambda at: closed_forms.point_source(at, SOURCE_MM, *s_per_m, fibers)
    )
    linear = case.mesh.points_mm @ [3.0, -2.0, 0.5]
    outer = np.unique(case.mesh.marked(CASE))
    given = Given(outer, np.array([linear[outer], np.full(len(outer), 7.0)]))
    solutions = point_sources(
        case.mesh, case.conductivity_s_per_m, [SOURCE_MM], given, currents_ma=[[0], [0]]
    )
    line = _line(np.zeros(3))
    recovered = Recovery(case.mesh, *case.conductivity_s_per_m).at(line, solutions).potential
    driving = second_difference(recovered, _STEPS)[:, _STEPS:-_STEPS]
    return {
        **found,
        f"{name}: a linear potential, largest error over its peak": _share(solutions[0] - linear, linear),
        f"{name}: a uniform potential, second difference over it": float(np.abs(driving[1]).max() / 7),
    }


def halves(name: str, own: float, other: float, scale: float = 1.0) -> dict[str, float]:
    """Return the errors about a point source 1.25 mm before a plane."""
    normal = AXES[:, 0]
    source = 1.25 * normal + 0.3 * AXES[:, 1]
    edge = nearer(source, 0.25 * scale, 0.15 * scale, 2.0 * scale)
    regions = [
        ball("own", _REACH_MM, 2.0 * scale, 2.0 * scale),
        half_space("other", normal, _REACH_MM, edge, 2.0 * scale),
        around("own", source, 0.12 * scale),
    ]
    case = meshed(regions, {"own": (own, own), "other": (other, other)}, growth=0.15 * scale)
    return _errors(name, case, source, lambda at: closed_forms.half_spaces(at, source, normal, own, other))


def poles(scale: float = 1.0) -> dict[str, float]:
    """Return the error in a sphere with a source and a sink at its surface, that are no antipodes."""
    radius, s_per_m = 10.0, 0.3
    wanted = radius * np.array([AXES[:, 2], (-0.8 * AXES[:, 2] + 0.6 * AXES[:, 0])])

    def edge(points: Floats) -> Floats:
        near = np.min([np.linalg.norm(points - pole, axis=1) for pole in wanted], axis=0)
        return np.asarray(np.minimum(0.15 * scale + 0.2 * near, 1.0 * scale))

    case = meshed([ball("medium", radius, edge, 1.0 * scale)], {"medium": (s_per_m, s_per_m)})
    outer = np.unique(case.mesh.marked(CASE))
    nearest = [outer[np.argmin(np.linalg.norm(case.mesh.points_mm[outer] - pole, axis=1))] for pole in wanted]
    at_poles = case.mesh.points_mm[nearest]
    found = point_sources(case.mesh, case.conductivity_s_per_m, at_poles, currents_ma=[[1, -1]])
    within = _directions(_POINTS) * radius * 0.8 * np.random.default_rng(1).random((_POINTS, 1)) ** (1 / 3)
    on_sphere = radius * at_poles / np.linalg.norm(at_poles, axis=1)[:, None]
    exact = closed_forms.sphere(within, on_sphere[0], on_sphere[1], s_per_m)
    recovered = Recovery(case.mesh, *case.conductivity_s_per_m).at(within, found).potential[0]
    return {
        "sphere with poles on its surface: potential to 0.8 radii, largest error over its peak": _share(
            recovered - exact, exact
        )
    }


def discs(scale: float = 1.0) -> dict[str, float]:
    """Return the errors of the resistance of a disc with two sizes of elements, and their order."""
    edges = 0.4 * scale, 0.2 * scale
    found = [_disc_ohm(edge) / closed_forms.disc_ohm(DISC_MM, FAT[0], _REACH_MM) for edge in edges]
    name = "disc on an insulator, 6 mm2: resistance"
    errors = {
        f"{name}, edges of {edge:g} mm, error": 100 * (share - 1)
        for edge, share in zip(edges, found, strict=True)
    }
    return {
        **errors,
        f"{name}, order of the error": float(np.log2((found[0] - 1) / (found[1] - 1))),
        f"{name}, extrapolated to edges of 0, error": 100 * (2 * found[1] - found[0] - 1),
    }


def far_from_a_bipole(scale: float = 1.0) -> dict[str, float]:
    """Return the power of the distance that the potential of two opposite sources falls off with."""
    half, reach = 0.5 * AXES[:, 2], 80.0
    edge = nearer(np.zeros(3), 0.2 * scale, 0.2, 10.0)
    regions = [ball("medium", reach, 10.0, 10.0), ball("core", 1.0, edge, 0.2 * scale)]
    case = meshed(regions, {"medium": FAT, "core": FAT}, growth=0.15 * scale)
    outer = np.unique(case.mesh.marked(CASE))
    found = point_sources(
        case.mesh, case.conductivity_s_per_m, [half, -half], Given(outer), currents_ma=[[1, -1]]
    )
    distance = np.geomspace(4.0, 12.0, 20)
    along = (AXES[:, 2] + 0.3 * AXES[:, 0]) / np.linalg.norm([1.0, 0.3])
    value = Recovery(case.mesh, *case.conductivity_s_per_m).at(distance[:, None] * along, found).potential[0]
    power = np.polynomial.Polynomial.fit(np.log(distance), np.log(value), 1).convert().coef[1]
    return {"bipole: power of the distance that its potential goes with, from 4 to 12 mm, plus 2": power + 2}


def of_any_field(scale: float) -> dict[str, float]:
    """Return how well laws hold that every field obeys, of a lead in the layered cylinder."""
    pairs = tuple(zip(CANONICAL.longitudinal_s_per_m, CANONICAL.transverse_s_per_m, strict=True))
    case = lead_in_cylinder(CANONICAL.radii_mm, pairs, scale)
    field = solve_cells(case.mesh, *case.conductivity_s_per_m)
    figures = (
        _reciprocity(case, field)
        | _currents(case, field)
        | _superposition(case, field)
        | _extremes(field)
        | _mirrored(case, field)
    )
    return {f"lead in a layered cylinder: {name}": value for name, value in figures.items()}


def main() -> int:
    """Measure, write the tables, print what they hold; return 1 where a bar is missed."""
    late = 0
    for name, values in tables().items():
        missed = validation_tables.fill(name, values)
        late += len(missed)
        for figure, value in values.items():
            print(f"{figure:100} {value:10.4g}  {'MISSED' if figure in missed else ''}".rstrip())
    return 1 if late else 0


def _errors(name: str, case: Case, source: Floats, exact: _Potential) -> dict[str, float]:
    """Return the errors, in percent, about a point source, with the exact potential given outside."""
    outer = np.unique(case.mesh.marked(CASE))
    given = Given(outer, exact(case.mesh.points_mm[outer])[None])
    found = point_sources(case.mesh, case.conductivity_s_per_m, source[None], given)
    recovery = Recovery(case.mesh, *case.conductivity_s_per_m)
    distance = np.geomspace(0.5, 0.75 * _REACH_MM, _POINTS)
    points = source + distance[:, None] * _directions(_POINTS)
    off = 100 * np.abs(recovery.at(points, found).potential[0] / exact(points) - 1)
    line = _line(source + 3.0 * AXES[:, 1])
    driving, wanted = (
        second_difference(values, _STEPS)[_STEPS:-_STEPS]
        for values in (recovery.at(line, found).potential[0], exact(line))
    )
    rms = np.sqrt(np.mean((driving - wanted) ** 2))
    return {
        f"{name}: potential from 2 mm on, largest error": float(off[distance >= NEAR_MM].max()),
        f"{name}: potential from 0.5 to 2 mm, largest error": float(off[distance < NEAR_MM].max()),
        f"{name}: second difference along a line 3 mm away, rms over its peak": float(
            100 * rms / np.abs(wanted).max()
        ),
    }


def _line(middle: Floats) -> Floats:
    """Points along a line that is oblique to planes, fibers and lattice."""
    arc = np.arange(-8 * _STEPS, 8 * _STEPS + 1) * SPACING_MM / _STEPS
    way = AXES @ [0.2, -0.1, 1.0]
    found: Floats = middle + arc[:, None] * way / np.linalg.norm(way)
    return found


def _directions(count: int) -> Floats:
    ways = np.random.default_rng(0).normal(size=(count, 3))
    found: Floats = ways / np.linalg.norm(ways, axis=1)[:, None]
    return found


def _share(off: Floats, of: Floats) -> float:
    """Largest of some values over the largest of others, in percent."""
    return 100 * float(np.nanmax(np.abs(off)) / np.nanmax(np.abs(of)))


def _disc_ohm(edge_mm: float) -> float:
    normal = AXES[:, 2]
    growth = edge_mm
    edge = nearer(np.zeros(3), edge_mm, growth, 3.0)
    regions = [
        ball("fat", _REACH_MM, 3.0, 3.0),
        half_space("insulation", normal, _REACH_MM, edge, 3.0),
        disc(normal, DISC_MM, edge_mm, within="insulation"),
    ]
    case = meshed(regions, {"fat": FAT, "insulation": FAT}, growth)
    return float(solve_cells(case.mesh, *case.conductivity_s_per_m).contact_ohm[0])


def _network(case: Case) -> System:
    conducts = conducting(case.mesh, *case.conductivity_s_per_m)
    found = electrodes(case.mesh, conducts, with_case=True)
    return system(
        case.mesh, case.conductivity_s_per_m, conducts, found, Anchors("the case", (len(found) - 1,))
    )


def _reciprocity(case: Case, field: Field) -> dict[str, float]:
    """Compare a contact's potential for a current at a point with the point's for one at the contact."""
    points = np.array([[3.0, 1.0, 2.0], [-1.0, -3.5, 4.0], [5.6, 1.0, -3.0]]) @ AXES.T
    case_nodes = np.unique(case.mesh.marked(CASE))
    found = point_sources(case.mesh, case.conductivity_s_per_m, points, Given(case_nodes))
    contact = [np.unique(case.mesh.marked(name))[0] for name in field.contacts]
    at_contacts = found[:, contact]
    located = Recovery(case.mesh, *case.conductivity_s_per_m).tree.locate(points)
    corners = field.transfer_ohm[:, case.mesh.tetrahedra[located.cell]]
    at_points = (corners * located.share).sum(axis=2)
    return {
        "asymmetry of the impedances, largest over their peak": float(field.measures["asymmetry"]),
        "reciprocity of contacts and points, largest difference over the peak": _share(
            at_contacts - at_points.T, at_points
        )
        / 100,
    }


def _currents(case: Case, field: Field) -> dict[str, float]:
    """Sum the currents out of contacts and case: 1 at one contact, 0 at the others, -1 at the case."""
    network = _network(case)
    numbers = network.numbers
    values = np.empty((numbers.count, len(field.contacts)))
    there = numbers.of_node >= 0
    values[numbers.of_node[there]] = field.transfer_ohm[:, there].T / 1000
    out = (network.matrix @ values)[numbers.of_group]
    wanted = np.vstack([np.eye(len(field.contacts)), -np.ones(len(field.contacts))])
    return {
        "currents of contacts and case, largest error, for 1 mA": float(np.abs(out - wanted).max()),
    }


def _superposition(case: Case, field: Field) -> dict[str, float]:
    """Compare a montage with one solution by scipy; take another node for 0; scale the conductivity."""
    network = _network(case)
    groups = network.numbers.of_group[: len(field.contacts)]
    scaled = solve_cells(case.mesh, 7 * case.along, 7 * case.across)
    right = np.zeros(network.numbers.count)
    right[groups] = -1.0, 0.6, 0.1, 0.0
    sought = network.numbers.sought
    matrix = network.sought
    inner, failed = cg(
        matrix, right[:sought], rtol=1e-12, maxiter=10_000, M=diags_array(1 / matrix.diagonal())
    )
    if failed:
        raise ArithmeticError("conjugate gradients did not come to an end")
    direct = np.append(inner, np.zeros(network.numbers.count - sought))
    summed = field.potential_mv("C1:-1,C2:+0.6,C3:+0.1,case:+0.3")
    wanted = 1000 * network.at_nodes(direct[:, None])[0]
    return {
        "a montage as a sum against a direct solution, largest difference over the peak": _share(
            summed - wanted, wanted
        )
        / 100,
        "another pinned node, largest difference over the peak": _pinned(network, groups),
        "7 times all conductivities, largest difference from a seventh, over the peak": _share(
            7 * scaled.transfer_ohm - field.transfer_ohm, field.transfer_ohm
        )
        / 100,
    }


def _pinned(network: System, groups: Ints) -> float:
    """Largest difference of a bipole's potentials, up to a constant, if other nodes are taken for 0."""
    right = np.zeros((network.numbers.count, 1))
    right[groups[:2], 0] = 1.0, -1.0
    nodes = (0, network.numbers.sought // 2, int(groups[2]))
    found = np.stack(
        [
            solved_up_to_a_constant(network.matrix, right, Solver(), silent, pinned=node).values[:, 0]
            for node in nodes
        ]
    )
    found -= found.mean(axis=1, keepdims=True)
    return float(np.abs(found - found[0]).max() / np.ptp(found[0]) * 2)


def _extremes(field: Field) -> dict[str, float]:
    """Tell how far potentials lie beyond those of contact and case, and of which nodes beyond neighbors."""
    beyond = excess = odd = 0.0
    cells = field.mesh.tetrahedra[conducting(field.mesh, *_conductivity(field))]
    inner = np.zeros(len(field.mesh.points_mm), dtype=np.bool_)
    inner[cells] = True
    inner[field.mesh.faces] = False
    for row, highest in zip(field.transfer_ohm, field.contact_ohm, strict=True):
        beyond = max(beyond, np.nanmax(row) / highest - 1, -np.nanmin(row) / highest)
        above, below = np.full(len(row), -np.inf), np.full(len(row), np.inf)
        for k in range(4):
            others = row[np.delete(cells, k, axis=1)]
            np.maximum.at(above, cells[:, k], others.max(axis=1))
            np.minimum.at(below, cells[:, k], others.min(axis=1))
        over = np.where(inner, np.fmax(row - above, below - row), 0.0)
        excess = max(excess, float(over.max()) / highest)
        odd = max(odd, float((over > 0).sum() / inner.sum()))
    return {
        "potentials beyond those of contact and case, largest, over the contact's": 100 * float(beyond),
        "nodes with a potential above or below that of all their neighbors": 100 * odd,
        "by how much, largest, over the contact's": 100 * excess,
    }


def _conductivity(field: Field) -> tuple[Floats, Floats]:
    return field.longitudinal_s_per_m, field.transverse_s_per_m


def _mirrored(case: Case, field: Field) -> dict[str, float]:
    """Solve the mirror image of the mesh; compare with the mirrored contact on the mesh as it is."""
    mesh = case.mesh
    turned = mesh.tetrahedra[:, [0, 2, 1, 3]]
    image = replace(
        mesh,
        points_mm=mesh.points_mm * [-1, 1, 1],
        tetrahedra=turned,
        direction=mesh.direction * [-1, 1, 1],
        faces=mesh.faces[:, [0, 2, 1]],
    )
    other = solve_cells(image, *case.conductivity_s_per_m, Settings())
    rng = np.random.default_rng(2)
    angle, radius = rng.uniform(-np.pi, np.pi, _POINTS), rng.uniform(0, 6.8, _POINTS)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), rng.uniform(-15, 15, _POINTS)])
    recovery = Recovery(mesh, *case.conductivity_s_per_m)
    one, two = (
        recovery.at((points * [1, side, 1]) @ AXES.T, field.transfer_ohm).potential for side in (1, -1)
    )
    off = one - two[[1, 0, 3, 2]]
    rms = np.sqrt(np.mean(off**2, axis=1)) / np.abs(one).max(axis=1)
    return {
        "the mesh's mirror image, largest difference over the peak": _share(
            other.transfer_ohm - field.transfer_ohm, field.transfer_ohm
        )
        / 100,
        "the mirrored contact on the same mesh, in cord and CSF, rms over the peak": 100 * float(rms.max()),
    }


if __name__ == "__main__":
    sys.exit(main())
