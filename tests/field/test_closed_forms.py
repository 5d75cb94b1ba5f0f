"""Cases of the validation page with a closed form, on smaller meshes by the package's own mesher."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import closed_forms, convergence, validate_field
from benchmarks.field_meshes import AXES, lead_in_cylinder

from cauda.field.solving import solve_cells

PLANE = AXES[:, 0]


def test_one_medium_with_oblique_fibers_has_the_potentials_of_the_closed_form() -> None:
    found = validate_field.endless("x", (0.3, 0.1), AXES[:, 2], scale=2.0)
    assert found["x: potential from 2 mm on, largest error"] < 4
    assert found["x: a linear potential, largest error over its peak"] < 1e-4
    assert found["x: a uniform potential, second difference over it"] < 1e-6


@pytest.mark.parametrize(("own", "other"), [(1.7, 0.04), (0.04, 1.7)])
def test_two_half_spaces_have_the_potentials_of_images(own: float, other: float) -> None:
    found = validate_field.halves("x", own, other, scale=1.8)
    assert found["x: potential from 2 mm on, largest error"] < 4
    assert found["x: second difference along a line 3 mm away, rms over its peak"] < 4


def test_a_sphere_with_poles_has_the_potentials_of_the_series() -> None:
    (error,) = validate_field.poles(scale=1.5).values()
    assert error < 3


def test_a_disc_comes_near_its_resistance_with_the_first_order() -> None:
    coarse, fine, order, beyond = validate_field.discs(scale=1.6).values()
    assert coarse < fine < 0
    assert 0.7 < order < 1.3
    assert abs(beyond) < 2


def test_far_from_a_bipole_potentials_go_with_the_square_of_the_distance() -> None:
    (off,) = validate_field.far_from_a_bipole(scale=1.5).values()
    assert abs(off) < 0.05


def test_laws_of_any_field_hold_of_a_lead_in_a_layered_cylinder() -> None:
    found = {
        name.split(": ")[1].split(",")[0]: value for name, value in validate_field.of_any_field(2.0).items()
    }
    exact = (
        "asymmetry of the impedances",
        "reciprocity of contacts and points",
        "currents of contacts and case",
        "a montage as a sum against a direct solution",
        "another pinned node",
        "7 times all conductivities",
        "the mesh's mirror image",
    )
    assert [name for name in exact if not found[name] < 1e-6] == []
    assert found["potentials beyond those of contact and case"] < 0.1
    assert found["the mirrored contact on the same mesh"] < 2


def test_nodes_beyond_their_neighbors_are_found() -> None:
    case = lead_in_cylinder((5.0, 10.0), ((0.6, 0.1), (1.0, 1.0), (0.2, 0.2)), 3.0)
    field = solve_cells(case.mesh, *case.conductivity_s_per_m)
    bent = field.transfer_ohm.copy()
    inner = np.setdiff1d(case.mesh.tetrahedra[case.mesh.label == 0], case.mesh.faces)
    bent[0, inner[len(inner) // 2]] += 0.3 * field.contact_ohm[0]
    object.__setattr__(field, "transfer_ohm", bent)
    assert validate_field._extremes(field)["by how much, largest, over the contact's"] > 10


def test_images_meet_at_the_plane_with_one_potential_and_one_current() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(20, 3)) * 4
    flat -= (flat @ PLANE)[:, None] * PLANE
    source, step = 1.3 * PLANE, 1e-4
    outer, at_outer, at_inner, inner = (
        closed_forms.half_spaces(flat + side * step * PLANE, source, PLANE, 1.7, 0.04)
        for side in (2, 1, -1, -2)
    )
    np.testing.assert_allclose(at_outer, at_inner, rtol=1e-3)
    np.testing.assert_allclose(1.7 * (outer - at_outer), 0.04 * (at_inner - inner), rtol=1e-2)


def test_the_sphere_has_its_closed_form_on_the_axis_and_no_current_through_its_surface() -> None:
    poles = np.array([[0, 0, 2.0], [0, 0, -2.0]])
    share = np.array([-0.8, -0.3, 0.1, 0.5, 0.9])
    axis = closed_forms.sphere(share[:, None] * poles[0], poles[0], poles[1], 0.3)
    # Near the pole 1 / (2 pi s d), as of a point on an insulator
    closed = 1000 / (4 * np.pi * 0.3 * 2) * (4 * share / (1 - share**2) + 2 * np.arctanh(share))
    np.testing.assert_allclose(axis, closed, rtol=1e-7)
    ray, step = 2 * np.array([np.sin(1.0), 0, np.cos(1.0)]), 1e-4
    slopes = [
        np.diff(closed_forms.sphere(np.outer([at - step, at + step], ray), poles[0], poles[1], 0.3))[0]
        for at in (0.9, 0.95)
    ]
    assert slopes[1] / slopes[0] == pytest.approx(0.5, abs=0.1)


def test_the_plot_of_convergence_is_drawn_from_its_table() -> None:
    drawn = convergence.plot(convergence.read(convergence.TABLE))
    assert drawn == convergence.PLOT.read_text(encoding="utf-8")
    assert convergence.order(np.array([1.0, 0.5]), np.array([4.0, 1.0])) == pytest.approx(2)
