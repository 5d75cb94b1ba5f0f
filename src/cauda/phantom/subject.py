"""One virtual subject: its anatomy, and the tracing of it that a careful hand would make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import SeedSequence, default_rng

from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Floats, frozen
from cauda.errors import PhantomError
from cauda.phantom.bodies import cord, sac
from cauda.phantom.canal import in_scanner_mm
from cauda.phantom.clearance import Clearance
from cauda.phantom.courses import Courses, courses
from cauda.phantom.ganglia import ganglia_mm
from cauda.phantom.hand import Drawing, annotate
from cauda.phantom.parameters import ROOTS, Parameters, draw
from cauda.phantom.sections import ANGLES_RAD, Sections
from cauda.tables.population import CISS_SLICE_MM

_LEAST = Clearance(roots_mm=0.95, cord_mm=0.5, dura_mm=0.5)
_CORD_TO_DURA_MM = 0.75
_TRIALS = 50
_EVERY = 3
"""Of the directions of sections, which are points of a true contour."""


@dataclass(frozen=True, slots=True, eq=False)
class VirtualSubject:
    """A virtual subject and what is true of it.

    Attributes
    ----------
    seed, index : int
        What it was made from.
    parameters : Parameters
        Its anatomy.
    tracing : Tracing
        Its annotation, with the errors of a careful hand.
    slices_mm : (n,) float64
        Heights of the slices where y is that of the conus, RAS mm, from cranial to caudal.
    cord_area_mm2, dura_area_mm2 : (n,) float64
        True areas in the slices; 0 below the conus.
    roots_mm : mapping of RootName to (k, 3) float64
        True center lines in the slices that the annotation has, RAS mm.
    truth : Tracing
        The same slices without the errors of the hand: what lies in the scanner when images are made.
    """

    seed: int
    index: int
    parameters: Parameters
    tracing: Tracing
    slices_mm: Floats
    cord_area_mm2: Floats
    dura_area_mm2: Floats
    roots_mm: Mapping[RootName, Floats]
    truth: Tracing


def virtual_subject(seed: int, index: int) -> Tracing:
    """Return the annotation of one virtual subject.

    Parameters
    ----------
    seed : int
        Chooses the population, 0 or more.
    index : int
        Number of the subject in it, from 1. Subject 2 is the same however many are made.

    Returns
    -------
    Tracing
        Contours every 2 mm, roots L1 to S2 of both sides, their ganglia, RAS mm; subject ``01`` for index 1.

    Raises
    ------
    PhantomError
        If `seed` is below 0 or `index` below 1.

    Examples
    --------
    >>> tracing = virtual_subject(seed=7, index=2)
    >>> tracing.subject, len(tracing.roots)
    ('02', 14)
    """
    return make(seed, index).tracing


def make(seed: int, index: int) -> VirtualSubject:
    """Return one virtual subject with its truth; arguments and errors are those of `virtual_subject`."""
    if seed < 0 or index < 1:
        raise PhantomError(f"seed {seed}, index {index}: wanted a seed from 0 and an index from 1")
    for trial in range(_TRIALS):
        # A draw whose sac has no room for its roots is drawn again.
        found = _attempt(seed, index, trial)
        if found is not None:
            return found
    raise RuntimeError(f"seed {seed}, index {index}: {_TRIALS} draws gave no sac with room for its roots")


def _attempt(seed: int, index: int, trial: int) -> VirtualSubject | None:
    streams = SeedSequence(seed, spawn_key=(index, trial)).spawn(3)
    anatomy, surfaces, annotator = (default_rng(stream) for stream in streams)
    parameters = draw(anatomy)
    height_mm = _slice_heights_mm(parameters)
    dura = sac(parameters, height_mm, surfaces)
    truth = courses(parameters, height_mm, cord(parameters, height_mm, dura, surfaces), dura)
    drawing = annotate(truth, annotator)
    if not drawing.roots.room.has(drawing.roots.points_mm, _LEAST, cord_to_dura_mm=_CORD_TO_DURA_MM):
        return None
    exact = Drawing(_sections(truth.room.cord), _sections(dura), truth)
    return VirtualSubject(
        seed=seed,
        index=index,
        parameters=parameters,
        tracing=_tracing(f"{index:02d}", parameters, height_mm, drawing),
        slices_mm=frozen(parameters.tip_mm[2] + height_mm),
        cord_area_mm2=truth.room.cord.area_mm2,
        dura_area_mm2=dura.area_mm2,
        roots_mm=_roots(parameters, height_mm, truth),
        truth=_tracing(f"{index:02d}", parameters, height_mm, exact),
    )


def _tracing(label: str, parameters: Parameters, height_mm: Floats, drawing: Drawing) -> Tracing:
    ganglia = ganglia_mm(parameters)
    return Tracing(
        subject=label,
        cord=_contours(f"sub-{label}_cord", parameters, height_mm, drawing.cord),
        dura=_contours(f"sub-{label}_dura", parameters, height_mm, drawing.dura),
        roots=_roots(parameters, height_mm, drawing.roots),
        ganglia=dict(zip(ROOTS, in_scanner_mm(parameters, ganglia[:, :2], ganglia[:, 2]), strict=True)),
    )


def _sections(sections: Sections) -> dict[int, Floats]:
    """Return the points of sections themselves, by slice, ``(m, 2)``."""
    rows = np.flatnonzero(sections.exists)
    angles: Floats = ANGLES_RAD[::_EVERY].astype(np.float64)
    return {int(row): sections.on(np.full(len(angles), row), angles) for row in rows}


def _slice_heights_mm(parameters: Parameters) -> Floats:
    first_mm = parameters.origin_mm.reshape(2, -1)[:, 0].mean() + parameters.traced_above_mm
    return np.asarray(first_mm - CISS_SLICE_MM * np.arange(parameters.slices))


def _contours(
    name: str, parameters: Parameters, height_mm: Floats, controls: Mapping[int, Floats]
) -> tuple[Contour, ...]:
    placed = (
        in_scanner_mm(parameters, plane, np.full(len(plane), height_mm[row]))
        for row, plane in controls.items()
    )
    return tuple(Contour(points, f"{name}_{number}.json") for number, points in enumerate(placed, 1))


def _roots(parameters: Parameters, height_mm: Floats, courses: Courses) -> dict[RootName, Floats]:
    return {
        root: in_scanner_mm(parameters, points[active], height_mm[active])
        for root, points, active in zip(ROOTS, courses.points_mm, courses.room.active, strict=True)
    }
