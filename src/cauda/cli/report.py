"""``cauda report``: one page about a model, or pages about image quality, to read, print and keep."""

import argparse
from pathlib import Path

NAME = "report"
HELP = "write offline HTML pages: about a model (views, sections, findings, sizes), or about image quality"

_EPILOG = """\
example:
  cauda report models/sub-03
  cauda report quality --dataset dataset

MODEL is the folder of one subject that cauda build wrote; leads that cauda place put there, fields that cauda
solve did and what cauda recruit made of them are shown too. Writes MODEL/sub-XX.html, which needs no network
and no other file, and prints well.

Where MODEL is a folder that cauda measure wrote to, the pages about quality are written anew: that of the
group, and with --dataset that of each scan.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=Path,
        help="folder OUT/sub-XX that cauda build wrote, or OUT of cauda measure",
    )
    parser.add_argument(
        "--dataset", metavar="DIR", type=Path, help="images that were measured, for the pages of scans"
    )


def run(args: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from cauda.cli.progress import progress
    from cauda.quality.measured_files import measured_paths
    from cauda.report import report

    if args.dataset is not None or measured_paths(args.model):
        from cauda.pipeline.quality import write_pages

        for path in write_pages(args.model, args.dataset):
            print(path)
        return 0
    with progress() as tell:
        path = report(args.model, progress=tell)
    print(path)
    return 0
