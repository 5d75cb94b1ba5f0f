"""Arguments that several verbs have."""

import argparse
from pathlib import Path


def add_field(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that name a field: the model's folder, the lead and the conductivities."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder OUT/sub-XX that cauda build wrote")
    parser.add_argument("--lead", metavar="NAME", required=True, help="the lead of the field")
    parser.add_argument(
        "--conductivities",
        metavar="SET",
        default="capogrosso2013",
        help="those of the field, or the --name that it was solved by (capogrosso2013)",
    )


def add_pulse(parser: argparse.ArgumentParser) -> None:
    """Declare the option of the pulse."""
    parser.add_argument(
        "--pulse", metavar="PULSE", default="biphasic,300us", help="shape and width (biphasic,300us)"
    )
