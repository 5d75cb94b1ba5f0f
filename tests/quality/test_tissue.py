"""Shares of cord, CSF and roots of a tracing in voxels."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.annotation import Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.errors import AnnotationError
from cauda.quality.tissue import CLEAR_MM, ROOT_MM, Tissues, tissues

CORD_MM, SAC_MM, ROOT_AT_MM = 4.0, 9.0, 6.5


def spine(turn: Floats | None = None, *, tip: bool = True) -> Tracing:
    """Make a cord and a sac of slices 2 mm apart from z = 0 down to -30 and -50 mm, and one root."""
    angle = 2 * np.pi * np.arange(32) / 32
    circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    turn = np.eye(3) if turn is None else turn

    def contours(name: str, radii_mm: list[float]) -> tuple[Contour, ...]:
        places = [
            (radius_mm * circle + [0, 0, -2.0 * row]) @ turn.T for row, radius_mm in enumerate(radii_mm)
        ]
        return tuple(Contour(place, f"{name}_{row}") for row, place in enumerate(places, 1))

    cord = [CORD_MM] * 16
    cord[-1] = 1.0 if tip else CORD_MM
    root = np.array([[ROOT_AT_MM, 0, -10], [ROOT_AT_MM, 0, -40]]) @ turn.T
    return Tracing(
        "01", contours("cord", cord), contours("dura", [SAC_MM] * 26), {RootName("L4", "R"): root}, {}
    )


def grid(spacing_mm: tuple[float, float, float]) -> tuple[Floats, tuple[int, int, int]]:
    """Cover 30 x 30 x 66 mm round the spine, off its center."""
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = [-15 + 0.037, -15 + 0.059, -58 + 0.071]
    shape = (int(30 / spacing_mm[0]), int(30 / spacing_mm[1]), int(66 / spacing_mm[2]))
    return affine, shape


def _volume_mm3(found: Tissues, name: str, affine: Floats) -> float:
    return float(found.shares[name].sum(dtype=np.float64) * abs(np.linalg.det(affine[:3, :3])))


@pytest.mark.parametrize("spacing_mm", [(0.5, 0.5, 1.0), (0.3, 0.8, 2.0)])
def test_volumes_are_those_of_cylinders(spacing_mm: tuple[float, float, float]) -> None:
    affine, shape = grid(spacing_mm)
    found = tissues(spine(tip=False), affine, shape)
    # The cord ends without a tip, and with it the CSF; both have half a slice at either end.
    length = 32.0
    round_root = np.pi * CLEAR_MM**2 * 21.0 + 2 / 3 * np.pi * CLEAR_MM**3
    csf = np.pi * (SAC_MM**2 - CORD_MM**2) * length - round_root
    assert _volume_mm3(found, "csf", affine) == pytest.approx(csf, rel=0.03)
    tube = np.pi * ROOT_MM**2 * 30.0 + 4 / 3 * np.pi * ROOT_MM**3
    assert _volume_mm3(found, "root", affine) == pytest.approx(tube, rel=0.15)


def test_the_cord_is_one_voxel_off_its_border() -> None:
    affine, shape = grid((0.5, 0.5, 2.0))
    found = tissues(spine(tip=False), affine, shape)
    eroded = np.pi * (CORD_MM - 0.5) ** 2 * 32.0
    whole = np.pi * CORD_MM**2 * 32.0
    volume = _volume_mm3(found, "cord", affine)
    # A voxel is up to 1.4 edges wide along a slanted border.
    assert 0.9 * eroded < volume < 1.02 * eroded < whole


def test_below_its_tip_the_sac_is_csf_and_below_a_cut_cord_it_is_not() -> None:
    affine, shape = grid((0.5, 0.5, 2.0))
    tipped, cut = (tissues(spine(tip=tip), affine, shape).whole("csf") for tip in (True, False))
    below = slice(0, int((-40 + 58) / 2))
    assert tipped[:, :, below].sum() > 1000
    assert cut[:, :, below].sum() == 0
    assert tipped[:, :, int((3 + 58) / 2) :].sum() == 0, "nothing was traced above"


@settings(max_examples=4, deadline=None)
@given(order=st.sampled_from(list(permutations(range(3)))), flips=st.lists(st.integers(0, 2), unique=True))
def test_the_order_and_direction_of_the_axes_do_not_count(
    order: tuple[int, int, int], flips: list[int]
) -> None:
    affine, shape = grid((1.2, 1.0, 3.0))
    plain = tissues(spine(), affine, shape)
    turned, size = affine[:, [*order, 3]].copy(), tuple(shape[axis] for axis in order)
    for axis in flips:
        turned[:3, 3] += (size[axis] - 1) * turned[:3, axis]
        turned[:3, axis] *= -1
    other = tissues(spine(), turned, (size[0], size[1], size[2]))
    for name in ("cord", "csf", "root"):
        np.testing.assert_allclose(
            np.flip(other.whole(name), tuple(flips)), plain.whole(name).transpose(order), atol=1e-4
        )


def test_a_tilted_stack_has_the_same_volumes() -> None:
    tilt = np.radians(25.0)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    affine, shape = np.diag([0.5, 0.5, 0.5, 1.0]), (60, 140, 140)
    affine[:3, 3] = [-15, -25, -62]
    straight, tilted = (tissues(spine(each), affine, shape) for each in (None, turn))
    for name in ("csf", "root"):
        assert _volume_mm3(tilted, name, affine) == pytest.approx(
            _volume_mm3(straight, name, affine), rel=0.04
        )


def test_a_tracing_without_a_cord_has_no_csf() -> None:
    affine, shape = grid((0.5, 0.5, 2.0))
    alone = spine()
    found = tissues(Tracing("01", (), alone.dura, alone.roots, {}), affine, shape)
    assert found.shares["csf"].sum() == found.shares["cord"].sum() == 0
    assert found.shares["root"].sum() > 0


def test_another_image_and_a_tracing_without_dura_are_refused() -> None:
    affine, shape = grid((0.5, 0.5, 2.0))
    away = affine.copy()
    away[0, 3] += 500
    with pytest.raises(AnnotationError, match="no voxel of the image"):
        tissues(spine(), away, shape)
    with pytest.raises(AnnotationError, match="no contour of the dura"):
        tissues(Tracing("01", spine().cord, (), {}, {}), affine, shape)
    with pytest.raises(AnnotationError, match="no inverse"):
        tissues(spine(), np.zeros((4, 4)), shape)
