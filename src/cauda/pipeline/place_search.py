"""Where a lead lies best, and which currents then recruit a root best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import RootName
from cauda.errors import LeadError, LevelError, RecruitmentError
from cauda.fiber import Pulse, Settings, Waveform, sample
from cauda.lead import Lead
from cauda.pipeline.fields import Fields
from cauda.pipeline.lead_shift import height_mm, shifted
from cauda.recruitment import Effort, Options, Targets, Trial, of_contacts, recruit, targets_of
from cauda.recruitment.currents import Search
from cauda.recruitment.progress import Progress, within
from cauda.recruitment.selectivity import index

ALONG_MM = (6.0, 4.0, 2.0, 0.0, -2.0, -4.0)
"""Six positions 2 mm apart."""

LATERAL_MM = (-2.0, 2.0)

_KINDS = ("contact", "pair", "currents")
# Contacts are known already; of pairs, as many as are verified.
_SIMPLE = Effort(starts=0, verified=2, rounds=1)
# Of the time at a place, what its field takes.
_SOLVED = 0.6


@dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted, and how it is looked for.

    Attributes
    ----------
    roots : tuple of RootName
        Each is to be recruited by itself; a place is the better, the larger the mean of their selectivities.
    pulse : Pulse or Waveform
    along_mm : tuple of float
        By how much the lead is shifted, cranially.
    lateral_mm : tuple of float
        By how much to the subject's right, at the best of these.
    per_root, seed : int
        Of the fibers. What is found is stated on those of the next seed, too.
    settings : cauda.fiber.Settings
        Of full thresholds.
    effort : Effort
        Of the search for currents of several contacts.
    """

    roots: tuple[RootName, ...]
    pulse: Pulse | Waveform
    along_mm: tuple[float, ...] = ALONG_MM
    lateral_mm: tuple[float, ...] = LATERAL_MM
    per_root: int = 20
    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    effort: Effort = field(default_factory=Effort)

    def __post_init__(self) -> None:
        if not self.roots or not self.along_mm:
            raise RecruitmentError("search: wanted one or more roots and one or more shifts along the spine")
        if len(set(self.roots)) < len(self.roots):
            raise RecruitmentError("search: a root is there twice, wanted each once")
        for name, values in (("along", self.along_mm), ("lateral", self.lateral_mm)):
            if not np.isfinite(values).all() or len(set(values)) < len(values):
                raise RecruitmentError(f"{name}: wanted shifts in mm, each once")


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """What was found.

    Attributes
    ----------
    trials : tuple of Trial
        At each place the best contact and the best pair of each root; at the best place of each root, its
        currents, and what all three do on other fibers.
    refused : mapping of (float, float) to str
        Places where the lead does not fit, and why.
    leads : mapping of (float, float) to Lead
        The lead in each place.
    """

    trials: tuple[Trial, ...]
    refused: Mapping[tuple[float, float], str]
    leads: Mapping[tuple[float, float], Lead]

    @property
    def best(self) -> tuple[float, float]:
        """The place with the largest mean of the roots' best selectivities, contacts and pairs."""
        return max(self.leads, key=lambda place: (score(self.trials, place), -abs(place[1]), -abs(place[0])))

    def best_of(self, root: RootName) -> tuple[Trial, ...]:
        """Return the best of each kind of a root at its best place."""
        return tuple(one for one in self.trials if one.root == root and np.isfinite(one.fresh))


def score(trials: Sequence[Trial], place: tuple[float, float]) -> float:
    """Return the mean of the roots' best selectivities by contacts and pairs at a place.

    Parameters
    ----------
    trials : sequence of Trial
    place : (float, float)
    """
    best: dict[RootName, float] = {}
    for one in trials:
        if one.place == place and one.kind != _KINDS[-1]:
            best[one.root] = max(best.get(one.root, 0.0), one.selectivity)
    return float(np.mean(list(best.values()))) if best else -np.inf


def search_places(
    model: SpineModel, lead: Lead, fields: Fields, aim: Aim, *, progress: Progress | None = None
) -> Places:
    """Return places of a lead, and contacts, pairs and currents that recruit roots selectively there.

    First the lead is shifted along the spine; at the best of these places, sideways, too. Each place has a
    mesh and a field of its own. At the best place of each root currents of several contacts are optimized.

    Parameters
    ----------
    model : SpineModel
    lead : Lead
        Placed in it; shifts are from there.
    fields : Fields
    aim : Aim
    progress : callable, optional

    Raises
    ------
    RecruitmentError
        If the model has not one of the roots.
    LeadError
        If the lead fits in no place.
    """
    work = _Work(model, lead, fields, aim)
    count = len(aim.along_mm) + len(aim.lateral_mm) + 1
    for number, along_mm in enumerate(aim.along_mm):
        work.look((along_mm, 0.0), within(progress, number / count, (number + 1) / count))
    if not work.leads:
        raise LeadError(f"{lead.name}: fits in none of these places; {next(iter(work.refused.values()))}")
    along_mm = work.places().best[0]
    for number, lateral_mm in enumerate(aim.lateral_mm, len(aim.along_mm)):
        work.look((along_mm, lateral_mm), within(progress, number / count, (number + 1) / count))
    work.optimize(within(progress, (count - 1) / count, 1.0))
    return work.places()


class _Work:
    """What has been found so far."""

    def __init__(self, model: SpineModel, lead: Lead, fields: Fields, aim: Aim) -> None:
        self._model, self._lead, self._fields, self._aim = model, lead, fields, aim
        self._top_mm = height_mm(lead, model)
        self._fibers = [one for one in sample(model, aim.per_root, aim.seed) if one.part == "dorsal"]
        there = {one.root for one in self._fibers}
        if absent := [str(root) for root in aim.roots if root not in there]:
            known = ", ".join(str(root) for root in sorted(filter(None, there), key=lambda root: root.rank))
            raise RecruitmentError(f"root: found {absent[0]!r}, wanted one of {known}")
        self._trials: list[Trial] = []
        self._best: dict[RootName, tuple[float, tuple[float, float]]] = {}
        self._targets: dict[tuple[float, float], Targets] = {}
        self.refused: dict[tuple[float, float], str] = {}
        self.leads: dict[tuple[float, float], Lead] = {}

    def places(self) -> Places:
        return Places(tuple(self._trials), self.refused, self.leads)

    def look(self, place: tuple[float, float], progress: Progress | None) -> None:
        """Look at contacts and pairs with the lead in a place."""
        if place in self.leads or place in self.refused:
            return
        try:
            lead = self._placed(place)
        except (LeadError, LevelError) as error:
            self.refused[place] = str(error)
            return
        self.leads[place] = lead
        field = self._fields.of(self._model, lead, progress=within(progress, 0.0, _SOLVED, _said(place)))
        self._targets[place] = targets_of(
            field,
            self._fibers,
            self._aim.pulse,
            settings=self._aim.settings,
            progress=within(progress, _SOLVED, 1.0, _said(place)),
        )
        for root in self._aim.roots:
            found = self._targets[place].search(root, effort=_SIMPLE)
            own = [self._trial(root, place, found, kind) for kind in _kinds(found)]
            self._trials += own
            largest = max(one.selectivity for one in own)
            if largest > self._best.get(root, (-np.inf, place))[0]:
                self._best[root] = largest, place
        wanted = {at for _, at in self._best.values()}
        # The others' potentials along fibers are not needed again.
        self._targets = {at: own for at, own in self._targets.items() if at in wanted}

    def optimize(self, progress: Progress | None) -> None:
        """Look for currents of several contacts, and state what was found on other fibers."""
        aim = self._aim
        for number, root in enumerate(aim.roots):
            place = self._best[root][1]
            if progress:
                progress(f"{root}: currents", number / len(aim.roots))
            found = self._targets[place].search(root, effort=aim.effort)
            # This search verified more: what it knows of contacts and pairs is at least as good.
            self._trials = [one for one in self._trials if (one.root, one.place) != (root, place)]
            own = [self._trial(root, place, found, kind) for kind in _kinds(found)]
            self._trials += [
                replace(one, fresh=fresh) for one, fresh in zip(own, self._fresh(own), strict=True)
            ]

    def _placed(self, place: tuple[float, float]) -> Lead:
        if place == (0.0, 0.0):
            return self._lead
        return shifted(self._lead, self._top_mm, self._model, along_mm=place[0], lateral_mm=place[1])

    def _trial(self, root: RootName, place: tuple[float, float], found: Search, kind: str) -> Trial:
        best = next(one for one in found.choices if one.kind == kind)
        montage = of_contacts(best.currents, self._targets[place].contacts)
        values = best.selectivity, best.amplitude_ma, best.upto_ma, best.recruited, best.others
        return Trial(root, *place, best.kind, montage.name, *values)

    def _fresh(self, own: Sequence[Trial]) -> list[float]:
        """Return the selectivity of trials of one root and place on fibers that nothing was chosen by."""
        aim = self._aim
        fibers = [one for one in sample(self._model, aim.per_root, aim.seed + 1) if one.part == "dorsal"]
        field = self._fields.of(self._model, self.leads[own[0].place])
        montages = list(dict.fromkeys(one.montage for one in own))
        result = recruit(field, fibers, aim.pulse, montages, options=Options(aim.settings))
        found = []
        for one in own:
            if not np.isfinite(one.amplitude_ma):
                found.append(0.0)
                continue
            shares = result.fraction([one.amplitude_within_ma], one.montage)
            roots = list(shares)
            indices = index(np.array([shares[root][0] for root in roots]))
            found.append(float(indices[roots.index(one.root)]))
        return found


def _kinds(found: Search) -> list[str]:
    there = {one.kind for one in found.choices}
    return [kind for kind in _KINDS if kind in there]


def _said(place: tuple[float, float]) -> str:
    along_mm, lateral_mm = place
    return f"{along_mm:+g} mm" + (f", {lateral_mm:+g} mm lateral" if lateral_mm else "")
