import numpy as np
import pytest

from cauda.annotation import Contour, Tracing
from cauda.annotation.slices import Slices, distance_mm, inside, signed_distance_mm, spacing_mm
from cauda.arrays import Floats


def stack(tilt_deg: float = 0.0, step_mm: float = 2.0) -> Tracing:
    angle = 2 * np.pi * np.arange(24) / 24
    circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    tilt = np.radians(tilt_deg)
    turn = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])

    def contours(name: str, radius_mm: float, count: int) -> tuple[Contour, ...]:
        places = [(radius_mm * circle + [0, 0, -step_mm * row]) @ turn.T for row in range(count)]
        return tuple(Contour(place, f"{name}_{row}") for row, place in enumerate(places, 1))

    return Tracing("01", contours("cord", 4.0, 5), contours("dura", 8.0, 7), {}, {})


@pytest.mark.parametrize("tilt_deg", [0, 5, -30])
def test_an_oblique_stack_has_the_heights_and_areas_of_a_straight_one(tilt_deg: float) -> None:
    slices = Slices.of(stack(tilt_deg))
    assert [piece.height_mm for piece in slices.dura] == pytest.approx([-2.0 * row for row in range(7)])
    assert [piece.name for piece in slices.cord] == [f"cord_{row}" for row in range(1, 6)]
    assert slices.dura[0].area_mm2 == pytest.approx(np.pi * 64, rel=1e-4)
    assert slices.spacing_mm == pytest.approx(2.0)
    np.testing.assert_allclose(slices.basis @ slices.basis.T, np.eye(3), atol=1e-12)
    assert slices.basis[0, 0] > 0.8


def test_a_tracing_without_contours_has_slices_along_z() -> None:
    slices = Slices.of(Tracing("01", (), (), {}, {}))
    np.testing.assert_array_equal(slices.basis, np.eye(3))
    assert slices.spacing_mm == spacing_mm(slices.cord) == 0


def test_points_are_told_from_a_square_by_side_and_distance() -> None:
    square = np.array([[1.0, 1], [-1, 1], [-1, -1], [1, -1]])
    points_mm: Floats = np.array([[0.0, 0], [0.5, 0], [2, 0], [2, 2], [-0.9, 0.2]])
    assert inside(points_mm, square).tolist() == [True, True, False, False, True]
    np.testing.assert_allclose(distance_mm(points_mm, square), [1, 0.5, 1, np.sqrt(2), 0.1])
    np.testing.assert_allclose(signed_distance_mm(points_mm, square), [-1, -0.5, 1, np.sqrt(2), -0.1])


def test_a_contour_of_very_many_points_gets_an_outline_of_bounded_size() -> None:
    angle = 2 * np.pi * np.arange(20_000) / 20_000
    circle = np.column_stack([5 * np.cos(angle), 5 * np.sin(angle), 0 * angle])
    (piece,) = Slices.of(Tracing("01", (Contour(circle, "cord_1"),), (), {}, {})).cord
    assert len(piece.outline_mm) <= 1500
    assert piece.area_mm2 == pytest.approx(np.pi * 25, rel=1e-6)
