"""``cauda report``: one page about a model, to read, print and keep."""

import argparse
from pathlib import Path

NAME = "report"
HELP = "write one offline HTML page about a model: views, sections, findings, sizes, provenance"

_EPILOG = """\
example:
  cauda report models/sub-03

MODEL is the folder of one subject that cauda build wrote; leads that cauda place put there, fields that cauda
solve did and what cauda recruit made of them are shown too. Writes MODEL/sub-XX.html, which needs no network
and no other file, and prints well.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder OUT/sub-XX that cauda build wrote")


def run(args: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from cauda.cli.progress import progress
    from cauda.report import report

    with progress() as tell:
        path = report(args.model, progress=tell)
    print(path)
    return 0
