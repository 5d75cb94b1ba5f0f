"""``cauda check``: what is wrong or odd in an annotation."""

import argparse
import shutil
from pathlib import Path

NAME = "check"
HELP = "list what is wrong or odd in the markers of a subject, and what to do about it"

_EPILOG = """\
example:
  cauda check markers/sub-03
  cauda check dataset --subject 03 --format tsv -o findings.tsv

MARKERS is a folder of markers, a dataset that holds such folders, or one .mrk.json file of 3D Slicer.
Exit status: 0 without errors (there may be warnings), 1 with errors or where nothing can be read.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "markers", metavar="MARKERS", type=Path, help="folder or file of markers, or a dataset"
    )
    parser.add_argument("--subject", metavar="LABEL", help="which subject of a dataset, such as 03")
    parser.add_argument(
        "--format", choices=("table", "json", "tsv"), default="table", help="how to list findings (table)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write the list to a file instead")


def run(args: argparse.Namespace) -> int:
    """List the findings and return 1 if there is an error among them."""
    from cauda import annotation, check, files
    from cauda.check import listing

    tracing = annotation.survey(args.markers, args.subject)
    findings = check.check(tracing)
    width = shutil.get_terminal_size((100, 24)).columns
    text = listing.listed(findings, tracing.subject, args.format, width)
    if args.output is None:
        print(text, end="")
    else:
        files.write_text(args.output, text)
        print(listing.summary(findings, tracing.subject))
    return int(any(finding.severity == "error" for finding in findings))
