"""Where ganglia lie and roots leave the sac."""

from dataclasses import replace

import numpy as np
import pytest

from cauda.phantom.canal import center_mm, landmarks_mm, sac_size_mm
from cauda.phantom.ganglia import SIGN, exit_heights_mm, ganglia_mm
from cauda.phantom.parameters import ROOTS, VERTEBRAE, Parameters, draw
from cauda.tables.population import columns


@pytest.fixture
def parameters() -> Parameters:
    return draw(np.random.default_rng(2))


def test_left_is_minus_x() -> None:
    assert [SIGN[index] for index, root in enumerate(ROOTS) if root.side == "L"] == [-1.0] * 7


def test_a_lumbar_ganglion_lies_at_its_parameters(parameters: Parameters) -> None:
    index = next(i for i, root in enumerate(ROOTS) if str(root) == "L3_R")
    height = float(parameters.height_mm(3.0)) + parameters.ganglion_rise_mm[index]
    center = center_mm(parameters, np.array([height]))[0]
    half_mm = sac_size_mm(parameters, np.array([height]))[0, 0] / 2
    wanted = [
        center[0] + half_mm + parameters.ganglion_lateral_mm[index],
        center[1] + parameters.ganglion_anterior_mm[index],
        height,
    ]
    np.testing.assert_allclose(ganglia_mm(parameters)[index], wanted)


def test_roots_leave_the_sac_above_their_ganglia_in_the_order_of_the_lumbar_levels(
    parameters: Parameters,
) -> None:
    exits = exit_heights_mm(parameters)
    assert (exits > ganglia_mm(parameters)[:, 2]).all()
    assert (np.diff(exits.reshape(2, 7)[:, :5], axis=1) < 0).all()


def test_the_canal_is_that_of_the_table_where_nothing_leans(parameters: Parameters) -> None:
    upright = replace(parameters, lean_deg=np.zeros(2), lordosis=1.0, sac_size=np.ones(2))
    place, anterior, wide, deep = columns(
        "population_canal", "vertebrae", "anterior_mm", "transverse_mm", "anteroposterior_mm"
    )
    here = (place > -4) & (place < 7)
    height = upright.height_mm(place[here])
    center = center_mm(upright, height)
    np.testing.assert_allclose(np.diff(center[:, 1]), np.diff(anterior[here]), atol=1e-9)
    np.testing.assert_allclose(sac_size_mm(upright, height), np.column_stack([wide, deep])[here], atol=1e-9)


def test_landmarks_are_a_vertebra_apart_and_the_conus_is_where_it_was_put(parameters: Parameters) -> None:
    flat = replace(parameters, slice_tilt_deg=0.0)
    landmarks = landmarks_mm(flat)
    np.testing.assert_allclose(landmarks["conus"], flat.tip_mm, atol=1e-4)
    upper = [landmarks[f"vertebra_{name}"][2] for name in VERTEBRAE]
    np.testing.assert_allclose(-np.diff(upper), flat.vertebral_height_mm[:-1], atol=2e-4)
    assert landmarks["sacrum_S1"][2] < landmarks["vertebra_L5"][2]
