"""Placed leads on disk: the same again, the same bytes, and never half of it."""

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cauda import lead
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.errors import LeadError, ModelError
from cauda.lead import Lead, lead_files

Spine = Callable[..., SpineModel]
PADDLE, THIN = lead.catalog("specify-5-6-5-like"), lead.catalog("octrode-like")


@pytest.fixture(scope="module")
def model(spine: Spine) -> SpineModel:
    return spine(canal_mm=9.8)


@pytest.fixture(scope="module")
def paddle(model: SpineModel) -> Lead:
    return lead.place(PADDLE, model, top="T12", fit="push")


@pytest.fixture(scope="module")
def thin(model: SpineModel) -> Lead:
    return lead.place(THIN, model, top="-402.5mm", lateral_mm=-1.0, angle_deg=2.0, encapsulation_mm=0.1)


@pytest.fixture
def folder(model: SpineModel, tmp_path: Path) -> Path:
    return model_files.write(model, tmp_path)


def scene(folder: Path) -> dict[str, Any]:
    data = (folder / "sub-07_model.glb").read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document: dict[str, Any] = json.loads(data[20 : 20 + length])
    return document


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_lead_that_was_written_reads_back_bit_by_bit(folder: Path, paddle: Lead, thin: Lead) -> None:
    for one in (paddle, thin):
        path = lead.write(one, folder)
        assert path == folder / f"sub-07_lead-{one.name}.json"
        again = lead.read(path)
        assert again.vertices_mm.tobytes() == one.vertices_mm.tobytes()
        assert (again.triangles == one.triangles).all()
        assert (again.contact == one.contact).all()
        for name in ("arc_mm", "points_mm", "across"):
            assert getattr(again.course, name).tobytes() == getattr(one.course, name).tobytes()
        assert (again.placement, dict(again.measures), again.name) == (
            one.placement,
            dict(one.measures),
            one.name,
        )
        for mine, other in zip(again.contacts, one.contacts, strict=True):
            assert (mine.name, mine.area_mm2, mine.dura_mm) == (other.name, other.area_mm2, other.dura_mm)
            assert (mine.center_mm == other.center_mm).all()
            assert (mine.normal == other.normal).all()
            assert [line.tolist() for line in mine.outlines_mm] == [
                line.tolist() for line in other.outlines_mm
            ]


def test_a_folder_may_be_a_text(folder: Path, thin: Lead) -> None:
    assert lead.write(thin, str(folder)) == folder / f"sub-07_lead-{thin.name}.json"
    assert [one.name for one in lead.placed(str(folder))] == [thin.name]


def test_what_was_pushed_in_is_pushed_in_the_same_after_reading(
    folder: Path, model: SpineModel, paddle: Lead
) -> None:
    again = lead.read(lead.write(paddle, folder))
    assert again.indentation is not None
    one, two = (lead.indented(model, placed).surfaces["dura"].vertices_mm for placed in (paddle, again))
    assert one.tobytes() == two.tobytes()


def test_an_encapsulation_reads_back(folder: Path, thin: Lead) -> None:
    again = lead.read(lead.write(thin, folder))
    assert again.encapsulation is not None
    assert thin.encapsulation is not None
    assert again.encapsulation[0].tobytes() == thin.encapsulation[0].tobytes()
    assert (again.encapsulation[1] == thin.encapsulation[1]).all()


def test_the_file_says_what_it_is_made_of_and_from(folder: Path, paddle: Lead) -> None:
    document = json.loads(lead.write(paddle, folder).read_text())
    assert (document["lead"], document["frame"], document["units"]) == (PADDLE.name, "RAS", "mm")
    assert document["status"] == "recalled"
    assert "recalled" in document["source"]
    assert document["settings"]["top"] == "vertebra:T12"
    (source,) = document["sources"]
    assert source["file"] == "sub-07_model.json"
    assert [contact["name"] for contact in document["contacts"]] == [one.name for one in PADDLE.contacts]
    assert str(folder.parent) not in lead.write(paddle, folder).read_text()


def test_the_same_lead_gives_the_same_bytes(
    folder: Path, model: SpineModel, paddle: Lead, thin: Lead
) -> None:
    lead.write(paddle, folder)
    lead.write(thin, folder)
    first = contents(folder)
    lead.write(thin, folder, model)
    lead.write(paddle, folder, model)
    assert contents(folder) == first


def test_the_scene_shows_every_lead_and_each_of_its_contacts(folder: Path, paddle: Lead, thin: Lead) -> None:
    before = [node["name"] for node in scene(folder)["nodes"]]
    lead.write(paddle, folder)
    lead.write(thin, folder)
    names = [node["name"] for node in scene(folder)["nodes"]]
    contacts = [f"{one.name}_{contact.name}" for one in (paddle, thin) for contact in one.contacts]
    assert set(names) - set(before) == {*contacts, paddle.name, thin.name, f"{thin.name}_encapsulation"}
    assert set(before) <= set(names)
    materials = [entry.get("alphaMode") == "BLEND" for entry in scene(folder)["materials"]]
    assert materials == sorted(materials), "the opaque come first"


def test_leads_of_a_model_are_found_and_those_of_an_older_one_are_not(
    folder: Path, model: SpineModel, paddle: Lead, thin: Lead
) -> None:
    lead.write(paddle, folder)
    assert [one.name for one in lead.placed(folder)] == [paddle.name]
    (folder / "sub-07_lead-octrode-like_mesh.json").write_text("{}")
    model_files.write(replace(model, settings={"seed": 1}), folder.parent)
    assert lead.placed(folder) == ()
    lead.write(thin, folder)
    assert [one.name for one in lead.placed(folder)] == [thin.name]
    assert paddle.name not in [node["name"] for node in scene(folder)["nodes"]]
    assert lead.placed(folder.parent / "absent") == ()


def test_nothing_is_left_of_a_lead_that_could_not_be_written(
    folder: Path, paddle: Lead, thin: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead.write(paddle, folder)
    before = contents(folder)

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lead_files, "json_text", full)
    with pytest.raises(OSError, match="No space left"):
        lead.write(thin, folder)
    assert contents(folder) == before


def test_where_no_model_is_or_that_of_another_subject_nothing_is_written(
    model: SpineModel, paddle: Lead, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="wanted a folder that cauda build wrote"):
        lead.write(paddle, tmp_path / "absent")
    other = model_files.write(replace(model, subject="08"), tmp_path)
    with pytest.raises(LeadError, match="placed in sub-07, wanted one of this subject"):
        lead.write(paddle, other)
    assert not list(other.glob("*lead*"))


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"frame": "LPS", "units": "mm"}', "\x00"])
def test_a_damaged_file_is_refused(damage: str, folder: Path, paddle: Lead) -> None:
    path = lead.write(paddle, folder)
    path.write_text(damage)
    with pytest.raises(LeadError, match=r"sub-07_lead-specify-5-6-5-like\.json: no lead of cauda's"):
        lead.read(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("body", {"vertices_mm": [[0, 0, 0]], "triangles": [[0, 1, 2]], "contact": [-1]}),
        ("type", {"name": "x"}),
        ("course", {"arc_mm": [0, 1], "points_mm": [[0, 0, 0]], "across": [[1, 0, 0]]}),
        ("contacts", [{"name": "C1"}]),
        ("settings", {"top": "vertebra:Q1"}),
        ("settings", {"top": "T12", "fit": "squeeze"}),
    ],
)
def test_a_part_that_cannot_be_is_refused(key: str, value: object, folder: Path, paddle: Lead) -> None:
    path = lead.write(paddle, folder)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(LeadError, match="no lead of cauda's"):
        lead.read(path)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadError, match=r"sub-07_lead-x\.json: no such file"):
        lead.read(tmp_path / "sub-07_lead-x.json")


def test_a_contact_of_the_scene_lies_where_the_contact_is(folder: Path, paddle: Lead) -> None:
    lead.write(paddle, folder)
    document = scene(folder)
    (mesh,) = [one for one in document["meshes"] if one["name"] == f"{paddle.name}_C8"]
    bounds = document["accessors"][mesh["primitives"][0]["attributes"]["POSITION"]]
    middle = (np.array(bounds["min"]) + bounds["max"]) / 2
    assert middle == pytest.approx(paddle.contacts[7].center_mm, abs=1e-3)
