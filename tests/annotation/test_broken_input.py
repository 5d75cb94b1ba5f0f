"""Whatever stands in a file, reading it gives a tracing or one clear error that names the file."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cauda import annotation
from cauda.annotation.markups import SCHEMA
from cauda.check import check
from cauda.errors import AnnotationError

NAMES = ("sub-03_cord_1.json", "sub-03_nerveroots_L4_L.json", "sub-03_ganglions_L4_L.json", "a.mrk.json")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
numbers = st.floats(-1e5, 1e5) | st.integers(-1000, 1000)
points = st.fixed_dictionaries(
    {"position": st.lists(numbers, min_size=3, max_size=3) | junk},
    optional={"label": scalars, "positionStatus": st.sampled_from(["defined", "undefined", "preview", 3])},
)
marks = st.fixed_dictionaries(
    {"type": st.sampled_from(["Fiducial", "Curve", "ClosedCurve", "ROI", 3]) | junk},
    optional={
        "name": st.sampled_from(["cord_1", "dura_2", "L4_L_root", "L4_L_ganglion", "F"]) | junk,
        "coordinateSystem": st.sampled_from(["LPS", "RAS", "0", 1]) | junk,
        "coordinateUnits": st.sampled_from(["mm", "um", "cm"]) | junk,
        "controlPoints": st.lists(points, max_size=6) | junk,
    },
)
documents = st.fixed_dictionaries(
    {"@schema": st.just(SCHEMA) | junk, "markups": st.lists(marks, max_size=3) | junk}
)


def read_or_refuse(path: Path) -> None:
    """Read a file strictly and leniently; either may find fault, but only in the agreed way."""
    tracing = annotation.survey(path.parent)
    findings = check(tracing)
    assert all(finding.what and finding.advice and finding.file for finding in findings)
    unreadable = [finding for finding in findings if finding.code == "unreadable"]
    if not unreadable:
        annotation.read(path.parent)
        return
    with pytest.raises(AnnotationError, match=f"^{re.escape(path.name)}: ") as caught:
        annotation.read(path.parent)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("broken")


def save(folder: Path, name: str, data: bytes) -> Path:
    for old in folder.iterdir():
        old.unlink()
    (folder / name).write_bytes(data)
    return folder / name


@given(st.sampled_from(NAMES), documents)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_documents_of_any_shape_are_read_or_refused(folder: Path, name: str, document: Any) -> None:
    # json.dumps writes NaN and Infinity as Python does, which JSON does not know
    read_or_refuse(save(folder, name, json.dumps(document).encode("utf-8", "surrogatepass")))


@given(st.sampled_from(NAMES), st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_bytes_of_any_kind_are_refused(folder: Path, name: str, data: bytes) -> None:
    read_or_refuse(save(folder, name, data))


@given(st.sampled_from(NAMES), st.integers(0, 2000), st.binary(min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_a_file_with_bytes_overwritten_or_cut_off_is_read_or_refused(
    folder: Path, name: str, place: int, data: bytes
) -> None:
    control = [
        {"position": [float(x), float(y), 0.0], "label": "A"} for x, y in ((0, 5), (5, 0), (0, -5), (-5, 0))
    ]
    markup = {"type": "Fiducial", "name": "cord_1", "controlPoints": control}
    whole = json.dumps({"@schema": SCHEMA, "markups": [markup]}).encode()
    place = place % len(whole)
    read_or_refuse(save(folder, name, whole[:place] + data + whole[place + len(data) :]))
    read_or_refuse(save(folder, name, whole[:place]))


def test_megabytes_of_junk_are_refused_quickly_and_in_one_line(folder: Path) -> None:
    for data in (
        b"\x00" * 5_000_000,
        b"[" * 5_000_000,
        b'"' + b"x" * 5_000_000,
        b"[" + b"1," * 2_000_000 + b"1]",
    ):
        read_or_refuse(save(folder, "sub-03_cord_1.json", data))
        with pytest.raises(AnnotationError):
            annotation.read(folder)


def test_a_contour_of_a_hundred_thousand_points_is_read_and_checked(folder: Path) -> None:
    control = [{"position": [k % 100, k // 100, 0]} for k in range(100_000)]
    markup = {"type": "ClosedCurve", "controlPoints": control}
    document = {"@schema": SCHEMA, "markups": [markup]}
    read_or_refuse(save(folder, "sub-03_cord_1.json", json.dumps(document).encode()))
