"""Recruitment with one input other than was asked for, case by case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cauda import anatomy
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.errors import CaudaError
from cauda.fiber import Pulse, Settings, Waveform, sample
from cauda.field.conductivity import conductivities
from cauda.field.field_type import Field
from cauda.field.solving import solve
from cauda.files import Source
from cauda.lead import Lead
from cauda.pipeline.cases import Case, conductivity_cases
from cauda.pipeline.fields import Fields, settings_of
from cauda.pipeline.lead_shift import height_mm, shifted
from cauda.recruitment import Changed, Montage, Options, Recruitment, SampledFiber, read, recruit
from cauda.recruitment.outputs import ENDING, is_current, write_thresholds
from cauda.recruitment.progress import Progress, within

_BASE = "base"
# Of the time of a case, what its field takes.
_SOLVED = 0.6
_MESH_SOLVED = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked of each case.

    Attributes
    ----------
    model : SpineModel
    tracing : Tracing
        That it was built from.
    lead : Lead
        Placed in it.
    fields : Fields
    pulse : Pulse or Waveform
    montages : sequence of Montage
    per_root, seed : int
        Of the fibers.
    settings : cauda.fiber.Settings
    """

    model: SpineModel
    tracing: Tracing
    lead: Lead
    fields: Fields
    pulse: Pulse | Waveform
    montages: Sequence[Montage]
    per_root: int
    seed: int
    settings: Settings


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What came of it.

    Attributes
    ----------
    base : Recruitment
        As was asked for.
    changed : tuple of Changed
        The cases.
    refused : mapping of str to str
        Cases that are not possible, such as a lead that does not fit, and why.
    """

    base: Recruitment
    changed: tuple[Changed, ...]
    refused: Mapping[str, str]


def recruit_cases(
    question: Question,
    cases: Sequence[Case],
    folder: Path,
    *,
    asked: Mapping[str, Any] | None = None,
    sources: Sequence[Source] = (),
    progress: Progress | None = None,
) -> Found:
    """Return the recruitment as it was asked for and in each case.

    Parameters
    ----------
    question : Question
    cases : sequence of Case
    folder : Path
        Receives a table of thresholds for each. Those that are there, made of the same, are kept: a work that
        was interrupted goes on.
    asked : mapping, optional
        JSON-ready: all that was asked for, as of `cauda.recruitment.outputs.is_current`.
    sources : sequence of Source
        Files that it is made from.
    progress : callable, optional

    Raises
    ------
    CaudaError
        If it is not possible as it was asked for. A case that is not possible is among `Found.refused`.
    """
    work = _Work(question, folder, dict(asked or {}), tuple(sources))
    wanted: list[Case | None] = [None, *cases]
    found: list[Recruitment] = []
    changed: list[Changed] = []
    refused: dict[str, str] = {}
    for number, case in enumerate(wanted):
        name = _BASE if case is None else str(case)
        tell = within(progress, number / len(wanted), (number + 1) / len(wanted), name)
        try:
            one = work.recruited(case, tell)
        except CaudaError as error:
            if case is None:
                raise
            refused[name] = str(error)
            continue
        if case is None:
            found.append(one)
        else:
            changed.append(Changed(case.input, case.name, one))
    return Found(found[0], tuple(changed), refused)


def recruit_sets(
    field: Field,
    fibers: Iterable[SampledFiber],
    pulse: Pulse | Waveform,
    montages: Sequence[Montage],
    *,
    options: Options | None = None,
    progress: Progress | None = None,
) -> tuple[Changed, ...]:
    """Return the recruitment with each other set of conductivities, in the mesh of a field.

    Parameters
    ----------
    field : Field
    fibers : iterable of cauda.recruitment.SampledFiber
    pulse : Pulse or Waveform
    montages : sequence of Montage
    options : Options, optional
    progress : callable, optional
    """
    own, some = tuple(fibers), []
    cases = conductivity_cases(str(field.conductivities.get("name")))
    settings = settings_of(field)
    for number, case in enumerate(cases):
        tell = within(progress, number / len(cases), (number + 1) / len(cases), case.name)
        other = solve(
            field.mesh, conductivities(case.name), settings, progress=within(tell, 0.0, _MESH_SOLVED)
        )
        found = recruit(
            other,
            own,
            pulse,
            [one.currents_ma for one in montages],
            options=options,
            progress=within(tell, _MESH_SOLVED, 1.0),
        )
        some.append(Changed(case.input, case.name, found))
    return tuple(some)


class _Work:
    """The cases of one question; what several of them need is made once."""

    def __init__(
        self, question: Question, folder: Path, asked: dict[str, Any], sources: tuple[Source, ...]
    ) -> None:
        self._question, self._folder, self._asked, self._sources = question, folder, asked, sources
        self._base: Field | None = None

    def recruited(self, case: Case | None, progress: Progress | None) -> Recruitment:
        name = _BASE if case is None else str(case)
        path = self._folder / f"{_slug(name)}{ENDING}"
        asked = {**self._asked, "case": name}
        if is_current(path, asked, self._sources, tables=()):
            return read(path)
        model = self._model(case)
        field = self._field(case, model, within(progress, 0.0, _SOLVED))
        question = self._question
        found = recruit(
            field,
            sample(model, question.per_root, question.seed + (case.seed if case else 0)),
            question.pulse,
            [one.currents_ma for one in question.montages],
            options=Options(question.settings),
            progress=within(progress, _SOLVED, 1.0),
            sources=self._sources,
        )
        write_thresholds(found, path, asked)
        return found

    def _model(self, case: Case | None) -> SpineModel:
        model = self._question.model
        if case is None or not case.build:
            return model
        settings = anatomy.Settings(**{**model.settings, **case.build})
        return anatomy.build(self._question.tracing, settings)

    def _field(self, case: Case | None, model: SpineModel, progress: Progress | None) -> Field:
        question, fields = self._question, self._question.fields
        if case is not None and (case.build or case.along_mm or case.lateral_mm):
            top_mm = height_mm(question.lead, question.model)
            moved = shifted(question.lead, top_mm, model, along_mm=case.along_mm, lateral_mm=case.lateral_mm)
            # What changes the model is asked for once; places of the lead are those of a search, too.
            kept = fields if not case.build else replace(fields, folder=None)
            return kept.of(model, moved, progress=progress)
        if self._base is None:
            self._base = fields.of(model, question.lead, progress=progress)
        if case is None or case.conductivities is None:
            return self._base
        other = conductivities(case.conductivities)
        return solve(self._base.mesh, other, fields.settings, progress=progress)


def _slug(name: str) -> str:
    """Return a name as a file may bear it.

    Examples
    --------
    >>> _slug("csf_thickness +10 %")
    'csf_thickness_+10pct'
    """
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", name.replace("%", "pct")).replace("_pct", "pct")
