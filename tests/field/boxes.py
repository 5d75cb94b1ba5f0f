"""Small meshes: boxes on a lattice, and what a box can be bent to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from skfem import MeshTet

from cauda.arrays import Bools, Floats, Ints
from cauda.volume.mesh import Label, VolumeMesh

Where = Callable[[Floats], Bools]
"""Takes the centers of tetrahedra or faces in the box, says which are meant."""

TISSUE = Label("soft_tissue", "soft_tissue")

# The faces of a tetrahedron, each opposite of the corner of that number.
_FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])


def box_mesh(
    axes_mm: Sequence[Floats],
    regions: Mapping[Label, Where] | None = None,
    outer: Mapping[str, Where] | None = None,
    *,
    direction: Sequence[float] = (0.0, 0.0, 1.0),
    bent: Callable[[Floats], Floats] = np.copy,
    mirrored: bool = False,
) -> VolumeMesh:
    """Return a box of soft tissue on a lattice, with regions in it, of which the later ones have the place.

    Faces of contacts towards tissue are marked by the contact's name. Faces of the outer boundary are marked
    by the first name of `outer` that holds for them, and ``end`` otherwise; by default all are ``case``. At
    last the points are moved by `bent`. A mirrored box has x from 0 on, and its mirror image beside it.
    """
    mesh = MeshTet.init_tensor(*axes_mm)
    points, cells = np.ascontiguousarray(mesh.p.T), mesh.t.T.astype(np.int64)
    if mirrored:
        points, cells = _with_mirror_image(points, cells)
    labels = {TISSUE: None, **(regions or {})}
    label, centers = np.zeros(len(cells), dtype=np.int64), points[cells].mean(axis=1)
    for index, inside in enumerate(labels.values()):
        if inside is not None:
            label[inside(centers)] = index
    found = VolumeMesh(
        points_mm=points,
        tetrahedra=_oriented(points, cells),
        label=label,
        labels=tuple(labels),
        direction=np.tile(np.asarray(direction, dtype=np.float64), (len(cells), 1)),
        faces=np.zeros((0, 3), dtype=np.int64),
        face_mark=np.zeros(0, dtype=np.int64),
        marks=(),
        settings={},
        measures={},
    )
    return replace(_marked(found, {"case": _everywhere} if outer is None else outer), points_mm=bent(points))


def to_ball(points: Floats) -> Floats:
    """Return the points of a cube about 0, of half edge 1, moved into the ball of radius 1."""
    x, y, z = (points**2).T
    squares = [1 - y / 2 - z / 2 + y * z / 3, 1 - z / 2 - x / 2 + z * x / 3, 1 - x / 2 - y / 2 + x * y / 3]
    moved: Floats = points * np.sqrt(np.column_stack(squares))
    return moved


def to_cylinder(points: Floats) -> Floats:
    """Return points with squares about the z axis moved to circles that they stand around."""
    flat = points[:, :2]
    square, circle = np.abs(flat).max(axis=1), np.linalg.norm(flat, axis=1)
    factor = np.divide(square, circle, out=np.ones(len(points)), where=circle > 0)
    return np.column_stack([flat * factor[:, None], points[:, 2]])


def _everywhere(centers: Floats) -> Bools:
    return np.ones(len(centers), dtype=np.bool_)


def _with_mirror_image(points: Floats, cells: Ints) -> tuple[Floats, Ints]:
    shared = points[:, 0] == 0
    of_image = np.where(shared, np.arange(len(points)), len(points) + np.cumsum(~shared) - 1)
    both = np.concatenate([points, points[~shared] * [-1, 1, 1]])
    return both, np.concatenate([cells, of_image[cells]])


def _oriented(points: Floats, cells: Ints) -> Ints:
    corner = points[cells]
    one, two, three = (corner[:, i] - corner[:, 0] for i in (1, 2, 3))
    turned = np.einsum("ij,ij->i", one, np.cross(two, three)) < 0
    return np.where(turned[:, None], cells[:, [0, 2, 1, 3]], cells)


def _marked(mesh: VolumeMesh, outer: Mapping[str, Where]) -> VolumeMesh:
    faces = mesh.tetrahedra[:, _FACES].reshape(-1, 3)
    cell = np.repeat(np.arange(len(mesh.tetrahedra)), 4)
    _, first, number = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_inverse=True)
    last = np.zeros(len(first), dtype=np.int64)
    last[number.ravel()] = np.arange(len(cell))
    one = mesh.label[cell[first]]
    other = np.where(last == first, -1, mesh.label[cell[last]])
    solid = [index for index, label in enumerate(mesh.labels) if label.tissue in ("contact", "insulation")]
    names = [label.name for label in mesh.labels if label.tissue == "contact"]
    marks = [*names, *[name for name in outer if name not in names], "end"]
    mark = np.full(len(first), -1)
    for name in names:
        index = [label.name for label in mesh.labels].index(name)
        beyond = np.where(one == index, other, np.where(other == index, one, -1))
        mark[(beyond >= 0) & ~np.isin(beyond, solid)] = marks.index(name)
    centers, boundary = mesh.points_mm[faces[first]].mean(axis=1), last == first
    mark[boundary] = marks.index("end")
    for name in reversed(list(outer)):
        mark[boundary & outer[name](centers)] = marks.index(name)
    kept = mark >= 0
    return replace(mesh, faces=faces[first][kept], face_mark=mark[kept], marks=tuple(marks))
