"""Progress of a work of several parts."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Is called with the name of the step and the fraction done."""


def within(progress: Progress | None, begin: float, end: float, of: str = "") -> Progress | None:
    """Return what tells the progress of a part from one fraction of the whole to another.

    Parameters
    ----------
    progress : callable or None
        Of the whole; None where nobody is told.
    begin, end : float
    of : str
        Stands before the name of each step.

    Examples
    --------
    >>> within(lambda step, fraction: print(step, fraction), 0.5, 1.0, "case 2")("mesh", 0.5)
    case 2: mesh 0.75
    """
    if progress is None:
        return None
    return lambda step, done: progress(f"{of}: {step}" if of else step, begin + (end - begin) * done)
