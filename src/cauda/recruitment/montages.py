"""Montages: which contacts carry which share of a current of 1 mA."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from cauda.errors import RecruitmentError
from cauda.field.electrodes import CASE
from cauda.field.montage import montage as parsed

_CRUMB, _ONE, _DECIMALS = 1e-9, 1e-6, 9


@dataclass(frozen=True, slots=True)
class Montage:
    """Currents of electrodes whose cathodes carry 1 mA together.

    An amplitude of a mA means a times these currents during a phase of the pulse that is cathodic first, and
    so is the sum of the currents of its cathodes.

    Attributes
    ----------
    name : str
        Such as ``C5:-1,case:+1``: what it was made of, electrodes in the order of the lead.
    currents_ma : mapping of str to float
        Of the electrodes that carry any. A cathode's is negative; they sum to 0.

    Examples
    --------
    >>> montage({"case": 2, "C5": -2}, ["C4", "C5", "case"]).name
    'C5:-1,case:+1'
    """

    name: str
    currents_ma: Mapping[str, float] = field(hash=False)

    def __str__(self) -> str:
        return self.name

    @property
    def short(self) -> str:
        """The contact's name where one contact alone is the cathode and the case the anode; else the name."""
        cathodes = [name for name, current in self.currents_ma.items() if current < 0]
        alone = len(cathodes) == 1 and set(self.currents_ma) == {cathodes[0], CASE}
        return cathodes[0] if alone and cathodes[0] != CASE else self.name


def montage(currents_ma: str | Mapping[str, float], electrodes: Sequence[str]) -> Montage:
    """Return a montage.

    Parameters
    ----------
    currents_ma : str or mapping of str to float
        Such as ``C5:-1,case:+1``. Only the ratios matter: ``C5:-2,case:+2`` is the same.
    electrodes : sequence of str
        Names of contacts, and ``case`` where that is an electrode: `Field.electrodes`.

    Raises
    ------
    FieldError
        If it names an electrode that there is not, or the currents do not sum to 0.
    """
    given = parsed(currents_ma, electrodes)
    total = sum(current for current in given.values() if current > 0)
    # A montage that is one already stays as it is, whatever rounding left.
    scale = total if abs(total - 1) > _ONE else 1.0
    found = {name: round(given[name] / scale, _DECIMALS) for name in electrodes if name in given}
    largest = max(found, key=lambda name: abs(found[name]))
    found[largest] = round(-math.fsum(found[name] for name in found if name != largest), _DECIMALS)
    found = {name: current for name, current in found.items() if current}
    text = ",".join(f"{name}:{current:+.10g}" for name, current in found.items())
    return Montage(text, MappingProxyType(found))


def of_contacts(currents: ArrayLike, contacts: Sequence[str]) -> Montage:
    """Return the montage of currents of all contacts; what they do not sum to 0 returns at the case.

    Parameters
    ----------
    currents : (c,) array_like
        Such as `Choice.currents`.
    contacts : sequence of str

    Examples
    --------
    >>> of_contacts([-0.5, -0.5, 0.25], ["C1", "C2", "C3"]).name
    'C1:-0.5,C2:-0.5,C3:+0.25,case:+0.75'
    """
    values = np.asarray(currents, dtype=np.float64).tolist()
    back = -math.fsum(values)
    # Crumbs of rounding are no current of the case.
    rest = back if abs(back) > _CRUMB * max(map(abs, values)) else 0.0
    given = dict(zip(contacts, values, strict=True)) | ({CASE: rest} if rest else {})
    return montage(given, [*contacts, CASE])


def montages_of(given: Iterable[str | Mapping[str, float]], electrodes: Sequence[str]) -> tuple[Montage, ...]:
    """Return montages, each once, in the order given.

    Parameters
    ----------
    given : iterable of str or mapping of str to float
        As of `montage`.
    electrodes : sequence of str

    Raises
    ------
    FieldError
        As `montage`.
    RecruitmentError
        If there are none.
    """
    found = {one.name: one for one in (montage(each, electrodes) for each in given)}
    if not found:
        raise RecruitmentError("montages: found none, wanted one or more such as C5:-1,case:+1")
    return tuple(found.values())


def each_contact(contacts: Sequence[str], returns: Sequence[str]) -> tuple[Montage, ...]:
    """Return for each contact the montage in which it is the cathode and the return the anode.

    Parameters
    ----------
    contacts, returns : sequence of str
        Of the field. Contacts at which the current returns have no montage of their own.

    Examples
    --------
    >>> [str(one) for one in each_contact(["C1", "C2", "C3"], ["C1", "C3"])]
    ['C1:+0.5,C2:-1,C3:+0.5']
    """
    electrodes = [*contacts, *(name for name in returns if name not in contacts)]
    back = dict.fromkeys(returns, 1 / len(returns))
    return tuple(montage({**back, name: -1.0}, electrodes) for name in contacts if name not in returns)
