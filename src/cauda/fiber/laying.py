"""Fibers laid along paths, and where their compartments come to lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, Ints, frozen, points
from cauda.errors import ArrayError, FiberError
from cauda.fiber.dimensions import COMPARTMENTS, Dimensions, Rule, centers_um, dimensions

PER_NODE = COMPARTMENTS + 1
"""Compartments from one node to the next, the one node counted."""

FEWEST_NODES = 3
"""Two internodes: a node with a neighbor on each side."""

_JOIN_MM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A stretch of fiber of one diameter.

    Attributes
    ----------
    sizes : Dimensions
        Of its compartments.
    path_mm : (p, 3) float64
        Its course; a polyline.
    first_mm : float
        Where the center of its first node lies, along the path. A branch that starts from another one
        starts with that one's last node.
    nodes : int
        Number of its nodes, the first one counted.
    parent : int
        Index of the branch from whose last node it starts; -1 for the first.
    """

    sizes: Dimensions
    path_mm: Floats
    first_mm: float
    nodes: int
    parent: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Fiber:
    """A myelinated fiber, straight, curved or branched.

    Nodes are numbered along the first branch, then along each other branch in turn, without the node that it
    shares. Compartments are numbered likewise: node 0, then for each node the 10 compartments of the
    internode before it and the node itself, so that node `i` is compartment `11 i`.

    Attributes
    ----------
    branches : tuple of Branch
        A branch comes after the one that it starts from.
    detection : tuple of int
        Nodes at which an action potential must arrive for the fiber to count as recruited; one is enough.
    """

    branches: tuple[Branch, ...]
    detection: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.detection or not all(0 < node < self.node_count for node in self.detection):
            raise FiberError(
                f"detection nodes: found {self.detection}, wanted one or more of 1 to {self.node_count - 1}"
            )

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return sum(branch.nodes for branch in self.branches) - len(self.branches) + 1

    @property
    def compartment_count(self) -> int:
        """Number of compartments, those between nodes counted."""
        return PER_NODE * self.node_count - COMPARTMENTS

    @property
    def diameter_um(self) -> float:
        """Outer diameter of the first branch."""
        return self.branches[0].sizes.diameter_um

    @property
    def parents(self) -> Ints:
        """For each node the one before it, shape ``(nodes,)``; -1 for the first."""
        parents: list[int] = []
        for branch, first in zip(self.branches, self._first_nodes(), strict=True):
            new = len(parents)
            parents += [first] if branch.parent >= 0 else [-1]
            parents += range(new, new + branch.nodes - 1 - (branch.parent >= 0))
        return frozen(np.array(parents))

    @property
    def ends(self) -> tuple[int, ...]:
        """Nodes at which the fiber ends: the first, and the last of each branch that no other starts from."""
        last = self._last_nodes()
        taken = {branch.parent for branch in self.branches}
        return (0, *(node for branch, node in enumerate(last) if branch not in taken))

    @property
    def positions_mm(self) -> Floats:
        """Centers of all compartments, shape ``(compartments, 3)``, in the frame of the path."""
        places = []
        for branch in self.branches:
            length_mm = _lengths(branch.path_mm)
            along_mm = branch.first_mm + _along(branch)
            places.append(
                np.column_stack([np.interp(along_mm, length_mm, axis) for axis in branch.path_mm.T])
            )
        first, *others = places
        return frozen(np.concatenate([first, *(each[1:] for each in others)]))

    def nodes_mm(self) -> Floats:
        """Return the centers of the nodes, shape ``(nodes, 3)``."""
        return self.positions_mm[::PER_NODE]

    def _last_nodes(self) -> list[int]:
        new = np.array([branch.nodes - (branch.parent >= 0) for branch in self.branches])
        return [int(end) - 1 for end in np.cumsum(new)]

    def _first_nodes(self) -> list[int]:
        last = self._last_nodes()
        return [last[branch.parent] if branch.parent >= 0 else 0 for branch in self.branches]


def along(
    path_mm: ArrayLike,
    diameter_um: float,
    *,
    rule: Rule = "interpolated",
    first_mm: float = 0.0,
    nodes: int | None = None,
) -> Fiber:
    """Return a fiber laid along a path.

    Parameters
    ----------
    path_mm : (p, 3) array_like
        The path, a polyline, in mm in any frame.
    diameter_um : float
        Outer diameter, 2 to 16 um.
    rule : "interpolated" or "discrete"
        See `cauda.fiber.dimensions`.
    first_mm : float
        Where the center of the first node lies, along the path.
    nodes : int, optional
        Number of nodes; as many as the path is long, if not given.

    Returns
    -------
    Fiber
        Recruited when an action potential arrives at nine tenths of its nodes, from either end.

    Raises
    ------
    FiberError
        If the path is not one, is too short, or the diameter is outside of what is known.

    Examples
    --------
    >>> fiber = along([[0, 0, 0], [0, 0, 40]], 10.0, rule="discrete")
    >>> fiber.node_count, fiber.positions_mm.shape
    (35, (375, 3))
    """
    return _single(_branch(_path(path_mm, "path"), dimensions(diameter_um, rule), first_mm, nodes))


def straight(
    diameter_um: float,
    nodes: int = 31,
    *,
    rule: Rule = "interpolated",
    center_mm: Sequence[float] = (0.0, 0.0, 0.0),
    direction: Sequence[float] = (0.0, 0.0, 1.0),
) -> Fiber:
    """Return a straight fiber whose middle lies at a point.

    Parameters
    ----------
    diameter_um : float
        Outer diameter, 2 to 16 um.
    nodes : int
        Number of nodes, 3 or more; the middle one of an odd number lies at `center_mm`.
    rule : "interpolated" or "discrete"
        See `cauda.fiber.dimensions`.
    center_mm, direction : sequence of three floats
        Where the middle is and where the last node lies from there.

    Raises
    ------
    FiberError
        If one of these is not possible.
    """
    sizes = dimensions(diameter_um, rule)
    _refuse_few(nodes)
    middle, axis = (_path([each], "center or direction", fewest=1)[0] for each in (center_mm, direction))
    if not (length := float(np.linalg.norm(axis))):
        raise FiberError("direction of a straight fiber: found (0, 0, 0)")
    half_mm = (nodes - 1) / 2 * sizes.node_spacing_um / 1000
    path_mm = middle + np.array([[-half_mm], [half_mm]]) * axis / length
    return _single(Branch(sizes, frozen(path_mm), 0.0, nodes))


def branched(
    trunk_mm: ArrayLike,
    trunk_um: float,
    daughters_mm: Sequence[ArrayLike],
    daughters_um: Sequence[float],
    *,
    rule: Rule = "interpolated",
) -> Fiber:
    """Return a fiber that divides at the end of its trunk, as an afferent does where it enters the cord.

    The last node of the trunk lies at the end of its path and is the node from which the daughters start.

    Parameters
    ----------
    trunk_mm : (p, 3) array_like
        Path of the trunk.
    trunk_um : float
        Its outer diameter.
    daughters_mm : sequence of (p, 3) array_like
        Path of each daughter; each starts at the end of the trunk.
    daughters_um : sequence of float
        Their outer diameters.
    rule : "interpolated" or "discrete"
        See `cauda.fiber.dimensions`.

    Returns
    -------
    Fiber
        Recruited when an action potential arrives at nine tenths of the nodes of any branch.

    Raises
    ------
    FiberError
        If a path is too short, does not start at the end of the trunk, or a diameter is not possible.
    """
    if len(daughters_mm) != len(daughters_um) or not len(daughters_mm):
        raise FiberError(
            f"daughters: found {len(daughters_mm)} paths and {len(daughters_um)} diameters, wanted as many"
        )
    trunk, sizes = _path(trunk_mm, "path of the trunk"), dimensions(trunk_um, rule)
    room_mm = _lengths(trunk)[-1]
    nodes = _fitting(room_mm, sizes)
    _refuse_few(nodes, room_mm, sizes)
    first_mm = float(room_mm - (nodes - 1) * sizes.node_spacing_um / 1000)
    branches = [Branch(sizes, trunk, max(first_mm, 0.0), nodes)]
    for path_mm, diameter_um in zip(daughters_mm, daughters_um, strict=True):
        path = _path(path_mm, f"path of daughter {len(branches)}")
        if (apart_mm := float(np.linalg.norm(path[0] - trunk[-1]))) > _JOIN_MM:
            raise FiberError(
                f"path of daughter {len(branches)}: starts {apart_mm:.3f} mm from the end of the trunk, "
                "wanted there"
            )
        branches.append(_branch(path, dimensions(diameter_um, rule), 0.0, None, parent=0))
    return _with_detection(branches)


def _single(branch: Branch) -> Fiber:
    return _with_detection([branch])


def _with_detection(branches: Sequence[Branch]) -> Fiber:
    """Return a fiber with a node of detection near every end."""
    trunk = branches[0]
    far = int(0.9 * (trunk.nodes - 1))
    nodes = [max(trunk.nodes - 1 - far, 1)] + ([far] if len(branches) == 1 else [])
    before = trunk.nodes
    for branch in branches[1:]:
        nodes.append(before - 1 + int(0.9 * (branch.nodes - 1)))
        before += branch.nodes - 1
    return Fiber(tuple(branches), tuple(sorted(set(nodes))))


def _branch(
    path_mm: Floats, sizes: Dimensions, first_mm: float, nodes: int | None, parent: int = -1
) -> Branch:
    room_mm = _lengths(path_mm)[-1]
    if not 0 <= first_mm <= room_mm:
        raise FiberError(f"first node: found {first_mm:g} mm, wanted on the path, 0 to {room_mm:g} mm")
    fitting = _fitting(room_mm - first_mm, sizes)
    _refuse_few(fitting, room_mm - first_mm, sizes)
    if nodes is None:
        nodes = fitting
    _refuse_few(nodes)
    if nodes > fitting:
        raise FiberError(
            f"path: is {room_mm - first_mm:.3f} mm long from the first node, so that {fitting} nodes "
            f"{sizes.node_spacing_um / 1000:.3f} mm apart fit, not {nodes}"
        )
    return Branch(sizes, path_mm, float(first_mm), nodes, parent)


def _fitting(room_mm: float, sizes: Dimensions) -> int:
    # A path cut to a whole number of internodes must hold them, whatever rounding made of its length.
    return int(room_mm / (sizes.node_spacing_um / 1000) + 1e-9) + 1


def _refuse_few(nodes: int, room_mm: float | None = None, sizes: Dimensions | None = None) -> None:
    if nodes >= FEWEST_NODES:
        return
    if room_mm is None or sizes is None:
        raise FiberError(f"number of nodes: found {nodes}, wanted {FEWEST_NODES} or more")
    raise FiberError(
        f"path: is {room_mm:.3f} mm long, wanted at least two internodes of a fiber of "
        f"{sizes.diameter_um:g} um, {2 * sizes.node_spacing_um / 1000:.3f} mm"
    )


def _path(values: ArrayLike, name: str, fewest: int = 2) -> Floats:
    """Return a path without repeated points."""
    try:
        path = points(values, name, minimum=fewest)
    except ArrayError as error:
        raise FiberError(str(error)) from error
    moved = np.concatenate([[True], np.any(np.diff(path, axis=0) != 0, axis=1)])
    return frozen(path[moved]) if not moved.all() else path


def _lengths(path_mm: Floats) -> Floats:
    """Return the length of a path up to each of its points."""
    steps = np.sqrt((np.diff(path_mm, axis=0) ** 2).sum(axis=1))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _along(branch: Branch) -> Floats:
    """Return where the centers of a branch's compartments lie, in mm from its first node."""
    spacing_um = branch.sizes.node_spacing_um
    starts_um = np.arange(branch.nodes - 1)[:, None] * spacing_um
    between_um = np.column_stack([starts_um + centers_um(branch.sizes), starts_um + spacing_um])
    return np.concatenate([[0.0], between_um.ravel()]) / 1000
