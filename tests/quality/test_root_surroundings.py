import numpy as np
import pytest

from cauda.annotation.tracing import Contour, Tracing
from cauda.quality.root_surroundings import RootSurroundings


def _ring(radius_mm: float, z_mm: float) -> Contour:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.stack([radius_mm * np.cos(angle), radius_mm * np.sin(angle), np.full(24, z_mm)], axis=1)
    return Contour(points, f"ring at {z_mm}")


def test_distances_are_those_of_traced_circles_and_between_them_of_both() -> None:
    tracing = Tracing(
        "01",
        cord=(_ring(3.0, 0.0), _ring(4.0, 2.0)),
        dura=tuple(_ring(8.0, z) for z in (0.0, 2.0, 4.0)),
        roots={},
        ganglia={},
    )
    around = RootSurroundings.of_tracing(tracing, 0.3)
    assert around.cord is not None
    assert around.dura is not None
    points = np.array([[5.0, 0, 0], [0, 5.0, 2], [5.0, 0, 1], [0, 0, 1], [5.0, 0, 9]])
    np.testing.assert_allclose(around.cord(points), [2, 1, 1.5, -3.5, np.nan], atol=0.02)
    np.testing.assert_allclose(around.dura(points), [-3, -3, -3, -8, np.nan], atol=0.04)
    assert around.cord_over_csf == pytest.approx(0.3)


def test_what_is_not_traced_is_not_known() -> None:
    around = RootSurroundings.of_tracing(Tracing("01", (), (_ring(8.0, 0.0),), {}, {}))
    assert around.cord is None
    assert around.dura is not None
