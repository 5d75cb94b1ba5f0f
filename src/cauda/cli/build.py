"""``cauda build``: from an annotation to solids that fit together."""

import argparse
from pathlib import Path

NAME = "build"
HELP = "build cord, dura, roots and ganglia as solids that fit together"

_EPILOG = """\
example:
  cauda build markers/sub-03 -o models
  cauda build dataset --subject 03 -o models --formats ply,stl --frame lps

MARKERS is a folder of markers, a dataset that holds such folders, or one .mrk.json file of 3D Slicer.
Writes OUT/sub-XX/sub-XX_model.json, sub-XX_model.glb, sub-XX_tracing.mrk.json and surfaces/; and
OUT/dataset_description.json, which makes OUT a derivative of BIDS.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "markers", metavar="MARKERS", type=Path, help="folder or file of markers, or a dataset"
    )
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help="folder of models")
    parser.add_argument("--subject", metavar="LABEL", help="which subject of a dataset, such as 03")
    parser.add_argument(
        "--smoothing",
        metavar="F",
        type=float,
        default=1.0,
        help="strength of the smoothing against the default; 0 interpolates the contours (1)",
    )
    parser.add_argument(
        "--dura-mm", metavar="T", type=float, default=0.3, help="thickness of the dura in mm (0.3)"
    )
    parser.add_argument(
        "--formats", metavar="F,F", default="ply", help="of the surfaces, some of ply,stl,glb,vtp,obj (ply)"
    )
    parser.add_argument("--frame", choices=("ras", "lps"), default="ras", help="of the surfaces (ras)")
    parser.add_argument(
        "--entry",
        choices=("rostral", "center", "caudal"),
        default="center",
        help="where in its segment a root was traced from (center)",
    )
    parser.add_argument(
        "--rootlets", choices=("lines", "solid"), default="lines", help="what rootlets are built as (lines)"
    )
    parser.add_argument(
        "--roots", metavar="LEVELS", default="", help="add roots that were not traced, such as T11-Co (none)"
    )
    parser.add_argument(
        "--cranial-mm",
        metavar="L",
        type=float,
        default=60.0,
        help="how far cord and sac go on above the first slice in mm (60)",
    )
    parser.add_argument(
        "--dorsal-fat-mm",
        metavar="D",
        type=float,
        default=4.0,
        help="least depth of the epidural space behind the sac in mm (4)",
    )
    parser.add_argument(
        "--soft-tissue-mm",
        metavar="D",
        type=float,
        default=40.0,
        help="how far soft tissue reaches around the canal in mm (40)",
    )
    parser.add_argument(
        "--csf-thickness",
        metavar="F",
        type=float,
        default=1.0,
        help="factor on the distance from cord to dura, such as 1.1 (1)",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of what is drawn at random (0)")


def run(args: argparse.Namespace) -> int:
    """Build and write the model, and say where it is and what was wrong with the annotation."""
    from cauda import annotation
    from cauda.anatomy import model_files
    from cauda.anatomy.building import NOT_BUILT, Settings, build
    from cauda.check.inventory import ROOT_ABSENT
    from cauda.cli.progress import progress
    from cauda.dataset.derivative import describe

    formats = [name.strip() for name in args.formats.split(",") if name.strip()]
    settings = Settings(
        smoothing=args.smoothing,
        dura_thickness_mm=args.dura_mm,
        cranial_mm=args.cranial_mm,
        entry=args.entry,
        roots=args.roots,
        rootlets=args.rootlets,
        dorsal_fat_mm=args.dorsal_fat_mm,
        soft_tissue_mm=args.soft_tissue_mm,
        csf_thickness=args.csf_thickness,
        seed=args.seed,
    )
    tracing = annotation.read(args.markers, args.subject)
    with progress() as tell:
        model = build(tracing, settings, progress=tell)
        name = f"sub-{tracing.subject}_tracing.mrk.json"
        folder = model_files.write(
            model,
            args.output,
            formats=formats,
            frame="LPS" if args.frame == "lps" else "RAS",
            extra={name: lambda path: annotation.write(tracing, path)},
        )
    describe(args.output, "Spine models", description="cauda build", ignored=["sub-*/"])
    errors = [finding for finding in model.findings if finding.severity == "error"]
    absent = [finding for finding in model.findings if finding.code in (ROOT_ABSENT, NOT_BUILT)]
    for finding in (*errors, *absent):
        print(finding)
    regions = sum(surface.kind == "region" for surface in model.surfaces.values())
    roots = sum(path.k is None for path in model.roots)
    counts = f"{regions} solids, {roots} roots, {len(model.roots) - roots} rootlets, "
    counts += f"{len(errors)} errors in the annotation"
    print(f"sub-{model.subject}: {counts}")
    print(folder)
    return 0
