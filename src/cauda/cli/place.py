"""``cauda place``: a lead into the epidural space of a model."""

import argparse
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cauda.lead import Lead, LeadType

NAME = "place"
HELP = "place a lead on the dura, at a level, where it fits"

_EPILOG = """\
example:
  cauda place --list
  cauda place models/sub-03 --lead specify-5-6-5-like --top vertebra:T12
  cauda place models/sub-03 --lead my_lead.json --top segment:L2 --lateral-mm 2 --angle-deg -5

MODEL is the folder of one subject that cauda build wrote. LEVEL is where the cranial end of the most cranial
contact lies: vertebra:T12 or T12 (its upper end plate), segment:L1 (its rostral end), or a RAS height such as
-402mm (write --top=-402mm). Writes MODEL/sub-XX_lead-<lead>.json and adds the lead to sub-XX_model.glb.
"""

_ADVICE = "check before use"
_LEAST_TEXT = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "model", metavar="MODEL", type=Path, nargs="?", help="folder OUT/sub-XX that cauda build wrote"
    )
    parser.add_argument("--list", action="store_true", help="list the leads of the catalog, and nothing else")
    parser.add_argument("--lead", metavar="NAME", help="of the catalog, or a JSON file of your own")
    parser.add_argument("--top", metavar="LEVEL", help="where its most cranial contact begins")
    parser.add_argument(
        "--lateral-mm",
        metavar="X",
        type=float,
        default=0.0,
        help="to the subject's right of the dorsal midline, along the dura (0)",
    )
    parser.add_argument(
        "--angle-deg",
        metavar="A",
        type=float,
        default=0.0,
        help="about the dura's normal; seen from the back, positive turns the caudal end right (0)",
    )
    parser.add_argument(
        "--fit",
        choices=("refuse", "push"),
        default="refuse",
        help="where the canal is too narrow: refuse, or push the dura in as far as roots let (refuse)",
    )
    parser.add_argument(
        "--encapsulation-mm",
        metavar="T",
        type=float,
        default=0.0,
        help="thickness of a layer round the body, which must fit as well (0)",
    )
    parser.add_argument(
        "--catalog", metavar="DIR", type=Path, help="folder of further leads, each a JSON file"
    )
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Place and write the lead, and say where it is and how it fits; or list the catalog."""
    if args.list:
        from cauda.lead import leads

        print(_listed(leads(args.catalog), shutil.get_terminal_size((100, 24)).columns))
        return 0
    absent = [
        name
        for name, given in (("MODEL", args.model), ("--lead", args.lead), ("--top", args.top))
        if not given
    ]
    if absent:
        args.usage_error(f"the following arguments are required: {', '.join(absent)}")
    return _place(args)


def _place(args: argparse.Namespace) -> int:
    from cauda import lead
    from cauda.anatomy import model_files

    lead_type = lead.catalog(args.lead, args.catalog)
    model = model_files.read(args.model)
    made = lead.place(
        lead_type,
        model,
        top=args.top,
        lateral_mm=args.lateral_mm,
        angle_deg=args.angle_deg,
        fit=args.fit,
        encapsulation_mm=args.encapsulation_mm,
    )
    path = lead.write(made, args.model, model)
    print(_said(made))
    print(path)
    return 0


def _said(lead: "Lead") -> str:
    to_dura, to_canal = (lead.measures[f"least_to_{wall}_mm"] for wall in ("dura", "canal"))
    fits = f"{to_dura:.2f} mm from the dura, {to_canal:.2f} mm from the wall of the canal"
    said = f"sub-{lead.subject}: {lead.name}, {len(lead.contacts)} contacts, at {lead.placement.top}; {fits}"
    if lead.indentation is not None:
        said += f"; pushes the dura in by up to {lead.indentation.most_mm:.2f} mm"
    if lead.name.endswith("-like"):
        said += f"\nsizes of {lead.name}: {_status(lead.type)}"
    return said


def _listed(leads: "tuple[LeadType, ...]", width: int) -> str:
    rows = [("lead", "kind", "contacts", "size", "status")]
    rows += [(one.name, one.kind, str(len(one.contacts)), one.size, _status(one)) for one in leads]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row, one in zip(rows, (None, *leads), strict=True):
        lines.append("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip())
        if one is not None:
            text = f"{one.title}. {one.source}"
            lines += textwrap.wrap(text, max(width, _LEAST_TEXT), initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines)


def _status(lead_type: "LeadType") -> str:
    return f"{lead_type.status}: {_ADVICE}" if lead_type.name.endswith("-like") else lead_type.status
