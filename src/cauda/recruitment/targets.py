"""Roots of a model made ready as targets of `search`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, Ints, frozen
from cauda.errors import RecruitmentError
from cauda.fiber import Pulse, Settings, Waveform
from cauda.field.electrodes import CASE
from cauda.field.field_type import Field
from cauda.field.recovery import Recovery
from cauda.recruitment.currents import Effort, Known, Search, Verify, search
from cauda.recruitment.drive import Drive, drive_of
from cauda.recruitment.limits import Limits, contact_areas_mm2, limits_of
from cauda.recruitment.montages import each_contact
from cauda.recruitment.potential import potentials
from cauda.recruitment.progress import Progress, within
from cauda.recruitment.recruiting import verifier
from cauda.recruitment.recruitment_type import grouped
from cauda.recruitment.sampled import SampledFiber

_SEARCHED = 0.7
"""Share of the time that thresholds of contacts take."""


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Roots whose fibers compete, and what a search for currents needs of them.

    Attributes
    ----------
    roots : tuple of RootName
        From cranial to caudal.
    group : (n,) int64
        Which of them each fiber belongs to.
    contacts : tuple of str
    limits : Limits
        Of the table of the package, for the contacts' areas and the pulse.
    drive : Drive
        Calibrated.
    verify : callable
        Gives full thresholds.
    known : Known
        Those of each contact alone.
    """

    roots: tuple[RootName, ...]
    group: Ints
    contacts: tuple[str, ...]
    limits: Limits
    drive: Drive
    verify: Verify
    known: Known

    def search(
        self, root: RootName | str, *, limits: Limits | None = None, effort: Effort | None = None
    ) -> Search:
        """Return the currents that recruit a root and spare the others best.

        Parameters
        ----------
        root : RootName or str
            Such as ``L4_R``.
        limits : Limits, optional
            Those of the package, if not given.
        effort : Effort, optional

        Raises
        ------
        RecruitmentError
            If there is no such root.
        """
        names = [str(one) for one in self.roots]
        if str(root) not in names:
            raise RecruitmentError(f"root: found {str(root)!r}, wanted one of {', '.join(names)}")
        return search(
            self.drive,
            self.group,
            names.index(str(root)),
            limits or self.limits,
            self.verify,
            effort,
            self.known,
        )


def targets_of(
    field: Field,
    fibers: Iterable[SampledFiber],
    pulse: Pulse | Waveform,
    *,
    part: str = "dorsal",
    settings: Settings | None = None,
    recovered: Recovery | None = None,
    progress: Progress | None = None,
) -> Targets:
    """Return the roots of fibers as targets: potentials, drive, and thresholds of contacts to calibrate it.

    What is made once serves the search of every root.

    Parameters
    ----------
    field : Field
    fibers : iterable of SampledFiber
        Twenty of each root do for a search; state its selectivity on others.
    pulse : Pulse or Waveform
    part : "dorsal" or "ventral"
        Fibers that count.
    settings : cauda.fiber.Settings, optional
        Of the full thresholds.
    recovered : Recovery, optional
        Of the field, where there is one already.
    progress : callable, optional

    Raises
    ------
    RecruitmentError
        If fewer than two roots have fibers of that part.
    """
    chosen = [one for one in fibers if one.part == part and one.root is not None]
    members = grouped([one.root for one in chosen], np.ones(len(chosen), dtype=np.bool_))
    if len(members) < 2:
        raise RecruitmentError(f"fibers: found {len(members)} roots with {part} fibers, wanted two or more")
    group = np.empty(len(chosen), dtype=np.int64)
    for place, own in enumerate(members.values()):
        group[own] = place
    courses = [one.fiber for one in chosen]
    along = potentials(field, courses, recovered=recovered)
    alone = _alone(field)
    first = verifier(courses, along, pulse, settings=settings, progress=within(progress, 0.0, _SEARCHED))
    known = Known(alone, *(np.asarray(values, dtype=np.float64) for values in first(alone)))
    drive = drive_of(courses, along, pulse, settings=settings, progress=within(progress, _SEARCHED, 1.0))
    return Targets(
        roots=tuple(members),
        group=frozen(group),
        contacts=field.contacts,
        limits=limits_of(contact_areas_mm2(field.mesh, field.contacts), pulse, case=CASE in field.electrodes),
        drive=drive.calibrated(alone, known.threshold_ma),
        verify=verifier(courses, along, pulse, settings=settings),
        known=known,
    )


def _alone(field: Field) -> Floats:
    """Return the montages of each contact against the return, shape ``(m, c)``."""
    return np.array([field.shares(one.currents_ma) for one in each_contact(field.contacts, field.returns)])
