"""How Sphinx builds the documentation; ``make docs`` treats its warnings as errors."""

import csv
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from cauda import __version__
from cauda.field.conductivity import TISSUES, Conductivity, conductivities, sets
from cauda.lead import LeadType, leads
from cauda.lead.drawing import svg
from cauda.tables.table import read_table

project = "cauda"
author = "The cauda developers"
copyright = "2026, The cauda developers"  # noqa: A001 - the name that Sphinx wants
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "py:obj"

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # types stand in the docstrings, with shapes and units
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"cauda {__version__}"
html_math_renderer = "mathml"


def setup(app: Sphinx) -> None:
    """Show figures as they are and equations as MathML; mend what napoleon makes of shared entries."""
    app.add_directive("figures", Figures)
    app.add_directive("leads", Leads)
    app.add_directive("conductivity-sets", ConductivitySets)
    app.add_directive("conductivities", Conductivities)
    app.add_html_math_renderer("mathml", (_write_equation, None), (_write_equation, None))
    app.connect("autodoc-process-docstring", _keep_names_together, priority=900)


def _table(*rows: list[nodes.Node | str]) -> nodes.table:
    """Return a table; the first row is its head."""

    def entry(cell: nodes.Node | str) -> nodes.entry:
        return nodes.entry("", nodes.paragraph("", "", nodes.Text(cell) if isinstance(cell, str) else cell))

    head, *body = [nodes.row("", *map(entry, row)) for row in rows]
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in rows[0]), cols=len(rows[0]))
    group += nodes.thead("", head)
    group += nodes.tbody("", *body)
    return nodes.table("", group)


class ConductivitySets(SphinxDirective):
    """The sets of conductivities that the package ships, with their sources and how they were read."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        return [_table(["set", "source", "status"], *map(self._row, map(conductivities, sets())))]

    def _row(self, found: Any) -> list[nodes.Node | str]:
        where = f"https://doi.org/{found.doi}" if found.doi != "-" else found.url
        title = nodes.Text(found.title)
        linked = title if where == "-" else nodes.reference("", "", title, refuri=where)
        read = found.status.startswith("seen")
        return [
            nodes.literal("", found.name),
            linked,
            nodes.Text(found.status) if read else nodes.strong("", found.status),
        ]


class Conductivities(SphinxDirective):
    """What each set has for each tissue, S/m, and what is filled where it has nothing."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        found = [conductivities(name) for name in sets()]
        fills = {row["tissue"]: row for row in read_table("conductivity_fills")}
        rows: list[list[nodes.Node | str]] = [["tissue", *(one.name for one in found), "fill"]]
        for tissue in TISSUES:
            own = [str(one[tissue]) if tissue not in one.filled else "" for one in found]
            fill = "–"
            if tissue in fills:
                along, across = (
                    float(fills[tissue][f"{way}_s_per_m"]) for way in ("longitudinal", "transverse")
                )
                fill = str(Conductivity(along, across))
            rows.append([nodes.literal("", tissue), *own, fill])
        return [_table(*rows)]


class Figures(SphinxDirective):
    """A table of the validation page, cell by cell as it stands in its file.

    A ``csv-table`` reads each cell as a text of the page: ``>= 3`` as a quotation, ``-`` as a list, ``%`` as
    a remark.
    """

    option_spec = {"file": directives.path}  # noqa: RUF012 - the name and the form that docutils wants

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        relative, path = self.env.relfn2path(self.options["file"])
        self.env.note_dependency(relative)
        with Path(path).open(newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file, delimiter="\t")
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
        group += nodes.thead("", self._row(head))
        group += nodes.tbody("", *map(self._row, rows))
        return [nodes.table("", group)]

    def _row(self, cells: list[str]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", self._cell(cell))) for cell in cells))

    def _cell(self, cell: str) -> nodes.Node:
        if re.match(r"10\.\d{4,}/", cell):
            return nodes.reference(cell, cell, refuri=f"https://doi.org/{cell}")
        shown = cell.replace(">= ", "≥\u00a0").replace("<= ", "≤\u00a0")
        return nodes.Text("–" if cell == "-" else shown)


class Leads(SphinxDirective):
    """The catalog of leads, as the package ships it: each with its drawing, its sizes and their status."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph and a drawing for each lead."""
        return [node for lead in leads() for node in self._lead(lead)]

    def _lead(self, lead: LeadType) -> list[nodes.Node]:
        name = nodes.paragraph(
            "", "", nodes.literal("", lead.name), nodes.Text(f" {lead.title}, {lead.size}. ")
        )
        name += [nodes.strong("", lead.status), nodes.Text(f": {lead.source}")]
        assumed = "; ".join(f"{place}: {reason}" for place, reason in lead.assumed.items())
        return [
            name,
            nodes.raw("", f'<figure style="overflow-x:auto">{svg(lead)}</figure>', format="html"),
            nodes.paragraph("", f"Assumed: {assumed}."),
        ]


def _write_equation(translator: HTML5Translator, node: nodes.Element) -> None:
    # Browsers draw MathML by themselves; Sphinx's default fetches a program from the network to do so.
    as_block = isinstance(node, nodes.math_block)
    equation = tex2mathml(node.astext(), as_block=as_block)
    translator.body.append(f'<p class="math">{equation}</p>\n' if as_block else equation)
    raise nodes.SkipNode


def _keep_names_together(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    # Sphinx takes the first word of ":ivar cord, dura:" for a type; a space of no width is none to it.
    lines[:] = [
        re.sub(r"^(:(?:ivar|vartype) [\w, ]*\w):", lambda found: found[0].replace(", ", ",\u200b"), line)
        for line in lines
    ]
