"""``cauda phantom``: make a dataset of virtual subjects."""

import argparse
from collections.abc import Callable
from pathlib import Path

from cauda.cli.progress import progress
from cauda.errors import PhantomError

NAME = "phantom"
HELP = "make a dataset of virtual subjects, whose truth is known"

_EPILOG = """\
Anatomy is drawn from the published population. Markers go to DIR/derivatives/markers/sub-XX/, the truth
to DIR/derivatives/truth/sub-XX/. Subject 02 of a seed is the same however many are made. With --sequences
there are images in DIR/sub-XX/anat/ as well; the same command again makes those that are missing.

example:
  cauda phantom dataset --subjects 3 --seed 7
  cauda phantom dataset --subjects 2 --sequences CISS DESS T2TSE --grid small --defects typical,motion=0.3
  cauda phantom scanned --from-model models/sub-03 --sequences CISS --snr 40
  cauda build dataset --subject 02 -o models

defects: bias, coil, flow, ghosts (shares), motion and jitter (mm), banding (bands in 100 mm, CISS alone);
gibbs (share of the phase-encoding lines left out); typical stands for what a good clinical image has.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the folder, the subjects, and how images are made."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "folder", metavar="DIR", type=Path, help="dataset to make; must not hold other subjects"
    )
    parser.add_argument("--subjects", metavar="N", type=_from(1), help="how many (default: 3)")
    parser.add_argument(
        "--seed",
        metavar="N",
        type=_from(0),
        default=7,
        help="chooses the population and the noise (default: 7)",
    )
    images = parser.add_argument_group("images")
    images.add_argument(
        "--sequences",
        nargs="+",
        choices=("CISS", "DESS", "T2TSE"),
        default=[],
        help="of which kinds (none; all of a model)",
    )
    images.add_argument(
        "--from-model", metavar="MODEL", type=Path, help="image this model, OUT/sub-XX of cauda build"
    )
    images.add_argument(
        "--grid",
        choices=("sub-03", "small"),
        default="sub-03",
        help="the published voxels, or larger (sub-03)",
    )
    images.add_argument(
        "--voxel-mm", metavar="V", type=float, help="edge of the voxels within slices (that of the grid)"
    )
    images.add_argument(
        "--snr", metavar="R", type=float, default=30.0, help="signal over noise in CSF; inf for no noise (30)"
    )
    images.add_argument(
        "--defects", metavar="D=S,...", default="", help="such as typical or motion=0.3,flow=0.5 (none)"
    )
    images.add_argument(
        "--raw-filter", choices=("none", "hann"), default="none", help="hann: no ringing, less sharp (none)"
    )
    images.add_argument("--combine", choices=("rms", "max"), help="acquisitions of CISS (rms)")
    images.add_argument(
        "--fat-suppressed", metavar="F", type=float, help="share of the signal of fat (0.8, in T2TSE 0)"
    )


def run(args: argparse.Namespace) -> int:
    """Make the dataset and say where it is."""
    if args.from_model is not None and args.subjects is not None:
        raise PhantomError("--subjects: a model is one subject; leave out --subjects or --from-model")
    sequences = tuple(args.sequences) or (("CISS", "DESS", "T2TSE") if args.from_model else ())
    subjects = 3 if args.subjects is None else args.subjects
    if sequences:
        return _with_images(args, sequences, subjects)
    _refuse_image_options(args)
    from cauda.phantom import phantom

    with progress() as show:
        folder = phantom(args.folder, subjects, args.seed, progress=show)
    print(f"{_counted(subjects, 'virtual subject')} in {folder}")
    return 0


def _with_images(args: argparse.Namespace, sequences: tuple[str, ...], subjects: int) -> int:
    from cauda.phantom import Defects, GridChoice, imaging_of, model_images, phantom_images

    imaging = imaging_of(
        sequences,
        grid=GridChoice(args.grid, args.voxel_mm),
        snr=args.snr,
        defects=Defects.parse(args.defects),
        seed=args.seed,
        how=args.combine,
        fat_suppressed=args.fat_suppressed,
        weighted=args.raw_filter == "hann",
    )
    with progress() as show:
        if args.from_model is None:
            made, kept = phantom_images(args.folder, imaging, subjects, args.seed, progress=show)
            what = _counted(subjects, "virtual subject")
        else:
            made, kept = model_images(args.folder, args.from_model, imaging, progress=show)
            what = args.from_model.name
    print(f"{what} in {args.folder}: {_counted(made, 'image')} made, {kept} kept")
    return 0


def _refuse_image_options(args: argparse.Namespace) -> None:
    given = {
        "--voxel-mm": args.voxel_mm,
        "--defects": args.defects or None,
        "--combine": args.combine,
        "--fat-suppressed": args.fat_suppressed,
    }
    for name, value in given.items():
        if value is not None:
            raise PhantomError(f"{name}: no image is asked for; add --sequences, such as --sequences CISS")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is too small, wanted {least} or more")
        return value

    number.__name__ = "number"
    return number
