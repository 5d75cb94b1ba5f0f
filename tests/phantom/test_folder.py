"""A dataset of virtual subjects: complete, readable, the same bytes again, never half of it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from cauda import annotation
from cauda.errors import DatasetError, PhantomError
from cauda.phantom import phantom, virtual_subject
from cauda.phantom.subject import VirtualSubject, make

MARKERS = Path("derivatives", "markers")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return phantom(tmp_path_factory.mktemp("made") / "dataset", subjects=2, seed=11)


def _hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_markers_read_back_are_the_virtual_subject_bit_by_bit(dataset: Path) -> None:
    read, made = annotation.read(dataset, "02"), virtual_subject(11, 2)
    assert read.findings == ()
    for kind in ("cord", "dura"):
        for one, two in zip(getattr(read, kind), getattr(made, kind), strict=True):
            np.testing.assert_array_equal(one.points_mm, two.points_mm)
    assert list(read.roots) == list(made.roots)
    for root, points in made.roots.items():
        np.testing.assert_array_equal(read.roots[root], points)
        np.testing.assert_array_equal(read.ganglia[root], made.ganglia[root])


def test_files_are_named_as_in_the_published_dataset(dataset: Path) -> None:
    names = {path.name for path in (dataset / MARKERS / "sub-01").iterdir()}
    tracing = virtual_subject(11, 1)
    assert len(names) == len(tracing.cord) + len(tracing.dura) + 28
    assert {"sub-01_cord_1.json", "sub-01_dura_1.json"} < names
    assert {"sub-01_nerveroots_L1_L.json", "sub-01_ganglions_S2_R.json"} < names
    markup = json.loads((dataset / MARKERS / "sub-01" / "sub-01_dura_1.json").read_text())["markups"][0]
    assert (markup["type"], markup["coordinateSystem"], markup["coordinateUnits"]) == (
        "ClosedCurve",
        "LPS",
        "mm",
    )


def test_the_same_seed_gives_the_same_bytes_and_a_subject_does_not_depend_on_the_others(
    dataset: Path, tmp_path: Path
) -> None:
    again = _hashes(phantom(tmp_path / "again", subjects=2, seed=11))
    assert again == _hashes(dataset)
    alone = _hashes(phantom(tmp_path / "alone", subjects=1, seed=11))
    own = {name: value for name, value in alone.items() if "sub-01" in name}
    assert own.items() <= again.items()
    assert len(own) > 100


def test_nothing_in_the_files_tells_where_or_when_they_were_made(dataset: Path, tmp_path: Path) -> None:
    texts = [path.read_text() for path in dataset.rglob("*") if path.is_file()]
    assert len(texts) > 250
    assert not any(str(tmp_path.parent) in text or "/home/" in text for text in texts)


def test_descriptions_say_what_made_them(dataset: Path) -> None:
    for place, kind in ((dataset, "raw"), (dataset / MARKERS, "derivative")):
        description = json.loads((place / "dataset_description.json").read_text())
        assert description["DatasetType"] == kind
        assert description["GeneratedBy"][0]["Name"] == "cauda"
        assert set(description) >= {"Name", "BIDSVersion"}


def test_participants_are_listed_and_every_column_is_described(dataset: Path) -> None:
    head, *rows = [line.split("\t") for line in (dataset / "participants.tsv").read_text().splitlines()]
    assert [row[0] for row in rows] == ["sub-01", "sub-02"]
    assert {len(row) for row in rows} == {len(head)}
    dictionary = json.loads((dataset / "participants.json").read_text())
    assert list(dictionary) == head
    assert all(entry["Description"] for entry in dictionary.values())


def test_the_truth_holds_parameters_landmarks_and_center_lines(dataset: Path) -> None:
    path = dataset / "derivatives" / "truth" / "sub-02" / "sub-02_truth.json"
    truth = json.loads(path.read_text())
    assert (truth["seed"], truth["index"]) == (11, 2)
    assert len(truth["parameters"]["origin_mm"]) == len(truth["roots"]) == 14
    conus_z = truth["landmarks_mm"]["conus"][2]
    assert truth["landmarks_mm"]["vertebra_T11"][2] > conus_z > truth["landmarks_mm"]["sacrum_S1"][2]
    tracing = annotation.read(dataset, "02")
    assert {name: len(points) for name, points in truth["roots_mm"].items()} == {
        str(root): len(points) for root, points in tracing.roots.items()
    }
    assert np.count_nonzero(truth["cord_area_mm2"]) == len(tracing.cord)


def test_progress_is_told_before_each_subject(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    phantom(tmp_path / "dataset", subjects=2, seed=1, progress=lambda *step: steps.append(step))
    assert steps == [("subject 1 of 2", 0.0), ("subject 2 of 2", 0.5)]


def test_a_folder_that_holds_subjects_is_refused_and_left_as_it_is(dataset: Path) -> None:
    before = _hashes(dataset)
    with pytest.raises(
        DatasetError, match=r"holds subjects already \(sub-01, sub-02\), wanted none; choose another"
    ):
        phantom(dataset, subjects=1, seed=1)
    assert _hashes(dataset) == before


@pytest.mark.parametrize("name", ["participants.tsv", "README.md", "derivatives/truth/notes.txt"])
def test_a_file_that_would_be_lost_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(DatasetError, match=r"exists already and would be lost; choose another folder"):
        phantom(tmp_path, subjects=1, seed=1)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("mine")
    with pytest.raises(DatasetError, match="is a file, wanted a folder to make"):
        phantom(tmp_path / "dataset", subjects=1, seed=1)
    assert (tmp_path / "dataset").read_text() == "mine"


def test_a_folder_with_other_things_in_it_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "derivatives" / "other").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("mine")
    phantom(tmp_path, subjects=1, seed=1)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "derivatives" / "other").is_dir()
    assert annotation.read(tmp_path).subject == "01"


@pytest.mark.parametrize("exists", [False, True])
def test_an_error_on_the_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    def _fail_at_the_second(seed: int, index: int) -> VirtualSubject:
        if index == 2:
            raise OSError("no space left")
        return make(seed, index)

    monkeypatch.setattr("cauda.phantom.folder.make", _fail_at_the_second)
    target = tmp_path / "dataset"
    if exists:
        target.mkdir()
    with pytest.raises(OSError, match="no space left"):
        phantom(target, subjects=2, seed=1)
    assert list(tmp_path.rglob("*")) == ([target] if exists else [])


def test_an_error_while_moving_into_a_folder_takes_back_what_was_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "dataset"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    rename = Path.rename

    def _fail_at_markers(self: Path, to: Path) -> Path:
        if to == target / MARKERS:
            raise OSError("no space left")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", _fail_at_markers)
    with pytest.raises(OSError, match="no space left"):
        phantom(target, subjects=1, seed=1)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["notes.txt"]


@pytest.mark.parametrize(("subjects", "seed"), [(0, 7), (1, -1)])
def test_no_subjects_or_a_negative_seed_are_refused(tmp_path: Path, subjects: int, seed: int) -> None:
    with pytest.raises(PhantomError, match=f"subjects {subjects}, seed {seed}: wanted"):
        phantom(tmp_path / "dataset", subjects, seed)
    assert list(tmp_path.iterdir()) == []
