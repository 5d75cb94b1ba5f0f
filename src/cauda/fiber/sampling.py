"""The verb: from a model to the fibers of its roots and dorsal columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.anatomy.axes import Axes
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import SIDES
from cauda.arrays import Floats, Ints
from cauda.errors import FiberError
from cauda.fiber import bundle, intraspinal
from cauda.fiber.bundle import Root, Strand
from cauda.fiber.cord import Cord
from cauda.fiber.dimensions import dimensions
from cauda.fiber.frame import lengths
from cauda.fiber.laying import Closure, Fiber, along, branched
from cauda.fiber.number import whole
from cauda.fiber.population import Population, SampledFiber
from cauda.fiber.scatter import diameters_um, generator, kinds, square
from cauda.tables.fibers import FiberKind, fiber_courses, fiber_kinds

_FEWEST_INTERNODES = 10
"""A branch with less room is left out: its end would be near."""


_NEAR_ENTRY = 4
"""Strands end at about the surface of the cord: the last of their points that may lie within it."""


def sample(model: SpineModel, per_root: int = 100, seed: int = 0) -> Population:
    """Return fibers of every root of a model and of its dorsal columns.

    Parameters
    ----------
    model : SpineModel
        With rootlets, gray matter and cord.
    per_root : int
        Number of fibers of each dorsal root, of each ventral root and of either dorsal column.
    seed : int
        0 or more. The fibers of a root depend on the seed, its level and its part alone: not on which other
        roots there are, and not on the side, so that a mirrored model has mirrored fibers.

    Returns
    -------
    Population
        In RAS mm.

    Raises
    ------
    FiberError
        If the model has no roots, no rootlets, no cord or no gray matter, or a number is out of range.

    Notes
    -----
    Classes, diameters and courses follow the tables ``fiber_classes.tsv`` and ``fiber_courses.tsv``, where
    each number has its source or is called assumed.
    """
    per_root, seed = _numbers(per_root, seed)
    roots = bundle.roots(model)
    cord = Cord(model)
    found: list[SampledFiber] = []
    for root in roots:
        found += _of_root(root, cord, model, per_root, seed)
    return Population((*found, *_of_columns(cord, model.axes, per_root, seed)), seed)


def dorsal_columns(model: SpineModel, number: int = 100, seed: int = 0) -> Population:
    """Return fibers of the dorsal columns of a model alone, over the whole length of its cord.

    Parameters
    ----------
    model : SpineModel
        With cord and gray matter.
    number : int
        Of fibers on either side.
    seed : int
        0 or more; with the same one they are those of `sample`.

    Raises
    ------
    FiberError
        If the model has no cord or no gray matter, or a number is out of range.
    """
    number, seed = _numbers(number, seed)
    return Population(tuple(_of_columns(Cord(model), model.axes, number, seed)), seed)


def _numbers(count: int, seed: int) -> tuple[int, int]:
    return whole(count, "number of fibers", least=1), whole(seed, "seed", least=0)


def _of_root(root: Root, cord: Cord, model: SpineModel, count: int, seed: int) -> list[SampledFiber]:
    rng = generator(seed, f"{root.name.level}_{root.part}")
    strands = bundle.strands(root, count, float(rng.random()))
    classes, diameter_um = _drawn(fiber_kinds(root.part), count, rng)
    places, rises = square(count, rng), rng.random(count)
    found = []
    for number, strand in enumerate(strands):
        kind = fiber_kinds(root.part)[classes[number]]
        make = _afferent if root.part == "dorsal" else _efferent
        fiber, marks = make(
            strand, root, cord, model, float(diameter_um[number]), (*places[number], rises[number])
        )
        found.append(
            SampledFiber(
                fiber=fiber,
                part="dorsal" if root.part == "dorsal" else "ventral",
                side=root.name.side,
                root=root.name,
                fiber_class=kind.fiber_class,
                kind=kind.kind,
                rootlet=strand.rootlet,
                number=number + 1,
                marks_mm=marks,
            )
        )
    return found


def _drawn(known: Sequence[FiberKind], count: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Return the kind and the diameter of each fiber."""
    chosen = kinds(count, [kind.share for kind in known], rng)
    diameter = np.empty(count)
    for number, kind in enumerate(known):
        own = np.flatnonzero(chosen == number)
        diameter[own] = diameters_um(kind, len(own), rng)
    return chosen, diameter


def _afferent(
    strand: Strand, root: Root, cord: Cord, model: SpineModel, diameter_um: float, drawn: Sequence[float]
) -> tuple[Fiber, dict[str, float]]:
    points = strand.points_mm
    inside = intraspinal.division(
        cord, root.name.side, points[-1], _heading(points), np.array(drawn[:2]), drawn[2]
    )
    trunk = np.concatenate([points, inside.trunk_mm])
    length = lengths(trunk)
    marks = {
        **strand.marks_mm,
        "entry": _entry(trunk, length, len(points) - 1, cord, root.name.side),
        "bifurcation": float(length[-1]),
    }
    ratios = fiber_courses()["rostral_ratio"], fiber_courses()["caudal_ratio"]
    daughters = [
        (model.axes.ras(path), ratio * diameter_um)
        for path, ratio in zip((inside.rostral_mm, inside.caudal_mm), ratios, strict=True)
        if _has_room(path, ratio * diameter_um)
    ]
    if not daughters:
        raise FiberError(
            f"sub-{model.subject}: {root.name}: the cord has no room for a branch of an afferent, wanted "
            f"{_FEWEST_INTERNODES} internodes above or below its entry"
        )
    paths, sizes = zip(*daughters, strict=True)
    going_on: Closure = "open"
    closures = [going_on] * (1 + len(daughters))
    return branched(model.axes.ras(trunk), diameter_um, paths, sizes, closures=closures), marks


def _efferent(
    strand: Strand, root: Root, cord: Cord, model: SpineModel, diameter_um: float, drawn: Sequence[float]
) -> tuple[Fiber, dict[str, float]]:
    outward = strand.points_mm
    angle, radius = 2 * np.pi * drawn[0], np.sqrt(drawn[1])
    height = _neuron_mm(model, root.name.level, float(outward[-1, 2]))
    inside = intraspinal.motor(
        cord,
        root.name.side,
        outward[-1],
        _heading(outward),
        float(np.clip(height, cord.bottom_mm, cord.top_mm)),
        radius * np.array([np.cos(angle), np.sin(angle)]),
    )
    inward = np.concatenate([outward, inside])
    length = lengths(inward)
    passed = {
        **strand.marks_mm,
        "entry": _entry(inward, length, len(outward) - 1, cord, root.name.side),
    }
    marks = {name: float(length[-1]) - where for name, where in passed.items()}
    return along(model.axes.ras(inward[::-1]), diameter_um, closures=("cell", "open")), marks


def _of_columns(cord: Cord, axes: Axes, count: int, seed: int) -> list[SampledFiber]:
    found = []
    for side in SIDES:
        rng = generator(seed, "dorsal_column")
        known = fiber_kinds("dorsal_column")
        chosen, diameter_um = _drawn(known, count, rng)
        begins = rng.random(count)
        for number, path in enumerate(intraspinal.columns(cord, side, square(count, rng))):
            fiber = along(
                axes.ras(path),
                float(diameter_um[number]),
                first_mm=float(begins[number]),
                closures=("open", "open"),
            )
            found.append(
                SampledFiber(
                    fiber=fiber,
                    part="dorsal_column",
                    side=side,
                    root=None,
                    fiber_class=known[chosen[number]].fiber_class,
                    kind=known[chosen[number]].kind,
                    rootlet=None,
                    number=number + 1,
                    marks_mm={},
                )
            )
    return found


def _heading(points: Floats) -> Floats:
    """Return the direction in which a strand comes to the cord: of the parabola through its last points."""
    steps = np.diff(points[-3:], axis=0)
    before, last = np.linalg.norm(steps, axis=1)
    slopes = steps / np.array([[before], [last]])
    heading: Floats = slopes[1] + (slopes[1] - slopes[0]) * last / (last + before)
    return heading / np.linalg.norm(heading)


def _entry(points: Floats, length: Floats, about: int, cord: Cord, side: str) -> float:
    """Return the length at which a path on its way inwards passes the surface of the cord."""
    near = max(about - _NEAR_ENTRY, 0)
    depth = cord.polar(points[near:], side)[1]
    outside = np.flatnonzero(depth[:-1] < 0)
    if not len(outside):
        return float(length[near])
    last = int(outside[-1])
    share = min(depth[last] / (depth[last] - depth[last + 1]), 1.0)
    first = near + last
    return float(length[first] + share * (length[first + 1] - length[first]))


def _neuron_mm(model: SpineModel, level: str, entry_mm: float) -> float:
    """Return the height of a motor neuron whose axon leaves the cord at a height, within its segment."""
    own = next((each for each in model.segments if each.level == level), None)
    height = entry_mm + fiber_courses()["motor_rise_mm"]
    if own is None:
        return height
    caudal, rostral = (_height(model.axes, each) for each in (own.caudal_mm, own.rostral_mm))
    return float(np.clip(height, caudal, rostral))


def _height(axes: Axes, point_mm: Floats) -> float:
    return float(axes.local(point_mm[None])[0, 2])


def _has_room(path_mm: Floats, diameter_um: float) -> bool:
    return bool(lengths(path_mm)[-1] * 1000 >= _FEWEST_INTERNODES * dimensions(diameter_um).node_spacing_um)
