"""Fibers laid along paths, and where their compartments come to lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, Ints, frozen, points
from cauda.errors import ArrayError, FiberError
from cauda.fiber.dimensions import COMPARTMENTS, Dimensions, Rule, centers_um, dimensions
from cauda.fiber.number import real, whole

PER_NODE = COMPARTMENTS + 1
"""Compartments from one node to the next, the one node counted."""

FEWEST_NODES = 3
"""Two internodes: a node with a neighbor on each side."""

Closure = Literal["sealed", "open", "cell"]
"""What becomes of a fiber at one of its ends: no current passes; it goes on; it comes from a cell body."""

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

    Raises
    ------
    FiberError
        If the path is not one, its nodes do not fit on it or are fewer than three.
    """

    sizes: Dimensions
    path_mm: Floats
    first_mm: float
    nodes: int
    parent: int = -1

    def __post_init__(self) -> None:
        path_mm = _path(self.path_mm, "path")
        nodes = whole(self.nodes, "number of nodes", least=FEWEST_NODES)
        fitting = _fitting("path", _room(path_mm, self.first_mm), self.sizes)
        if nodes > fitting:
            raise FiberError(
                f"path: from the first node on there is room for {fitting} nodes "
                f"{self.sizes.node_spacing_um / 1000:.3f} mm apart, wanted for {nodes}"
            )
        object.__setattr__(self, "path_mm", path_mm)
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "parent", whole(self.parent, "parent of a branch", least=-1))


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
        They are no ends, as these have no membrane.
    closures : tuple of "sealed", "open" or "cell"
        What becomes of the fiber at each of its `ends`; all are sealed, if not given. No current passes a
        sealed end: there a gradient of the potential outside excites. An open end is a cut through a fiber
        that goes on, a cell is the body of the neuron: both are held at rest, as a gradient does not excite
        a fiber that goes on in it, nor a body that is large against the axon.

    Raises
    ------
    FiberError
        If branches are not in order or do not start where another one ends, detection nodes are not such, or
        closures are not one for each end.
    """

    branches: tuple[Branch, ...]
    detection: tuple[int, ...]
    closures: tuple[Closure, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "branches", tuple(self.branches))
        object.__setattr__(self, "detection", tuple(self.detection))
        _refuse_apart(self.branches)
        nodes = [whole(node, "detection node", least=1) for node in self.detection]
        if not nodes or max(nodes) >= self.node_count or not set(nodes).isdisjoint(self.ends):
            raise FiberError(
                f"detection nodes: found {self.detection}, wanted one or more of 1 to {self.node_count - 2} "
                f"that are none of the ends, {self.ends}"
            )
        object.__setattr__(self, "detection", tuple(nodes))
        sealed: Closure = "sealed"
        closures = tuple(self.closures) or (sealed,) * len(self.ends)
        if len(closures) != len(self.ends) or not set(closures) <= set(get_args(Closure)):
            raise FiberError(
                f"closures: found {closures}, wanted one of {', '.join(get_args(Closure))} for each of the "
                f"{len(self.ends)} ends"
            )
        object.__setattr__(self, "closures", closures)

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
        parents = np.arange(-1, self.node_count - 1)
        last = self._last_nodes()
        for branch, before in zip(self.branches[1:], last, strict=False):
            parents[before + 1] = last[branch.parent]
        return frozen(parents)

    @property
    def ends(self) -> tuple[int, ...]:
        """Nodes at which the fiber ends: the first, and the last of each branch that no other starts from."""
        last = self._last_nodes()
        taken = {branch.parent for branch in self.branches}
        return (0, *(node for branch, node in enumerate(last) if branch not in taken))

    @property
    def held(self) -> tuple[int, ...]:
        """Ends that are held at rest: those that are not sealed."""
        return tuple(
            node for node, closure in zip(self.ends, self.closures, strict=True) if closure != "sealed"
        )

    @property
    def positions_mm(self) -> Floats:
        """Centers of all compartments, shape ``(compartments, 3)``, in the frame of the path."""
        first, *others = (_places(branch) for branch in self.branches)
        return frozen(np.concatenate([first, *(each[1:] for each in others)]))

    def nodes_mm(self) -> Floats:
        """Return the centers of the nodes, shape ``(nodes, 3)``."""
        return self.positions_mm[::PER_NODE]

    def _last_nodes(self) -> list[int]:
        # Each branch but the first shares its first node.
        return [
            last - index for index, last in enumerate(accumulate(each.nodes for each in self.branches), 1)
        ]


def along(
    path_mm: ArrayLike,
    diameter_um: float,
    *,
    rule: Rule = "interpolated",
    first_mm: float = 0.0,
    nodes: int | None = None,
    closures: Sequence[Closure] = (),
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
    closures : sequence of "sealed", "open" or "cell", optional
        Of the first and of the last node, see `Fiber`.

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
    path = _path(path_mm, "path")
    sizes = dimensions(diameter_um, rule)
    fitting = _fitting("path", _room(path, first_mm), sizes)
    branch = Branch(sizes, path, float(first_mm), fitting if nodes is None else nodes)
    return _with_detection([branch], closures)


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
    nodes = whole(nodes, "number of nodes", least=FEWEST_NODES)
    middle, axis = (
        _path([each], f"{name} of a straight fiber", fewest=1)[0]
        for each, name in ((center_mm, "center"), (direction, "direction"))
    )
    if not axis.any():
        raise FiberError("direction of a straight fiber: found (0, 0, 0), wanted another")
    half_mm = (nodes - 1) / 2 * sizes.node_spacing_um / 1000
    path_mm = middle + np.array([[-half_mm], [half_mm]]) * (axis / math.hypot(*axis))
    return _with_detection([Branch(sizes, path_mm, 0.0, nodes)])


def branched(
    trunk_mm: ArrayLike,
    trunk_um: float,
    daughters_mm: Sequence[ArrayLike],
    daughters_um: Sequence[float],
    *,
    rule: Rule = "interpolated",
    closures: Sequence[Closure] = (),
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
    closures : sequence of "sealed", "open" or "cell", optional
        Of the first node of the trunk and of the last of each daughter, see `Fiber`.

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
            f"daughters: found {len(daughters_mm)} paths and {len(daughters_um)} diameters, "
            "wanted as many of both, one or more"
        )
    trunk, sizes = _path(trunk_mm, "path of the trunk"), dimensions(trunk_um, rule)
    room_mm = _room(trunk)
    nodes = _fitting("path of the trunk", room_mm, sizes)
    first_mm = room_mm - (nodes - 1) * sizes.node_spacing_um / 1000
    branches = [Branch(sizes, trunk, max(first_mm, 0.0), nodes)]
    for number, (path_mm, diameter_um) in enumerate(zip(daughters_mm, daughters_um, strict=True), 1):
        name = f"path of daughter {number}"
        path, sizes = _path(path_mm, name), dimensions(diameter_um, rule)
        if (apart_mm := math.dist(path[0], trunk[-1])) > _JOIN_MM:
            raise FiberError(f"{name}: starts {apart_mm:.3f} mm from the end of the trunk, wanted there")
        branches.append(Branch(sizes, path, 0.0, _fitting(name, _room(path), sizes), parent=0))
    return _with_detection(branches, closures)


def _with_detection(branches: Sequence[Branch], closures: Sequence[Closure] = ()) -> Fiber:
    """Return a fiber with a node of detection near every end."""
    trunk = branches[0]
    far = int(0.9 * (trunk.nodes - 1))
    nodes = [max(trunk.nodes - 1 - far, 1)] + ([far] if len(branches) == 1 else [])
    before = trunk.nodes
    for branch in branches[1:]:
        nodes.append(before - 1 + int(0.9 * (branch.nodes - 1)))
        before += branch.nodes - 1
    return Fiber(tuple(branches), tuple(sorted(set(nodes))), tuple(closures))


def _room(path_mm: Floats, first_mm: float = 0.0) -> float:
    """Return how long a path is from the first node on."""
    length_mm = float(_lengths(path_mm)[-1])
    if not 0 <= real(first_mm, "first node", unit="mm") <= length_mm:
        raise FiberError(f"first node: found {first_mm:g} mm, wanted on the path, 0 to {length_mm:g} mm")
    return length_mm - first_mm


def _fitting(name: str, room_mm: float, sizes: Dimensions) -> int:
    """Return how many nodes there is room for."""
    # A path cut to a whole number of internodes must hold them, whatever rounding made of its length.
    nodes = int(room_mm / (sizes.node_spacing_um / 1000) + 1e-9) + 1
    if nodes < FEWEST_NODES:
        raise FiberError(
            f"{name}: is {room_mm:.3f} mm long from the first node on, wanted at least two internodes of a "
            f"fiber of {sizes.diameter_um:g} um, {2 * sizes.node_spacing_um / 1000:.3f} mm"
        )
    return nodes


def _refuse_apart(branches: Sequence[Branch]) -> None:
    """Refuse branches of which one does not start where the one before it ends."""
    if not branches:
        raise FiberError("branches: found none, wanted one or more")
    if branches[0].parent != -1:
        raise FiberError(f"branch 0: found the parent {branches[0].parent}, wanted -1, for none")
    for index, branch in enumerate(branches[1:], 1):
        if not 0 <= branch.parent < index:
            raise FiberError(f"branch {index}: found the parent {branch.parent}, wanted 0 to {index - 1}")
        apart_mm = math.dist(_places(branches[branch.parent])[-1], _places(branch)[0])
        if apart_mm > _JOIN_MM:
            raise FiberError(
                f"branch {index}: starts {apart_mm:.3f} mm from the last node of branch {branch.parent}, "
                "wanted there"
            )


def _path(values: ArrayLike, name: str, fewest: int = 2) -> Floats:
    """Return a path without repeated points."""
    try:
        path = points(values, name, minimum=fewest)
    except ArrayError as error:
        raise FiberError(str(error)) from error
    repeated = (path[1:] == path[:-1]).all(axis=1)
    return frozen(np.delete(path, np.flatnonzero(repeated), axis=0)) if repeated.any() else path


def _lengths(path_mm: Floats) -> Floats:
    """Return the length of a path up to each of its points."""
    steps = path_mm[1:] - path_mm[:-1]
    length_mm = np.zeros(len(path_mm))
    np.cumsum(np.sqrt(np.einsum("ij,ij->i", steps, steps)), out=length_mm[1:])
    return length_mm


def _places(branch: Branch) -> Floats:
    """Return the centers of a branch's compartments, its first node counted, ``(n, 3)`` mm."""
    spacing_um = branch.sizes.node_spacing_um
    # The center of each internode's compartments, and of the node after.
    centers = np.append(centers_um(branch.sizes), spacing_um)
    starts_um = np.arange(branch.nodes - 1)[:, None] * spacing_um
    along_mm = branch.first_mm + np.append(0.0, starts_um + centers) / 1000
    length_mm = _lengths(branch.path_mm)
    places = np.empty((len(along_mm), 3))
    for axis in range(3):
        places[:, axis] = np.interp(along_mm, length_mm, branch.path_mm[:, axis])
    return places
