"""The one door to the compiler."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])

_log = logging.getLogger(__name__)


def compiled(function: _Function) -> _Function:
    """Return the function compiled for this machine when it is first called; the result is kept on disk.

    It releases the interpreter's lock, and keeps to the order of operations as written: same input, same
    bytes. What is kept is thrown away when the function's own file changes, and only then: a compiled
    function therefore calls none, and reads no number, of another file.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        dispatcher = njit(cache=True, **options)(function)
    except RuntimeError as error:
        _log.info("%s is compiled anew in every process: %s", function.__name__, error)
        dispatcher = njit(**options)(function)
    return cast(_Function, dispatcher)
