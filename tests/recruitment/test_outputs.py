import json
from pathlib import Path

import numpy as np
import pytest
from tests.recruitment.sampled import recruitment

from cauda.errors import RecruitmentError
from cauda.files import Source
from cauda.recruitment import outputs
from cauda.recruitment.columns import CURVES, RECRUITMENT, SELECTIVITY
from cauda.recruitment.curves import curves_of
from cauda.recruitment.muscles import muscle_roots
from cauda.recruitment.outputs import Tables, beside, is_current, recruitment_path, write
from cauda.recruitment.selectivity import selectivities

NAME = "sub-03_lead-octrode-like_cond-duke_lempka_recruitment.tsv"


def test_each_table_has_a_dictionary_of_its_columns(tmp_path: Path) -> None:
    paths = write(tables(), tmp_path / NAME, {"pulse": "biphasic,300us"})
    assert sorted(path.name for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    assert len(paths) == 6
    for columns, path in zip((RECRUITMENT, CURVES, SELECTIVITY), paths[::2], strict=True):
        assert path.read_text().splitlines()[0].split("\t") == list(columns)
        document = json.loads(path.with_suffix(".json").read_text())
        assert {name: document[name] for name in columns} == columns
        assert document["file"]["file"] == path.name
        assert document["asked"] == {"pulse": "biphasic,300us"}


def test_there_is_a_row_for_each_montage_and_fiber_and_what_there_is_not_is_na(tmp_path: Path) -> None:
    write(tables(), tmp_path / NAME)
    rows = [line.split("\t") for line in (tmp_path / NAME).read_text().splitlines()[1:]]
    assert len(rows) == 6
    assert rows[0] == [
        "C1:-1,case:+1", "L4", "R", "dorsal", "Ia", "0", "8", "1.123457", "2.5", "1.25", "9",
    ]  # fmt: skip
    assert rows[2][-4:] == ["n/a"] * 4


def test_the_summary_of_curves_holds_threshold_saturation_and_dynamic_range(tmp_path: Path) -> None:
    write(tables(), tmp_path / NAME)
    summary = json.loads(beside(tmp_path / NAME, "curves").with_suffix(".json").read_text())["summary"]
    first = summary[0]
    assert (first["root"], first["side"], first["class"], first["fibers"]) == ("L4", "R", "all", 2)
    assert first["threshold_ma"][0] == 1.123457
    assert first["dynamic_range_ma"] == pytest.approx(2 - 1.123457, abs=1e-6)
    lone = next(one for one in summary if one["root"] == "L5" and one["montage"].startswith("C1"))
    assert lone["threshold_ma"] == [None, None, None]
    assert lone["dynamic_range_ma"] is None


def test_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write(tables(), tmp_path / name / NAME) for name in ("a", "b"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_after_an_error_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tables(), tmp_path / NAME, {"run": 1})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(outputs, "_best", _broken)
    with pytest.raises(RuntimeError):
        write(tables(), tmp_path / NAME, {"run": 2})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_is_there_is_current_only_for_what_it_was_made_from(tmp_path: Path) -> None:
    path, sources = tmp_path / NAME, (Source("field.h5", "00"),)
    assert not is_current(path, {}, sources)
    write(tables(sources), path, {"per_root": 5})
    assert is_current(path, {"per_root": 5}, sources)
    assert not is_current(path, {"per_root": 6}, sources)
    assert not is_current(path, {"per_root": 5}, ())
    table = beside(path, "curves")
    table.write_text(table.read_text() + "\n")
    assert not is_current(path, {"per_root": 5}, sources)


def test_the_names_are_those_of_model_lead_and_set(tmp_path: Path) -> None:
    path = recruitment_path(tmp_path / "sub-03", "octrode-like", "duke_lempka")
    assert path.name == NAME
    assert beside(path, "selectivity").name.endswith("_cond-duke_lempka_selectivity.tsv")
    with pytest.raises(RecruitmentError, match=r"wanted a name that ends in _recruitment\.tsv"):
        write(tables(), tmp_path / "other.tsv")


def tables(sources: tuple[Source, ...] = ()) -> Tables:
    """Return a small recruitment with what follows from it."""
    one = recruitment(
        [[1.123456789, 2.0, np.inf], [3.0, 2.0, 1.0]],
        ["L4_R", "L4_R", "L5_R"],
        block=[[9.0, np.inf, np.inf], [np.inf] * 3],
    )
    object.__setattr__(one, "sources", sources)
    found = selectivities(one) + selectivities(one, muscles=muscle_roots())
    return Tables(one, curves_of(one, [0, 1, 2, 3]), found)


def _broken(_: object) -> None:
    raise RuntimeError
