"""How fast a field is solved, and what that costs in memory; against three other ways.

    python benchmarks/field.py [--cells 30,47,75] [--others] [--json]

The case is a cube of 40 mm on a lattice of so many cells along each edge, 30 or more, six tetrahedra each:
the layered cylinder of the validation (anisotropic cord, CSF, dura, fat, outside), 16 contacts in the fat,
the return at the outer boundary. What is timed is the shipped default, assembly and all contacts, as CPU
time of one process and thread, after the compiler is done. Each solution runs in a process of its own, for
its peak memory.

With ``--others`` the same equations are solved by scipy's direct solver (SuperLU, the smallest lattice
only), by plain scikit-fem with pyamg (its defaults: smoothed aggregation and conjugate gradients, one right
side after the other), and by NGSolve where it is installed (h1amg and conjugate gradients, one after the
other; contacts as a conductor of 9.43e6 S/m). All go to 1e-8, and say by how much their potentials differ
from those of cauda, as a share of the largest.

`costs` takes all of it for the validation page, and times potentials of all contacts at the compartments of
10,000 straight fibers, 120 points each, on the largest lattice.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.linalg import splu

from cauda.arrays import Floats, Ints
from cauda.field.electrodes import electrodes
from cauda.field.linear import Solver
from cauda.field.recovery import recovery
from cauda.field.solving import Settings, solve_cells
from cauda.field.system import Anchors, conducting, system
from cauda.volume.mesh import Label, VolumeMesh

HALF_MM = 20.0
CONTACTS = tuple(f"C{number}" for number in range(1, 17))
RADII_MM = (4.5, 7.0, 7.3, 10.0)
ALONG_S_PER_M = (0.6, 1.7, 0.03, 0.04, 0.2)
ACROSS_S_PER_M = (0.083, 1.7, 0.03, 0.04, 0.2)
METAL_S_PER_M = 9.43e6
FIRST_MM, SPACING_MM = np.array([8.5, -2.0, -12.6]), np.array([9.0, 4.0, 3.6])
TOLERANCE = 1e-8
SMALLEST = 30
"""Cells along an edge with which contacts do not touch."""

# The six ways from a corner of a cell to the opposite one along its edges.
_WAYS = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]])
# What ru_maxrss counts in: bytes on macOS, 1024 bytes elsewhere.
_MEMORY_UNIT_MB = (1 if sys.platform == "darwin" else 1024) / 1e6


Row = dict[str, Any]
"""Figures by name, and the way in ``way``."""


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return 0 whatever they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", default="30,47,75", help="of the lattices' edges (default %(default)s)")
    parser.add_argument("--others", action="store_true", help="the other ways too; takes minutes")
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.alone:
        way, cells, folder = options.alone
        print(json.dumps((WAYS | {"fibers": _at_fibers})[way](int(cells), Path(folder))))
        return 0
    rows = measured([int(cells) for cells in options.cells.split(",")], others=options.others)
    print(f"{'':22}{'tetrahedra':>11}{'unknowns':>10}{'CPU s':>8}{'us/unknown':>11}{'MB':>7}{'off':>9}")
    for row in rows:
        print(
            f"{row['way']:22}{row['tetrahedra']:11.0f}{row['unknowns']:10.0f}{row['cpu_s']:8.2f}"
            f"{1e6 * row['cpu_s'] / row['unknowns']:11.1f}{row['peak_mb']:7.0f}{row['off']:9.1e}"
        )
    if options.json:
        print(json.dumps(rows))
    return 0


def measured(cells: list[int], *, others: bool) -> list[Row]:
    """Return a row of figures for each way and number of cells along an edge, the way in ``way``."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for count in cells:
            for way in WAYS if others else ("cauda",):
                if way == "scipy, direct" and count > min(cells):
                    continue
                row = _alone(way, count, folder)
                if row:
                    rows.append({"way": way, **row})
    return rows


def costs(cells: tuple[int, ...] = (30, 47, 75)) -> dict[str, float]:
    """Return the figures of the table ``field_cost``; those of other ways where these are installed."""
    rows = {(row["way"], row["tetrahedra"]): row for row in measured(list(cells), others=True)}
    sizes = sorted({size for _, size in rows})
    own = [rows["cauda", size] for size in sizes]
    per_unknown = [row["cpu_s"] / row["unknowns"] for row in own]
    memory = [row["peak_mb"] / row["unknowns"] for row in own]
    found = {
        "CPU time of assembly and 16 contacts, 2.5 million tetrahedra": own[-1]["cpu_s"],
        "peak memory, 2.5 million tetrahedra": own[-1]["peak_mb"],
        "CPU time per unknown, 2.5 against 0.6 million tetrahedra": per_unknown[-1] / per_unknown[-2],
        "CPU time per unknown, 2.5 against 0.16 million tetrahedra": per_unknown[-1] / per_unknown[0],
        "memory per unknown, 2.5 against 0.6 million tetrahedra": memory[-1] / memory[-2],
    }
    for way, size in (("scipy, direct", 0), ("scikit-fem and pyamg", -1), ("NGSolve, h1amg", -1)):
        row = rows.get((way, sizes[size]))
        if row:
            found[f"{way}: CPU time over that of cauda"] = row["cpu_s"] / own[size]["cpu_s"]
    with tempfile.TemporaryDirectory() as folder:
        found[FIBERS] = _alone("fibers", cells[-1], folder)["cpu_s"]
    return found


def cylinder(cells: int) -> tuple[VolumeMesh, Floats, Floats]:
    """Return the layered cylinder with its contacts, and its conductivities along and across.

    Parameters
    ----------
    cells : int
        Along each edge of the cube.
    """
    axis = np.linspace(-HALF_MM, HALF_MM, cells + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    tetrahedra = _lattice(cells)
    center = points[tetrahedra].mean(axis=1)
    tissue = np.searchsorted(RADII_MM, np.hypot(center[:, 0], center[:, 1]))
    place = np.round((center - FIRST_MM) / SPACING_MM).astype(np.int64)
    near = np.abs(center - FIRST_MM - place * SPACING_MM).max(axis=1) < 0.85
    metal = near & (place >= 0).all(axis=1) & (place < (1, 2, 8)).all(axis=1)
    label = np.where(metal, len(ALONG_S_PER_M) + 8 * place[:, 1] + place[:, 2], tissue)
    tissues = ("white_matter", "csf", "dura", "fat", "soft_tissue")
    faces, mark = _marked(points, tetrahedra, label)
    mesh = VolumeMesh(
        points_mm=points,
        tetrahedra=tetrahedra,
        label=label,
        labels=(*(Label(name, name) for name in tissues), *(Label(name, "contact") for name in CONTACTS)),
        direction=np.where((label == 0)[:, None], [0.0, 0.0, 1.0], 0.0),
        faces=faces,
        face_mark=mark,
        marks=(*CONTACTS, "case"),
        settings={},
        measures={},
    )
    metals = (METAL_S_PER_M,) * len(CONTACTS)
    return mesh, np.array(ALONG_S_PER_M + metals)[label], np.array(ACROSS_S_PER_M + metals)[label]


def _lattice(cells: int) -> Ints:
    step = np.array([(cells + 1) ** 2, cells + 1, 1])
    corner = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) @ step
    ways = np.zeros((6, 4), dtype=np.int64)
    ways[:, 1:] = np.cumsum(step[_WAYS], axis=1)
    # Of the ways that go round the other way, the tetrahedra are inside out.
    ways[3:] = ways[3:, [0, 2, 1, 3]]
    return np.asarray((corner[:, None, None] + ways).reshape(-1, 4))


def _marked(points: Floats, tetrahedra: Ints, label: Ints) -> tuple[Ints, Ints]:
    """Return the faces of contacts and of the outer boundary, and their marks."""
    some = (label >= len(ALONG_S_PER_M)) | (np.abs(points[tetrahedra]).max(axis=(1, 2)) > HALF_MM - 1e-9)
    corners = tetrahedra[some][:, [[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]]].reshape(-1, 3)
    own = np.repeat(label[some], 4)
    _, first, sides = np.unique(np.sort(corners, axis=1), axis=0, return_index=True, return_counts=True)
    faces, own = corners[first[sides == 1]], own[first[sides == 1]]
    outer = (np.abs(points[faces]) > HALF_MM - 1e-9).all(axis=1).any(axis=1)
    metal = own >= len(ALONG_S_PER_M)
    mark = np.where(metal, own - len(ALONG_S_PER_M), len(CONTACTS))
    return faces[metal | outer], mark[metal | outer]


def _alone(way: str, cells: int, folder: str) -> dict[str, float]:
    command = (sys.executable, __file__, "--alone", way, str(cells), folder)
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **one_thread}
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _cauda(cells: int, folder: Path) -> dict[str, float]:
    settings = Settings(solver=Solver(tolerance=TOLERANCE))
    solve_cells(*cylinder(SMALLEST), settings)
    case = cylinder(cells)
    before = _peak_mb()
    begin = process_time()
    field = solve_cells(*case, settings)
    figures = _figures(field.transfer_ohm, case[0], process_time() - begin, folder)
    return figures | {"unknowns": float(field.measures["unknowns"]), "peak_mb_before": before}


def _at_fibers(cells: int, folder: Path) -> dict[str, float]:
    del folder
    recoveries = []
    for count in (SMALLEST, cells):
        mesh, along, across = cylinder(count)
        field = solve_cells(mesh, along, across, Settings(solver=Solver(tolerance=TOLERANCE)))
        random = np.random.default_rng(0)
        start = random.uniform(-3.0, 3.0, (10_000 if count == cells else 10, 1, 3))
        points = start + np.linspace(-12.0, 12.0, 120)[:, None] * np.array([0.0, 0.0, 1.0])
        recoveries.append((field, points.reshape(-1, 3)))
    used = 0.0
    for field, points in recoveries:
        begin = process_time()
        recovery(field).at(points, field.transfer_ohm)
        used = process_time() - begin
    return {"cpu_s": used}


def _direct(cells: int, folder: Path) -> dict[str, float]:
    mesh, along, across = cylinder(cells)
    conducts = conducting(mesh, along, across)
    found = electrodes(mesh, conducts, with_case=True)
    network = system(mesh, (along, across), conducts, found, Anchors("the case", (len(CONTACTS),)))
    numbers = network.numbers
    begin = process_time()
    factor = splu(network.sought.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0)
    right = np.zeros((numbers.sought, len(CONTACTS)))
    right[numbers.of_group[:-1], np.arange(len(CONTACTS))] = 1.0
    values = np.concatenate([factor.solve(right), np.zeros((1, len(CONTACTS)))])
    used = process_time() - begin
    return _figures(1000 * network.at_nodes(values), mesh, used, folder)


def _scikit_fem(cells: int, folder: Path) -> dict[str, float]:
    import pyamg
    from skfem import Basis, BilinearForm, ElementTetP1, MeshTet

    mesh, along, across = cylinder(cells)
    begin = process_time()
    tissue = mesh.label < len(ALONG_S_PER_M)
    basis = Basis(MeshTet(mesh.points_mm.T, mesh.tetrahedra[tissue].T), ElementTetP1(), intorder=0)
    tensors = (across[tissue], (along - across)[tissue], mesh.direction[tissue].T[:, :, None])

    @BilinearForm
    def current(u, v, _w):  # type: ignore[no-untyped-def]
        across_s, more_s, direction = tensors
        flux = across_s[:, None] * (u.grad * v.grad).sum(axis=0)
        return flux + more_s[:, None] * (u.grad * direction).sum(axis=0) * (v.grad * direction).sum(axis=0)

    stiffness = csr_array(current.assemble(basis))
    join, sought = _joined(mesh)
    matrix = csr_array(join.T @ stiffness @ join)[:sought, :sought]
    solver = pyamg.smoothed_aggregation_solver(csr_matrix(matrix), strength=("symmetric", {"theta": 0.05}))
    values = np.zeros((join.shape[1], len(CONTACTS)))
    for contact in range(len(CONTACTS)):
        right = np.zeros(sought)
        right[sought - len(CONTACTS) + contact] = 1.0
        values[:sought, contact] = solver.solve(right, tol=TOLERANCE, accel="cg")
    used = process_time() - begin
    return _figures(1000 * (join @ values).T, mesh, used, folder)


def _joined(mesh: VolumeMesh) -> tuple[csr_array, int]:
    """Return the matrix from potentials to nodes: of single nodes, the contacts, the case."""
    column = np.full(len(mesh.points_mm), -1)
    for contact in range(len(CONTACTS)):
        column[mesh.tetrahedra[mesh.label == len(ALONG_S_PER_M) + contact]] = contact
    column[mesh.marked("case")] = len(CONTACTS)
    single = column < 0
    column[~single] += np.count_nonzero(single)
    column[single] = np.arange(np.count_nonzero(single))
    rows = np.arange(len(column))
    count = int(column.max()) + 1
    return csr_array((np.ones(len(rows)), (rows, column)), shape=(len(rows), count)), count - 1


def _ngsolve(cells: int, folder: Path) -> dict[str, float]:
    try:
        import ngsolve  # type: ignore[import-not-found]
        from netgen import meshing  # type: ignore[import-not-found]
    except ImportError:
        return {}
    mesh, along, across = cylinder(cells)
    made = meshing.Mesh(dim=3)
    made.AddPoints(np.ascontiguousarray(mesh.points_mm))
    for index, label in enumerate(mesh.labels):
        made.AddRegion(label.name, dim=3)
        own = np.ascontiguousarray(mesh.tetrahedra[mesh.label == index])
        made.AddElements(dim=3, index=index + 1, data=own.astype(np.int32), base=0)
    boundary = made.AddRegion("case", dim=2)
    case = np.ascontiguousarray(mesh.marked("case"))
    made.AddElements(dim=2, index=boundary, data=case.astype(np.int32), base=0)
    volume = ngsolve.Mesh(made)
    begin = process_time()
    ngsolve.SetNumThreads(1)
    space = ngsolve.H1(volume, order=1, dirichlet="case")
    u, v = space.TnT()
    first = [np.flatnonzero(mesh.label == index)[0] for index in range(len(mesh.labels))]
    axial = ngsolve.CoefficientFunction([float((along - across)[cell]) for cell in first])
    radial = ngsolve.CoefficientFunction([float(across[cell]) for cell in first])
    form = ngsolve.BilinearForm(space, symmetric=True)
    form += (radial * ngsolve.grad(u) * ngsolve.grad(v) + axial * ngsolve.grad(u)[2] * ngsolve.grad(v)[2]) * (
        ngsolve.dx
    )
    before = ngsolve.Preconditioner(form, "h1amg")
    form.Assemble()
    inverse = ngsolve.CGSolver(form.mat, before.mat, tol=TOLERANCE, maxiter=500)
    potentials = np.zeros((len(CONTACTS), len(mesh.points_mm)))
    for contact in range(len(CONTACTS)):
        right, found = form.mat.CreateColVector(), form.mat.CreateColVector()
        nodes = np.unique(mesh.tetrahedra[mesh.label == len(ALONG_S_PER_M) + contact])
        right[:] = 0
        right.FV().NumPy()[nodes] = 1 / len(nodes)
        found.data = inverse * right
        potentials[contact] = 1000 * found.FV().NumPy()
    used = process_time() - begin
    return _figures(potentials, mesh, used, folder)


def _figures(potentials: Floats, mesh: VolumeMesh, used_s: float, folder: Path) -> dict[str, float]:
    """Return the figures of a solution; the first one of a lattice is kept to hold the others against."""
    kept = folder / f"{len(mesh.points_mm)}.npy"
    if not kept.exists():
        np.save(kept, potentials.astype(np.float32))
    wanted = np.load(kept)
    return {
        "tetrahedra": float(len(mesh.tetrahedra)),
        "unknowns": float(_joined(mesh)[1]),
        "cpu_s": used_s,
        "peak_mb": _peak_mb(),
        "off": float(np.nanmax(np.abs(potentials - wanted)) / np.nanmax(wanted)),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT_MB


WAYS: dict[str, Callable[[int, Path], dict[str, float]]] = {
    "cauda": _cauda,
    "scipy, direct": _direct,
    "scikit-fem and pyamg": _scikit_fem,
    "NGSolve, h1amg": _ngsolve,
}
"""By name: takes the number of cells and a folder to share, gives figures, none where it is not installed."""

FIBERS = "potentials of 16 contacts at 10,000 fibers of 120 points, CPU time"


if __name__ == "__main__":
    sys.exit(main())
