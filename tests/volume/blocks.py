"""Small meshes of nested boxes, made by hand, for tests of what a mesh is written to."""

from itertools import permutations

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.files import Source
from cauda.volume.mesh import Label, VolumeMesh

OUTER, INNER, CONTACT = 0, 1, 2
LABELS = (
    Label("csf", "csf"),
    Label("L4_L_dorsal", "dorsal_root", RootName("L4", "L")),
    Label("C1", "contact"),
)


def block(
    side: int = 6, edge_mm: float = 0.5, corner_mm: tuple[float, float, float] = (1, -2, -402)
) -> VolumeMesh:
    """Return a cube of CSF with a cube of a root in it and a contact of one cell beside that.

    Each cell of the lattice is six tetrahedra; the root fills all that do not lie on the outside; the contact
    is the one at the origin. The faces of the bottom are marked in turn.
    """
    steps = np.arange(side + 1)
    index = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    points_mm = np.array(corner_mm) + edge_mm * index
    cell = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    paths = []
    for order in permutations(range(3)):
        corners = [cell]
        for axis in order:
            corners.append(corners[-1] + np.eye(3, dtype=int)[axis])
        path = np.stack(corners, axis=1)
        even = np.linalg.det(np.eye(3)[list(order)]) > 0
        paths.append(path if even else path[:, [0, 1, 3, 2]])
    stride = np.array([(side + 1) ** 2, side + 1, 1])
    tetrahedra = (np.stack(paths, axis=1) @ stride).reshape(-1, 4)
    inner = ((cell >= 1) & (cell <= side - 2)).all(axis=1)
    label = np.where(inner, INNER, np.where((cell == 0).all(axis=1), CONTACT, OUTER)).repeat(6)
    direction = np.where((label == INNER)[:, None], [0.0, 0.6, 0.8], 0.0)
    return VolumeMesh(
        points_mm=points_mm,
        tetrahedra=tetrahedra,
        label=label,
        labels=LABELS,
        direction=direction,
        faces=_bottom(side, stride),
        face_mark=np.arange(2 * side**2) % 2,
        marks=("C1", "case"),
        settings={"size": "coarse", "factor": 0.1},
        measures={"least_dihedral_deg": 45.0},
        sources=(Source("sub-01_model.json", "0" * 64),),
    )


def _bottom(side: int, stride: np.ndarray) -> np.ndarray:
    cell = np.stack(np.meshgrid(np.arange(side), np.arange(side), [0], indexing="ij"), axis=-1).reshape(-1, 3)
    x, y = np.eye(3, dtype=int)[:2]
    triangles = [(cell, cell + x, cell + x + y), (cell, cell + x + y, cell + y)]
    return np.stack([np.stack(corners, axis=1) @ stride for corners in triangles], axis=1).reshape(-1, 3)
