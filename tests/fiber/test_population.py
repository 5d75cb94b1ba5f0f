"""Fibers by root, part, side and class."""

from dataclasses import replace

import numpy as np
import pytest

from cauda.annotation.tracing import RootName
from cauda.errors import FiberError
from cauda.fiber import Population, SampledFiber, along, branched

LINE: list[list[float]] = [[0, 0, 0], [0, 0, 40.0]]


def motor(number: int = 1, level: str = "L4", side: str = "L") -> SampledFiber:
    return SampledFiber(
        fiber=along(LINE, 10.0, rule="discrete"),
        part="ventral",
        side=side,
        root=RootName(level, side),
        fiber_class="alpha",
        kind="FR",
        rootlet=2,
        number=number,
        marks_mm={"entry": 3.0, "nerve": 39.0},
    )


def afferent() -> SampledFiber:
    end: list[float] = [0, 0, 40.0]
    fiber = branched(LINE, 10.0, [[end, [0, 20, 40.0]], [end, [0, -15, 40.0]]], [8.7, 5.7], rule="discrete")
    return replace(motor(), fiber=fiber, part="dorsal", fiber_class="Ia", marks_mm={"entry": 38.0})


def column(side: str) -> SampledFiber:
    return replace(motor(), part="dorsal_column", side=side, root=None, rootlet=None, marks_mm={})


def test_a_fiber_has_a_name() -> None:
    assert motor(17).name == "L4_L_ventral_17"
    assert column("R").name == "dorsal_column_R_1"


def test_nodes_of_a_motor_axon_lie_behind_its_exit_from_the_cord() -> None:
    np.testing.assert_allclose(motor().along_mm(), -3.0 + 1.15 * np.arange(35))


def test_nodes_of_an_afferent_lie_before_its_entry_and_its_branches_beyond() -> None:
    found = afferent().along_mm()
    fiber = afferent().fiber
    trunk, rostral, caudal = (branch.nodes for branch in fiber.branches)
    assert len(found) == fiber.node_count
    np.testing.assert_allclose(found[:trunk], -2.0 + 1.15 * np.arange(trunk)[::-1])
    np.testing.assert_allclose(found[trunk : trunk + rostral - 1], -2.0 - 1.0 * np.arange(1, rostral))
    np.testing.assert_allclose(found[trunk + rostral - 1 :], -2.0 - 0.5 * np.arange(1, caudal))


def test_nodes_of_the_dorsal_column_count_from_its_begin() -> None:
    np.testing.assert_allclose(column("L").along_mm(), 1.15 * np.arange(35))


def test_marks_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        motor().marks_mm["entry"] = 1.0  # type: ignore[index]


@pytest.fixture
def mixed() -> Population:
    """Return fibers of two roots and of a dorsal column."""
    fibers = [motor(1), motor(2), motor(1, "S1"), motor(1, "S1", "R"), afferent(), column("R")]
    return Population(tuple(fibers), seed=0)


def test_fibers_are_found_by_root_part_side_and_class(mixed: Population) -> None:
    assert len(mixed) == len(list(mixed)) == len(mixed.cables) == 6
    assert [each.name for each in mixed.of("L4_L", part="ventral")] == ["L4_L_ventral_1", "L4_L_ventral_2"]
    assert len(mixed.of(RootName("S1", "R"))) == 1
    assert len(mixed.of(side="R")) == 2
    assert mixed.of(fiber_class="Ia")[0].part == "dorsal"
    assert mixed.roots == (RootName("L4", "L"), RootName("S1", "L"), RootName("S1", "R"))


def test_fibers_that_are_not_there_are_refused(mixed: Population) -> None:
    with pytest.raises(
        FiberError, match="none of root L5_L, part dorsal, wanted one or more; roots are L4_L"
    ):
        mixed.of("L5_L", part="dorsal")
