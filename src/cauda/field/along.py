"""Potential, field and second difference along the courses of roots and rootlets."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cauda.anatomy.model import RootPath
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, Ints, frozen
from cauda.errors import FieldError
from cauda.field.field_type import Field
from cauda.field.location import OUTSIDE
from cauda.field.recovery import Recovery, recovery
from cauda.files import atomic

SPACING_MM = 1.15
"""From node to node of a fiber of 10 um, McIntyre, Richardson and Grill 2002, 10.1152/jn.00353.2001."""

_PER_SPACING = 5


@dataclass(frozen=True, slots=True, eq=False)
class AlongPath:
    """What a unit current at each contact makes along one course.

    Attributes
    ----------
    name : str
        Such as ``L4_L_dorsal`` or ``L4_L_dorsal_rootlet_2``.
    root, part, k : RootName, str, int or None
        As of the path.
    arc_mm : (p,) float64
        Distance along the course from its first point, the cord's surface.
    points_mm : (p, 3) float64
        RAS mm.
    tissue : tuple of p str
        What each point lies in; empty outside of the mesh.
    potential_ohm : (c, p) float64
        In mV for 1 mA at each contact. Not a number outside of the mesh, as all that follow.
    field_v_per_m : (c, p, 3) float64
        For 1 mA: the opposite of the gradient.
    second_difference_ohm : (c, p) float64
        ``V(s - d) - 2 V(s) + V(s + d)`` for the spacing d, in mV for 1 mA; not a number within d of the ends.
    """

    name: str
    root: RootName
    part: str
    k: int | None
    arc_mm: Floats
    points_mm: Floats
    tissue: tuple[str, ...]
    potential_ohm: Floats
    field_v_per_m: Floats
    second_difference_ohm: Floats


def along(
    field: Field,
    paths: Sequence[RootPath],
    *,
    spacing_mm: float = SPACING_MM,
    recovered: Recovery | None = None,
) -> tuple[AlongPath, ...]:
    """Return potential, field and second difference along courses, every fifth part of the spacing.

    Parameters
    ----------
    field : Field
    paths : sequence of RootPath
        Such as ``SpineModel.roots``.
    spacing_mm : float
        Of the second difference: from node to node of a fiber.
    recovered : Recovery, optional
        Of the field, where there is one already.

    Raises
    ------
    FieldError
        If the spacing is not positive.
    """
    if not (np.isfinite(spacing_mm) and spacing_mm > 0):
        raise FieldError(f"spacing: found {spacing_mm:g} mm, wanted a positive number")
    if not paths:
        return ()
    places = [_sampled(path.points_mm, spacing_mm / _PER_SPACING) for path in paths]
    source = recovered or recovery(field)
    found = source.at(np.concatenate([points for _, points in places]), field.transfer_ohm, gradient=True)
    tissue = _tissues(field, found.cell)
    ends = np.cumsum([0, *(len(arc) for arc, _ in places)])
    return tuple(
        AlongPath(
            name=_name(path),
            root=path.root,
            part=path.part,
            k=path.k,
            arc_mm=frozen(arc),
            points_mm=frozen(points),
            tissue=tissue[begin:end],
            potential_ohm=found.potential[:, begin:end],
            field_v_per_m=frozen(-found.gradient[:, begin:end]),
            second_difference_ohm=second_difference(found.potential[:, begin:end], _PER_SPACING),
        )
        for path, (arc, points), begin, end in zip(paths, places, ends[:-1], ends[1:], strict=True)
    )


def second_difference(values: Floats, steps: int) -> Floats:
    """Return ``v(i - steps) - 2 v(i) + v(i + steps)`` along the last axis, not a number at its ends.

    Parameters
    ----------
    values : (..., p) float64
    steps : int

    Examples
    --------
    >>> second_difference(np.arange(5.0) ** 2, 1).tolist()
    [nan, 2.0, 2.0, 2.0, nan]
    """
    found = np.full_like(values, np.nan)
    count = values.shape[-1]
    if count > 2 * steps:
        inner = values[..., steps : count - steps]
        found[..., steps : count - steps] = (
            values[..., : count - 2 * steps] - 2 * inner + values[..., 2 * steps :]
        )
    return frozen(found)


def write(courses: Sequence[AlongPath], contacts: Sequence[str], path: str | Path) -> Path:
    """Write a table of courses whole or not at all, and return its path.

    One row for each point, one column for each contact and quantity: ``potential_C1_ohm``,
    ``field_along_C1_v_per_m`` (the field's part along the course, for 1 mA), ``second_difference_C1_ohm``;
    before these ``path``, ``arc_mm``, ``x_mm``, ``y_mm``, ``z_mm`` (RAS) and ``tissue``. What is not known is
    ``n/a``.

    Parameters
    ----------
    courses : sequence of AlongPath
    contacts : sequence of str
        Their names, in the order of the field.
    path : str or Path
        Ends with ``.tsv``.
    """
    path = Path(path)
    names = [
        name
        for contact in contacts
        for name in (
            f"potential_{contact}_ohm",
            f"field_along_{contact}_v_per_m",
            f"second_difference_{contact}_ohm",
        )
    ]
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(["path", "arc_mm", "x_mm", "y_mm", "z_mm", "tissue", *names])
        for course in courses:
            rows.writerows(_rows(course))
    return path


def _rows(course: AlongPath) -> list[list[str]]:
    tangent = np.gradient(course.points_mm, course.arc_mm, axis=0)
    length = np.linalg.norm(tangent, axis=1, keepdims=True)
    tangent = np.divide(tangent, length, out=np.zeros_like(tangent), where=length > 0)
    drawn = np.einsum("cpi,pi->cp", course.field_v_per_m, tangent)
    # (p, c, 3): of each contact its three quantities.
    values = np.stack([course.potential_ohm, drawn, course.second_difference_ohm], axis=-1).swapaxes(0, 1)
    return [
        [
            course.name,
            f"{course.arc_mm[index]:.4f}",
            *(f"{each:.4f}" for each in course.points_mm[index]),
            course.tissue[index] or "n/a",
            *("n/a" if np.isnan(each) else f"{each:.6g}" for each in values[index].ravel()),
        ]
        for index in range(len(course.arc_mm))
    ]


def _sampled(points_mm: Floats, step_mm: float) -> tuple[Floats, Floats]:
    """Return arc lengths, equally far apart, and points of a polyline there."""
    lengths = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
    corner = np.concatenate([[0.0], np.cumsum(lengths)])
    # Equal steps from the start on: what is left at the end is shorter than a step.
    arc = step_mm * np.arange(np.floor(corner[-1] / step_mm * (1 + 1e-12)) + 1)
    return arc, np.column_stack([np.interp(arc, corner, points_mm[:, axis]) for axis in range(3)])


def _tissues(field: Field, cell: Ints) -> tuple[str, ...]:
    names = [label.tissue for label in field.mesh.labels]
    return tuple("" if one == OUTSIDE else names[field.mesh.label[one]] for one in cell.tolist())


def _name(path: RootPath) -> str:
    name = f"{path.root}_{path.part}"
    return name if path.k is None else f"{name}_{path.k}"
