import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from tests.field.boxes import box_mesh

from cauda.arrays import Floats
from cauda.errors import FieldError
from cauda.field import linear, pardiso
from cauda.field.assembly import stiffness
from cauda.field.linear import Solver, silent, solved, solved_up_to_a_constant
from cauda.field.multigrid import COARSEST, hierarchy

MULTIGRID = Solver(method="multigrid", tolerance=1e-10)


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.integers(1, 40))
def test_the_solution_is_that_of_a_direct_solver_whatever_the_conductivities(seed: int, sides: int) -> None:
    generator = np.random.default_rng(seed)
    matrix = _free(_matrix(generator))
    right = generator.normal(size=(matrix.shape[0], sides))
    found = solved(matrix, right, MULTIGRID, silent)
    wanted = np.linalg.solve(matrix.toarray(), right)
    assert found.values == pytest.approx(wanted, abs=1e-7 * np.abs(wanted).max())
    assert found.residual < 1e-7
    assert found.iterations > 0


def test_right_sides_beyond_one_block_and_empty_ones_are_solved_as_alone() -> None:
    generator = np.random.default_rng(1)
    matrix = _free(_matrix(generator))
    right = generator.normal(size=(matrix.shape[0], linear.AT_ONCE + 3))
    right[:, 5] = 0
    together = solved(matrix, right, MULTIGRID, silent).values
    assert (together[:, 5] == 0).all()
    for side in (0, linear.AT_ONCE + 1):
        alone = solved(matrix, right[:, [side]], MULTIGRID, silent).values
        assert together[:, [side]] == pytest.approx(alone, abs=1e-8 * np.abs(alone).max())


def test_no_solution_depends_on_the_pinned_potential() -> None:
    generator = np.random.default_rng(2)
    matrix = _matrix(generator)
    right = generator.normal(size=(matrix.shape[0], 2))
    right -= right.mean(axis=0)
    one, other = (
        solved_up_to_a_constant(matrix, right, MULTIGRID, silent, pinned).values for pinned in (3, 700)
    )
    assert (one[3] == 0).all()
    assert (other[700] == 0).all()
    difference = one - other
    assert np.ptp(difference, axis=0) == pytest.approx(0, abs=1e-6 * np.ptp(one))
    assert np.abs(difference).min() > 1e-3 * np.ptp(one)


def test_iterations_do_not_grow_with_the_mesh() -> None:
    counts = []
    for cells in (10, 20):
        axis = np.linspace(-1, 1, cells + 1)
        mesh = box_mesh([axis, axis, axis])
        one = np.ones(len(mesh.label))
        nodes = np.arange(len(mesh.points_mm))
        whole = stiffness(
            mesh.points_mm, mesh.tetrahedra, (one, one, mesh.direction), nodes, len(mesh.points_mm)
        )
        matrix = _free(whole)
        counts.append(solved(matrix, np.eye(len(nodes) - 1, 1), MULTIGRID, silent).iterations)
    assert counts[1] <= counts[0] + 4


def test_the_cycle_is_symmetric_and_positive() -> None:
    matrix = _free(_matrix(np.random.default_rng(3)))
    levels = hierarchy(matrix)
    assert levels.levels
    assert len(levels.coarsest) <= COARSEST
    sides = np.random.default_rng(4).normal(size=(matrix.shape[0], 12)).astype(np.float32)
    products = sides.T.astype(np.float64) @ levels.cycle(sides)
    assert products == pytest.approx(products.T, abs=1e-5 * products.max())
    assert np.linalg.eigvalsh((products + products.T) / 2).min() > 0


def test_progress_goes_from_0_to_1() -> None:
    told: list[tuple[str, float]] = []
    matrix = _free(_matrix(np.random.default_rng(4)))
    solved(matrix, np.ones((matrix.shape[0], 20)), MULTIGRID, lambda *step: told.append(step))
    done = [one for _, one in told]
    assert done[0] == 0
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)


def test_pardiso_gives_the_same_solution() -> None:
    pytest.importorskip("pypardiso")
    generator = np.random.default_rng(5)
    matrix = _free(_matrix(generator))
    right = generator.normal(size=(matrix.shape[0], 3))
    direct = solved(matrix, right, Solver(method="pardiso"), silent)
    iterated = solved(matrix, right, MULTIGRID, silent)
    assert direct.iterations == 0
    assert direct.values == pytest.approx(iterated.values, abs=1e-7 * np.abs(direct.values).max())


def test_auto_takes_pardiso_where_iterations_do_not_end_and_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matrix = _free(_matrix(np.random.default_rng(6)))
    right = np.ones((matrix.shape[0], 1))
    wanted = np.linalg.solve(matrix.toarray(), right)
    monkeypatch.setattr(pardiso, "installed", lambda: True)
    monkeypatch.setattr(pardiso, "factor_and_solve", lambda _matrix, _right: wanted)
    assert solved(matrix, right, Solver(), silent).method == "multigrid"
    assert solved(matrix, right, Solver(method="pardiso"), silent).method == "pardiso"
    few = Solver(most_iterations=2)
    assert solved(matrix, right, few, silent).values.tolist() == wanted.tolist()
    monkeypatch.setattr(pardiso, "installed", lambda: False)
    with pytest.raises(FieldError, match=r"potentials: an error of .* after 2 iterations"):
        solved(matrix, right, few, silent)
    with pytest.raises(FieldError, match=r"method pardiso: pypardiso is not installed; pip install"):
        Solver(method="pardiso")


def test_solvers_that_cannot_be_are_refused() -> None:
    with pytest.raises(FieldError, match=r"method 'lu': wanted one of auto, multigrid, pardiso"):
        Solver(method="lu")  # type: ignore[arg-type]
    with pytest.raises(FieldError, match=r"tolerance: found 0\.5, wanted more than 0, at most 0\.01"):
        Solver(tolerance=0.5)
    with pytest.raises(FieldError, match="most_iterations: found 0, wanted at least 1"):
        Solver(most_iterations=0)


def _matrix(generator: np.random.Generator) -> csr_array:
    """Return the matrix of a box, whose points were moved, with conductivities over four decades."""
    axis = np.linspace(0, 10, 11)
    mesh = box_mesh([axis, axis, axis])
    points = mesh.points_mm + generator.uniform(-0.15, 0.15, mesh.points_mm.shape)
    s_per_m = 10 ** generator.uniform(-2, 2, 8)[(mesh.points_mm[mesh.tetrahedra[:, 0]] > 5) @ [1, 2, 4]]
    tensors = s_per_m, s_per_m * generator.uniform(0.1, 1), _directions(len(s_per_m), generator)
    return stiffness(points, mesh.tetrahedra, tensors, np.arange(len(points)), len(points))


def _directions(count: int, generator: np.random.Generator) -> Floats:
    one = generator.normal(size=3)
    return np.tile(one / np.linalg.norm(one), (count, 1))


def _free(matrix: csr_array) -> csr_array:
    return csr_array(matrix[:-1, :-1])
