"""A page about the findings of a check."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

from cauda import __version__
from cauda.check import DatasetCheck, dataset_listing
from cauda.errors import Finding
from cauda.report.markup import Column, Table, counted, element

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, summary: str, findings: Sequence[Finding], tables: Sequence[Table] = ()) -> str:
    """Return an offline HTML page with findings, errors first.

    Parameters
    ----------
    title, summary : str
        Plain text.
    findings : sequence of Finding
    tables : sequence of Table
        Shown before the findings.
    """
    style = resources.files("cauda.report").joinpath("style.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="generator" content="cauda {__version__}"><title>{escape(title)}</title>'
        f"<style>{style}</style>"
    )
    header = element("p", "cauda check", class_="kicker") + element("h1", escape(title))
    header += element("p", escape(summary), class_="summary")
    sections = [
        element("section", element("h2", heading) + str(table), id=f"{table.key}-section")
        for heading, table in [*(("Images", table) for table in tables), ("Findings", _findings(findings))]
    ]
    body = element("header", header) + element("main", "\n".join(sections), id="content")
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def dataset_page(found: DatasetCheck) -> str:
    """Return an offline HTML page about a dataset: its images with the protocol beside them, and findings."""
    heading = dataset_listing.heading()
    names = {"voxel mm": ("Voxel", "mm"), "view mm": ("Field of view", "mm"), "tilt": ("Tilt", "deg")}
    columns = [Column(*names.get(name, (name[:1].upper() + name[1:], "")), numeric=False) for name in heading]
    columns.append(Column("Holds", numeric=False))
    rows = [
        [*map(escape, row), escape(_held(facts.holds))]
        for row, facts in zip(dataset_listing.scan_rows(found), found.scans, strict=True)
    ]
    caption = (
        "Images. Beside what the protocol says stands what the sidecar tells; times in ms, angles in "
        "degrees. CSF/cord is how many times as bright CSF is as the cord where the markers lie. Holds: "
        "whether the tip of the cord lies in the image, and which ganglia."
    )
    tables = [Table("images-table", caption, columns, rows)] if rows else []
    return page(found.name, dataset_listing.summary(found), found.findings, tables)


def _held(names: Sequence[str]) -> str:
    ganglia = [name for name in names if name != "conus"]
    parts = ["conus"] * ("conus" in names)
    if ganglia:
        parts.append(
            f"{counted(len(ganglia), 'ganglion').replace('ganglions', 'ganglia')}: {', '.join(ganglia)}"
        )
    return "; ".join(parts) or "–"


def _findings(found: Sequence[Finding]) -> Table:
    rows = [
        [
            element("span", finding.severity, class_=f"severity {finding.severity}"),
            element("code", escape(finding.code)),
            element("span", escape(finding.file), class_="file"),
            escape(finding.what),
            escape(finding.advice),
        ]
        for finding in found
    ]
    headings = ("Severity", "Rule", "File", "Found", "What to do")
    columns = [Column(heading, numeric=False) for heading in headings]
    groups = [f"{finding.severity} {finding.code}" for finding in found]
    return Table("findings-table", "Findings, errors first.", columns, rows, groups)
