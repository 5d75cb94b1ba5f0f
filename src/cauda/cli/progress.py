"""One line that tells how far a long work is, where standard error is a terminal."""

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]
"""What a stage calls: the step that it is at, and the fraction done of the whole, 0 to 1."""

_BAR = 20
_log = logging.getLogger("cauda")


@contextmanager
def progress() -> Iterator[Progress | None]:
    """Give what a stage calls to show its progress, or None where nobody would see it.

    On a terminal one line is rewritten in place and wiped at the end, also after an error, so that the
    message that follows stands alone. With ``-v`` the steps go to the log instead.
    """
    if _log.isEnabledFor(logging.INFO):
        yield _write_to_log
    elif sys.stderr.isatty():
        try:
            yield _show
        finally:
            _rewrite("")
            sys.stderr.write("\r")
            sys.stderr.flush()
    else:
        yield None


def _write_to_log(step: str, fraction: float) -> None:
    _log.info("%3.0f %% %s", 100 * fraction, step)


def _show(step: str, fraction: float) -> None:
    done = round(_BAR * min(max(fraction, 0.0), 1.0))
    _rewrite(f"[{'#' * done}{'.' * (_BAR - done)}] {step}")


def _rewrite(text: str) -> None:
    # One column stays free: a full line would wrap, and the carriage return would go to the wrong one.
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write("\r" + text[:width].ljust(width))
    sys.stderr.flush()
