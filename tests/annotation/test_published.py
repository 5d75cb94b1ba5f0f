"""Writing the layout of the published dataset."""

from pathlib import Path

import numpy as np
import pytest

from cauda import annotation
from cauda.annotation.published import write_published
from cauda.annotation.tracing import Contour, RootName, Tracing

_CORNERS = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


def _tracing() -> Tracing:
    heights = (4.0, 2.0, 0.0)
    rings = {z: np.column_stack([_CORNERS, np.full(4, z)]) for z in heights}
    root = RootName("L4", "R")
    return Tracing(
        "21",
        tuple(Contour(rings[z], "cord") for z in heights),
        tuple(Contour(3.1 * rings[z] - [0, 0, 2.1 * z], "dura") for z in heights),
        {root: np.array([[1.1, -1.0, 4.0], [1.7, -1.2, 2.0]])},
        {root: np.array([9.0, 0.0, -12.0])},
    )


def test_what_is_written_reads_back_bit_by_bit(tmp_path: Path) -> None:
    made = _tracing()
    write_published(made, tmp_path / "sub-21")
    read = annotation.survey(tmp_path / "sub-21")
    assert read.subject == "21"
    for one, two in zip((*read.cord, *read.dura), (*made.cord, *made.dura), strict=True):
        np.testing.assert_array_equal(one.points_mm, two.points_mm)
    for root, points in made.roots.items():
        np.testing.assert_array_equal(read.roots[root], points)
        np.testing.assert_array_equal(read.ganglia[root], made.ganglia[root])


def test_files_are_named_and_numbered_as_published_from_cranial_to_caudal(tmp_path: Path) -> None:
    files = write_published(_tracing(), tmp_path / "sub-21")
    assert [path.name for path in files] == [
        *(f"sub-21_cord_{number}.json" for number in (1, 2, 3)),
        *(f"sub-21_dura_{number}.json" for number in (1, 2, 3)),
        "sub-21_nerveroots_L4_R.json",
        "sub-21_ganglions_L4_R.json",
    ]
    assert sorted(files) == sorted((tmp_path / "sub-21").iterdir())


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "sub-21"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OSError, match="sub-21"):
        write_published(_tracing(), folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["sub-21", "notes.txt"]


def test_an_error_on_the_way_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def _fail(_path: Path, _text: str) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("cauda.files.write_text", _fail)
    with pytest.raises(OSError, match="no space left"):
        write_published(_tracing(), tmp_path / "sub-21")
    assert list(tmp_path.iterdir()) == []
