"""``cauda import``: bring DICOM scans of one's own into a dataset."""

import argparse
import shutil
from pathlib import Path

NAME = "import"
HELP = "bring DICOM scans into a dataset, without personal data"

_EPILOG = """\
example:
  cauda import dicom dataset --subject 21
  cauda import dicom dataset --subject 21 --session 1 --map 5=CISS "*drive*=T2TSE" 7=-

Series are recognized by their names and times: CISS, true FISP and FIESTA-C become sub-21_CISS, DESS
sub-21_DESS, T2-weighted spin echoes sub-21_T2TSE. Others are named with --map, by number or
name; - leaves a series out. Fields that tell person, site or time are removed. Nothing is overwritten.
The converter is dcm2niix.
Exit status: 0 done, 1 nothing was imported, or a series is damaged, or something personal remains.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "source", metavar="DICOM_DIR", type=Path, help="folder with DICOM files of one person"
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the dataset; made if it is not there")
    parser.add_argument("--subject", metavar="LABEL", required=True, help="label of the person, such as 21")
    parser.add_argument("--session", metavar="LABEL", help="label of the visit, such as 1 (none)")
    parser.add_argument(
        "--map",
        metavar="SERIES=NAME",
        nargs="+",
        default=[],
        help="which sequence a series is, such as 5=CISS",
    )


def run(args: argparse.Namespace) -> int:
    """Import, and list what was left out and what remains to be done."""
    from cauda import dataset
    from cauda.cli.progress import progress
    from cauda.dataset import contrast, dcm2niix

    program = dcm2niix.wheel_program() or shutil.which("dcm2niix")
    names = contrast.read_map(args.map)
    with progress() as tell:
        done = dataset.import_dicom(
            args.source, args.folder, args.subject, args.session, names=names, program=program, progress=tell
        )
    for finding in done.findings:
        print(finding)
    for place in done.images:
        print(args.folder / place, *(() if place in done.written else ("(there already)",)))
    return int(any(finding.severity == "error" for finding in done.findings))
