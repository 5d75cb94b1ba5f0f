"""Bars of leads: every lead of the catalog behind vertebra T12, its room measured between triangles.

python -m benchmarks.verify_leads OUT/sub-03
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks.bars import Bar, at_least, at_most, none

from cauda import lead
from cauda.anatomy import model_files
from cauda.anatomy.distance import nearest
from cauda.anatomy.levels import height_of, parse_level
from cauda.anatomy.model import SpineModel
from cauda.arrays import Bools, Floats
from cauda.errors import LeadError
from cauda.lead import Lead

LEVEL = "vertebra:T12"
FILM_MM = 0.2
"""A lead lies on the dura: so thin is the fat between them at the nearest place, at most."""

_REACH_MM = 3.0


def main() -> int:
    """Place the leads in the model of a folder, print the bars, return 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with the model of one subject")
    bars = list(lead_bars(model_files.read(parser.parse_args().folder)))
    for bar in bars:
        print(f"{'  ' if bar.met else 'X '}{bar.name:60} {bar.value:40} {bar.wanted}")
    return 0 if all(bar.met for bar in bars) else 1


def lead_bars(model: SpineModel) -> Iterator[Bar]:
    """Bars of all leads in the catalog, each placed where a vertebra begins."""
    placed, refused = [], []
    for kind in lead.leads():
        try:
            placed.append(lead.place(kind, model, top=LEVEL))
        except LeadError as error:
            refused.append(f"{kind.name}: {error}")
    yield none("leads: refused", refused)
    if not placed:
        return
    for wall in ("dura_outer", "canal"):
        room = {each.name: _gap_mm(each, model, wall) for each in placed}
        least = min(room, key=room.__getitem__)
        yield at_least(f"leads: gap to {wall}, least", room[least], 0.0, 3, " mm", least)
        if wall == "dura_outer":
            most = max(room, key=room.__getitem__)
            yield at_most(
                "leads: lift off the dura at the nearest place, most", room[most], FILM_MM, 3, " mm", most
            )
    off = {each.name: _level_off_mm(each, model) for each in placed}
    worst = max(off, key=off.__getitem__)
    yield at_most("leads: first contact's edge off the level, most", off[worst], 0.5, 3, " mm", worst)
    area = {each.name: _area_off(each) for each in placed}
    worst = max(area, key=area.__getitem__)
    yield at_most("leads: area of a contact off the catalog's, most", 100 * area[worst], 2.0, 2, " %", worst)


def _gap_mm(placed: Lead, model: SpineModel, wall: str) -> float:
    """Return the least distance, signed where they cut, of the vertices of each from the other."""
    surface = model.surfaces[wall]
    within = _within(surface.vertices_mm, placed)
    away = nearest(placed.vertices_mm, surface.vertices_mm, surface.triangles).distance_mm
    back = nearest(surface.vertices_mm[within], placed.vertices_mm, placed.triangles).distance_mm
    return float(min((away if wall == "dura_outer" else -away).min(), back.min(initial=np.inf)))


def _within(points_mm: Floats, placed: Lead) -> Bools:
    low, high = placed.vertices_mm.min(axis=0) - _REACH_MM, placed.vertices_mm.max(axis=0) + _REACH_MM
    return np.asarray(((points_mm > low) & (points_mm < high)).all(axis=1))


def _level_off_mm(placed: Lead, model: SpineModel) -> float:
    """How far from its level the cranial end of the most cranial contact lies, along the spine."""
    outlines = np.concatenate([one for each in placed.contacts for one in each.outlines_mm])
    found = model.axes.local(outlines)[:, 2].max()
    return float(abs(found - height_of(parse_level(LEVEL), model)))


def _area_off(placed: Lead) -> float:
    """Largest share by which the area of a contact in its place is not that of the straight one."""
    around = math.pi * placed.type.body.thickness_mm
    wanted = np.array([each.length_mm * (each.width_mm or around) for each in placed.type.contacts])
    found = np.array([each.area_mm2 for each in placed.contacts])
    return float(np.abs(found / wanted - 1).max())


if __name__ == "__main__":
    sys.exit(main())
