"""What the page tells of a search for the place of a lead and the currents of its contacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from cauda.errors import RecruitmentError
from cauda.files import source
from cauda.lead import Lead
from cauda.recruitment import Trial
from cauda.recruitment.search_files import ENDING, read_search
from cauda.recruitment.selectivity import HeatMap
from cauda.report import heat
from cauda.report.leads import identifier
from cauda.report.markup import ABSENT, Column, Figure, Table, element, number, with_unit
from cauda.report.tables import root_cell

_KINDS = {"contact": "one contact", "pair": "two contacts", "currents": "several contacts"}


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """A search that lies beside a model.

    Attributes
    ----------
    lead : Lead
        As it was placed.
    name : str
        What its table is named by besides the lead, such as ``capogrosso2013``.
    trials : tuple of Trial
    document : dict
        What the JSON file beside it says.
    """

    lead: Lead
    name: str
    trials: tuple[Trial, ...]
    document: dict[str, Any]


def found(folder: Path, leads: Sequence[Lead]) -> Iterator[Searched]:
    """Yield the searches in a model's folder, by file name; those of what has changed since are left out.

    Parameters
    ----------
    folder : Path
        ``OUT/sub-XX``.
    leads : sequence of Lead
        That are placed in the model.

    Raises
    ------
    RecruitmentError
        If a table is damaged.
    """
    for path in sorted(folder.glob(f"*{ENDING}")):
        trials, document = read_search(path)
        try:
            hashes = {str(one["file"]): str(one["sha256"]) for one in document["sources"]}
            _ = document["best_place"]["along_mm"], document["places"]
        except (KeyError, TypeError) as error:
            raise RecruitmentError(f"{path.name}: the JSON file beside it is none of a search") from error
        own = [lead for lead in leads if f"sub-{lead.subject}_lead-{lead.name}.json" in hashes]
        current = all(
            source(folder / file).sha256 == sha256
            for file, sha256 in hashes.items()
            if (folder / file).is_file()
        )
        if own and current:
            name = path.name.removesuffix(ENDING).partition(f"_lead-{own[0].name}_cond-")[2]
            yield Searched(own[0], name, trials, document)


def blocks(searched: Searched) -> tuple[str | Figure | Table, ...]:
    """Return what the page tells of one search.

    Parameters
    ----------
    searched : Searched
    """
    key = f"search-{identifier(searched.lead.name)}-{identifier(searched.name)}"
    return element("p", words(searched)), _map(key, searched), best(key, searched)


def words(searched: Searched) -> str:
    """Return what was looked for, and where the lead lies best, as markup."""
    roots = ", ".join(f"{root.level} {root.side}" for root in _roots(searched))
    place = searched.document["best_place"]
    text = (
        f"Search for the place of {element('b', escape(searched.lead.name))} with "
        f"{element('b', escape(searched.name))} that recruits {escape(roots)} most selectively: "
        f"{len(searched.document['places'])} places, each with a mesh and a field of its own. The best is "
        f"{element('b', _spoken((place['along_mm'], place['lateral_mm'])))} from where the lead was placed."
    )
    outside = searched.document.get("does_not_fit", [])
    if outside:
        where = "; ".join(_spoken((one["along_mm"], one["lateral_mm"])) for one in outside)
        text += f" It does not fit at {where}."
    return text


def best(key: str, searched: Searched) -> Table:
    """Return the best contact, pair and currents of each root at its best place.

    Parameters
    ----------
    key : str
        Begins the id of the table.
    searched : Searched
    """
    columns = [
        Column("Root", numeric=False),
        Column("Place", numeric=False),
        Column("By", numeric=False),
        Column("Montage", numeric=False),
        Column("Selectivity"),
        Column("from", "mA"),
        Column("to", "mA"),
        Column("On other fibers"),
    ]
    rows, groups = [], []
    for root in _roots(searched):
        for one in searched.trials:
            if one.root != root or not np.isfinite(one.fresh):
                continue
            rows.append(
                (
                    root_cell(root),
                    _spoken(one.place),
                    _KINDS[one.kind],
                    escape(one.montage.replace("-", "−").replace(",", ", ")),
                    number(one.selectivity, 2),
                    _ma(one.amplitude_ma),
                    _ma(one.upto_ma),
                    number(one.fresh, 2),
                )
            )
            groups.append(str(root))
    caption = (
        "The best single contact, the best pair and the best currents of several contacts for each root at "
        "its best place. Selectivity is that of the fibers searched on, then that on others, of another "
        "seed, in the middle of these amplitudes."
    )
    return Table(f"{key}-best", caption, columns, rows, groups)


def _map(key: str, searched: Searched) -> Figure:
    roots, places = _roots(searched), list(dict.fromkeys(one.place for one in searched.trials))
    places = sorted(places, key=lambda place: (place[1] != 0, -place[0], place[1]))
    values, amplitudes = np.zeros((len(places), len(roots))), np.full((len(places), len(roots)), np.nan)
    for one in searched.trials:
        at = places.index(one.place), roots.index(one.root)
        if one.kind != "currents" and one.selectivity > values[at]:
            values[at], amplitudes[at] = one.selectivity, one.amplitude_ma
    table = HeatMap(
        tuple(_spoken(place) for place in places), tuple(str(root) for root in roots), values, amplitudes
    )
    caption = (
        "The largest selectivity of one or two contacts for each root, by the place of the lead: along the "
        "spine, cranial positive, and sideways, to the subject's right. The best of each root is framed."
    )
    label = (
        "Map of the largest selectivity for each root by the place of the lead. The table below has the best."
    )
    return Figure(f"figure-{key}", caption, heat.figure(table, label))


def _roots(searched: Searched) -> list[Any]:
    return sorted({one.root for one in searched.trials}, key=lambda root: root.rank)


def _spoken(place: tuple[float, float]) -> str:
    along, lateral = (with_unit(abs(value), "mm", 1 if value % 1 else 0) for value in place)
    said = f"{_sign(place[0])}{along} along"
    return said + (f", {lateral} {'right' if place[1] > 0 else 'left'}" if place[1] else "")


def _sign(value: float) -> str:
    return "+" if value > 0 else "−" if value < 0 else ""


def _ma(value: float) -> str:
    return number(value, 2) if np.isfinite(value) else ABSENT
