"""Numbers that a caller gives: finite, and in their range."""

from __future__ import annotations

import math
from numbers import Integral, Real

from cauda.errors import FiberError


def real(
    value: object,
    name: str,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    most: float = math.inf,
    unit: str = "",
) -> float:
    """Return a number as a float.

    Parameters
    ----------
    value : object
        What was given; text is not a number.
    name : str
        What it is, for the message.
    above, least, most : float
        It must be more than the first, no less than the second and no more than the third.
    unit : str
        For the message.

    Raises
    ------
    FiberError
        If it is no number, not finite, or out of range.

    Examples
    --------
    >>> real(300, "pulse width", above=0, unit="us")
    300.0
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        number = _float(value)
        if math.isfinite(number) and number > above and least <= number <= most:
            return number
    wanted = f"a finite number of {unit}" if unit else "a finite number"
    if above > -math.inf or least > -math.inf:
        wanted = f"more than {above:g} {unit}" if above >= least else f"{least:g} {unit} or more"
    if most < math.inf:
        wanted += f" and at most {most:g} {unit}"
    raise FiberError(f"{name}: found {_shown(value)}, wanted {' '.join(wanted.split())}")


def whole(value: object, name: str, *, least: int) -> int:
    """Return a whole number as an int.

    Raises
    ------
    FiberError
        If it is no whole number, or less than `least`.

    Examples
    --------
    >>> whole(31.0, "number of nodes", least=3)
    31
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        number = int(value) if isinstance(value, Integral) else _float(value)
        if (isinstance(number, int) or number.is_integer()) and number >= least:
            return int(number)
    raise FiberError(f"{name}: found {_shown(value)}, wanted a whole number, {least} or more")


def _float(value: Real) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: object) -> str:
    """Return a value as it may stand in a message: short, and numbers without the name of their type."""
    text = str(value) if isinstance(value, Real) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
