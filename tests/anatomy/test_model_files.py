import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cauda
from cauda.anatomy import model_files, surface_files
from cauda.anatomy.axes import Axes
from cauda.anatomy.model import RootPath, Segment, SpineModel, Surface, Vertebra
from cauda.annotation.tracing import RootName
from cauda.errors import Finding, ModelError
from cauda.files import Source
from cauda.frames import Frame

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1 / 3]])
TRIANGLES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
ROOT = RootName("L4", "L")


def axes() -> Axes:
    turn, _ = np.linalg.qr(np.array([[1.0, 0.1, 0.0], [-0.1, 1.0, 0.2], [0.0, -0.2, 1 / 3]]))
    return Axes(np.array([1.5, -60.25, -403.125]), turn)


def segments() -> tuple[Segment, ...]:
    """Return one segment of which all is known, and one of which little is."""
    horns = {"dorsal_L": np.array([-1.0, -2.0, 1 / 3]), "ventral_R": np.array([1.5, 2.0, -1e-9])}
    rostral, middle, caudal = np.array([0.0, 1.0, 9.0]), np.array([0.0, 0.5, 0.0]), np.array([0.1, 0.0, -8.0])
    entered = np.array([0.0, 0.75, 4.0])
    return (
        Segment("L4", rostral, middle, entered, 9.6, horns, 0.40123456789, "interpolated"),
        Segment("L5", middle, caudal, None, 9.0, {}, None, "extrapolated"),
    )


def made(scale: float = 1.0) -> SpineModel:
    """Return a model of three tetrahedra, a root and a rootlet."""
    cord = Surface("cord", "region", "cord", None, None, "annotated", VERTICES * scale, TRIANGLES)
    nerve = Surface("L4_L_nerve", "region", "nerve", ROOT, "nerve", "synthesized", VERTICES + 9, TRIANGLES)
    dura = Surface("dura_inner", "boundary", "csf", None, None, "annotated", VERTICES * 3, TRIANGLES)
    line = np.array([[0, 0, 1 / 3], [-0.0, 1e-9, 2.0]])
    path = RootPath(ROOT, "dorsal", line, np.array([0.3, 0.5]), ("annotated", "extrapolated"), np.zeros(2))
    thin = RootPath(ROOT, "ventral_rootlet", line + 1, np.full(2, 0.1), ("synthesized",) * 2, np.zeros(2), 3)
    return SpineModel(
        subject="03",
        surfaces={surface.name: surface for surface in (cord, nerve, dura)},
        roots=(path, thin),
        axes=axes(),
        segments=segments(),
        vertebrae=(Vertebra("L1", np.array([0, -1, 30.0]), np.array([0, -2, -1 / 3]), "extrapolated"),),
        settings={"smoothing": 1.0, "seed": 0},
        measures={"radius": {"L4_L": [0.1, 0.25, 1e-07]}, "note": 'a "quoted" [1, 2]'},
        sources=(Source("sub-03_cord_1.json", "0" * 64),),
        findings=(Finding("warning", "roots-close", "L4_L", "µ", "look"),),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def document(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "sub-03_model.json").read_bytes())
    return loaded


def test_a_model_is_written_under_the_names_that_users_look_for(tmp_path: Path) -> None:
    folder = model_files.write(made(), tmp_path, ("stl", "ply"), extra={"sub-03_tracing.mrk.json": b"{}"})
    assert folder == tmp_path / "sub-03"
    names = [f"surfaces/sub-03_{name}.{kind}" for name in made().surfaces for kind in ("ply", "stl")]
    wanted = ["sub-03_model.json", "sub-03_model.glb", "sub-03_tracing.mrk.json", *names]
    assert sorted(contents(folder)) == sorted(wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["sub-03"]


def test_a_folder_may_be_a_text(tmp_path: Path) -> None:
    folder = model_files.write(made(), str(tmp_path))
    assert folder == tmp_path / "sub-03"
    assert document(folder)["subject"] == "03"


def test_the_json_says_what_each_surface_and_root_is(tmp_path: Path) -> None:
    loaded = document(model_files.write(made(), tmp_path))
    assert loaded["version"] == cauda.__version__
    assert (loaded["frame"], loaded["surface_frame"], loaded["units"]) == ("RAS", "RAS", "mm")
    assert loaded["sources"] == [{"file": "sub-03_cord_1.json", "sha256": "0" * 64}]
    cord, nerve, dura = loaded["surfaces"]
    assert nerve == {
        "name": "L4_L_nerve",
        "kind": "region",
        "tissue": "nerve",
        "root": "L4_L",
        "part": "nerve",
        "provenance": "synthesized",
        "file": "surfaces/sub-03_L4_L_nerve.ply",
        "volume_mm3": round(1 / 18, 6),
        "area_mm2": cord["area_mm2"],
    }
    assert (dura["kind"], dura["root"], dura["volume_mm3"]) == ("boundary", None, 1.5)
    root, rootlet = loaded["roots"]
    assert root["points_mm"] == [[0.0, 0.0, 0.333333], [0.0, 0.0, 2.0]]
    assert root["provenance"] == ["annotated", "extrapolated"]
    assert (root["part"], root["k"]) == ("dorsal", None)
    assert (rootlet["part"], rootlet["k"]) == ("ventral_rootlet", 3)


def test_the_json_says_where_segments_and_vertebrae_lie(tmp_path: Path) -> None:
    loaded = document(model_files.write(made(), tmp_path))
    first, second = loaded["segments"]
    assert first == {
        "level": "L4",
        "rostral_mm": [0.0, 1.0, 9.0],
        "caudal_mm": [0.0, 0.5, 0.0],
        "entry_mm": [0.0, 0.75, 4.0],
        "length_mm": round(np.hypot(0.5, 9.0), 6),
        "published_length_mm": 9.6,
        "horns_mm": {"dorsal_L": [-1.0, -2.0, 0.333333], "ventral_R": [1.5, 2.0, 0.0]},
        "gray_share": 0.401235,
        "provenance": "interpolated",
    }
    assert (second["entry_mm"], second["horns_mm"], second["gray_share"]) == (None, {}, None)
    assert loaded["vertebrae"] == [
        {
            "level": "L1",
            "upper_mm": [0.0, -1.0, 30.0],
            "lower_mm": [0.0, -2.0, -0.333333],
            "provenance": "extrapolated",
        }
    ]
    assert loaded["axes"]["origin_mm"] == [1.5, -60.25, -403.125]


def test_lists_of_numbers_stand_on_one_line(tmp_path: Path) -> None:
    text = (model_files.write(made(), tmp_path) / "sub-03_model.json").read_text()
    assert "    [0.0, 0.0, 0.333333],\n" in text
    assert '"L4_L": [0.1, 0.25, 1e-07]' in text
    assert '"provenance": ["annotated", "extrapolated"]' in text


@pytest.mark.parametrize("frame", ["RAS", "LPS"])
def test_a_model_reads_back_as_it_was(tmp_path: Path, frame: Frame) -> None:
    model = made()
    found = model_files.read(model_files.write(model, tmp_path, frame=frame))
    assert found.subject == "03"
    assert (dict(found.settings), dict(found.measures)) == (model.settings, model.measures)
    assert (found.sources, found.findings) == (model.sources, model.findings)
    assert list(found.surfaces) == list(model.surfaces)
    for name, surface in model.surfaces.items():
        again = found.surfaces[name]
        assert (again.vertices_mm == surface.vertices_mm).all()
        assert (again.triangles == surface.triangles).all()
        for field in ("kind", "tissue", "root", "part", "provenance"):
            assert getattr(again, field) == getattr(surface, field)
    for path, wanted in zip(found.roots, model.roots, strict=True):
        assert (path.root, path.part, path.k) == (wanted.root, wanted.part, wanted.k)
        assert path.provenance == wanted.provenance
        assert path.points_mm == pytest.approx(wanted.points_mm, abs=1e-6)
        assert path.radius_mm == pytest.approx(wanted.radius_mm, abs=1e-6)


def test_its_axes_read_back_to_the_last_bit(tmp_path: Path) -> None:
    found = model_files.read(model_files.write(made(), tmp_path)).axes
    assert (found.origin_mm == axes().origin_mm).all()
    assert (found.rotation == axes().rotation).all()
    with pytest.raises(ValueError, match="read-only"):
        found.rotation[0, 0] = 2.0


def test_segments_and_vertebrae_read_back_as_they_were(tmp_path: Path) -> None:
    found = model_files.read(model_files.write(made(), tmp_path))
    for again, wanted in zip(found.segments, segments(), strict=True):
        assert (again.level, again.provenance) == (wanted.level, wanted.provenance)
        assert again.published_length_mm == wanted.published_length_mm
        assert again.length_mm == pytest.approx(wanted.length_mm, abs=1e-6)
        assert again.middle_mm == pytest.approx(wanted.middle_mm, abs=1e-6)
        assert list(again.horns_mm) == list(wanted.horns_mm)
        for name, point in again.horns_mm.items():
            assert point == pytest.approx(wanted.horns_mm[name], abs=1e-6)
    assert found.segments[0].entry_mm == pytest.approx([0.0, 0.75, 4.0])
    assert found.segments[0].gray_share == pytest.approx(0.40123456789, abs=1e-6)
    assert (found.segments[1].entry_mm, found.segments[1].gray_share) == (None, None)
    (vertebra,) = found.vertebrae
    assert (vertebra.level, vertebra.provenance) == ("L1", "extrapolated")
    assert vertebra.lower_mm == pytest.approx([0, -2, -1 / 3], abs=1e-6)


def test_a_model_written_again_after_reading_is_the_same_file(tmp_path: Path) -> None:
    folder = model_files.write(made(), tmp_path / "one")
    again = model_files.write(model_files.read(folder), tmp_path / "two")
    assert (again / "sub-03_model.json").read_bytes() == (folder / "sub-03_model.json").read_bytes()


def test_a_scene_shows_the_regions_from_the_most_opaque_to_the_most_transparent() -> None:
    tissues = ["soft_tissue", "dorsal_root", "fat", "gray_matter", "csf", "white_matter", "dura"]
    named = {
        name: Surface(name, "region", name, None, None, "synthesized", VERTICES, TRIANGLES)
        for name in tissues
    }
    hull = Surface("hull", "boundary", "soft_tissue", None, None, "synthesized", VERTICES, TRIANGLES)
    nodes = model_files.scene_nodes(replace(made(), surfaces={**named, "hull": hull}))
    assert sorted(node.name for node in nodes) == sorted(tissues)
    opacity = [node.color[3] for node in nodes]
    assert opacity == sorted(opacity, reverse=True)
    assert nodes[-1].name == "soft_tissue"


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    one = contents(model_files.write(made(), tmp_path / "one", model_files.FORMATS))
    two = contents(model_files.write(made(), tmp_path / "two", model_files.FORMATS[::-1]))
    assert one == two


def test_writing_again_replaces_the_model_and_leaves_the_rest(tmp_path: Path) -> None:
    folder = model_files.write(made(), tmp_path, ("ply", "stl"))
    (folder / "sub-03_lead-x.json").write_text("mine")
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_text("mine too")
    model_files.write(made(2.0), tmp_path, ("ply",))
    assert (folder / "sub-03_lead-x.json").read_text() == "mine"
    assert (folder / "notes" / "a.txt").read_text() == "mine too"
    assert not list(folder.glob("surfaces/*.stl"))
    assert model_files.read(folder).surfaces["cord"].volume_mm3 == pytest.approx(8 / 18)


def fails(path: Path) -> None:
    raise OSError(f"{path.name}: disk full")


def interrupts(path: Path) -> None:
    raise KeyboardInterrupt(path.name)


@pytest.mark.parametrize(("content", "error"), [(fails, OSError), (interrupts, KeyboardInterrupt)])
def test_a_failure_while_writing_leaves_nothing_behind(
    tmp_path: Path, content: Callable[[Path], None], error: type[BaseException]
) -> None:
    with pytest.raises(error):
        model_files.write(made(), tmp_path / "out", extra={"x": content})
    assert list((tmp_path / "out").iterdir()) == []
    model_files.write(made(), tmp_path / "out")
    before = contents(tmp_path)
    with pytest.raises(error):
        model_files.write(made(2.0), tmp_path / "out", extra={"x": content})
    assert contents(tmp_path) == before


@pytest.mark.parametrize("after", range(6))
def test_an_interrupt_while_putting_in_place_leaves_the_old_model(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_files.write(made(), tmp_path)
    before = contents(tmp_path)
    rename, calls = Path.rename, iter(range(100))

    def interrupted(self: Path, target: Path) -> Path:
        if next(calls) == after:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model_files.write(made(2.0), tmp_path)
    monkeypatch.undo()
    assert contents(tmp_path) == before
    assert model_files.read(folder).surfaces["cord"].volume_mm3 == pytest.approx(1 / 18)


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"formats: dae is not known; wanted some of ply, stl"):
        model_files.write(made(), tmp_path, ("dae",))
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_ply_says_how_to_get_it(tmp_path: Path) -> None:
    for number, formats in enumerate([("stl",), ("glb",)]):
        folder = model_files.write(made(), tmp_path / str(number), formats)
        with pytest.raises(
            ModelError, match=r"cord: no surface as PLY; build the model again with --formats ply"
        ):
            model_files.read(folder)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(
            ModelError, match=r"no file sub-XX_model\.json; wanted a folder that cauda build wrote"
        ):
            model_files.read(folder)


def test_a_lost_or_damaged_surface_is_named(tmp_path: Path) -> None:
    folder = model_files.write(made(), tmp_path)
    path = folder / "surfaces" / "sub-03_cord.ply"
    surface_files.write_stl(path, VERTICES, TRIANGLES)
    with pytest.raises(ModelError, match=r"^sub-03_cord\.ply: "):
        model_files.read(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"^sub-03_cord\.ply: cannot be read"):
        model_files.read(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_model_json_with_anything_in_it_gives_a_model_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = model_files.write(made(), tmp_path_factory.mktemp("model"))
    loaded = document(folder)
    place, key = data.draw(st.sampled_from(list(places(loaded))))
    if data.draw(st.booleans()):
        del place[key]
    else:
        place[key] = data.draw(JSON)
    (folder / "sub-03_model.json").write_text(json.dumps(loaded))
    said = outcome(folder)
    assert said == "a model" or "; build the model again" in said


@pytest.mark.parametrize(
    "key",
    [
        "subject",
        "frame",
        "units",
        "axes",
        "surfaces",
        "roots",
        "segments",
        "vertebrae",
        "settings",
        "sources",
    ],
)
def test_a_model_json_that_lacks_something_says_what(tmp_path: Path, key: str) -> None:
    folder = model_files.write(made(), tmp_path)
    loaded = document(folder)
    del loaded[key]
    (folder / "sub-03_model.json").write_text(json.dumps(loaded))
    wanted = f"sub-03_model.json: no model of cauda's (no '{key}'); build the model again"
    assert outcome(folder) == wanted


def outcome(folder: Path) -> str:
    """Return what reading a model leads to: ``a model`` or the message of its error."""
    try:
        model_files.read(folder)
    except ModelError as error:
        return str(error)
    return "a model"


@pytest.mark.parametrize("text", ["", "{", "[]", "nonsense", "\xff", "[" * 100_000, "null"])
def test_a_file_that_is_no_model_gives_one_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "sub-03_model.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"^sub-03_model\.json: no model of cauda's .*build the model again"):
        model_files.read(tmp_path)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in nested JSON where a value stands: its container and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [found for key in keys for found in [(value, key), *places(value[key])]]
