"""The one door to the compiler."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Return the function compiled for this machine when it is first called; the result is kept on disk.

    It releases the interpreter's lock. Sums may be taken in another order and divisions by multiplication,
    which changes the last digits; values that are not finite keep their meaning.
    """
    relaxed = {"reassoc", "contract", "arcp", "nsz"}
    return cast(_Function, njit(cache=True, nogil=True, error_model="numpy", fastmath=relaxed)(function))
