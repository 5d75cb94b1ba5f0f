"""``cauda download``: fetch the published dataset, or what is needed of it."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cauda.dataset import Plan, Portion

NAME = "download"
HELP = "fetch the published dataset, or single subjects and parts of it"

_PARTS = ("raw", "markers", "models", "qc")
_EPILOG = """\
example:
  cauda download dataset --subjects 03
  cauda download dataset --parts markers
  cauda download dataset --list

Images go to DIR/sub-XX/anat/, markers, models and quality to DIR/derivatives/. Only what is wanted is fetched
out of the archives; what is there already is not fetched again, so an interrupted download goes on when it is
run again. CRC-32 and size of each file are checked; md5 where a whole file is fetched. The dataset is that of
Liu et al. 2024, doi 10.1038/s41597-024-03919-4, CC BY 4.0.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of the dataset")
    parser.add_argument("--subjects", metavar="LABEL", nargs="+", help="such as 03 07 (all)")
    parser.add_argument(
        "--parts",
        metavar="PART",
        nargs="+",
        choices=_PARTS,
        help="some of raw markers models qc (raw markers)",
    )
    parser.add_argument(
        "--list", action="store_true", help="list what there is and what is missing; fetch and write nothing"
    )
    parser.add_argument("--base-url", metavar="URL", help="a mirror of the files (figshare)")
    parser.add_argument(
        "--files", metavar="FILE", type=Path, help="JSON list of files, sizes and md5 of another edition"
    )


def run(args: argparse.Namespace) -> int:
    """Say what will be fetched, fetch it and say under which terms."""
    from cauda import dataset
    from cauda.cli.progress import progress
    from cauda.dataset.planning import DEFAULT_PARTS
    from cauda.errors import DatasetError
    from cauda.tables import published_files as published

    files = published.published_files() if args.files is None else dataset.read_files(args.files)
    parts = args.parts or (_PARTS if args.list else DEFAULT_PARTS)
    subjects = args.subjects and [label for word in args.subjects for label in word.split(",") if label]
    try:
        planned = dataset.plan(
            args.folder, subjects, parts, base_url=args.base_url or published.BASE_URL, files=files
        )
    except DatasetError:
        if args.list:
            for file in files:
                print(f"{file.part:<12} {file.name:<33} {size(file.bytes):>9}  doi {file.doi}")
        raise
    print(f"Liu et al. 2024, doi {published.ARTICLE_DOI}, {published.LICENSE} ({published.LICENSE_URL})")
    for line in (_contents if args.list else _summary)(planned):
        print(line)
    if args.list:
        return 0
    with progress() as tell:
        folder = dataset.fetch(planned, progress=tell)
    print(folder)
    print(f"Please cite: {published.CITATION}")
    return 0


def size(count: int) -> str:
    """Return a number of bytes for a reader.

    Examples
    --------
    >>> size(68094904), size(999), size(1402)
    ('68.1 MB', '999 B', '1.4 kB')
    """
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.95 or unit == "GB":
            break
        value /= 1000
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def _summary(planned: "Plan") -> Iterator[str]:
    for portion in planned.portions:
        yield f"{portion.file.part:<12} {portion.file.name:<33} {_need(portion)}"
    if not planned.fetch_bytes:
        yield "everything is there already"
        return
    yield (
        f"to fetch {size(planned.fetch_bytes)}, needed on disk {size(planned.disk_bytes)}, "
        f"free {size(planned.free_bytes)}"
    )


def _need(portion: "Portion") -> str:
    if portion.is_whole and portion.file.is_archive:
        return f"{size(portion.fetch_bytes):>9}, the whole archive: the server gives no part of it"
    if portion.is_whole:
        return f"{size(portion.fetch_bytes):>9}" if portion.disk_bytes else "    there already"
    return f"{size(portion.fetch_bytes):>9}, {len(portion.missing)} of {len(portion.wanted)} files"


def _contents(planned: "Plan") -> Iterator[str]:
    yield f"{'part':<12} {'subject':<8} {'files':>6} {'size':>9}  missing"
    for portion in planned.portions:
        if not portion.wanted:
            missing = portion.disk_bytes > 0
            yield f"{portion.file.part:<12} {'-':<8} {1:>6} {size(portion.file.bytes):>9}  {int(missing)}"
            continue
        missing_places = {one.place for one in portion.missing}
        for subject in sorted({one.subject for one in portion.wanted}):
            found = [one for one in portion.wanted if one.subject == subject]
            total = size(sum(one.entry.bytes for one in found))
            count = sum(one.place in missing_places for one in found)
            yield f"{portion.file.part:<12} {subject or '-':<8} {len(found):>6} {total:>9}  {count}"
