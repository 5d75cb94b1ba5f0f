import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import verify_cylinder
from benchmarks.cylinder_mesh import SIZES, Solved, boundary, solved
from benchmarks.layered_cylinder import LayeredCylinder, homogeneous
from benchmarks.validate_cylinder import CANONICAL, CASES

POINTS = np.array([[0.0, 0, 0], [4.3, 1.0, 2.0], [-6, 2, 1], [7.1, 0.5, 3], [9, -1, -4], [30, 10, 40]])


@pytest.fixture(scope="module")
def coarse() -> Solved:
    """Return the canonical case on a coarse mesh."""
    return solved(CANONICAL, SIZES["coarse"], tilt_deg=11.0)


def test_the_series_of_one_medium_in_layers_is_the_closed_form() -> None:
    found = CASES["homogeneous"].potential_ohm(POINTS)
    np.testing.assert_allclose(found, homogeneous((0.3,) * 3, np.array([8.3, 0, 0]), POINTS), rtol=1e-7)


@pytest.mark.parametrize("source_mm", [2.0, 12.0])
def test_the_series_of_one_anisotropic_medium_is_the_closed_form_in_any_layer(source_mm: float) -> None:
    cylinder = LayeredCylinder((4.5, 7.0), (0.083,) * 3, (0.6,) * 3, source_mm)
    closed = homogeneous((0.083, 0.083, 0.6), np.array([source_mm, 0, 0]), POINTS)
    np.testing.assert_allclose(cylinder.potential_ohm(POINTS), closed, rtol=1e-7)


def test_potential_and_radial_current_are_continuous_at_every_interface() -> None:
    step = 1e-4
    for layer, radius in enumerate(CANONICAL.radii_mm):
        sides = radius + step * np.array([-2, -1, 1, 2])
        points = np.column_stack([sides * np.cos(0.4), sides * np.sin(0.4), np.full(4, 3.0)])
        inner, at_inner, at_outer, outer = CANONICAL.potential_ohm(points)
        across = CANONICAL.transverse_s_per_m[layer : layer + 2]
        flow = across[0] * (at_inner - inner), across[1] * (outer - at_outer)
        assert flow[0] == pytest.approx(flow[1], rel=2e-3)
        assert at_inner + (at_inner - inner) == pytest.approx(at_outer - (outer - at_outer), rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_the_series_gives_the_tabulated_potentials(case: str) -> None:
    table = verify_cylinder.read(verify_cylinder.REFERENCE, case)
    some = slice(0, None, 4)
    found = CASES[case].potential_ohm(table.points_mm[some])
    np.testing.assert_allclose(found, table.potential_ohm[some], rtol=1e-4)


def test_a_coarse_mesh_gives_the_tabulated_potentials_within_two_percent(coarse: Solved) -> None:
    table = verify_cylinder.read(verify_cylinder.REFERENCE, "canonical")
    off = np.abs(coarse.at(table.points_mm).potential[0] / table.potential_ohm - 1)
    near = np.linalg.norm(table.points_mm - [CANONICAL.source_mm, 0, 0], axis=1) < verify_cylinder.NEAR_MM
    assert off[~near].max() < verify_cylinder.BARS["coarse"]
    assert off[near].max() < verify_cylinder.NEAR_BAR


def test_recovered_second_differences_are_those_of_the_series_and_linear_ones_are_not(coarse: Solved) -> None:
    height = np.arange(-32, 33) * 0.2875
    line = np.column_stack([np.full(65, 3.95), np.full(65, 0.6), height])
    exact = CANONICAL.potential_ohm(line)

    def second(values: np.ndarray) -> np.ndarray:
        return np.asarray(values[8:] - 2 * values[4:-4] + values[:-8])

    errors = [
        np.sqrt(np.mean((second(found) - second(exact)) ** 2)) / np.abs(second(exact)).max()
        for found in (coarse.linear(line), coarse.at(line).potential[0])
    ]
    assert errors[1] < 0.03 < errors[0]


def test_the_outer_boundary_of_the_ball_lies_on_it(coarse: Solved) -> None:
    outer = coarse.mesh.points_mm[boundary(coarse.mesh.tetrahedra)]
    assert np.abs(np.linalg.norm(outer, axis=1) - 40).max() < 0.5


def test_the_script_refuses_what_it_cannot_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("case,r_mm\n")
    arguments = [
        "--radii-mm",
        "4.5",
        "--source-mm",
        "8.3",
        "--transverse",
        ".1,.2",
        "--longitudinal",
        ".1,.2",
    ]
    table = str(verify_cylinder.REFERENCE)
    assert verify_cylinder.main([str(empty), "--case", "canonical", *arguments]) == 2
    assert verify_cylinder.main([table, "--case", "none", *arguments]) == 2
    assert verify_cylinder.main([table, "--case", "canonical", *arguments[:-1], ".1"]) == 2
    said = capsys.readouterr().err
    assert all(text in said for text in ("wanted rows", "conductive_dura", "one for each layer"))
