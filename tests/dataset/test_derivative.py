import json
from pathlib import Path

import pytest

from cauda import __version__
from cauda.check import check_dataset
from cauda.dataset.derivative import describe
from cauda.errors import DatasetError


def test_a_folder_becomes_a_derivative_that_says_what_made_it(tmp_path: Path) -> None:
    describe(tmp_path / "models", "Models", description="cauda build", ignored=["sub-*/"])
    document = json.loads((tmp_path / "models" / "dataset_description.json").read_text())
    assert document == {
        "Name": "Models",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "cauda", "Version": __version__, "Description": "cauda build"}],
    }
    assert (tmp_path / "models" / ".bidsignore").read_text().splitlines()[1:] == ["sub-*/"]


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text("mine")
    describe(tmp_path, "Models", made_by="3D Slicer", ignored=["x"])
    (tmp_path / ".bidsignore").write_text("mine")
    describe(tmp_path, "Models", made_by="3D Slicer", ignored=["x"])
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}


def test_a_derivative_so_described_is_no_finding_of_a_check(tmp_path: Path) -> None:
    (tmp_path / "derivatives" / "markers" / "sub-01").mkdir(parents=True)
    before = {one.file for one in check_dataset(tmp_path).findings}
    describe(tmp_path / "derivatives" / "markers", "Markers", made_by="3D Slicer")
    after = {one.file for one in check_dataset(tmp_path).findings}
    assert before - after == {"derivatives/markers/dataset_description.json"}


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(DatasetError, match="is a file, wanted a folder"):
        describe(tmp_path / "models", "Models")
