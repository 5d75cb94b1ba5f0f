import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.dataset import find_markers
from cauda.errors import DatasetError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return folder


def test_a_folder_of_the_published_layout_is_one_subject(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03_cord_1.json", "sub-03_nerveroots_L4_L.json", "readme.txt")
    found = find_markers(tmp_path)
    assert found.subject == "03"
    assert [file.name for file in found.files] == ["sub-03_cord_1.json", "sub-03_nerveroots_L4_L.json"]


def test_markers_under_derivatives_come_before_those_beside_the_images(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03/sub-03_cord_1.json", "derivatives/markers/sub-03/sub-03_cord_2.json")
    assert [file.name for file in find_markers(tmp_path).files] == ["sub-03_cord_2.json"]


def test_folders_named_after_subjects_are_found_beside_those_without_markers(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03/sub-03_cord_1.json", "sub-04/anat/sub-04_T2w.json", "code/sub-05_cord_1.json")
    assert find_markers(tmp_path).subject == "03"


@pytest.mark.parametrize("asked", ["14", "sub-14"])
def test_the_subject_asked_for_is_taken_of_several(tmp_path: Path, asked: str) -> None:
    touch(tmp_path, "sub-03/sub-03_cord_1.json", "sub-14/sub-14_cord_1.json", "sub-14/sub_14_dura_1.json")
    found = find_markers(tmp_path, asked)
    assert found.subject == "14"
    assert [file.name for file in found.files] == ["sub-14_cord_1.json", "sub_14_dura_1.json"]


def test_markers_of_another_subject_in_the_folder_of_one_are_strangers(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03/sub-03_cord_1.json", "sub-03/sub-14_cord_2.json", "sub-03/dura_1.mrk.json")
    found = find_markers(tmp_path)
    assert [file.name for file in found.files] == ["dura_1.mrk.json", "sub-03_cord_1.json"]
    assert [file.name for file in found.strangers] == ["sub-14_cord_2.json"]


def test_a_folder_that_was_renamed_as_a_whole_keeps_its_markers(tmp_path: Path) -> None:
    touch(tmp_path, "sub-99/sub-03_cord_1.json", "sub-99/sub-03_cord_2.json")
    found = find_markers(tmp_path)
    assert (found.subject, len(found.files), found.strangers) == ("99", 2, ())


def test_several_subjects_without_a_choice_are_listed(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03/sub-03_cord_1.json", "sub-14/sub-14_cord_1.json")
    with pytest.raises(DatasetError, match=r"2 subjects.*--subject: 03, 14"):
        find_markers(tmp_path)


def test_several_subjects_in_one_flat_folder_are_told_apart(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03_cord_1.json", "sub-14_cord_1.json", "sub_14_dura_1.json", "dura_2.mrk.json")
    with pytest.raises(DatasetError, match="03, 14"):
        find_markers(tmp_path)
    names = [file.name for file in find_markers(tmp_path, "14").files]
    assert names == ["dura_2.mrk.json", "sub-14_cord_1.json", "sub_14_dura_1.json"]


def test_a_subject_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03/sub-03_cord_1.json")
    with pytest.raises(DatasetError, match="no markers of subject 04; found those of 03"):
        find_markers(tmp_path, "04")


def test_one_file_is_taken_as_it_is(tmp_path: Path) -> None:
    touch(tmp_path, "sub-07_tracing.mrk.json", "sub-08_cord_1.json")
    found = find_markers(tmp_path / "sub-07_tracing.mrk.json")
    assert found.subject == "07"
    assert [file.name for file in found.files] == ["sub-07_tracing.mrk.json"]


def test_files_that_name_no_subject_get_it_from_the_folder_or_are_unknown(tmp_path: Path) -> None:
    assert find_markers(touch(tmp_path / "sub-09", "cord_1.mrk.json")).subject == "09"
    assert find_markers(touch(tmp_path / "anyone", "cord_1.mrk.json")).subject == "unknown"
    assert find_markers(tmp_path / "anyone", "12").subject == "12"


def test_hidden_files_of_other_programs_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "sub-03_cord_1.json", "._sub-03_cord_1.json")
    assert len(find_markers(tmp_path).files) == 1


def test_a_folder_without_markers_is_refused_and_says_what_was_wanted(tmp_path: Path) -> None:
    touch(tmp_path, "dataset_description.json")
    with pytest.raises(DatasetError, match=r"no markers; found 1 JSON files, wanted .*sub-03_cord_1\.json"):
        find_markers(tmp_path)


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file or folder"):
        find_markers(tmp_path / "nowhere")


@given(st.text(max_size=300))
@settings(max_examples=50)
def test_no_name_of_a_path_or_subject_raises_anything_else(text: str) -> None:
    for path, subject in ((text, None), (".", text)):
        with contextlib.suppress(DatasetError):
            find_markers(path, subject)
