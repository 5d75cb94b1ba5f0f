"""``cauda phantom``: make a dataset of virtual subjects."""

import argparse
from collections.abc import Callable
from pathlib import Path

from cauda.cli.progress import progress

NAME = "phantom"
HELP = "make a dataset of virtual subjects, whose truth is known"

_EPILOG = """\
Anatomy is drawn from the published population. Markers go to DIR/derivatives/markers/sub-XX/, the truth
to DIR/derivatives/truth/sub-XX/. Subject 02 of a seed is the same however many are made.

example:
  cauda phantom dataset --subjects 3 --seed 7
  cauda build dataset --subject 02 -o models
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the folder, the number of subjects and the seed."""
    parser.epilog = _EPILOG
    parser.add_argument("folder", metavar="DIR", type=Path, help="dataset to make; must not hold subjects")
    parser.add_argument("--subjects", metavar="N", type=_from(1), default=3, help="how many (default: 3)")
    parser.add_argument(
        "--seed", metavar="N", type=_from(0), default=7, help="chooses the population (default: 7)"
    )


def run(args: argparse.Namespace) -> int:
    """Make the dataset and say where it is."""
    from cauda.phantom import phantom

    with progress() as show:
        folder = phantom(args.folder, args.subjects, args.seed, progress=show)
    print(f"{args.subjects} virtual subject{'s' * (args.subjects > 1)} in {folder}")
    return 0


def _from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is too small, wanted {least} or more")
        return value

    number.__name__ = "number"
    return number
