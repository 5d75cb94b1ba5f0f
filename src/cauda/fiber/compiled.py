"""The one door to the compiler."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])

_log = logging.getLogger(__name__)


def compiled(function: _Function) -> _Function:
    """Return the function compiled for this machine when it is first called; the result is kept on disk.

    It releases the interpreter's lock. Sums may be taken in another order and divisions by multiplication,
    which changes the last digits; values that are not finite keep their meaning. Where nothing can be
    written, neither beside the source nor in the user's cache, the compiler works anew in every process.
    """
    relaxed = {"reassoc", "contract", "arcp", "nsz"}
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": relaxed}
    try:
        dispatcher = njit(cache=True, **options)(function)
    except RuntimeError as error:
        _log.info("%s is compiled anew in every process: %s", function.__name__, error)
        dispatcher = njit(**options)(function)
    return cast(_Function, dispatcher)
