from pathlib import Path

import numpy as np
import pytest

from cauda.annotation.tracing import RootName
from cauda.errors import RecruitmentError
from cauda.files import Source
from cauda.recruitment.search_files import read_search, write_search
from cauda.recruitment.table_files import are_current
from cauda.recruitment.trials import Trial

NAME = "sub-03_lead-octrode-like_cond-capogrosso2013_search.tsv"
L4_R = RootName("L4", "R")
TRIALS = (
    Trial(L4_R, 2.0, 0.0, "contact", "C1:-1,case:+1", 0.75, 1.25, 2.5, 1.0, 0.25),
    Trial(L4_R, 2.0, 0.0, "pair", "C1:-1,C2:+1", 0.5, 1.5, np.inf, 1.0, 0.5, 0.4),
    Trial(
        RootName("S1", "L"),
        0.0,
        -2.0,
        "currents",
        "C1:-0.6,C2:-0.4,case:+1",
        0.0,
        np.nan,
        np.nan,
        0.0,
        0.0,
        0.0,
    ),
)
SOURCES = (Source("sub-03_model.json", "0" * 64),)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / NAME
    files = write_search(TRIALS, path, {"roots": ["L4_R"]}, SOURCES, {"places": [{"along_mm": 2.0}]})
    assert [file.name for file in files] == [NAME, NAME.replace(".tsv", ".json")]
    trials, document = read_search(path)
    assert repr(trials) == repr(TRIALS)
    assert document["places"] == [{"along_mm": 2.0}]
    assert document["along_mm"]["Units"] == "mm"
    assert are_current([path], {"roots": ["L4_R"]}, SOURCES)
    assert not are_current([path], {"roots": ["L4_L"]}, SOURCES)


def test_another_name_and_a_damaged_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecruitmentError, match=r"a\.tsv: wanted a name that ends in _search\.tsv"):
        write_search(TRIALS, tmp_path / "a.tsv", {}, (), {})
    assert list(tmp_path.iterdir()) == []
    path, _ = write_search(TRIALS, tmp_path / NAME, {}, (), {})
    path.write_text(path.read_text().replace("\tpair\t", "\ttriple\t"))
    with pytest.raises(RecruitmentError, match="no table of a search"):
        read_search(path)
