"""Making the worst tetrahedra better without moving surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.volume.cutting import Body, with_cells
from cauda.volume.facets import Facets, normals
from cauda.volume.placing import distances
from cauda.volume.region import Region
from cauda.volume.stars import Complex, complex_of, improve, turn

_PASSES = 4
_OFF = 0.5
_FLOOR = 0.15


def improved(
    given: Body,
    faces: Facets,
    regions: Sequence[Region],
    sharp: Bools,
    slack: float,
    goal_deg: float = 12.0,
    *,
    turned: bool = True,
) -> tuple[Body, Bools]:
    """Return a body whose worst tetrahedra are better, and which vertices belong to any that were changed.

    Parameters
    ----------
    given : Body
    faces : Facets
        Its faces between regions.
    regions : sequence of Region
    sharp : (n,) bool
        Vertices that lie on edges of surfaces: they stay where they are.
    slack : float
        By which share of its tolerance a surface may be displaced where that helps.
    goal_deg : float
        Tetrahedra are good enough where all dihedral angles are between this one and 180 degrees less it.
    turned : bool
        Whether edges of surfaces that lie farther off than the other diagonal of their two faces would are
        turned first.
    """
    whole = complex_of(
        given.points_mm, given.cells, given.label, *freedom(given, faces, regions, sharp, slack)
    )
    if turned:
        turn(whole, *_better_diagonals(given.points_mm, faces, regions), _FLOOR)
    improve(whole, float(np.sin(np.radians(goal_deg))), _PASSES)
    there = whole.cells[:, 0] >= 0
    body = with_cells(replace(given, points_mm=whole.points), whole.cells[there], whole.label[there])
    return body, _changed(given, whole)


def _changed(given: Body, whole: Complex) -> Bools:
    """Vertices of tetrahedra that are new, and of those with a corner that was moved."""
    moved = np.asarray((whole.points != given.points_mm).any(axis=1))
    cells = whole.cells[whole.cells[:, 0] >= 0]
    new = np.ones(len(whole.cells), dtype=bool)
    new[: len(given.cells)] = (whole.cells[: len(given.cells)] != given.cells).any(axis=1)
    new = new[whole.cells[:, 0] >= 0]
    changed = moved.copy()
    changed[cells[new | moved[cells].any(axis=1)]] = True
    return changed


def _better_diagonals(points: Floats, faces: Facets, regions: Sequence[Region]) -> tuple[Ints, Ints]:
    """Edges that lie off their surface, and those that would lie nearer."""
    corners = faces.corners
    edge = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    apex = np.concatenate([corners[:, 2], corners[:, 0], corners[:, 1]])
    owner = np.tile(faces.owner, 3)
    low, high = edge.min(axis=1), edge.max(axis=1)
    order = np.lexsort((high, low, owner))
    low, high, owner, apex = low[order], high[order], owner[order], apex[order]
    (first,) = np.nonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]) & (owner[1:] == owner[:-1]))
    one, two, owner = (
        np.stack([low, high], axis=1)[first],
        np.stack([apex[first], apex[first + 1]], axis=1),
        owner[first],
    )
    tolerance = np.array([region.tolerance_mm for region in regions])[owner]
    off = np.abs(distances(points[one].mean(axis=1), owner, regions))
    (bad,) = np.nonzero(off > _OFF * tolerance)
    instead = np.abs(distances(points[two[bad]].mean(axis=1), owner[bad], regions))
    better = instead < 0.7 * off[bad]
    bad = bad[better][np.argsort(-off[bad][better], kind="stable")]
    return one[bad], two[bad]


def freedom(
    given: Body, faces: Facets, regions: Sequence[Region], sharp: Bools, slack_share: float
) -> tuple[Ints, Floats, Floats]:
    """Return how freely each vertex may move, the normal of its surface, and how far that may be displaced.

    See `stars.Complex`; the arguments are those of `improved`.
    """
    count = len(given.points_mm)
    inside = np.zeros(count, dtype=bool)
    inside[given.cells[given.label >= 0].ravel()] = True
    free = np.where(inside, 3, 0)
    across, normal = normals(given.points_mm, faces.corners), np.zeros((count, 3))
    owner, slack = np.full(count, -1), np.full(count, np.inf)
    tolerance = np.array([region.tolerance_mm for region in regions])[faces.owner]
    for k in range(3):
        vertex = faces.corners[:, k]
        owner[vertex] = faces.owner
        free[vertex] = 2
        np.minimum.at(slack, vertex, slack_share * tolerance)
        for axis in range(3):
            normal[:, axis] += np.bincount(vertex, across[:, axis], count)
    for k in range(3):
        vertex = faces.corners[:, k]
        free[vertex[owner[vertex] != faces.owner]] = 0
    free[sharp] = 0
    normal /= np.maximum(np.linalg.norm(normal, axis=1), np.finfo(float).tiny)[:, None]
    return free.astype(np.int64), normal, slack
