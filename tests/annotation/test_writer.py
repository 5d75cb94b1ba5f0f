import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda import annotation
from cauda.annotation import Contour, RootName, Tracing
from cauda.annotation.writer import document, entries
from cauda.frames import FRAMES, Frame


def tracing(seed: int = 0, names: tuple[str, ...] = ("sub-03_cord_7.json", "cord_2")) -> Tracing:
    rng = np.random.default_rng(seed)
    cord = tuple(
        Contour(rng.normal(size=(5, 3)) * 100 + [0, 0, -9 * k], name) for k, name in enumerate(names)
    )
    roots = {RootName("L4", "R"): np.cumsum(rng.uniform(0.1, 1, (6, 3)), axis=0)[::-1]}
    ganglia = {RootName("L4", "R"): rng.normal(size=3), RootName("T12", "L"): rng.normal(size=3)}
    return Tracing("03", cord, (Contour(rng.normal(size=(3, 3)), "dura_1"),), roots, ganglia)


def same(one: Tracing, two: Tracing) -> bool:
    contours = zip(one.cord + one.dura, two.cord + two.dura, strict=True)
    return (
        all(np.array_equal(first.points_mm, second.points_mm) for first, second in contours)
        and list(one.roots) == list(two.roots)
        and list(one.ganglia) == list(two.ganglia)
        and all(np.array_equal(one.roots[name], two.roots[name]) for name in one.roots)
        and all(np.array_equal(one.ganglia[name], two.ganglia[name]) for name in one.ganglia)
    )


@pytest.mark.parametrize("frame", FRAMES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_every_bit_of_every_point_survives_in_both_frames(
    tmp_path_factory: pytest.TempPathFactory, frame: Frame, seed: int
) -> None:
    path = tmp_path_factory.mktemp("written") / "sub-03_tracing.mrk.json"
    annotation.write(tracing(seed), path, frame=frame)
    read = annotation.read(path)
    assert same(read, tracing(seed))
    assert read.subject == "03"
    assert read.findings == ()


def test_a_written_file_says_its_frame_and_its_coordinates_are_in_it(tmp_path: Path) -> None:
    signs: dict[Frame, int] = {"LPS": -1, "RAS": 1}
    for frame, sign in signs.items():
        annotation.write(tracing(), tmp_path / "a.mrk.json", frame=frame)
        saved = json.loads((tmp_path / "a.mrk.json").read_text())["markups"][-1]
        assert saved["coordinateSystem"] == frame
        x, y, z = tracing().ganglia[RootName("L4", "R")]
        assert saved["controlPoints"][0]["position"] == [sign * x, sign * y, z]


def test_contours_keep_their_numbers_and_get_new_ones_where_these_are_missing_or_doubled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.mrk.json"
    annotation.write(tracing(), path)
    assert {piece.name for piece in annotation.read(path).cord} == {"cord_7", "cord_2"}
    for names in (("cord_2", "left"), ("cord_2", "sub-03_cord_2.json")):
        annotation.write(tracing(names=names), path)
        assert [piece.name for piece in annotation.read(path).cord] == ["cord_1", "cord_2"]


def test_writing_what_was_read_gives_the_same_bytes(tmp_path: Path) -> None:
    annotation.write(tracing(), tmp_path / "one.mrk.json")
    annotation.write(annotation.read(tmp_path / "one.mrk.json"), tmp_path / "two.mrk.json")
    assert (tmp_path / "one.mrk.json").read_bytes() == (tmp_path / "two.mrk.json").read_bytes()


def test_names_are_those_that_slicer_will_show() -> None:
    names = [markup["name"] for markup in json.loads(document(entries(tracing()), "LPS"))["markups"]]
    assert sorted(names) == ["L4_R_ganglion", "L4_R_root", "T12_L_ganglion", "cord_2", "cord_7", "dura_1"]


@pytest.mark.shared
def test_files_have_the_same_keys_as_those_that_slicer_wrote_and_their_values_the_same_types(
    markers_sub_03: Path, tmp_path: Path
) -> None:
    by_slicer = json.loads((markers_sub_03 / "sub-03_cord_1.json").read_text())
    annotation.write(annotation.read(markers_sub_03 / "sub-03_cord_1.json"), tmp_path / "a.mrk.json")
    by_cauda = json.loads((tmp_path / "a.mrk.json").read_text())
    assert by_cauda["@schema"] == by_slicer["@schema"]
    one, two = by_slicer["markups"][0], by_cauda["markups"][0]
    assert two.keys() - one.keys() == {"name"}
    assert one.keys() - two.keys() == set()
    assert two["display"].keys() <= one["display"].keys()
    for ours, theirs in ((two, one), (two["display"], one["display"])):
        for key in ours.keys() & theirs.keys():
            assert type(ours[key]) is type(theirs[key]), key
    for point, wanted in zip(two["controlPoints"], one["controlPoints"], strict=True):
        assert point.keys() == wanted.keys()
        assert point["position"] == wanted["position"]
        assert point["orientation"] == wanted["orientation"]


@pytest.mark.shared
def test_sub_03_survives_a_round_trip(markers_sub_03: Path, tmp_path: Path) -> None:
    published = annotation.read(markers_sub_03)
    for frame in FRAMES:
        annotation.write(published, tmp_path / "sub-03_tracing.mrk.json", frame=frame)
        assert same(annotation.read(tmp_path / "sub-03_tracing.mrk.json"), published)
