"""The virtual cord and sac have the sizes of the tables, and the cord lies dorsally in the sac."""

import numpy as np
import pytest

from cauda.phantom.bodies import cord, sac
from cauda.phantom.canal import sac_size_mm
from cauda.phantom.parameters import Parameters, draw
from cauda.phantom.sections import ANGLES_RAD, Sections

HEIGHT_MM = np.arange(120.0, -40.0, -2.0)


@pytest.fixture(scope="module")
def bodies() -> list[tuple[Parameters, Sections, Sections]]:
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        parameters = draw(rng)
        dura = sac(parameters, HEIGHT_MM, rng)
        found.append((parameters, cord(parameters, HEIGHT_MM, dura, rng), dura))
    return found


def test_the_cord_ends_at_its_tip(bodies: list[tuple[Parameters, Sections, Sections]]) -> None:
    for _, body, _ in bodies:
        np.testing.assert_array_equal(body.exists, HEIGHT_MM >= 0)


def test_the_enlargement_is_larger_than_the_cord_above_and_the_conus_tapers(
    bodies: list[tuple[Parameters, Sections, Sections]],
) -> None:
    area = np.mean([body.area_mm2 for _, body, _ in bodies], axis=0)
    above, enlargement, tip = area[HEIGHT_MM > 105].mean(), area.max(), area[HEIGHT_MM == 0][0]
    # sub-03: 39 to 45 mm2 above, 61 in the enlargement, doi 10.1038/s41597-024-03919-4
    assert 36 < above < 46
    assert 50 < enlargement < 66
    assert tip < 2
    taper = area[(HEIGHT_MM <= 24) & (HEIGHT_MM >= 0)]
    assert (np.diff(taper) < 0).all()


def test_the_sac_is_as_wide_and_deep_as_the_table_says(
    bodies: list[tuple[Parameters, Sections, Sections]],
) -> None:
    rows = np.arange(len(HEIGHT_MM))
    wide, deep = [], []
    for parameters, _, dura in bodies:
        size = sac_size_mm(parameters, HEIGHT_MM)
        right, left = (dura.radius(rows, np.full(len(rows), angle)) for angle in (np.pi / 2, -np.pi / 2))
        back, front = (dura.radius(rows, np.full(len(rows), angle)) for angle in (0.0, np.pi))
        wide.append((right + left) / size[:, 0])
        deep.append((back + front) / size[:, 1])
    assert np.mean(wide) == pytest.approx(1.0, abs=0.03)
    assert np.mean(deep) == pytest.approx(1.0, abs=0.03)


def test_the_cord_lies_dorsally_in_the_sac_and_never_touches_it_there(
    bodies: list[tuple[Parameters, Sections, Sections]],
) -> None:
    for _, body, dura in bodies:
        here = np.flatnonzero(body.exists)
        back, front = (
            dura.depth_mm(here, body.on(here, np.full(len(here), angle)))[0] for angle in (0.0, np.pi)
        )
        assert back.min() > 0.9
        assert back.mean() < front.mean()


def test_sections_change_little_from_slice_to_slice(
    bodies: list[tuple[Parameters, Sections, Sections]],
) -> None:
    for _, body, dura in bodies:
        for sections in (body, dura):
            radius = sections.radius_mm[sections.exists]
            assert np.abs(np.diff(radius, 2, axis=0)).max() < 0.5
            assert np.abs(np.diff(radius, axis=1)).max() < 0.3 * radius.max() * (ANGLES_RAD[1] / 0.1)
