"""What a mesh is like: angles, volumes, how far its faces lie off their surfaces, and what hangs together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.compiled import compiled
from cauda.volume.facets import Facets, normals
from cauda.volume.placing import deviation
from cauda.volume.region import Region


def dihedral_deg(points_mm: Floats, tetrahedra: Ints) -> Floats:
    """Return the least and the greatest dihedral angle of tetrahedra, shape ``(m, 2)``, in degrees.

    Parameters
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64

    Examples
    --------
    >>> corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> dihedral_deg(corner, np.array([[0, 1, 2, 3]])).round(2)
    array([[54.74, 90.  ]])
    """
    angle: Floats = np.degrees(np.arccos(np.clip(_cosines(points_mm, tetrahedra), -1, 1)))
    return angle


def pieces(tetrahedra: Ints, label: Ints, labels: int, nodes: int) -> Ints:
    """Return into how many pieces the tetrahedra of each label fall; those that share a vertex hang together.

    Parameters
    ----------
    tetrahedra : (m, 4) int64
    label : (m,) int64
    labels, nodes : int
        How many there are.
    """
    found = np.unique(label * nodes + components(tetrahedra, label, nodes))
    return np.bincount(found // nodes, minlength=labels)


def components(tetrahedra: Ints, label: Ints, nodes: int) -> Ints:
    """Return of each tetrahedron one vertex, the same for all that hang together with it, shape ``(m,)``.

    Parameters
    ----------
    tetrahedra : (m, 4) int64
    label : (m,) int64
        Those of different labels do not hang together.
    nodes : int
    """
    order = np.argsort(label, kind="stable")
    found = label[order]
    bounds = np.concatenate([[0], np.nonzero(found[1:] != found[:-1])[0] + 1, [len(found)]])
    return _components(tetrahedra, order, bounds, nodes)


def measures(
    points_mm: Floats, tetrahedra: Ints, label: Ints, faces: Facets, regions: Sequence[Region]
) -> dict[str, Any]:
    """Return figures of a mesh, ready for JSON.

    Parameters
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64
    label : (m,) int64
    faces : Facets
        Those between regions.
    regions : sequence of Region

    Returns
    -------
    dict
        ``tetrahedra``, ``points``; ``dihedral_deg``: least, greatest, and shares below 1, 5 and 10 degrees;
        ``regions``: of each its volume, its number of pieces, and of its surface's faces the area and how far
        they lie off (mean, rms, largest); ``pieces`` of the whole; ``touching``: areas that two regions of a
        group share.
    """
    angle = dihedral_deg(points_mm, tetrahedra)
    nodes = len(points_mm)
    return {
        "tetrahedra": len(tetrahedra),
        "points": nodes,
        "dihedral_deg": {
            "least": _rounded(angle[:, 0].min(initial=180.0)),
            "greatest": _rounded(angle[:, 1].max(initial=0.0)),
            **{f"share_below_{bar}": _rounded((angle[:, 0] < bar).mean(), 8) for bar in (1, 5, 10)},
        },
        "pieces": int(pieces(tetrahedra, np.zeros_like(label), 1, nodes)[0]),
        "regions": _of_regions(points_mm, tetrahedra, label, faces, regions),
        "touching": _touching(points_mm, faces, regions),
    }


def _of_regions(
    points: Floats, tetrahedra: Ints, label: Ints, faces: Facets, regions: Sequence[Region]
) -> dict[str, dict[str, float]]:
    corner = points[tetrahedra]
    one, two, three = (corner[:, k] - corner[:, 0] for k in (1, 2, 3))
    volume = np.bincount(label, np.einsum("ij,ij->i", one, np.cross(two, three)) / 6, len(regions))
    number = pieces(tetrahedra, label, len(regions), len(points))
    off = deviation(points, faces, regions)
    area = np.linalg.norm(normals(points, faces.corners), axis=1) / 2
    whole = np.bincount(faces.owner, area, len(regions))
    per_mm2 = 1 / np.maximum(whole, np.finfo(float).tiny)
    mean = np.bincount(faces.owner, area * off.mean_mm, len(regions)) * per_mm2
    square = np.bincount(faces.owner, area * off.square_mm2, len(regions)) * per_mm2
    most = np.zeros(len(regions))
    tolerance = np.array([region.tolerance_mm for region in regions])[faces.owner]
    number_of_faces = np.bincount(faces.owner, minlength=len(regions))
    beyond = np.bincount(faces.owner, off.most_mm > tolerance, len(regions))
    np.maximum.at(most, faces.owner, off.most_mm)
    return {
        region.label.name: {
            "volume_mm3": _rounded(volume[k]),
            "pieces": int(number[k]),
            "surface_mm2": _rounded(whole[k]),
            "off_mean_mm": _rounded(mean[k]),
            "off_rms_mm": _rounded(np.sqrt(square[k])),
            "off_most_mm": _rounded(most[k]),
            "faces": int(number_of_faces[k]),
            "faces_beyond_tolerance": int(beyond[k]),
        }
        for k, region in enumerate(regions)
    }


def _touching(points: Floats, faces: Facets, regions: Sequence[Region]) -> dict[str, float]:
    group = np.array(_groups(regions))
    both = (faces.sides >= 0).all(axis=1)
    one, two = faces.sides[both].T
    same = (group[one] >= 0) & (group[one] == group[two])
    area = np.linalg.norm(normals(points, faces.corners[both][same]), axis=1) / 2
    pair, back = np.unique(np.sort(faces.sides[both][same], axis=1), axis=0, return_inverse=True)
    total = np.bincount(back.ravel(), area, len(pair))
    names = [region.label.name for region in regions]
    return {f"{names[a]} {names[b]}": _rounded(value) for (a, b), value in zip(pair, total, strict=True)}


def _groups(regions: Sequence[Region]) -> list[int]:
    names = sorted({region.group for region in regions} - {""})
    return [names.index(region.group) if region.group else -1 for region in regions]


def _rounded(value: float, digits: int = 6) -> float:
    return round(float(value), digits)


@compiled
def _cosines(points: Floats, cells: Ints) -> Floats:
    """Cosines of the least and the greatest dihedral angle."""
    opposite = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
    result = np.empty((len(cells), 2))
    normal = np.empty((4, 3))
    for t in range(len(cells)):
        for k in range(4):
            a, b, c = cells[t, opposite[k, 0]], cells[t, opposite[k, 1]], cells[t, opposite[k, 2]]
            ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
            vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
            x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            length = np.sqrt(x * x + y * y + z * z)
            length = length if length > 0 else 1.0
            normal[k, 0], normal[k, 1], normal[k, 2] = x / length, y / length, z / length
        least, greatest = -1.0, 1.0
        for i in range(4):
            for j in range(i):
                inner = 0.0
                for k in range(3):
                    inner -= normal[i, k] * normal[j, k]
                least, greatest = max(least, inner), min(greatest, inner)
        result[t, 0], result[t, 1] = least, greatest
    return result


@compiled
def _components(cells: Ints, order: Ints, bounds: Ints, nodes: int) -> Ints:
    found = np.empty(len(cells), dtype=np.int64)
    parent = np.full(nodes, -1, dtype=np.int64)
    for label in range(len(bounds) - 1):
        part = order[bounds[label] : bounds[label + 1]]
        for t in part:
            for k in range(4):
                parent[cells[t, k]] = cells[t, k]
        for t in part:
            for k in range(1, 4):
                one, two = _root(parent, cells[t, 0]), _root(parent, cells[t, k])
                parent[max(one, two)] = min(one, two)
        for t in part:
            found[t] = _root(parent, cells[t, 0])
    return found


@compiled
def _root(parent: Ints, v: int) -> int:
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    return v
