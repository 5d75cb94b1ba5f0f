"""Which faces of a mesh are contacts, and which are where it ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.anatomy.axes import Axes
from cauda.arrays import Floats, Ints
from cauda.compiled import compiled
from cauda.volume.mesh import Label

CASE, END = "case", "end"
"""Marks of the outer boundary: all round, and where the body is cut."""

_LEAD = ("contact", "insulation")
_ACROSS_DEG = 45.0


def marked(
    points_mm: Floats, tetrahedra: Ints, label: Ints, labels: Sequence[Label], axes: Axes | None
) -> tuple[Ints, Ints, tuple[str, ...]]:
    """Return the faces of contacts and of the outer boundary.

    Parameters
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64
        Of positive volumes, without hanging nodes.
    label : (m,) int64
    labels : sequence of Label
    axes : Axes or None
        The third one runs along the spine: faces of the outer boundary that look along it, up or down, are
        marked `END`, all others `CASE`. Without axes all of them are.

    Returns
    -------
    faces : (k, 3) int64
        Counter-clockwise seen from outside the contact, or the mesh.
    mark : (k,) int64
        Index into the marks.
    marks : tuple of str
        Names of all contacts in the order of the labels, then `CASE` and `END`. What divides a contact from
        the insulation behind it is not marked.
    """
    contacts = [k for k, one in enumerate(labels) if one.tissue == "contact"]
    marks = (*(labels[k].name for k in contacts), CASE, END)
    # Of each label a number: those of contacts count up from 2, the body of the lead is 1, all else 0.
    kind = np.zeros(len(labels), dtype=np.int64)
    kind[[k for k, one in enumerate(labels) if one.tissue in _LEAD]] = 1
    kind[contacts] = 2 + np.arange(len(contacts))
    corners, own, other = _borders(tetrahedra, kind[label], len(points_mm))
    outside = other < 0
    # A face between a contact and what is not the lead is the contact's.
    chosen = outside | ((own >= 2) & (other == 0))
    corners, own, outside = corners[chosen], own[chosen], outside[chosen]
    mark = np.where(outside, _end_or_case(points_mm, corners, axes, len(contacts)), own - 2)
    order = np.argsort(mark, kind="stable")
    return corners[order], mark[order], marks


def _end_or_case(points_mm: Floats, corners: Ints, axes: Axes | None, first: int) -> Ints:
    if axes is None:
        return np.full(len(corners), first)
    one, two, three = (points_mm[corners[:, k]] for k in range(3))
    normal = np.cross(two - one, three - one)
    along = np.abs(normal @ axes.rotation[2]) / np.maximum(
        np.linalg.norm(normal, axis=1), np.finfo(float).tiny
    )
    return np.where(along > np.cos(np.radians(_ACROSS_DEG)), first + 1, first)


@compiled
def _borders(cells: Ints, kind: Ints, count: int) -> tuple[Ints, Ints, Ints]:
    """Return the faces between cells of different kinds, once for each, and those without a neighbor (-1)."""
    faces = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
    start = np.zeros(count + 1, dtype=np.int64)
    for t in range(len(cells)):
        for k in range(4):
            a, b, c = cells[t, faces[k, 0]], cells[t, faces[k, 1]], cells[t, faces[k, 2]]
            start[min(a, min(b, c)) + 1] += 1
    for v in range(count):
        start[v + 1] += start[v]
    place = start[:-1].copy()
    listed = np.empty(start[-1], dtype=np.int64)
    largest = np.empty(start[-1], dtype=np.int64)
    total = np.empty(start[-1], dtype=np.int64)
    for t in range(len(cells)):
        for k in range(4):
            a, b, c = cells[t, faces[k, 0]], cells[t, faces[k, 1]], cells[t, faces[k, 2]]
            least = min(a, min(b, c))
            at = place[least]
            listed[at], largest[at], total[at] = 4 * t + k, max(a, max(b, c)), a + b + c
            place[least] += 1
    beyond = np.full(4 * len(cells), -1, dtype=np.int64)
    for v in range(count):
        for i in range(start[v], start[v + 1]):
            for j in range(start[v], i):
                if largest[i] == largest[j] and total[i] == total[j]:
                    beyond[listed[i]], beyond[listed[j]] = kind[listed[j] // 4], kind[listed[i] // 4]
    number = 0
    for face in range(4 * len(cells)):
        number += kind[face // 4] != beyond[face]
    corners = np.empty((number, 3), dtype=np.int64)
    own, other = np.empty(number, dtype=np.int64), np.empty(number, dtype=np.int64)
    number = 0
    for face in range(4 * len(cells)):
        t, k = face // 4, face % 4
        if kind[t] != beyond[face]:
            for i in range(3):
                corners[number, i] = cells[t, faces[k, i]]
            own[number], other[number] = kind[t], beyond[face]
            number += 1
    return corners, own, other
