"""Making a cut lattice good: vertices even about surfaces, edges that bend with them, no flat tetrahedra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Ints
from cauda.volume import improving, mending, placing, quality, splitting
from cauda.volume.cutting import Body
from cauda.volume.facets import Facets, facets, owners
from cauda.volume.region import Region

_SPLITS = (3, 2)
"""How often edges are split before each round of improving."""

_LAST_SPLITS = 2
_LOW, _HIGH = 0.02, 0.1
"""Quality that is good enough after splitting, where it will be improved, and where it will not."""


_SLACK = 0.3
"""By which share of its tolerance a surface may be displaced where that helps."""

_GOAL_DEG = 9.0
_ENOUGH_DEG = 2.0
_RESCUES = ((0.6, 6.0), (1.0, 5.0), (2.0, 5.0))
"""What is tried as long as a dihedral angle is not enough: slack, and the angle up to which it is used."""


class _State(NamedTuple):
    """A body, its faces between regions, and which vertices are sharp, and near a change."""

    body: Body
    faces: Facets
    sharp: Bools
    changed: Bools


def refined(body: Body, regions: Sequence[Region], told: Callable[[float], None]) -> Body:
    """Return a body whose surfaces lie where they should, and whose worst tetrahedra are better.

    Parameters
    ----------
    body : Body
        Cut along all regions.
    regions : sequence of Region
    told : callable
        Takes the fraction that is done.
    """
    table = owners(regions)
    faces = facets(body.cells, body.label, table, len(body.points_mm))
    points, sharp = placing.sharpen(body.points_mm, body.cells, faces, regions)
    every = np.ones(len(points), dtype=bool)
    state = _placed(_State(replace(body, points_mm=points), faces, sharp, every), regions)
    for step, splits in enumerate(_SPLITS):
        told(step / (len(_SPLITS) + 1))
        for _ in range(splits):
            state = _split(state, regions, table, _LOW)
        state = _improved(state, regions, table, _SLACK, _GOAL_DEG, turned=True)
        if not step:
            points, more = placing.sharpen(state.body.points_mm, state.body.cells, state.faces, regions)
            body = replace(state.body, points_mm=points)
            state = state._replace(body=body, sharp=state.sharp | more)
        state = _placed(state, regions)
    told(1 - 1 / (len(_SPLITS) + 1))
    for _ in range(_LAST_SPLITS):
        state = _split(state, regions, table, _HIGH)
    for slack, goal in _RESCUES:
        if _least_deg(state.body) > _ENOUGH_DEG:
            break
        state = _placed(_improved(state, regions, table, slack, goal, turned=False), regions)
    return mending.mended(state.body, regions, table, state.sharp)


def _placed(state: _State, regions: Sequence[Region]) -> _State:
    body = state.body
    points = placing.place(body.points_mm, body.cells, state.faces, regions, state.sharp, state.changed)
    return state._replace(body=replace(body, points_mm=points))


def _split(state: _State, regions: Sequence[Region], table: Ints, floor: float) -> _State:
    """Edges that cut a surface short split once, and the vertices around placed anew."""
    body, number = splitting.split(state.body, state.faces, regions, floor, state.changed)
    if not number:
        return state._replace(changed=np.zeros_like(state.changed))
    new = np.arange(len(body.points_mm)) >= len(body.points_mm) - number
    changed = np.zeros_like(new)
    changed[body.cells[new[body.cells].any(axis=1)]] = True
    faces = facets(body.cells, body.label, table, len(body.points_mm))
    sharp = np.append(state.sharp, np.zeros(number, dtype=bool))
    return _placed(_State(body, faces, sharp, changed), regions)


def _improved(
    state: _State, regions: Sequence[Region], table: Ints, slack: float, goal_deg: float, *, turned: bool
) -> _State:
    body, changed = improving.improved(
        state.body, state.faces, regions, state.sharp, slack, goal_deg, turned=turned
    )
    faces = facets(body.cells, body.label, table, len(body.points_mm))
    return _State(body, faces, state.sharp, changed)


def _least_deg(body: Body) -> float:
    inside = body.cells[body.label >= 0]
    return float(quality.dihedral_deg(body.points_mm, inside)[:, 0].min(initial=180.0))
