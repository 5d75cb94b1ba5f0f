from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import eval_legendre
from tests.field.boxes import box_mesh, to_ball

from cauda.arrays import Floats
from cauda.errors import FieldError
from cauda.field.point_sources import Given, point_sources
from cauda.volume.mesh import Label, VolumeMesh

Potential = Callable[[Floats], Floats]
"""Takes (n, 3) mm, gives (n,) mV for 1 mA."""


def source(at: tuple[float, float, float], s_per_m: tuple[float, float, float]) -> Potential:
    """Return I / (4 pi sqrt(sx sy sz) sqrt(x2/sx + y2/sy + z2/sz)), mV for 1 mA."""
    whole = np.array(s_per_m)

    def potential(points_mm: Floats) -> Floats:
        stretched = np.sqrt(((points_mm - at) ** 2 / whole).sum(axis=1))
        return np.asarray(1000 / (4 * np.pi * np.sqrt(whole.prod()) * np.maximum(stretched, 1e-9)))

    return potential


def test_a_point_source_in_a_uniform_medium_falls_off_with_the_distance() -> None:
    assert _error(_box(28), 0.2, 0.2, source((0, 0, 0), (0.2, 0.2, 0.2)), beyond_mm=2) < 0.01


def test_the_error_of_a_point_source_is_of_second_order() -> None:
    coarse, fine = (
        _error(_box(count), 0.2, 0.2, source((0, 0, 0), (0.2, 0.2, 0.2)), beyond_mm=2) for count in (12, 24)
    )
    assert 3 < coarse / fine < 6


def test_a_point_source_in_an_anisotropic_medium_has_its_closed_form() -> None:
    exact = source((0, 0, 0), (0.6, 0.083, 0.083))
    assert _error(_box(28, (1, 0, 0)), 0.6, 0.083, exact, beyond_mm=3) < 0.03


def test_anisotropy_may_lie_obliquely() -> None:
    fibers = np.array([0.6, 0, 0.8])
    turned = np.array([fibers, [0, 1, 0], [-0.8, 0, 0.6]])
    exact = source((0, 0, 0), (0.6, 0.2, 0.2))
    error = _error(_box(24, (0.6, 0, 0.8)), 0.6, 0.2, lambda at: exact(at @ turned.T), beyond_mm=2)
    assert error < 0.03


def test_two_half_spaces_are_as_by_images() -> None:
    # s = 1.7 S/m where x > 0, with the source in it; 0.04 where x < 0
    near, far, image = source((1.25, 0, 0), (1.7,) * 3), 1.7, 0.04
    mirrored = source((-1.25, 0, 0), (1.7,) * 3)

    def exact(at: Floats) -> Floats:
        behind = 2 * far / (far + image) * near(at)
        return np.where(at[:, 0] >= 0, near(at) + (far - image) / (far + image) * mirrored(at), behind)

    mesh = box_mesh([np.linspace(-5, 5, 25)] * 3, {Label("fat", "fat"): lambda at: at[:, 0] < 0})
    s_per_m = np.array([1.7, 0.04])[mesh.label]
    boundary = np.unique(mesh.faces)
    found = point_sources(
        mesh, (s_per_m, s_per_m), [[1.25, 0, 0]], Given(boundary, exact(mesh.points_mm[boundary])[None])
    )[0]
    away = np.linalg.norm(mesh.points_mm - [1.25, 0, 0], axis=1) > 1.5
    assert np.abs(found / exact(mesh.points_mm) - 1)[away].max() < 0.02


def test_a_sphere_with_poles_on_its_surface_is_as_by_legendre_series() -> None:
    axis = np.linspace(-1, 1, 25)
    mesh = box_mesh([axis, axis, axis], bent=to_ball)
    assert mesh.volumes_mm3.min() > 0
    whole = np.full(len(mesh.label), 0.3)
    found = point_sources(mesh, (whole, whole), [[0, 0, 1], [0, 0, -1]], currents_ma=[[1, -1]])[0]
    radius = np.linalg.norm(mesh.points_mm, axis=1)
    inner = (radius < 0.5) & (radius > 0)
    cosine = mesh.points_mm[inner, 2] / radius[inner]
    # 1 mA in at one pole and out at the other, radius 1 mm: 2 (2 n + 1) / n r^n P_n of odd n, / (4 pi s)
    exact = sum(2 * (2 * n + 1) / n * radius[inner] ** n * eval_legendre(n, cosine) for n in range(1, 60, 2))
    exact *= 1000 / (4 * np.pi * 0.3)
    assert np.abs(found[inner] - exact).max() < 0.01 * np.abs(exact).max()


def test_far_from_a_bipole_the_potential_falls_off_with_the_square_of_the_distance() -> None:
    half = np.concatenate([np.arange(0, 8.5, 0.5), 8 * 1.25 ** np.arange(1, 10)])
    axis = np.concatenate([-half[:0:-1], half])
    mesh = box_mesh([axis[::2], axis[::2], axis])
    whole = np.full(len(mesh.label), 0.2)
    grounded = Given(np.unique(mesh.faces))
    sources_mm = [[0, 0, 0.5], [0, 0, -0.5]]
    found = point_sources(mesh, (whole, whole), sources_mm, grounded, currents_ma=[[1, -1]])[0]
    three, six = (np.flatnonzero((mesh.points_mm == (0, 0, z)).all(axis=1)) for z in (3.0, 6.0))
    # The ratio of 1 / (z - 0.5) - 1 / (z + 0.5)
    assert found[three] / found[six] == pytest.approx((36 - 0.25) / (9 - 0.25), rel=0.03)


def test_with_no_potential_given_the_mean_in_the_volume_is_0() -> None:
    mesh = box_mesh([np.linspace(0, 2, 7) ** 2, np.linspace(0, 2, 5), np.linspace(0, 3, 5)])
    whole = np.ones(len(mesh.label))
    found = point_sources(
        mesh, (whole, whole), [[0.1, 0.0, 0.0], [3.0, 1.0, 2.0]], currents_ma=[[1, -1], [-2, 2]]
    )
    mean = found[:, mesh.tetrahedra].mean(axis=2) @ mesh.volumes_mm3
    assert np.abs(mean).max() < 1e-8 * np.abs(found).max() * mesh.volumes_mm3.sum()
    assert found[1] == pytest.approx(-2 * found[0], rel=1e-6, abs=1e-6)


def test_given_potentials_stay_as_given_and_may_come_in_any_order() -> None:
    mesh = _box(6)
    whole = np.ones(len(mesh.label))
    boundary = np.unique(mesh.faces)
    linear = mesh.points_mm @ [1.0, 2.0, 3.0]
    order = np.random.default_rng(0).permutation(boundary)
    given = Given(order, linear[order][None])
    found = point_sources(mesh, (whole, whole), [[0, 0, 0]], given, currents_ma=[[0]])[0]
    assert found == pytest.approx(linear, abs=1e-6)


def test_a_lead_floats_in_the_field_of_a_point(lead_box: VolumeMesh, lead_box_s_per_m: Floats) -> None:
    found = point_sources(
        lead_box,
        (lead_box_s_per_m, lead_box_s_per_m),
        [[0, 3, 2.5]],
        Given(np.unique(lead_box.marked("case"))),
    )[0]
    contacts = [found[np.unique(lead_box.marked(name))] for name in ("C1", "C2", "C3")]
    assert [np.ptp(contact) for contact in contacts] == [0, 0, 0]
    assert contacts[0][0] > contacts[1][0] > contacts[2][0] > 0


def test_bad_sources_are_refused() -> None:
    mesh = _box(4)
    whole = np.ones(len(mesh.label))
    with pytest.raises(FieldError, match=r"source at \(9.0, 0.0, 0.0\) mm: lies in no tissue"):
        point_sources(mesh, (whole, whole), [[9, 0, 0]], Given(np.unique(mesh.faces)))
    with pytest.raises(FieldError, match=r"row 0 sum to \+1 mA, wanted 0 where no potential is given"):
        point_sources(mesh, (whole, whole), [[0, 0, 0]])
    with pytest.raises(FieldError, match=r"currents: found shape \(1, 2\), wanted \(r, 1\)"):
        point_sources(mesh, (whole, whole), [[0, 0, 0]], currents_ma=[[1, -1]])
    with pytest.raises(FieldError, match=r"given potentials: found shape \(2,\), wanted \(1, 1\)"):
        point_sources(mesh, (whole, whole), [[0, 0, 0]], Given(np.array([0]), np.zeros(2)))
    with pytest.raises(FieldError, match="sources: not an array of numbers"):
        point_sources(mesh, (whole, whole), "here")


def _box(count: int, direction: tuple[float, float, float] = (0, 0, 1)) -> VolumeMesh:
    axis = np.linspace(-5, 5, count + 1)
    return box_mesh([axis, axis, axis], direction=direction)


def _error(mesh: VolumeMesh, along: float, across: float, exact: Potential, *, beyond_mm: float) -> float:
    """Solve for a source at 0 with the exact potential on the boundary; return the largest relative error."""
    whole = np.ones(len(mesh.label))
    boundary = np.unique(mesh.faces)
    given = Given(boundary, exact(mesh.points_mm[boundary])[None])
    found = point_sources(mesh, (along * whole, across * whole), [[0, 0, 0]], given)[0]
    away = np.linalg.norm(mesh.points_mm, axis=1) > beyond_mm
    return float(np.abs(found / exact(mesh.points_mm) - 1)[away].max())
