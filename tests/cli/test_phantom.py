"""``cauda phantom``: says where the dataset is, refuses what it must in one line."""

import shutil
from pathlib import Path

import pytest

from cauda import annotation
from cauda.cli.main import main
from cauda.phantom import virtual_subject


def test_a_dataset_is_made_and_said_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom", str(tmp_path / "dataset"), "--subjects", "2", "--seed", "5"]) == 0
    output = capsys.readouterr()
    assert output.out == f"2 virtual subjects in {tmp_path / 'dataset'}\n"
    assert output.err == ""
    assert annotation.read(tmp_path / "dataset", "02").subject == "02"


def test_a_folder_with_subjects_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sub-09").mkdir()
    assert main(["phantom", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("cauda: error: ")
    assert "holds subjects already (sub-09)" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--subjects", "0"], ["--seed", "-1"], ["--subjects", "two"], []])
def test_wrong_usage_ends_with_status_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["phantom", "dataset", *wrong] if wrong else ["phantom"]
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "usage: cauda phantom" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["phantom", "--help"])
    assert ended.value.code == 0
    assert "cauda phantom dataset --subjects 3 --seed 7" in capsys.readouterr().out


def test_images_of_a_model_are_made_and_then_kept(
    placed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "models" / placed.name
    shutil.copytree(placed, model)
    annotation.write(virtual_subject(seed=7, index=5), model / f"{placed.name}_tracing.mrk.json")
    argv = ["phantom", str(tmp_path / "scanned"), "--from-model", str(model)]
    argv += ["--sequences", "DESS", "--grid", "small", "--voxel-mm", "4", "--snr", "25"]
    assert main(argv) == 0
    assert capsys.readouterr().out == f"{placed.name} in {tmp_path / 'scanned'}: 1 image made, 0 kept\n"
    assert main(argv) == 0
    assert capsys.readouterr().out == f"{placed.name} in {tmp_path / 'scanned'}: 0 images made, 1 kept\n"
    assert (tmp_path / "scanned" / placed.name / "anat" / f"{placed.name}_DESS.nii.gz").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sequences", "CISS", "--snr", "1"], "wanted 3 or more"),
        (["--sequences", "CISS", "--defects", "wobble=1"], "'wobble': not known"),
        (["--sequences", "DESS", "--defects", "banding=1"], "is not among the sequences"),
        (["--sequences", "CISS", "--voxel-mm", "-1"], "wanted 0.1 to 20 mm"),
        (["--defects", "motion=1"], "add --sequences"),
        (["--from-model", "models/sub-03", "--subjects", "2"], "a model is one subject"),
    ],
)
def test_images_that_cannot_be_made_are_refused_in_one_line_and_nothing_is_written(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["phantom", str(tmp_path / "dataset"), *options]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
