import json
from typing import Any

import numpy as np
import pytest

from cauda.annotation import markups
from cauda.errors import AnnotationError

POINT = [1.0, 2.0, 3.0]


def document(markup: dict[str, Any] | None = None, schema: Any = markups.SCHEMA, **top: Any) -> bytes:
    plain = {"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": [{"position": POINT}]}
    return json.dumps({"@schema": schema, "markups": [plain | (markup or {})]} | top).encode()


@pytest.mark.parametrize(
    ("frame", "ras"),
    [
        ("LPS", [-1, -2, 3]),
        ("RAS", [1, 2, 3]),
        ("0", [1, 2, 3]),
        (0, [1, 2, 3]),
        ("1", [-1, -2, 3]),
        (1, [-1, -2, 3]),
    ],
)
def test_both_frames_and_their_old_numbers_are_read_into_ras(frame: Any, ras: list[int]) -> None:
    (markup,) = markups.parse(document({"coordinateSystem": frame}), "a.mrk.json")
    np.testing.assert_array_equal(markup.points_mm, [ras])


def test_without_a_frame_coordinates_are_lps_as_in_slicer() -> None:
    text = document().replace(b'"coordinateSystem": "LPS", ', b"")
    assert b"coordinateSystem" not in text
    assert markups.parse(text, "a")[0].points_mm.tolist() == [[-1, -2, 3]]


@pytest.mark.parametrize(("units", "scale"), [("mm", 1), (["mm", "UCUM", "millimeter"], 1), ("um", 1e-3)])
def test_units_of_the_schema_are_read_into_mm(units: Any, scale: float) -> None:
    (markup,) = markups.parse(document({"coordinateUnits": units, "coordinateSystem": "RAS"}), "a")
    np.testing.assert_allclose(markup.points_mm, [[scale, 2 * scale, 3 * scale]])


@pytest.mark.parametrize(
    "schema",
    [
        *(
            f"https://x/markups-schema-v1.{minor}.{patch}.json#"
            for minor, patch in [(0, 0), (0, 3), (0, 4), (1, 0)]
        ),
        "https://raw.githubusercontent.com/Slicer/Slicer/main/Modules/markups-v1.0.4-schema.json#",
    ],
)
def test_every_schema_of_version_1_is_read(schema: str) -> None:
    assert len(markups.parse(document(schema=schema), "a")) == 1


def test_points_that_were_never_placed_are_left_out() -> None:
    points = [
        {"position": POINT, "positionStatus": "defined", "label": "A"},
        {"position": "", "positionStatus": "undefined", "label": "B"},
        {"position": [9, 9, 9], "positionStatus": "preview", "label": "C"},
        {"positionStatus": "missing", "label": "D"},
    ]
    (markup,) = markups.parse(document({"controlPoints": points}), "a")
    assert markup.labels == ("A",)
    assert markup.points_mm.shape == (1, 3)


def test_several_markups_keep_their_names_and_order() -> None:
    both = [{"type": "Curve", "name": "L4_L_root"}, {"type": "ROI", "name": "box", "controlPoints": []}]
    found = markups.parse(document(markups=both), "a")
    assert [(markup.name, markup.kind, len(markup.points_mm)) for markup in found] == [
        ("L4_L_root", "Curve", 0),
        ("box", "ROI", 0),
    ]


def test_a_byte_order_mark_is_no_trouble() -> None:
    assert len(markups.parse(b"\xef\xbb\xbf" + document(), "a")) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (document()[:-20], "is not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00", "is not UTF-8 text"),
        (document().decode().encode("utf-16"), "is not UTF-8 text"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[]", r"holds \[\], wanted an object"),
        (b"3", "holds 3, wanted an object"),
        (b"{}", "@schema is missing"),
        (document(schema=3), "@schema is 3"),
        (document(schema="markups-schema-v2.0.0.json#"), '@schema is "markups-schema-v2'),
        (document(markups=[]), r"markups is \[\], wanted a list of at least one"),
        (document(markups={}), r"markups is \{\}"),
        (document(markups=[3]), "markup 1: is 3, wanted an object"),
        (document({"type": None}), "type is missing"),
        (document({"coordinateSystem": "IJK"}), 'coordinateSystem is "IJK", wanted LPS or RAS'),
        (document({"coordinateSystem": True}), "coordinateSystem is true"),
        (document({"coordinateUnits": "cm"}), 'coordinateUnits is "cm", wanted mm'),
        (document({"coordinateUnits": []}), r"coordinateUnits is \[\]"),
        (document({"controlPoints": "x"}), 'controlPoints is "x", wanted a list'),
        (document({"controlPoints": [[1, 2, 3]]}), "point 1 is .*, wanted an object"),
        (document({"controlPoints": [{}]}), "position of point 1 is missing"),
    ],
)
def test_what_is_no_markups_file_is_refused_with_its_name_and_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(AnnotationError, match=f"^broken.json: .*{reason}"):
        markups.parse(data, "broken.json")


@pytest.mark.parametrize(
    "position",
    [
        "NaN",
        "[NaN, 0, 0]",
        "[0, Infinity, 0]",
        "[0, -Infinity, 0]",
        "[1e999, 0, 0]",
        "[1e300, 0, 0]",
        "[" + "9" * 5000 + ", 0, 0]",
        "[true, 0, 0]",
        '["1", 0, 0]',
        "[null, 0, 0]",
        "[[1], 0, 0]",
        "[1, 2]",
        "[1, 2, 3, 4]",
        "{}",
        '""',
    ],
)
def test_a_position_that_is_not_three_finite_numbers_is_refused(position: str) -> None:
    text = document().decode().replace(json.dumps(POINT), position).encode()
    with pytest.raises(AnnotationError, match=r"^broken.json: ") as caught:
        markups.parse(text, "broken.json")
    assert len(str(caught.value)) < 300


def test_a_coordinate_system_of_many_letters_is_not_repeated_in_full() -> None:
    with pytest.raises(AnnotationError) as caught:
        markups.parse(document({"coordinateSystem": "x" * 10**6}), "a")
    assert len(str(caught.value)) < 200
