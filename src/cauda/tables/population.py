"""The published population: sizes and places of what is annotated, with their spread and sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cauda.arrays import Floats, frozen
from cauda.tables.table import read_table

LEVELS = ("L1", "L2", "L3", "L4", "L5", "S1", "S2")
"""Levels of the roots of the published dataset."""

CISS_SLICE_MM = 2.0
"""Distance of the slices that its markers were drawn in, doi 10.1038/s41597-024-03919-4."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Mean and standard deviation of one quantity in the population.

    Attributes
    ----------
    mean, sd : float
        In `unit`.
    unit : str
        ``mm``, ``deg``, ``vertebrae`` (vertebral heights) or ``1``.
    source : str
        Publication with DOI, or what it was measured on, or that it is assumed.
    """

    mean: float
    sd: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class PopulationSubject:
    """One of the 14 subjects of the published dataset.

    Attributes
    ----------
    subject : str
        Label without ``sub-``.
    conus_vertebrae : float
        Tip of the conus below the upper end of L1, in vertebral heights: 0.5 is the middle of L1.
    origin_mm : (7,) float64
        Height of the traced origin of the roots `LEVELS` above the tip of the conus, mean of both sides.
    cord_contours, dura_contours : int
        How many slices were annotated, 2 mm apart.
    """

    subject: str
    conus_vertebrae: float
    origin_mm: Floats
    cord_contours: int
    dura_contours: int


def quantity(name: str, part: str = "") -> Quantity:
    """Return mean, SD, unit and source of a quantity.

    Parameters
    ----------
    name : str
        Such as ``vertebral_height`` or ``entry_angle``.
    part : str
        Level or part where the quantity has one, such as ``L4``.

    Raises
    ------
    KeyError
        If the table has no such row.

    Examples
    --------
    >>> quantity("vertebral_height", "L1").mean
    36.2
    """
    return _quantities()[name, part]


@cache
def subjects() -> tuple[PopulationSubject, ...]:
    """Return the 14 subjects of the published dataset, doi 10.1038/s41597-024-03919-4."""
    return tuple(
        PopulationSubject(
            subject=row["subject"].removeprefix("sub-"),
            conus_vertebrae=float(row["conus_vertebrae"]),
            origin_mm=frozen(np.array([float(row[f"{level}_origin_mm"]) for level in LEVELS])),
            cord_contours=int(row["cord_contours"]),
            dura_contours=int(row["dura_contours"]),
        )
        for row in read_table("population_subjects")
    )


def columns(name: str, *wanted: str) -> tuple[Floats, ...]:
    """Return columns of numbers of a table, such as ``population_cord``, each of shape ``(n,)``."""
    rows = read_table(name)
    return tuple(frozen(np.array([float(row[column]) for row in rows])) for column in wanted)


@cache
def _quantities() -> dict[tuple[str, str], Quantity]:
    return {
        (row["quantity"], row["part"]): Quantity(
            float(row["mean"]), float(row["sd"]), row["unit"], row["source"]
        )
        for row in read_table("population_quantities")
    }
