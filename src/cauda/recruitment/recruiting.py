"""From a field and fibers to thresholds, for any montages."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

import cauda
from cauda.arrays import Floats
from cauda.errors import RecruitmentError
from cauda.fiber import Fiber, Pulse, Settings, Waveform, mrg, thresholds
from cauda.field.electrodes import CASE
from cauda.field.field_type import Field
from cauda.field.recovery import Recovery, recovery
from cauda.files import Source
from cauda.recruitment.currents import Verify
from cauda.recruitment.keeping import Kept, hash_of_field
from cauda.recruitment.montages import Montage, each_contact, montages_of
from cauda.recruitment.potential import along_field, along_function, spans, summed
from cauda.recruitment.progress import Progress, within
from cauda.recruitment.recruitment_type import Recruitment
from cauda.recruitment.sampled import SampledFiber

_COLUMNS = ("threshold_ma", "initiation_mm", "latency_ms", "block_ma", "end_excited")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How `recruit` works.

    Attributes
    ----------
    settings : cauda.fiber.Settings
        Of the search of thresholds.
    keep : Path or None
        A folder that receives what is done of a long work, some fibers at a time. Where it is there already,
        of the same field, fibers, pulse and montages, it is not computed again.
    """

    settings: Settings = field(default_factory=Settings)
    keep: Path | None = None


def recruit(
    field: Field,
    fibers: Iterable[SampledFiber],
    pulse: Pulse | Waveform,
    currents_ma: Iterable[str | Mapping[str, float]] | None = None,
    *,
    options: Options | None = None,
    recovered: Recovery | None = None,
    progress: Progress | None = None,
    sources: Sequence[Source] = (),
) -> Recruitment:
    """Return the thresholds of fibers for montages.

    The potential is evaluated once at all compartments, for all contacts; every montage is a sum.

    Parameters
    ----------
    field : Field
    fibers : iterable of SampledFiber
        What `cauda.fiber` samples of a model, or anything else with these attributes. They are numbered from
        0 on.
    pulse : Pulse or Waveform
        An amplitude of a mA means a times the montage's currents while the waveform is at -1, in the first
        phase of a pulse that is cathodic first. A pulse of polarity 1 turns the currents around.
    currents_ma : iterable of str or mapping of str to float, optional
        Montages such as ``C5:-1,case:+1``. If not given, each contact alone as the cathode, against the
        return that the field was solved with.
    options : Options, optional
    recovered : Recovery, optional
        Of the field, where there is one already.
    progress : callable, optional
    sources : sequence of Source
        Files that the result is made from.

    Returns
    -------
    Recruitment

    Raises
    ------
    FieldError
        If a montage names an electrode that there is not, or its currents do not sum to 0.
    FiberError
        If a pulse or a fiber is not such as can be computed with.
    RecruitmentError
        If there are no fibers, or one lies outside of the mesh for more than half of its length.
    """
    asked = _montages(field, currents_ma)
    source = recovered or recovery(field)
    about = {"conductivities": field.conductivities.get("name"), "returns": list(field.returns)}
    shares = np.array([field.shares(one.currents_ma) for one in asked])
    job = _Job(asked, shares, pulse, options or Options(), partial(along_field, field, source), progress)
    return _recruited(tuple(fibers), job, partial(hash_of_field, field), about, sources)


def recruit_in(
    mv_per_ma: Callable[[Floats], ArrayLike],
    contacts: Sequence[str],
    fibers: Iterable[SampledFiber],
    pulse: Pulse | Waveform,
    currents_ma: Iterable[str | Mapping[str, float]] | None = None,
    *,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Recruitment:
    """Return the thresholds of fibers for montages in a potential from elsewhere.

    Parameters
    ----------
    mv_per_ma : callable
        Gives the potential at points, ``(n, 3)`` mm, for 1 mA at each contact that returns at the case:
        ``(contacts, n)`` mV.
    contacts : sequence of str
        Their names.
    fibers, pulse, currents_ma, options, progress
        As of `recruit`. Nothing is kept in a folder.

    Raises
    ------
    FieldError
        As `recruit`.
    FiberError
        As `recruit`, and if a potential is not finite.
    RecruitmentError
        If there are no fibers, or the potential is not one for each contact and point.
    """
    if currents_ma is None:
        asked = each_contact(contacts, (CASE,))
    else:
        asked = montages_of([currents_ma] if isinstance(currents_ma, str) else currents_ma, [*contacts, CASE])
    shares = np.array([[one.currents_ma.get(name, 0.0) for name in contacts] for one in asked])
    how = replace(options or Options(), keep=None)
    job = _Job(asked, shares, pulse, how, partial(along_function, mv_per_ma, len(contacts)), progress)
    return _recruited(tuple(fibers), job, bytes, {"conductivities": None, "returns": [CASE]}, ())


def verifier(
    fibers: Sequence[Fiber],
    mv_per_ma: Sequence[NDArray[Any]],
    pulse: Pulse | Waveform,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Verify:
    """Return what gives the full thresholds and block of fibers for montages, as `search` asks for them.

    Parameters
    ----------
    fibers : sequence of n Fiber
    mv_per_ma : sequence of n (c, compartments) array_like
        As of `potentials`.
    pulse : Pulse or Waveform
    settings : cauda.fiber.Settings, optional
    progress : callable, optional
    """
    how = replace(settings or Settings(), warn=False)

    def verify(currents: Floats) -> tuple[Floats, Floats]:
        found = []
        for place, row in enumerate(np.atleast_2d(currents)):
            found.append(thresholds(fibers, summed(mv_per_ma, -row), pulse, settings=how))
            if progress:
                progress("thresholds", (place + 1) / len(np.atleast_2d(currents)))
        return np.stack([one.amplitude_ma for one in found]), np.stack([one.block_ma for one in found])

    return verify


def pulse_document(pulse: Pulse | Waveform) -> dict[str, Any]:
    """Return a pulse as JSON has it.

    Examples
    --------
    >>> pulse_document(Pulse(300))["width_us"]
    300
    """
    if isinstance(pulse, Pulse):
        return asdict(pulse)
    return {"edges_ms": pulse.edges_ms.tolist(), "levels": pulse.levels.tolist()}


def _montages(field: Field, currents_ma: Iterable[str | Mapping[str, float]] | None) -> tuple[Montage, ...]:
    if currents_ma is None:
        return each_contact(field.contacts, field.returns)
    return montages_of([currents_ma] if isinstance(currents_ma, str) else currents_ma, field.electrodes)


class _Job(NamedTuple):
    """What is computed of each fiber: shares are of the contacts' currents, ``(montages, contacts)``."""

    montages: tuple[Montage, ...]
    shares: Floats
    pulse: Pulse | Waveform
    options: Options
    along: Callable[[Sequence[Fiber]], tuple[list[NDArray[np.float32]], int]]
    progress: Progress | None


def _recruited(
    fibers: tuple[SampledFiber, ...],
    job: _Job,
    hashed: Callable[[], bytes],
    about: Mapping[str, Any],
    sources: Sequence[Source],
) -> Recruitment:
    if not len(fibers):
        raise RecruitmentError("fibers: found none, wanted one or more")
    folder = job.options.keep
    kept = None if folder is None else Kept(folder, _fingerprint(hashed(), job))
    rows, reach = [], 0
    for span in spans([one.fiber for one in fibers]):
        tell = within(job.progress, span.start / len(fibers), span.stop / len(fibers))
        there = kept.load(fibers[span]) if kept else None
        found, outside = there or _part(fibers[span], job, tell)
        if kept and not there:
            kept.save(fibers[span], found, outside)
        rows.append(found)
        reach += outside
    return _recruitment(fibers, job, np.concatenate(rows, axis=1), reach, about, sources)


def _part(some: Sequence[SampledFiber], job: _Job, tell: Progress | None) -> tuple[Floats, int]:
    """Return what was found for some fibers, ``(montages, fibers, columns)``, and how many reach outside."""
    fibers = [one.fiber for one in some]
    potential, reach = job.along(fibers)
    settings = replace(job.options.settings, warn=False)
    found = np.empty((len(job.shares), len(some), len(_COLUMNS)))
    courses_mm = [one.along_mm() for one in some]
    for row, currents in enumerate(job.shares):
        # What follows the pulse is cathodic first; a montage's cathodes are negative.
        result = thresholds(fibers, summed(potential, -currents), job.pulse, settings=settings)
        start = [
            float(along_mm[node]) if node >= 0 else np.nan
            for along_mm, node in zip(courses_mm, result.node.tolist(), strict=True)
        ]
        columns = (result.amplitude_ma, start, result.latency_ms, result.block_ma, result.end_excited)
        found[row] = np.column_stack([np.asarray(each, dtype=np.float64) for each in columns])
        if tell:
            tell("thresholds", (row + 1) / len(job.shares))
    return found, reach


def _fingerprint(of_field: bytes, job: _Job) -> bytes:
    waveform = job.pulse.waveform() if isinstance(job.pulse, Pulse) else job.pulse
    found = hashlib.sha256(of_field)
    for array in (job.shares, waveform.edges_ms, waveform.levels):
        found.update(hashlib.sha256(np.ascontiguousarray(array).tobytes()).digest())
    found.update(f"{cauda.__version__} {replace(job.options.settings, threads=None)!r}".encode())
    return found.digest()


def _recruitment(
    fibers: Sequence[SampledFiber],
    job: _Job,
    rows: Floats,
    outside: int,
    about: Mapping[str, Any],
    sources: Sequence[Source],
) -> Recruitment:
    column = {name: rows[:, :, place] for place, name in enumerate(_COLUMNS)}
    ends = column.pop("end_excited").sum(axis=1).astype(int).tolist()
    none = np.count_nonzero(~np.isfinite(column["threshold_ma"]), axis=1).tolist()
    names = [one.name for one in job.montages]
    if any(ends):
        _log.info(
            "%d of %d thresholds are of fibers that fire from a sealed end or a cut",
            sum(ends),
            rows[..., 0].size,
        )
    return Recruitment(
        montages=job.montages,
        fiber=np.arange(len(fibers)),
        roots=tuple(one.root for one in fibers),
        sides=tuple(one.side for one in fibers),
        parts=tuple(one.part for one in fibers),
        classes=tuple(one.fiber_class for one in fibers),
        diameter_um=np.array([one.diameter_um for one in fibers]),
        **column,
        settings={**about, "pulse": pulse_document(job.pulse), **_settings(job.options.settings)},
        measures={
            "fibers": len(fibers),
            "reach_outside_the_mesh": outside,
            "start_at_a_sealed_end": dict(zip(names, ends, strict=True)),
            "no_threshold": dict(zip(names, none, strict=True)),
        },
        sources=tuple(sources),
    )


def _settings(settings: Settings) -> dict[str, Any]:
    names = ("step_us", "tolerance", "limit_ma", "block", "window_ms")
    membrane = settings.membrane or mrg()
    return {**{name: getattr(settings, name) for name in names}, "membrane": membrane.name}
