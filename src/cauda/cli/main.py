"""The command ``cauda``: chooses the verb, turns errors into one line and an exit status.

Exit status: 0 done; 1 the input is at fault, said in one line on standard error; 2 wrong usage;
70 a defect of cauda itself; 130 interrupted; 141 the reader of the output went away.
"""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol

from cauda import __version__
from cauda.cli import (
    build,
    check,
    download,
    importing,
    measure,
    mesh,
    phantom,
    place,
    recruit,
    report,
    search,
    solve,
)
from cauda.errors import CaudaError

_DONE, _INPUT_AT_FAULT, _DEFECT, _INTERRUPTED, _READER_GONE = 0, 1, 70, 130, 141

_EPILOG = """\
example, from a dataset (the published one, one's own, or a virtual one) to a page in the browser:
  cauda download dataset --subjects 03
  cauda import   dicom dataset --subject 21
  cauda phantom dataset --subjects 1 --seed 7
  cauda check   dataset
  cauda measure dataset -o quality
  cauda build   dataset -o models
  cauda place   models/sub-01 --lead specify-5-6-5-like --top vertebra:T12
  cauda mesh    models/sub-01 --lead specify-5-6-5-like
  cauda solve   models/sub-01 --lead specify-5-6-5-like --conductivities capogrosso2013
  cauda recruit models/sub-01 --lead specify-5-6-5-like --conductivities capogrosso2013
  cauda search  models/sub-01 --lead specify-5-6-5-like --roots L4_R
  cauda report  models/sub-01

cauda VERB --help tells more. Exit status: 0 done, 1 the input is at fault, 2 wrong usage.
"""


class Verb(Protocol):
    """What the module of a verb offers; it imports its stage inside `run`, to keep ``--help`` quick."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare arguments, and an example as the epilog."""

    def run(self, args: argparse.Namespace) -> int:
        """Do the work and return the exit status."""


VERBS: tuple[Verb, ...] = (
    download,
    importing,
    phantom,
    check,
    measure,
    build,
    place,
    mesh,
    solve,
    recruit,
    search,
    report,
)
"""In the order in which a new user meets them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the name of the command; those of the process by default.

    Raises
    ------
    SystemExit
        From argparse: status 2 for wrong usage, 0 after ``--help`` and ``--version``.
    """
    args = parser().parse_args(argv, argparse.Namespace(verbose=False))
    _one_blas_thread()
    with _log_to_stderr(verbose=args.verbose):
        return _run(args)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    verbose = argparse.ArgumentParser(add_help=False)
    # Suppressed, so that the default of VERB -v does not overrule cauda -v VERB.
    verbose.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="log each step to standard error",
    )
    top = argparse.ArgumentParser(
        prog="cauda",
        description="From MRI annotations of the lumbosacral spine to models to plan stimulation on.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[verbose],
    )
    top.add_argument("--version", action="version", version=f"cauda {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS:
        sub = verbs.add_parser(
            verb.NAME,
            help=verb.HELP,
            description=verb.HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[verbose],
        )
        verb.add_arguments(sub)
        sub.set_defaults(run=verb.run)
    return top


def _run(args: argparse.Namespace) -> int:
    try:
        status = int(args.run(args))
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes standard output once more at its end, which must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_GONE
    except KeyboardInterrupt:
        return _say("interrupted", _INTERRUPTED)
    except (CaudaError, OSError) as error:
        return _say(f"error: {_reason(error)}", _INPUT_AT_FAULT)
    except Exception as error:
        if args.verbose:
            logging.getLogger("cauda").exception("the defect, in full")
        advice = "a defect of cauda, not of the input: please report it with what `cauda -v ...` prints"
        return _say(f"error: {type(error).__name__}: {_reason(error)} ({advice})", _DEFECT)
    return status


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _say(message: str, status: int) -> int:
    print("cauda:", " ".join(message.splitlines()), file=sys.stderr)
    return status


def _one_blas_thread() -> None:
    # Matrices here are small: a second thread costs time, and its order of summation changes last digits,
    # so that the same input would not give the same bytes. Read by the libraries when numpy is imported.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")


@contextlib.contextmanager
def _log_to_stderr(*, verbose: bool) -> Iterator[None]:
    log = logging.getLogger("cauda")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("cauda: %(levelname)s: %(message)s"))
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG if verbose else logging.WARNING)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
