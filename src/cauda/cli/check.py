"""``cauda check``: what is wrong or odd in an annotation, or in a whole dataset."""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from cauda.errors import Finding

_Listed = tuple[str, str, Sequence[Finding]]

NAME = "check"
HELP = "list what is wrong or odd in a dataset, or in the markers of a subject, and what to do about it"

_EPILOG = """\
example:
  cauda check dataset
  cauda check dataset --subject 03 --format html -o findings.html
  cauda check markers/sub-03 --format tsv -o findings.tsv

PATH is a dataset, a folder of markers, or one .mrk.json file of 3D Slicer. Of a dataset all is looked at: its
layout, sidecars against headers against the protocol, where images and markers lie, what is missing,
checksums, participants, personal data. Where bids-validator is installed it is asked, too.
Exit status: 0 without errors (there may be warnings), 1 with errors or where nothing can be read.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument("path", metavar="PATH", type=Path, help="a dataset, or folder or file of markers")
    parser.add_argument("--subject", metavar="LABEL", help="which subject of a dataset, such as 03")
    parser.add_argument(
        "--format",
        choices=("table", "json", "tsv", "html"),
        default="table",
        help="how to list findings (table)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write the list to a file instead")
    parser.add_argument(
        "--headers-only",
        action="store_true",
        help="read no voxels: no brightness under the markers, no checksums of images",
    )
    parser.add_argument("--no-validator", action="store_true", help="do not ask bids-validator")


def run(args: argparse.Namespace) -> int:
    """List the findings and return 1 if there is an error among them."""
    from cauda import check, files

    is_whole = check.is_dataset(args.path)
    text, summary, findings = _of_dataset(args) if is_whole else _of_markers(args)
    if args.output is None:
        print(text, end="")
    else:
        files.write_text(args.output, text)
        print(summary)
    return int(any(finding.severity == "error" for finding in findings))


def _of_markers(args: argparse.Namespace) -> _Listed:
    """Return the list of findings on one subject's markers, its summary, and the findings."""
    from cauda import annotation, check
    from cauda.check import listing

    tracing = annotation.survey(args.path, args.subject)
    findings = check.check(tracing)
    summary = listing.summary(findings, tracing.subject)
    if args.format == "html":
        from cauda.report.findings import page

        return page(f"Markers of sub-{tracing.subject}", summary, findings), summary, findings
    width = shutil.get_terminal_size((100, 24)).columns
    return listing.listed(findings, tracing.subject, args.format, width), summary, findings


def _of_dataset(args: argparse.Namespace) -> _Listed:
    """Return the list of findings on a dataset, its summary, and the findings."""
    from cauda import check
    from cauda.check import dataset_listing
    from cauda.check.bids_validator import PROGRAMS
    from cauda.cli.progress import progress

    installed = [] if args.no_validator else [path for name in PROGRAMS if (path := shutil.which(name))]
    with progress() as tell:
        found = check.check_dataset(
            args.path,
            args.subject,
            images=not args.headers_only,
            validator=next(iter(installed), None),
            progress=tell,
        )
    summary = dataset_listing.summary(found)
    if args.format == "html":
        from cauda.report.findings import dataset_page

        return dataset_page(found), summary, found.findings
    width = shutil.get_terminal_size((100, 24)).columns
    return dataset_listing.listed(found, args.format, width), summary, found.findings
