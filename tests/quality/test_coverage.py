"""What of a tracing lies in an image."""

import numpy as np
import pytest
from tests.quality.test_tissue import spine

from cauda.annotation import RootName, Tracing
from cauda.errors import QualityError
from cauda.quality import coverage

AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])
AFFINE[:3, 3] = [-15, -15, -60]
WHOLE, UPPER = (30, 30, 32), (30, 30, 32)
LOWERED = AFFINE.copy()
LOWERED[2, 3] = -20


def test_the_whole_of_a_tracing_lies_in_an_image_that_holds_it() -> None:
    tracing = spine()
    assert coverage.conus(tracing, AFFINE, WHOLE) == 1
    assert coverage.cord_mm(tracing, AFFINE, WHOLE) == pytest.approx(30)
    assert coverage.roots_mm(tracing, AFFINE, WHOLE) == pytest.approx(30)
    assert coverage.levels(tracing, AFFINE, WHOLE) == 1


def test_an_image_that_ends_above_the_conus_holds_less() -> None:
    tracing = spine()
    assert coverage.conus(tracing, LOWERED, UPPER) == 0
    assert coverage.cord_mm(tracing, LOWERED, UPPER) == pytest.approx(21, abs=0.5)
    assert coverage.roots_mm(tracing, LOWERED, UPPER) == pytest.approx(11, abs=0.5)


def test_ganglia_and_levels_are_counted() -> None:
    plain = spine()
    ganglia = {RootName("L4", "R"): np.array([10.0, 0, -30]), RootName("L4", "L"): np.array([-40.0, 0, -30])}
    tracing = Tracing("01", plain.cord, plain.dura, plain.roots, ganglia)
    assert coverage.ganglia(tracing, AFFINE, WHOLE) == 0.5


def test_what_was_not_traced_is_the_reason() -> None:
    empty = Tracing("01", (), spine().dura, {}, {})
    for measure, reason in (
        (coverage.conus, "no contour"),
        (coverage.cord_mm, "0 contours"),
        (coverage.roots_mm, "no root"),
        (coverage.levels, "no root"),
        (coverage.ganglia, "no ganglion"),
    ):
        with pytest.raises(QualityError, match=reason):
            measure(empty, AFFINE, WHOLE)
    with pytest.raises(QualityError, match="no tip"):
        coverage.conus(spine(tip=False), AFFINE, WHOLE)
