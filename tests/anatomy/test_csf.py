"""More or less CSF round a round cord in a round sac, and in a virtual subject."""

import numpy as np
import pytest
from tests.anatomy.straight_cord import CORD_MM, DURA_MM, TOP_MM, tube

from cauda.anatomy.axes import Axes
from cauda.anatomy.csf import thickened
from cauda.anatomy.walls import Walls
from cauda.annotation.tracing import Contour, RootName, Tracing

AXES = Axes(np.array([6.3, -30.0, -400.0]), np.eye(3))
ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)


def ring(radius_mm: float, z_mm: float) -> np.ndarray:
    """Return points round the axis, RAS."""
    local = np.stack([radius_mm * np.cos(ANGLES), radius_mm * np.sin(ANGLES), np.full(24, z_mm)], axis=1)
    return AXES.ras(local)


def round_tracing(cord_mm: float = CORD_MM, dura_mm: float = DURA_MM) -> Tracing:
    """Return contours of two round tubes, and a root and a ganglion."""
    heights = np.arange(10.0, TOP_MM - 10, 10.0)
    return Tracing(
        subject="01",
        cord=tuple(Contour(ring(cord_mm, z), f"cord {z}") for z in heights),
        dura=tuple(Contour(ring(dura_mm, z), f"dura {z}") for z in heights),
        roots={RootName("L4", "L"): AXES.ras(np.array([[-4.0, 0, 80], [-6.5, 0, 60], [-8.0, 0, 20]]))},
        ganglia={RootName("L4", "L"): AXES.ras(np.array([[-20.0, 0, 15]]))[0]},
    )


def round_walls(cord_off_mm: float = 0.0) -> Walls:
    cord, dura = tube(CORD_MM), tube(DURA_MM)
    if cord_off_mm:
        rows = cord.rows(cord.z_mm)
        rows[:, -1] = cord_off_mm
        cord = type(cord)(cord.z_mm, rows[:, :-2], rows[:, -2:])
    return Walls(cord, dura, tube(DURA_MM + 0.3), 0.0, {"cord": (10, 110), "dura": (10, 110)})


@pytest.mark.parametrize("factor", [0.9, 1.1, 1.5])
def test_the_ring_of_csf_round_a_round_cord_grows_by_the_factor(factor: float) -> None:
    found = thickened(round_tracing(), AXES, round_walls(), factor)
    for contour in found.dura:
        local = AXES.local(contour.points_mm)
        np.testing.assert_allclose(
            np.hypot(local[:, 0], local[:, 1]), CORD_MM + factor * (DURA_MM - CORD_MM), atol=1e-9
        )
    for before, after in zip(round_tracing().cord, found.cord, strict=True):
        np.testing.assert_array_equal(after.points_mm, before.points_mm)


def test_points_keep_their_share_of_the_way_and_those_outside_move_with_the_dura() -> None:
    found = thickened(round_tracing(), AXES, round_walls(), 1.2)
    root = AXES.local(found.roots[RootName("L4", "L")])
    np.testing.assert_allclose(root[:, 0], [-4.0, -7.0, -8.8], atol=1e-9)
    np.testing.assert_allclose(root[:, 2], [80, 60, 20], atol=1e-9)
    ganglion = AXES.local(found.ganglia[RootName("L4", "L")][None])[0]
    np.testing.assert_allclose(ganglion, [-21.0, 0, 15], atol=1e-9)


def test_distances_are_counted_from_a_cord_that_lies_off_the_middle() -> None:
    off_mm = 1.5
    found = thickened(round_tracing(), AXES, round_walls(off_mm), 1.1)
    local = AXES.local(found.dura[0].points_mm)
    front, back = local[ANGLES.searchsorted(np.pi / 2)], local[ANGLES.searchsorted(3 * np.pi / 2)]
    assert front[1] - off_mm - CORD_MM == pytest.approx(1.1 * (DURA_MM - off_mm - CORD_MM), abs=1e-6)
    assert -back[1] + off_mm - CORD_MM == pytest.approx(1.1 * (DURA_MM + off_mm - CORD_MM), abs=1e-6)


def test_a_factor_of_one_moves_nothing() -> None:
    before = round_tracing()
    found = thickened(before, AXES, round_walls(), 1.0)
    np.testing.assert_allclose(found.dura[3].points_mm, before.dura[3].points_mm, atol=1e-12)
