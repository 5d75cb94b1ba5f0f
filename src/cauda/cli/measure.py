"""``cauda measure``: how good the images of a dataset are, and whether nerve roots can be seen in them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cauda.pipeline.quality import Outcome

NAME = "measure"
HELP = "measure how good images are, and how well nerve roots can be seen in them"

_EPILOG = """\
example:
  cauda measure dataset -o quality
  cauda measure dataset --subject 03 --contrast CISS DESS -o quality
  cauda measure sub-21_T2w.nii.gz --labels sub-21_seg.nii.gz -o quality

DIR is a dataset, or one NIfTI image. With markers of a subject (derivatives/markers/sub-XX) cord, CSF and
roots are measured; without them body and air alone, and each other metric says why it has no value. Writes
OUT/sub-XX/sub-XX_<contrast>_quality.json, _roots.tsv, _masks.nii.gz and a page, OUT/group_<contrast>.tsv
and OUT/group.html. The same command again keeps what was measured of the same files.
Exit status: 0 done, 1 where a scan could not be measured; all others are.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument("path", metavar="DIR", type=Path, help="a dataset, or one image")
    parser.add_argument("--subject", metavar="LABEL", nargs="+", default=[], help="which subjects (all)")
    parser.add_argument(
        "--contrast", metavar="SUFFIX", nargs="+", default=[], help="which images, such as CISS or T2w (all)"
    )
    parser.add_argument(
        "--labels",
        metavar="FILE",
        type=Path,
        help="own masks: a label map on the grid of the one image chosen",
    )
    parser.add_argument(
        "--mriqc-compatible",
        action="store_true",
        help="the metrics that MRIQC has are computed as it does, its defects included",
    )
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help="folder to write to")
    parser.add_argument("--anew", action="store_true", help="measure again what has been measured")


def run(args: argparse.Namespace) -> int:
    """Measure all scans and say what came of each."""
    from cauda.cli.progress import progress
    from cauda.pipeline.quality import Wanted, measure_dataset

    wanted = Wanted(
        tuple(args.subject), tuple(args.contrast), args.labels, mriqc_compatible=args.mriqc_compatible
    )
    with progress() as tell:
        done = measure_dataset(args.path, args.output, wanted, anew=args.anew, progress=tell)
    for one in done.scans:
        print(f"{one.name}: {_said(one)}", file=sys.stderr if one.error else sys.stdout)
    if done.group is not None:
        print(done.group)
    return int(any(one.error for one in done.scans))


def _said(one: "Outcome") -> str:
    if one.error:
        return f"not measured: {' '.join(one.error.splitlines())}"
    return f"{one.values} metrics, {one.reasons} not measurable{', kept' if one.kept else ''}"
