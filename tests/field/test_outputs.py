"""What is written of a field together, and when it need not be solved for again."""

import json
from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np
import pytest
from tests.field.linear_field import linear

from cauda.anatomy.model import RootPath
from cauda.annotation.tracing import RootName
from cauda.errors import FieldError
from cauda.field import field_files
from cauda.field.conductivity import conductivities
from cauda.field.outputs import is_current, sidecar, write
from cauda.files import Source, source

CAPOGROSSO = conductivities("capogrosso2013").document
ASKED = {"conductivities": CAPOGROSSO, "returns": ["case"], "montage_ma": None}
SOURCES = (Source("sub-01_lead-x_mesh.vtu", "1" * 64), Source("mine.tsv", "2" * 64))
NAME = "sub-01_lead-x_cond-capogrosso2013_field"


def made(folder: Path) -> Path:
    field = replace(linear(), sources=SOURCES, conductivities=CAPOGROSSO)
    return write(field, folder / f"{NAME}.h5", ASKED)[0]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_paths_may_be_texts(tmp_path: Path) -> None:
    one, two = made(tmp_path / "one"), tmp_path / "two"
    field = replace(linear(), sources=SOURCES, conductivities=CAPOGROSSO)
    assert write(field, str(two / one.name), ASKED)[0] == two / one.name
    assert contents(two) == contents(one.parent)
    assert field_files.write(field, str(tmp_path / one.name)).read_bytes() == one.read_bytes()
    assert field_files.field_path(str(two), "x", "y") == field_files.field_path(two, "x", "y")


def test_three_files_of_one_name_are_written_and_each_can_be_read(tmp_path: Path) -> None:
    path = made(tmp_path)
    assert sorted(contents(tmp_path)) == [f"{NAME}.h5", f"{NAME}.json", f"{NAME}.vtu"]
    assert field_files.read(path).transfer_ohm.tobytes() == linear().transfer_ohm.tobytes()
    assert set(meshio.read(path.with_suffix(".vtu")).point_data) == {"potential_C1_ohm"}


def test_the_sidecar_tells_what_the_files_are_and_what_they_were_made_from(tmp_path: Path) -> None:
    document = sidecar(made(tmp_path))
    assert document["contacts"] == ["C1"]
    assert document["returns"] == ["case"]
    assert document["contact_ohm"] == [500.0]
    assert np.array(document["admittance_s"]).sum() == 0
    assert document["conductivities"]["doi"] == "10.1523/JNEUROSCI.1688-13.2013"
    assert document["conductivities"]["tissues"]["csf"]["longitudinal_s_per_m"] == 1.7
    assert "dura" in document["conductivities"]["filled"]
    assert [one["file"] for one in document["sources"]] == [one.file for one in SOURCES]
    for one in document["files"]:
        assert source(tmp_path / one["file"]).sha256 == one["sha256"]


def test_the_same_field_gives_the_same_bytes(tmp_path: Path) -> None:
    made(tmp_path / "one")
    made(tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_field_of_the_same_input_is_current(tmp_path: Path) -> None:
    assert is_current(made(tmp_path), ASKED, SOURCES)


@pytest.mark.parametrize(
    ("asked", "sources"),
    [
        (ASKED | {"returns": ["C1"]}, SOURCES),
        (ASKED | {"montage_ma": {"C1": 1.0, "case": -1.0}}, SOURCES),
        (ASKED | {"conductivities": conductivities("duke_lempka").document}, SOURCES),
        (ASKED, SOURCES[:1]),
        (ASKED, (Source(SOURCES[0].file, "3" * 64), SOURCES[1])),
    ],
)
def test_a_field_of_another_input_is_not(
    asked: dict[str, object], sources: tuple[Source, ...], tmp_path: Path
) -> None:
    assert not is_current(made(tmp_path), asked, sources)


@pytest.mark.parametrize("ending", [".h5", ".vtu", ".json"])
def test_a_field_of_which_a_file_is_gone_or_damaged_is_not_current(ending: str, tmp_path: Path) -> None:
    path = made(tmp_path)
    damaged = path.with_suffix(ending)
    damaged.write_bytes(damaged.read_bytes()[:-5])
    assert not is_current(path, ASKED, SOURCES)
    damaged.unlink()
    assert not is_current(path, ASKED, SOURCES)


def test_a_field_of_another_version_is_not_current(tmp_path: Path) -> None:
    path = made(tmp_path)
    about = path.with_suffix(".json")
    about.write_text(json.dumps(json.loads(about.read_text()) | {"version": "0.0.0"}))
    assert not is_current(path, ASKED, SOURCES)


def test_a_montage_that_is_none_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(FieldError, match="no electrode 'C9'"):
        write(linear(), path, ASKED, "C9:1,case:-1")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("content", ["[]", "{", "7"])
def test_a_damaged_sidecar_is_refused_in_one_line(content: str, tmp_path: Path) -> None:
    path = made(tmp_path)
    path.with_suffix(".json").write_text(content)
    with pytest.raises(FieldError, match=r"_field\.json: of no field of cauda's") as raised:
        sidecar(path)
    assert "\n" not in str(raised.value)


def test_an_absent_sidecar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match=r"a\.json: no such file; wanted one that cauda solve wrote"):
        sidecar(tmp_path / "a.h5")


def test_a_table_tells_what_courses_feel_and_the_sidecar_how_far_it_may_be_off(tmp_path: Path) -> None:
    inside = linear().mesh.points_mm
    low, high = inside.min(axis=0), inside.max(axis=0)
    points = low + np.linspace(0.2, 0.8, 7)[:, None] * (high - low)
    course = RootPath(RootName("L4", "L"), "dorsal", points, np.ones(7), ("annotated",) * 7, np.zeros(7))
    path = write(linear(), tmp_path / f"{NAME}.h5", ASKED, paths=[course])[0]
    rows = path.with_suffix(".tsv").read_text("utf-8").splitlines()
    assert rows[0].split("\t")[:7] == ["path", "arc_mm", "x_mm", "y_mm", "z_mm", "tissue", "potential_C1_ohm"]
    assert {row.split("\t")[0] for row in rows[1:]} == {"L4_L_dorsal"}
    document = sidecar(path)
    assert [one["file"] for one in document["files"]] == [f"{NAME}.h5", f"{NAME}.vtu", f"{NAME}.tsv"]
    # Linear elements have no error where the potential is linear.
    assert document["error_estimate"]["energy"][0] < 1e-6
