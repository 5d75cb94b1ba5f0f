"""Fibers of a virtual subject: where they run, what they are, and on what they depend."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cauda.anatomy import SpineModel
from cauda.anatomy.axes import Axes
from cauda.anatomy.distance import nearest
from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber import (
    Population,
    Pulse,
    SampledFiber,
    Settings,
    dorsal_columns,
    point_source_mv_per_ma,
    sample,
    threshold_ma,
    thresholds,
)
from cauda.fiber.cord import Cord
from cauda.fiber.frame import lengths, tangents
from cauda.fiber.laying import PER_NODE

FLIP = np.array([-1.0, 1.0, 1.0])
ENOUGH_MM = 0.03
"""The cord's surface as fibers see it, by angle and height, against the triangles of its solid."""


def test_every_root_has_as_many_fibers_and_every_dorsal_column(
    model: SpineModel, population: Population
) -> None:
    lines = [path for path in model.roots if path.k is None]
    for path in lines:
        assert len(population.of(path.root, part=path.part)) == 20
    for side in ("L", "R"):
        assert len(population.of(part="dorsal_column", side=side)) == 20
    assert len(population) == 20 * (len(lines) + 2)
    assert len({each.name for each in population}) == len(population)


def test_classes_have_their_shares(population: Population) -> None:
    for root in population.roots:
        dorsal = population.of(root, part="dorsal")
        for fiber_class in ("Ia", "Ib", "II", "A-beta"):
            assert len(dorsal.of(fiber_class=fiber_class)) == 5
        assert len(population.of(root, part="ventral", fiber_class="alpha")) == 20


def test_diameters_are_those_of_their_class(population: Population) -> None:
    # Schalow, human sacral roots: spindle primary 13.2 um; SD of 1 um and cut at 2 SD assumed.
    primary = np.array([each.diameter_um for each in population.of(fiber_class="Ia")])
    assert primary.mean() == pytest.approx(13.2, abs=0.15)
    assert abs(primary - 13.2).max() <= 2.05
    fast = [each.diameter_um for each in population.of(part="ventral") if each.kind == "FF"]
    assert np.mean(fast) == pytest.approx(13.1, abs=0.15)


def test_afferents_lie_in_nerve_ganglion_root_and_rootlet(model: SpineModel, population: Population) -> None:
    for root in population.roots:
        fibers = population.of(root, part="dorsal").fibers[::5]
        names = [f"{root}_{part}" for part in ("nerve", "ganglion", "dorsal")]
        outside = np.concatenate([between(each, 0.0, "join") for each in fibers])
        assert out_of(model, names, outside) < 0.01
        refuse_out_of_rootlets(model, fibers)


def test_motor_axons_lie_in_rootlet_root_and_nerve(model: SpineModel, population: Population) -> None:
    for root in population.roots:
        fibers = population.of(root, part="ventral").fibers[::5]
        names = [f"{root}_{part}" for part in ("ventral", "nerve")]
        assert out_of(model, names, np.concatenate([between(each, "join", None) for each in fibers])) < 0.01
        refuse_out_of_rootlets(model, fibers)


def test_within_the_cord_afferents_keep_to_white_matter(model: SpineModel, population: Population) -> None:
    fibers = population.of(part="dorsal").fibers
    trunks = np.concatenate([between(each, "entry", None) for each in fibers])
    branches = np.concatenate([compartments(each, 1)[::13] for each in fibers])
    for points in (trunks, branches):
        assert out_of(model, ["cord"], points) < ENOUGH_MM
    gray = model.surfaces["gray_matter"]
    for points in (trunks, branches):
        assert nearest(points, gray.vertices_mm, gray.triangles).distance_mm.min() > 0


def test_motor_axons_begin_in_the_ventral_horn_of_their_segment(
    model: SpineModel, population: Population
) -> None:
    fibers = population.of(part="ventral").fibers
    begins = np.array([each.fiber.positions_mm[0] for each in fibers])
    assert out_of(model, ["gray_matter"], begins) < 0
    heights = model.axes.local(begins)
    segments = {each.level: each for each in model.segments}
    for each, (x, y, z) in zip(fibers, heights, strict=True):
        assert each.root is not None
        segment = segments[each.root.level]
        rostral, caudal, horn = model.axes.local(
            np.array([segment.rostral_mm, segment.caudal_mm, segment.horns_mm[f"ventral_{each.side}"]])
        )
        assert caudal[2] - 1e-6 <= z <= rostral[2] + 1e-6
        assert np.hypot(x - horn[0], y - horn[1]) < 1.5
    assert (
        out_of(model, ["cord"], np.concatenate([between(each, 0.0, "entry") for each in fibers])) < ENOUGH_MM
    )


def test_fibers_of_the_dorsal_columns_lie_in_white_matter_over_the_whole_cord(
    model: SpineModel, population: Population
) -> None:
    fibers = population.of(part="dorsal_column").fibers
    points = np.concatenate([each.fiber.positions_mm[::23] for each in fibers])
    gray = model.surfaces["gray_matter"]
    assert out_of(model, ["cord"], points) < 0
    assert nearest(points, gray.vertices_mm, gray.triangles).distance_mm.min() > 0
    cord = model.axes.local(model.surfaces["cord"].vertices_mm)[:, 2]
    for each in fibers:
        z = model.axes.local(each.fiber.positions_mm)[:, 2]
        assert z[0] < cord.min() + 8
        assert z[-1] > cord.max() - 3
        assert (np.diff(z) > 0).all()


def test_no_fiber_has_a_kink(population: Population) -> None:
    for each in population:
        for branch in each.fiber.branches:
            steps = np.diff(branch.path_mm, axis=0)
            long = np.linalg.norm(steps, axis=1)
            cosine = np.einsum("ij,ij->i", steps[1:], steps[:-1]) / (long[1:] * long[:-1])
            turned = np.arccos(np.clip(cosine, -1, 1))
            assert np.degrees(turned).max() < 30
            assert ((long[1:] + long[:-1]) / 2 / np.maximum(turned, 1e-9)).min() > 0.35


def test_afferents_divide_at_the_entry_into_a_rostral_and_a_caudal_branch(
    model: SpineModel, population: Population
) -> None:
    lowest = Cord(model).bottom_mm
    for each in population.of(part="dorsal"):
        trunk, rostral, caudal = each.fiber.branches
        assert rostral.sizes.diameter_um == pytest.approx(0.65 * each.diameter_um)
        assert caudal.sizes.diameter_um == pytest.approx(0.55 * each.diameter_um)
        assert rostral.nodes >= 10
        assert caudal.nodes >= 10
        divides = float(model.axes.local(trunk.path_mm[-1:])[0, 2])
        up, down = (model.axes.local(branch.path_mm)[-1, 2] for branch in (rostral, caudal))
        assert up - divides > 20
        # 20 mm, or less where the conus ends.
        assert divides - down == pytest.approx(min(20, divides - lowest), abs=1.1)
        assert 0.5 < each.marks_mm["bifurcation"] - each.marks_mm["entry"] < 3


def test_a_fiber_passes_its_marks_in_order(model: SpineModel, population: Population) -> None:
    for each in population:
        order = {
            "dorsal": ["ganglion", "dura", "join", "entry", "bifurcation"],
            "ventral": ["entry", "join", "dura", "nerve"],
            "dorsal_column": [],
        }[each.part]
        assert sorted(each.marks_mm, key=lambda name: each.marks_mm[name]) == order
    entries = np.array([at(each, "entry") for each in population if each.root])
    cord = model.surfaces["cord"]
    found = nearest(entries, cord.vertices_mm, cord.triangles).distance_mm
    assert abs(found).max() < 2 * ENOUGH_MM
    centers = {(path.root, path.part): path.points_mm[-1] for path in model.roots if path.k is None}
    for each in population.of(part="dorsal"):
        assert each.root is not None
        assert np.linalg.norm(at(each, "ganglion") - centers[each.root, "dorsal"]) < 1.5


def test_nodes_are_counted_from_the_entry(population: Population) -> None:
    for each in population:
        if each.root is None:
            continue
        points, along = each.fiber.nodes_mm(), each.along_mm()
        near = int(np.argmin(abs(along)))
        assert abs(along[near]) < 1
        assert np.linalg.norm(points[near] - at(each, "entry")) <= abs(along[near]) + 1e-6


def test_the_same_seed_gives_the_same_fibers_and_another_one_others(
    model: SpineModel, population: Population
) -> None:
    again, other = sample(model, 20, 1), sample(model, 20, 2)
    for one, two in zip(population, again, strict=True):
        np.testing.assert_array_equal(one.fiber.positions_mm, two.fiber.positions_mm)
    assert any(one.diameter_um != two.diameter_um for one, two in zip(population, other, strict=True))


def test_fibers_of_a_root_do_not_depend_on_other_roots(model: SpineModel, population: Population) -> None:
    alone = replace(model, roots=tuple(path for path in model.roots if str(path.root) == "S1_R"))
    for part in ("dorsal", "ventral"):
        for one, two in zip(
            sample(alone, 20, 1).of(part=part), population.of("S1_R", part=part), strict=True
        ):
            np.testing.assert_array_equal(one.fiber.positions_mm, two.fiber.positions_mm)


def test_a_mirrored_model_has_mirrored_fibers(model: SpineModel, population: Population) -> None:
    image = sample(mirrored(model), 20, 1)
    for each in population:
        if each.root is None:
            other = image.of(part=each.part, side="LR"[each.side == "L"])
        else:
            other = image.of(each.root.opposite, part=each.part)
        twin = other[each.number - 1]
        assert (twin.diameter_um, twin.rootlet, twin.kind) == (each.diameter_um, each.rootlet, each.kind)
        np.testing.assert_allclose(twin.fiber.positions_mm, each.fiber.positions_mm * FLIP, rtol=0, atol=1e-6)


def test_dorsal_columns_alone_are_those_of_the_whole(model: SpineModel, population: Population) -> None:
    alone = dorsal_columns(model, 20, 1)
    for one, two in zip(alone, population.of(part="dorsal_column"), strict=True):
        assert one.name == two.name
        np.testing.assert_array_equal(one.fiber.positions_mm, two.fiber.positions_mm)


def test_fibers_go_on_where_the_model_ends_and_motor_axons_have_a_cell(population: Population) -> None:
    for each in population:
        first = "cell" if each.part == "ventral" else "open"
        assert each.fiber.closures == (first,) + ("open",) * (len(each.fiber.ends) - 1)


def test_no_sampled_fiber_fires_from_an_end(population: Population) -> None:
    # Sealed ends gave a fifth of all thresholds in the field of a lead behind the cord.
    some = Population(population.fibers[::3], population.seed)
    afferents = population.of("L4_L", part="dorsal")
    behind_mm = np.mean([at(each, "entry") for each in afferents], axis=0) + np.array([0.0, -5.0, 0.0])
    source = point_source_mv_per_ma(behind_mm, sigma_s_per_m=0.6)
    found = thresholds(
        some.cables, source, Pulse(300), settings=Settings(tolerance=0.02, block=0, warn=False)
    )
    assert np.isfinite(found.amplitude_ma).mean() > 0.95
    assert not found.end_excited.any()


def test_sampled_fibers_have_thresholds(population: Population) -> None:
    afferent = max(population.of("L4_L", fiber_class="Ia"), key=lambda each: each.diameter_um)
    source = point_source_mv_per_ma(at(afferent, "join") + np.array([0.0, -3.0, 0.0]), sigma_s_per_m=1.7)
    found = threshold_ma([afferent.fiber], source, Pulse(300))
    assert 0.1 < found[0] < 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_root": 0}, "number of fibers: found 0"),
        ({"per_root": 2.5}, "number of fibers: found 2.5"),
        ({"seed": -1}, "seed: found -1"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    model: SpineModel, options: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(FiberError, match=message):
        sample(model, **options)


@pytest.mark.parametrize("name", ["cord", "gray_matter", "dura_inner"])
def test_a_model_without_a_part_is_refused(model: SpineModel, name: str) -> None:
    left = {known: surface for known, surface in model.surfaces.items() if known != name}
    with pytest.raises(FiberError, match=f"the model has no {name}"):
        sample(replace(model, surfaces=left))


def between(each: SampledFiber, first: str | float, last: str | None, step_mm: float = 0.7) -> Floats:
    """Return points of the first branch between two marks, or a length and one, or from one to the end."""
    path = each.fiber.branches[0].path_mm
    arc = lengths(path)
    begin = each.marks_mm[first] if isinstance(first, str) else first
    end = float(arc[-1]) if last is None else each.marks_mm[last]
    where = np.arange(begin + 0.02, end, step_mm)
    return np.stack([np.interp(where, arc, path[:, axis]) for axis in range(3)], axis=1)


def at(each: SampledFiber, mark: str) -> Floats:
    path = each.fiber.branches[0].path_mm
    return np.array([np.interp(each.marks_mm[mark], lengths(path), path[:, axis]) for axis in range(3)])


def compartments(each: SampledFiber, first: int) -> Floats:
    """Return the compartments of all branches from one on."""
    return each.fiber.positions_mm[(each.fiber.branches[first - 1].nodes - 1) * PER_NODE + 1 :]


def out_of(model: SpineModel, names: Sequence[str], points: Floats) -> float:
    """Return how far the farthest of some points lies outside of all of some solids, mm."""
    least = np.full(len(points), np.inf)
    for name in names:
        surface = model.surfaces[name]
        least = np.minimum(least, nearest(points, surface.vertices_mm, surface.triangles).distance_mm)
    return float(least.max())


def refuse_out_of_rootlets(model: SpineModel, fibers: Sequence[SampledFiber]) -> None:
    lines = {(path.root, path.part, path.k): path for path in model.roots}
    for each in fibers:
        assert each.root is not None
        line = lines[each.root, f"{each.part}_rootlet", each.rootlet]
        # The surface of the cord cuts a rootlet obliquely: on one side it is longer than its center line.
        first = line.points_mm[0] - 0.5 * tangents(line.points_mm)[0]
        course = np.concatenate([first[None], line.points_mm])
        arc = lengths(course)
        fine = np.arange(0, arc[-1], 0.02)
        middle = np.stack([np.interp(fine, arc, course[:, axis]) for axis in range(3)], axis=1)
        ends = ("join", "entry") if each.part == "dorsal" else ("entry", "join")
        points = between(each, *ends)
        # Within 3 mm of the root a fiber may still be on its way from where that holds it.
        free = np.linalg.norm(points - line.points_mm[-1], axis=1) > 3
        away = np.linalg.norm(points[free][:, None] - middle, axis=2).min(axis=1)
        assert (away < 0.95 * line.radius_mm[0]).all()


def mirrored(model: SpineModel) -> SpineModel:
    """Return the mirror image of a model, its left side right."""
    surfaces = {
        swapped(name): replace(
            surface,
            name=swapped(name),
            root=None if surface.root is None else surface.root.opposite,
            vertices_mm=surface.vertices_mm * FLIP,
            triangles=surface.triangles[:, ::-1],
        )
        for name, surface in model.surfaces.items()
    }
    segments = [
        replace(
            each,
            rostral_mm=each.rostral_mm * FLIP,
            caudal_mm=each.caudal_mm * FLIP,
            horns_mm={swapped(name): point * FLIP for name, point in each.horns_mm.items()},
        )
        for each in model.segments
    ]
    return replace(
        model,
        surfaces=surfaces,
        roots=tuple(
            replace(path, root=path.root.opposite, points_mm=path.points_mm * FLIP) for path in model.roots
        ),
        segments=tuple(segments),
        axes=Axes(model.axes.origin_mm * FLIP, model.axes.rotation * FLIP * FLIP[:, None]),
    )


def swapped(name: str) -> str:
    sides = {"L": "R", "R": "L"}
    return "_".join(sides.get(word, word) for word in name.split("_"))
