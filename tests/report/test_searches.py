"""Searches on the page: the map of places, the table of the best, and what is left out."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from cauda import lead
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import RootName
from cauda.errors import RecruitmentError
from cauda.files import source
from cauda.lead import Lead
from cauda.recruitment import Trial, write_search
from cauda.report import report, searches

L4, L5 = RootName("L4", "R"), RootName("L5", "L")
TRIALS = (
    Trial(L4, 2.0, 0.0, "contact", "C1:-1,case:+1", 0.5, 1.0, 1.5, 1.0, 0.5),
    Trial(L4, 2.0, 0.0, "pair", "C1:-1,C2:+1", 0.625, 1.2, 1.5, 1.0, 0.375),
    Trial(L5, 2.0, 0.0, "contact", "C2:-1,case:+1", 0.25, 2.0, 2.5, 0.5, 0.25, 0.2),
    Trial(L4, 2.0, -1.5, "contact", "C3:-1,case:+1", 0.75, 1.1, np.inf, 1.0, 0.25, 0.7),
    Trial(L4, 2.0, -1.5, "currents", "C3:-0.6,C4:-0.4,case:+1", 1.0, 1.3, 1.4, 1.0, 0.0, 0.9),
    Trial(L5, 2.0, -1.5, "contact", "C2:-1,case:+1", 0.0, np.nan, np.nan, 0.0, 0.0),
)
ABOUT = {
    "best_place": {"along_mm": 2.0, "lateral_mm": -1.5},
    "places": [{"along_mm": 2.0, "lateral_mm": 0.0}, {"along_mm": 2.0, "lateral_mm": -1.5}],
    "does_not_fit": [{"along_mm": 4.0, "lateral_mm": 0.0, "why": "too narrow"}],
}


@pytest.fixture(scope="module")
def thin(full: SpineModel) -> Lead:
    return lead.place(lead.catalog("pisces-quad-like"), full, top="85mm")


@pytest.fixture
def folder(full: SpineModel, thin: Lead, tmp_path: Path) -> Path:
    out = model_files.write(full, tmp_path)
    lead.write(thin, out, full)
    files = [source(out / name) for name in ("sub-07_model.json", f"sub-07_lead-{thin.name}.json")]
    write_search(TRIALS, out / f"sub-07_lead-{thin.name}_cond-x_search.tsv", {}, files, ABOUT)
    return out


def test_the_page_shows_a_map_of_places_and_the_best_of_each_root(folder: Path, thin: Lead) -> None:
    (one,) = searches.found(folder, [thin])
    assert (one.name, len(one.trials)) == ("x", 6)
    words, figure, table = searches.blocks(one)
    assert "recruits L4 R, L5 L" in str(words)
    assert "2 places" in str(words)
    assert "does not fit at +4\u202fmm along" in str(words)
    # Of each place the better of contact and pair; currents were not looked for everywhere.
    drawn = str(figure)
    assert "L4 right by +2\u202fmm along: 0.62 at 1.20\u202fmA" in drawn
    assert "L4 right by +2\u202fmm along, 1.5\u202fmm left: 0.75 at 1.10\u202fmA" in drawn
    rows = [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in getattr(table, "rows")]  # noqa: B009
    assert [row[2] for row in rows] == ["one contact", "several contacts", "one contact"]
    assert rows[1][3:] == ["C3:−0.6, C4:−0.4, case:+1", "1.00", "1.30", "1.40", "0.90"]
    assert rows[0][6] == "–"
    text = report(folder).read_text(encoding="utf-8")
    assert 'href="#search"' in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_searches_of_another_lead_or_of_files_that_have_changed_are_left_out(
    folder: Path, thin: Lead
) -> None:
    assert list(searches.found(folder, [])) == []
    (about,) = folder.glob("*_search.json")
    document = json.loads(about.read_text())
    document["sources"][0]["sha256"] = "0" * 64
    about.write_text(json.dumps(document))
    assert list(searches.found(folder, [thin])) == []


def test_a_search_whose_json_file_is_none_is_refused(folder: Path, thin: Lead) -> None:
    (about,) = folder.glob("*_search.json")
    about.write_text("{}")
    with pytest.raises(RecruitmentError, match="the JSON file beside it is none of a search"):
        list(searches.found(folder, [thin]))
