"""The passive internode as a network of the published numbers; the model of a virtual subject, its fibers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from cauda.anatomy import Segment, SpineModel, Surface, build
from cauda.anatomy.axes import Axes
from cauda.arrays import Floats
from cauda.fiber import Population, sample
from cauda.fiber.modes import Internode
from cauda.phantom import virtual_subject

INSIDE, UNDER = slice(0, 10), slice(10, 20)


@dataclass(frozen=True, eq=False)
class Network:
    """Two nodes and an internode between them.

    Unknowns are 10 potentials inside the axon, then 10 under the myelin. Given are 14 others: inside the
    nodes before and after, and outside of the node before, the 10 compartments and the node after.

    Attributes
    ----------
    storage, conductance : (34, 34) float64
        In uF and mS, of all potentials; what a conductance or a capacitor adds for a part between two.
    """

    storage: Floats
    conductance: Floats

    def steady(self, given_mv: Floats) -> Floats:
        """Return the 20 unknowns that do not change while the given potentials do not."""
        return np.asarray(np.linalg.solve(self.conductance[:20, :20], -self.conductance[:20, 20:] @ given_mv))

    def step(self, unknown_mv: Floats, before_mv: Floats, given_mv: Floats, step_ms: float) -> Floats:
        """Return the unknowns after a step of backward Euler, in which the given potentials change."""
        whole = self.storage / step_ms + self.conductance
        right = (
            self.storage[:20] / step_ms @ np.concatenate([unknown_mv, before_mv]) - whole[:20, 20:] @ given_mv
        )
        return np.asarray(np.linalg.solve(whole[:20, :20], right))

    def into_nodes(self, unknown_mv: Floats, given_mv: Floats) -> Floats:
        """Return the currents into the axon of the node before and after, in uA."""
        return np.asarray(-(self.conductance[20:22] @ np.concatenate([unknown_mv, given_mv])))


@pytest.fixture(scope="session")
def network() -> Callable[[Internode], Network]:
    """Return a function that puts an internode together (McIntyre 2002, doi:10.1152/jn.00353.2001)."""
    return _network


@pytest.fixture(scope="session")
def round_cord() -> Callable[..., SpineModel]:
    """Return a function that makes a model of nothing but a straight round cord, see `_round_cord`."""
    return _round_cord


@pytest.fixture(scope="session")
def model() -> SpineModel:
    """Return the model of a virtual subject."""
    return build(virtual_subject(seed=7, index=1))


@pytest.fixture(scope="session")
def population(model: SpineModel) -> Population:
    """Return 20 fibers of each of its roots and of its dorsal columns."""
    return sample(model, per_root=20, seed=1)


def _network(internode: Internode) -> Network:
    sizes = internode.sizes
    storage, conductance = np.zeros((34, 34)), np.zeros((34, 34))

    def join(matrix: Floats, one: int, other: int, value: float) -> None:
        for row, column, sign in ((one, one, 1), (other, other, 1), (one, other, -1), (other, one, -1)):
            matrix[row, column] += sign * value

    stin_um = (sizes.node_spacing_um - 7 - 2 * sizes.flut_length_um) / 6
    node, mysa = (1.0, 0.002), (3.0, sizes.node_diameter_um, 0.002, 1e-3)
    flut = (sizes.flut_length_um, sizes.axon_diameter_um, 0.004, 1e-4)
    stin = (stin_um, sizes.axon_diameter_um, 0.004, 1e-4)
    chain = [mysa, flut, *[stin] * 6, flut, mysa]
    for index, (length_um, axon_um, _, leak) in enumerate(chain):
        # um2 to cm2: 1e-8. S to mS: 1e3. Membrane and myelin are two capacitors with a leak each, in series.
        axon_cm2 = np.pi * axon_um * length_um * 1e-8
        outer_cm2 = np.pi * sizes.diameter_um * length_um * 1e-8
        join(storage, index, 10 + index, 2.0 * axon_cm2)
        join(conductance, index, 10 + index, 1e3 * leak * axon_cm2)
        join(storage, 10 + index, 23 + index, 0.1 / (2 * sizes.lamellae) * outer_cm2)
        join(conductance, 10 + index, 23 + index, 1e3 * 0.001 / (2 * sizes.lamellae) * outer_cm2)
    # From center to center: potentials inside 20, 0..9, 21; under the myelin 22, 10..19, 33.
    ends = [
        (node[0], internode.before_um, node[1]),
        *[each[:3] for each in chain],
        (node[0], internode.after_um, node[1]),
    ]
    inside, under = [20, *range(10), 21], [22, *range(10, 20), 33]
    for index in range(11):
        axial_ohm = space_ohm = 0.0
        for length_um, axon_um, space_um in ends[index : index + 2]:
            # 70 ohm cm, half of the length, over the section of the axon or of the ring around it
            half_ohm_cm2 = 70 * length_um / 2 * 1e-4
            axial_ohm += half_ohm_cm2 / (np.pi * (axon_um / 2) ** 2 * 1e-8)
            space_ohm += half_ohm_cm2 / (np.pi * ((axon_um / 2 + space_um) ** 2 - (axon_um / 2) ** 2) * 1e-8)
        join(conductance, inside[index], inside[index + 1], 1e3 / axial_ohm)
        join(conductance, under[index], under[index + 1], 1e3 / space_ohm)
    return Network(storage, conductance)


CENTER_MM = np.array([1.0, -2.0])


def _round_cord(turned_deg: float = 0.0) -> SpineModel:
    """Return a cord of radius 4 mm and 60 mm long, with horns at 45 and 140 degrees from the dorsal midline.

    Gray matter reaches 1 mm from the middle, and up to 2.5 mm in the horns, as a bell with an SD of 10 / sqrt
    2 degrees. The whole is turned to the right by some degrees.
    """
    turn = np.radians(turned_deg)

    def gray_mm(psi: Floats) -> Floats:
        phi = np.degrees(np.abs(np.arctan2(np.sin(psi - turn), np.cos(psi - turn))))
        return np.asarray(1 + 1.5 * sum(np.exp(-(((phi - horn) / 10) ** 2)) for horn in (45, 140)))

    horns = {
        f"{name}_{side}": _around(turn + sense * np.radians(deg), 2.0, 30.0)
        for name, deg in (("dorsal", 45), ("ventral", 140))
        for side, sense in (("L", -1), ("R", 1))
    }
    ends = (np.array([*CENTER_MM, 60.0]), np.array([*CENTER_MM, 0.0]))
    return SpineModel(
        subject="round",
        surfaces={
            "cord": _tube("cord", "white_matter", lambda psi: np.full(len(psi), 4.0)),
            "gray_matter": _tube("gray_matter", "gray_matter", gray_mm),
        },
        roots=(),
        axes=Axes(np.zeros(3), np.eye(3)),
        segments=(Segment("L4", *ends, None, 10.0, horns, 0.3, "extrapolated"),),
        vertebrae=(),
        settings={},
        measures={},
        sources=(),
        findings=(),
    )


def _tube(name: str, tissue: str, radius_mm: Callable[[Floats], Floats], count: int = 180) -> Surface:
    psi = np.arange(count) * 2 * np.pi / count
    heights = np.linspace(0, 60, 31)
    rings = [_around(psi, radius_mm(psi), height) for height in heights]
    vertices = np.concatenate([*rings, [[*CENTER_MM, 0.0], [*CENTER_MM, 60.0]]])
    triangles = []
    for k in range(count):
        after = (k + 1) % count
        for row in range(len(heights) - 1):
            a, b = row * count + k, row * count + after
            triangles += [[a, b, b + count], [a, b + count, a + count]]
        last = (len(heights) - 1) * count
        triangles += [[len(vertices) - 2, after, k], [len(vertices) - 1, last + k, last + after]]
    return Surface(name, "region", tissue, None, None, "synthesized", vertices, np.array(triangles))


def _around(psi: Floats | float, radius_mm: Floats | float, height_mm: float) -> Floats:
    """Return points at angles from straight dorsal towards the right."""
    x, y = CENTER_MM[0] + radius_mm * np.sin(psi), CENTER_MM[1] - radius_mm * np.cos(psi)
    return np.stack([x, y, np.full_like(x, height_mm)], axis=-1)
