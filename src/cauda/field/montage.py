"""Which contact carries which current."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cauda.errors import FieldError

BALANCE = 1e-9
"""Currents sum to 0 if their sum is a smaller share of the largest."""


def montage(currents_ma: str | Mapping[str, float], electrodes: Sequence[str]) -> Mapping[str, float]:
    """Return the current of each electrode that has one, in mA.

    Parameters
    ----------
    currents_ma : str or mapping of str to float
        Such as ``C5:-1,case:+1``, or the same as a mapping. A cathode's current is negative.
    electrodes : sequence of str
        Names of contacts, and ``case`` where that is an electrode.

    Raises
    ------
    FieldError
        If the text is of another form, names an electrode that there is not or one twice, or the currents do
        not sum to 0.

    Examples
    --------
    >>> dict(montage("C5:-1, case:+1", ["C4", "C5", "case"]))
    {'C5': -1.0, 'case': 1.0}
    """
    found = _parsed(currents_ma) if isinstance(currents_ma, str) else dict(currents_ma)
    text = ",".join(f"{name}:{value:+g}" for name, value in found.items())
    unknown = [name for name in found if name not in electrodes]
    if unknown:
        raise FieldError(
            f"montage {text!r}: no electrode {unknown[0]!r}, wanted some of {', '.join(electrodes)}"
        )
    if not all(math.isfinite(value) for value in found.values()):
        raise FieldError(f"montage {text!r}: wanted currents in mA that are finite")
    largest = max((abs(value) for value in found.values()), default=0.0)
    if largest == 0:
        raise FieldError(f"montage {text!r}: no current, wanted one such as {_example(electrodes)}")
    total = math.fsum(found.values())
    if abs(total) > BALANCE * largest:
        raise FieldError(
            f"montage {text!r}: the currents sum to {total:+g} mA, wanted 0; {-total:+g} mA must return, "
            f"such as at {electrodes[-1]}"
        )
    return MappingProxyType(found)


def _parsed(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in text.split(","):
        name, colon, value = (word.strip() for word in part.rpartition(":"))
        try:
            current = float(value)
        except ValueError:
            colon = ""
        if not (name and colon):
            raise FieldError(
                f"montage {text!r}: found {part.strip()!r}, wanted NAME:MA such as C5:-1,case:+1"
            )
        if name in found:
            raise FieldError(f"montage {text!r}: {name} stands there twice, wanted once")
        found[name] = current
    return found


def _example(electrodes: Sequence[str]) -> str:
    return f"{electrodes[0]}:-1,{electrodes[-1]}:+1"
