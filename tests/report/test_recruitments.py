"""Recruitments on the page: which are shown, what is first, what is best, and what is left out."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.recruitment.sampled import recruitment

from cauda import lead
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.errors import RecruitmentError
from cauda.files import Source, source
from cauda.lead import Lead
from cauda.recruitment import (
    Changed,
    Recruitment,
    Selectivity,
    Tables,
    curves_of,
    influences,
    muscle_roots,
    read_influences,
    selectivities,
    write,
)
from cauda.recruitment.outputs import beside
from cauda.report import recruitments, report
from cauda.report.markup import Figure, Table
from cauda.report.recruitments import Recruited, chosen

ROOTS = ["L3_L", "L3_L", "L4_L", "L4_L", "L4_R", "L4_R", "L4_L", "L4_R", "L"]
PARTS = ["dorsal"] * 6 + ["ventral"] * 2 + ["dorsal_column"]
# Of C1 to C3.
THRESHOLDS = [
    [1.0, 1.1, 2.0, 2.5, 3.0, 9.0, 6.0, 5.0, 4.0],
    [3.0, 3.5, 1.5, 1.6, 1.7, 8.0, np.inf, np.inf, 7.0],
    [4.0, 4.5, 3.0, 3.0, 1.2, 1.3, 7.0, 4.8, np.inf],
]


@pytest.fixture(scope="module")
def thin(full: SpineModel) -> Lead:
    return lead.place(lead.catalog("pisces-quad-like"), full, top="85mm")


@pytest.fixture(scope="module")
def found() -> Recruitment:
    made = recruitment(THRESHOLDS, ROOTS, parts=PARTS)
    pulse = {"width_us": 300.0, "shape": "biphasic", "polarity": -1}
    return replace(made, settings={"pulse": pulse, "tolerance": 0.005, "block": 0.0})


@pytest.fixture(scope="module")
def best(found: Recruitment) -> tuple[Selectivity, ...]:
    return selectivities(found) + selectivities(found, muscles=muscle_roots())


@pytest.fixture(scope="module")
def recruited(thin: Lead, found: Recruitment, best: tuple[Selectivity, ...]) -> Recruited:
    return Recruited(thin, "capogrosso2013", found, best)


def cells(table: Table, row: str) -> list[str]:
    """Return the cells of a row without markup."""
    rows = [[re.sub(r"<[^>]+>", "", cell) for cell in one] for one in table.rows]
    (own,) = [one[1:] for one in rows if one[0] == row]
    return own


def test_it_is_said_what_was_recruited_and_by_what(recruited: Recruited) -> None:
    text = recruitments.words(recruited)
    assert "9 fibers, 6 of dorsal roots, 2 of ventral roots, 1 of the dorsal columns; 3 montages" in text
    assert "biphasic pulses of 300\u202fµs, cathodic first" in text
    assert "searched to 0.5\u202f%" in text
    assert "Block was not looked for" in text


def test_what_fires_first_stands_in_a_table(recruited: Recruited) -> None:
    table = recruitments.first("key", recruited)
    assert cells(table, "C1") == ["L3 left", "1.00", "L4 left", "2.00", "L4 right", "5.00", "4.00"]
    # Nothing of the ventral roots fires by C2, nothing of the dorsal columns by C3.
    assert cells(table, "C2") == ["L4 left", "1.50", "L4 right", "1.70", "–", "–", "7.00"]
    assert cells(table, "C3")[-1] == "–"


def test_the_best_montage_of_each_root_stands_in_a_table(
    recruited: Recruited, best: tuple[Selectivity, ...]
) -> None:
    called = {one.name: one.short for one in recruited.recruitment.montages}
    of_roots = [one for one in best if one.of == "root"]
    table = recruitments.best_montages("key", "caption", of_roots, called)
    assert cells(table, "L3 left") == ["C1", "1.00", "1.10", "2.00", "100", "0"]
    # By C2 the left root is recruited at 1.6 mA, the right one from 1.7 mA on.
    assert cells(table, "L4 left") == ["C2", "1.00", "1.60", "1.70", "100", "0"]
    assert cells(table, "L4 right") == ["C3", "1.00", "1.30", "3.00", "100", "0"]


def test_a_root_that_nothing_selects_has_dashes() -> None:
    nothing = Selectivity("C1:-1,case:+1", "root", "L4", "L", "dorsal", "", 0.0, np.nan, np.nan, 0.0, 0.0)
    table = recruitments.best_montages("key", "caption", [nothing], {"C1:-1,case:+1": "C1"})
    assert cells(table, "L4 left") == ["–", "0.00", "–", "–", "–", "–"]


def test_charts_are_of_the_best_montages_of_different_roots_in_their_order(
    best: tuple[Selectivity, ...],
) -> None:
    shown = chosen([one for one in best if one.of == "root"])
    assert [(one.montage[:2], one.name, one.side) for one in shown] == [
        ("C1", "L3", "L"),
        ("C2", "L4", "L"),
        ("C3", "L4", "R"),
    ]


def test_another_level_goes_before_the_other_side_of_the_same() -> None:
    some = [
        Selectivity(f"{contact}:-1,case:+1", "root", level, side, "dorsal", "", index, 1, 2, 1, 0.5)
        for contact, level, side, index in (
            ("C1", "S2", "L", 0.9),
            ("C2", "S2", "R", 0.8),
            ("C3", "S1", "L", 0.7),
            ("C4", "L5", "R", 0.6),
            ("C5", "L4", "L", 0.5),
            ("C6", "L3", "L", 0.0),
        )
    ]
    assert [one.name + one.side for one in chosen(some)] == ["L4L", "L5R", "S1L", "S2L"]
    assert [one.name + one.side for one in chosen(some[:3])] == ["S1L", "S2L", "S2R"]
    assert chosen(some[5:]) == []


def test_there_are_four_charts_at_most() -> None:
    many = [
        Selectivity(f"C{index}:-1,case:+1", "root", level, "L", "dorsal", "", 0.5, 1, 2, 1, 0.5)
        for index, level in enumerate(("T12", "L1", "L2", "L3", "L4", "L5"))
    ]
    assert len(chosen(many)) == 4


def test_the_section_holds_words_tables_charts_and_the_map(recruited: Recruited) -> None:
    content = recruitments.blocks(recruited)
    figures = [block.key for block in content if isinstance(block, Figure)]
    tables = [block.key for block in content if isinstance(block, Table)]
    begin = "recruitment-pisces-quad-like-capogrosso2013"
    assert figures == [f"figure-{begin}-curves", f"figure-{begin}-selectivity"]
    assert tables == [f"{begin}-first", f"{begin}-best", f"{begin}-muscles"]
    chart = str(content[2])
    assert "C1 for L3 left: 1.00 at 1.10\u202fmA" in chart
    assert len(re.findall(r'class="band"', chart)) == 3


def test_bands_are_those_that_were_written_and_name_the_inputs_they_hold(
    thin: Lead, found: Recruitment, best: tuple[Selectivity, ...]
) -> None:
    wide = [replace(one, low=0 * one.low, high=0 * one.high + 1) for one in curves_of(found, by_class=False)]
    made = replace(found, settings={**found.settings, "bands": ["conductivities duke_lempka"]})
    narrow = str(recruitments.blocks(Recruited(thin, "x", made, best))[2])
    chart = str(recruitments.blocks(Recruited(thin, "x", made, best, tuple(wide)))[2])
    assert "with other inputs: conductivities (1). Charts" in chart
    assert re.findall(r'<path[^>]*class="band"', chart) != re.findall(r'<path[^>]*class="band"', narrow)
    # The lines are as they were.
    lines = r'<path[^>]*class="curve[^>]*>'
    assert re.findall(lines, chart) == re.findall(lines, narrow)


def test_what_matters_most_is_shown_where_that_was_looked_at(
    folder: Path, thin: Lead, found: Recruitment, best: tuple[Selectivity, ...]
) -> None:
    files = tuple(source(folder / file) for file in ("sub-07_model.json", f"sub-07_lead-{thin.name}.json"))
    other = replace(found, threshold_ma=1.25 * found.threshold_ma)
    some = influences(found, [Changed("csf_thickness", "+10 %", other)])
    path = folder / f"sub-07_lead-{thin.name}_cond-x_recruitment.tsv"
    for asked, shown in (("full", True), ("sample", False)):
        made = replace(found, sources=files, settings={**found.settings, "uncertainty": asked})
        write(Tables(made, curves_of(made), best, some, {"lead_along +2 mm": "no room"}), path)
        (one,) = recruitments.found(folder, [thin])
        content = "".join(map(str, recruitments.blocks(one)))
        assert ("Thickness of CSF" in content) == ("lead_along +2 mm: no room" in content) == shown
    assert read_influences(beside(path, "uncertainty")) == some


def test_without_two_roots_there_is_no_selectivity_to_show(thin: Lead) -> None:
    alone = recruitment([[1.0, 2.0]], ["L4_L"] * 2)
    content = recruitments.blocks(Recruited(thin, "x", alone, ()))
    assert len(content) == 2


@pytest.fixture
def folder(full: SpineModel, thin: Lead, tmp_path: Path) -> Path:
    out = model_files.write(full, tmp_path)
    lead.write(thin, out, full)
    return out


def written(
    folder: Path, found: Recruitment, best: tuple[Selectivity, ...], lead_name: str, *, name: str = "x"
) -> Path:
    files = tuple(source(folder / file) for file in ("sub-07_model.json", f"sub-07_lead-{lead_name}.json"))
    path = folder / f"sub-07_lead-{lead_name}_cond-{name}_recruitment.tsv"
    made = replace(found, sources=files)
    write(Tables(made, curves_of(made), best), path)
    return path


def test_the_page_shows_what_lies_beside_the_model(
    folder: Path, found: Recruitment, best: tuple[Selectivity, ...], thin: Lead
) -> None:
    written(folder, found, best, thin.name, name="capogrosso2013")
    written(folder, found, best, thin.name, name="capogrosso2013_desc-w400")
    names = [one.name for one in recruitments.found(folder, [thin])]
    assert names == ["capogrosso2013, w400", "capogrosso2013"]
    text = report(folder).read_text(encoding="utf-8")
    assert 'href="#recruitment"' in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    before = text
    assert report(folder).read_text(encoding="utf-8") == before


def test_recruitments_of_another_lead_or_of_files_that_have_changed_are_left_out(
    folder: Path, found: Recruitment, best: tuple[Selectivity, ...], thin: Lead
) -> None:
    path = written(folder, found, best, thin.name)
    assert len(list(recruitments.found(folder, [thin]))) == 1
    assert list(recruitments.found(folder, [])) == []
    about = path.with_suffix(".json")
    old = source(folder / "sub-07_model.json").sha256
    about.write_text(about.read_text().replace(old, "0" * 64))
    assert list(recruitments.found(folder, [thin])) == []


def test_recruitments_without_their_field_are_shown_and_of_a_changed_one_are_not(
    folder: Path, found: Recruitment, best: tuple[Selectivity, ...], thin: Lead
) -> None:
    field = Source(f"sub-07_lead-{thin.name}_cond-x_field.h5", "0" * 64)
    path = written(folder, found, best, thin.name)
    made = replace(next(recruitments.found(folder, [thin])).recruitment)
    write(Tables(replace(made, sources=(*made.sources, field)), curves_of(made), best), path)
    assert len(list(recruitments.found(folder, [thin]))) == 1
    (folder / field.file).write_bytes(b"another")
    assert list(recruitments.found(folder, [thin])) == []


def test_a_damaged_table_is_refused_by_name(folder: Path, thin: Lead) -> None:
    path = folder / f"sub-07_lead-{thin.name}_cond-x_recruitment.tsv"
    path.write_text("nothing\n")
    with pytest.raises(RecruitmentError, match=path.name):
        list(recruitments.found(folder, [thin]))
