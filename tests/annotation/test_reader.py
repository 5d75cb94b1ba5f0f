import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cauda import annotation
from cauda.annotation.markups import SCHEMA
from cauda.annotation.tracing import RootName
from cauda.errors import AnnotationError, DatasetError

CIRCLE = [(5.0, 0.0, 0.0), (0.0, 5.0, 0.0), (-5.0, 0.0, 0.0), (0.0, -5.0, 0.0)]


def markup(points: Any, kind: str = "Fiducial", label: str = "F", **more: Any) -> dict[str, Any]:
    control = [{"label": f"{label}-{index}", "position": point} for index, point in enumerate(points, 1)]
    return {"type": kind, "coordinateSystem": "LPS", "controlPoints": control} | more


def save(path: Path, *markups: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"@schema": SCHEMA, "markups": markups}))
    return path


def contour(z: float, label: str = "CC_1", **more: Any) -> dict[str, Any]:
    return markup([[x, y, z] for x, y, _ in CIRCLE], "ClosedCurve", label, **more)


def codes(tracing: annotation.Tracing) -> list[str]:
    return [finding.code for finding in tracing.findings]


def test_contours_are_ordered_by_z_and_never_by_number(tmp_path: Path) -> None:
    for number, z in ((1, -20.0), (2, 0.0), (3, -10.0)):
        save(tmp_path / f"sub-03_cord_{number}.json", contour(z))
    tracing = annotation.read(tmp_path)
    assert [piece.name for piece in tracing.cord] == [f"sub-03_cord_{number}.json" for number in (2, 3, 1)]
    assert [piece.z_mm for piece in tracing.cord] == [0, -10, -20]


def test_coordinates_become_ras_and_points_of_a_root_run_down(tmp_path: Path) -> None:
    save(tmp_path / "sub-03_nerveroots_L4_L.json", markup([[5, 1, -3], [5, 1, 1], [5, 1, -1]], label="L_L4"))
    save(tmp_path / "sub-03_ganglions_L4_L.json", markup([[15, 1, -9]], label="L4_L"))
    tracing = annotation.read(tmp_path)
    name = RootName("L4", "L")
    np.testing.assert_array_equal(tracing.roots[name], [[-5, -1, 1], [-5, -1, -1], [-5, -1, -3]])
    np.testing.assert_array_equal(tracing.ganglia[name], [-15, -1, -9])
    assert tracing.subject == "03"
    assert tracing.findings == ()
    assert [source.file for source in tracing.sources] == [
        "sub-03_ganglions_L4_L.json",
        "sub-03_nerveroots_L4_L.json",
    ]
    assert all(len(source.sha256) == 64 for source in tracing.sources)


def test_the_spelling_of_sub_14_is_read(tmp_path: Path) -> None:
    save(tmp_path / "sub_14_dura_3.json", contour(0))
    tracing = annotation.read(tmp_path)
    assert (tracing.subject, len(tracing.dura), codes(tracing)) == ("14", 1, [])


def test_the_same_structure_in_two_spellings_is_an_error_and_the_first_is_kept(tmp_path: Path) -> None:
    save(tmp_path / "sub-14_dura_3.json", contour(0))
    save(tmp_path / "sub_14_dura_3.json", contour(-2))
    tracing = annotation.read(tmp_path)
    assert [piece.z_mm for piece in tracing.dura] == [0]
    (finding,) = tracing.findings
    assert (finding.severity, finding.code, finding.file) == ("error", "doubled", "sub_14_dura_3.json")
    assert "sub-14_dura_3.json" in finding.what


def test_a_marker_of_another_subject_is_an_error_and_left_out(tmp_path: Path) -> None:
    save(tmp_path / "sub-03" / "sub-03_cord_1.json", contour(0))
    save(tmp_path / "sub-03" / "sub-14_cord_2.json", contour(-2))
    tracing = annotation.read(tmp_path)
    assert len(tracing.cord) == 1
    assert [(finding.severity, finding.code, finding.file) for finding in tracing.findings] == [
        ("error", "other-subject", "sub-14_cord_2.json")
    ]


@pytest.mark.parametrize("label", ["L1_L", "F_15", "R_L4", "L4_R_root"])
def test_labels_that_disagree_with_the_name_of_the_file_are_one_warning_and_the_name_wins(
    tmp_path: Path, label: str
) -> None:
    save(tmp_path / "sub-03_nerveroots_L4_L.json", markup([[5, 1, 1], [5, 1, -1], [5, 1, -3]], label=label))
    tracing = annotation.read(tmp_path)
    assert list(tracing.roots) == [RootName("L4", "L")]
    (finding,) = tracing.findings
    assert (finding.severity, finding.code) == ("warning", "odd-label")
    assert repr(label) in finding.what


@pytest.mark.parametrize("label", ["L4_L", "L_L4", "L4-L", "L4", "", "L4_L_root"])
def test_labels_that_agree_or_say_nothing_are_no_warning(tmp_path: Path, label: str) -> None:
    save(tmp_path / "sub-03_nerveroots_L4_L.json", markup([[5, 1, 1], [5, 1, -1]], label=label))
    assert codes(annotation.read(tmp_path)) == []


def test_labels_of_contours_are_slicers_own_unless_they_name_another_structure(tmp_path: Path) -> None:
    save(tmp_path / "sub-03_cord_1.json", contour(0, "CC_58"))
    save(tmp_path / "sub-03_cord_2.json", contour(-2, "dura_2"))
    save(tmp_path / "sub-03_dura_1.json", contour(0, "dura_7"))
    (finding,) = annotation.read(tmp_path).findings
    assert (finding.file, finding.code) == ("sub-03_cord_2.json", "odd-label")


def test_several_markups_in_one_file_are_told_apart_by_their_names(tmp_path: Path) -> None:
    path = save(
        tmp_path / "sub-05_tracing.mrk.json",
        contour(0, name="cord_1"),
        contour(-2, name="dura_1", coordinateSystem="RAS"),
        markup([[1, 2, 3], [1, 2, 1]], "Curve", "", name="root_S1_R"),
        markup([[1, 2, -30]], name="ganglions_S1_R", label="S1_R"),
        markup([[0, 0, 0]], "ROI", name="box"),
    )
    tracing = annotation.read(path)
    assert tracing.subject == "05"
    assert [piece.name for piece in tracing.cord + tracing.dura] == ["cord_1", "dura_1"]
    np.testing.assert_array_equal(tracing.dura[0].points_mm[0], [5, 0, -2])
    assert list(tracing.roots) == list(tracing.ganglia) == [RootName("S1", "R")]
    assert codes(tracing) == ["odd-name"]


def test_a_folder_of_files_that_slicer_saved_one_by_one_is_read(tmp_path: Path) -> None:
    save(tmp_path / "cord_1.mrk.json", contour(0))
    save(tmp_path / "anything.mrk.json", contour(-2, name="dura_1"))
    tracing = annotation.read(tmp_path, "11")
    assert (tracing.subject, len(tracing.cord), len(tracing.dura)) == ("11", 1, 1)


def test_other_json_beside_the_markers_is_left_out_in_silence_and_broken_json_with_a_warning(
    tmp_path: Path,
) -> None:
    save(tmp_path / "sub-03_cord_1.json", contour(0))
    (tmp_path / "sub-03_model.json").write_text('{"surfaces": []}')
    (tmp_path / "sub-03_crod_2.json").write_text('{"markups": []}')
    tracing = annotation.read(tmp_path)
    assert [(finding.file, finding.code) for finding in tracing.findings] == [
        ("sub-03_crod_2.json", "odd-file")
    ]
    assert [source.file for source in tracing.sources] == ["sub-03_cord_1.json"]


@pytest.mark.parametrize("kind", ["Curve", "Fiducial"])
def test_a_contour_of_another_type_is_joined_at_its_ends_with_a_warning(tmp_path: Path, kind: str) -> None:
    save(tmp_path / "sub-03_cord_1.json", contour(0) | {"type": kind})
    tracing = annotation.read(tmp_path)
    assert (len(tracing.cord), codes(tracing)) == (1, ["odd-type"])


def test_of_several_points_of_a_ganglion_the_mean_is_taken_with_a_warning(tmp_path: Path) -> None:
    save(tmp_path / "sub-03_ganglions_L4_R.json", markup([[-10, 0, 0], [-12, 0, 0]], label="L4_R"))
    tracing = annotation.read(tmp_path)
    np.testing.assert_array_equal(tracing.ganglia[RootName("L4", "R")], [11, 0, 0])
    assert codes(tracing) == ["odd-type"]


@pytest.mark.parametrize(
    ("file", "found", "reason"),
    [
        ("sub-03_cord_1.json", markup(CIRCLE[:2], "ClosedCurve"), "a cord of 2 points, wanted at least 3"),
        ("sub-03_cord_1.json", markup([], "ClosedCurve"), "a cord of 0 points"),
        (
            "sub-03_cord_1.json",
            markup(CIRCLE, "Plane"),
            "a cord of type 'Plane', wanted ClosedCurve or Curve",
        ),
        ("sub-03_nerveroots_L4_L.json", markup([[1, 2, 3]]), "a root of 1 points, wanted at least 2"),
        ("sub-03_nerveroots_L4_L.json", markup(CIRCLE, "ClosedCurve"), "a root of type 'ClosedCurve'"),
        ("sub-03_ganglions_L4_L.json", markup([]), "a ganglion of 0 points"),
        ("tracing.mrk.json", markup(CIRCLE, name="F"), "no markup in it is named as a structure; found 'F'"),
    ],
)
def test_what_is_no_such_structure_is_refused_with_the_name_of_the_file(
    tmp_path: Path, file: str, found: dict[str, Any], reason: str
) -> None:
    save(tmp_path / file, found)
    with pytest.raises(AnnotationError, match=rf"^{file}: {reason}"):
        annotation.read(tmp_path)


def test_a_file_of_one_structure_with_several_unnamed_markups_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "sub-03_cord_1.json", contour(0), contour(-2))
    with pytest.raises(AnnotationError, match="no markup in it is named"):
        annotation.read(tmp_path)


def test_a_folder_that_is_named_like_a_file_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "sub-03_cord_1.json", contour(0))
    (tmp_path / "sub-03_cord_2.json").mkdir()
    with pytest.raises(AnnotationError, match=r"^sub-03_cord_2\.json: is a folder, wanted a file"):
        annotation.read(tmp_path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "sub-03_cord_1.json", contour(0))

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(AnnotationError, match=r"^sub-03_cord_1.json: cannot be read \(Permission denied\)"):
        annotation.read(path)


def test_a_file_too_large_for_an_annotation_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "sub-03_cord_1.json"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(AnnotationError, match="holds 200000000 bytes"):
        annotation.read(tmp_path)


def test_a_survey_goes_on_where_reading_stops(tmp_path: Path) -> None:
    save(tmp_path / "sub-03_cord_1.json", contour(0))
    (tmp_path / "sub-03_cord_2.json").write_text("{")
    (tmp_path / "sub-03_dura_1.json").write_bytes(b"\xff\xfe")
    tracing = annotation.survey(tmp_path)
    assert len(tracing.cord) == 1
    assert [(finding.severity, finding.code, finding.file) for finding in tracing.findings] == [
        ("error", "unreadable", "sub-03_cord_2.json"),
        ("error", "unreadable", "sub-03_dura_1.json"),
    ]


def test_a_folder_without_markers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no markers"):
        annotation.survey(tmp_path)


@pytest.mark.shared
def test_sub_03_is_read_as_published(markers_sub_03: Path) -> None:
    # counts and heights: doi 10.1038/s41597-024-03919-4 and its dataset
    tracing = annotation.read(markers_sub_03)
    assert (tracing.subject, len(tracing.cord), len(tracing.dura)) == ("03", 66, 80)
    assert (len(tracing.roots), len(tracing.ganglia), len(tracing.sources)) == (14, 14, 174)
    numbers = [int(piece.name.split("_")[2].split(".")[0]) for piece in tracing.cord]
    assert numbers == [*range(8, 0, -1), *range(66, 8, -1)]
    assert tracing.cord[0].z_mm == pytest.approx(-351.6, abs=0.05)
    assert tracing.dura[-1].z_mm == pytest.approx(-509.6, abs=0.05)
    left = [tracing.roots[RootName(level, "L")][0, 2] for level in ("L1", "L2", "L3", "L4", "L5", "S1", "S2")]
    assert left == pytest.approx([-391.6, -409.6, -421.6, -429.6, -433.6, -443.6, -447.6], abs=0.05)
    assert all((np.diff(points_mm[:, 2]) < 0).all() for points_mm in tracing.roots.values())
    assert all((place_mm[0] < -6.3) == (name.side == "L") for name, place_mm in tracing.ganglia.items())
    assert {finding.code for finding in tracing.findings} == {"odd-label"}
    assert {"sub-03_ganglions_L2_L.json", "sub-03_nerveroots_S1_R.json"} <= {
        finding.file for finding in tracing.findings
    }
