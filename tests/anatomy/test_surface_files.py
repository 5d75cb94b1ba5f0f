import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy import surface_files
from cauda.errors import ModelError
from cauda.frames import FRAMES, Frame

VERTICES = np.array([[0, 0, 0], [1 / 3, 0, 0], [0, 1, 0], [0, 0, 1]]) - [6.3, 58.1, 509.6]
TRIANGLES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
VOLUME_MM3 = 1 / 18


def written(folder: Path, kind: str, frame: Frame) -> Path:
    path = folder / f"tetrahedron.{kind}"
    surface_files.WRITERS[kind](path, VERTICES, TRIANGLES, frame)
    return path


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", ["ply", "stl", "obj"])
def test_another_program_reads_the_points_in_the_frame_and_the_winding(
    tmp_path: Path, kind: str, frame: Frame
) -> None:
    mesh = trimesh.load_mesh(written(tmp_path, kind, frame), process=True)
    wanted = VERTICES * ([-1, -1, 1] if frame == "LPS" else [1, 1, 1])
    assert np.sort(mesh.vertices, axis=0) == pytest.approx(np.sort(wanted, axis=0), abs=1e-4)
    assert len(mesh.faces) == 4
    mesh.apply_translation(-mesh.vertices.mean(axis=0))
    assert mesh.volume == pytest.approx(VOLUME_MM3, rel=1e-3)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", ["ply", "stl", "obj"])
def test_the_header_names_the_frame_where_slicer_looks_for_it(
    tmp_path: Path, kind: str, frame: Frame
) -> None:
    head = written(tmp_path, kind, frame).read_bytes()[:80]
    assert f"SPACE={frame}".encode() in head


def test_the_normals_of_an_stl_point_outward(tmp_path: Path) -> None:
    facet = np.dtype([("normal", "<f4", 3), ("corner", "<f4", (3, 3)), ("attribute", "<u2")])
    facets = np.frombuffer(written(tmp_path, "stl", "RAS").read_bytes(), facet, offset=84)
    inward = VERTICES.mean(axis=0) - facets["corner"].mean(axis=1)
    assert (np.einsum("ij,ij->i", facets["normal"], inward) < 0).all()
    assert np.linalg.norm(facets["normal"], axis=1) == pytest.approx(1, abs=1e-6)


def test_an_obj_keeps_every_digit(tmp_path: Path) -> None:
    lines = written(tmp_path, "obj", "RAS").read_text().splitlines()
    points = [[float(word) for word in line.split()[1:]] for line in lines if line.startswith("v ")]
    assert (np.array(points) == VERTICES).all()


@pytest.mark.parametrize("frame", FRAMES)
def test_a_vtp_is_xml_with_the_frame_as_a_field(tmp_path: Path, frame: Frame) -> None:
    root = ET.parse(written(tmp_path, "vtp", frame)).getroot()
    field = root.find("PolyData/FieldData/Array[@Name='SPACE']")
    assert field is not None
    assert bytes(int(code) for code in (field.text or "").split()) == frame.encode() + b"\0"
    piece = root.find("PolyData/Piece")
    assert piece is not None
    assert (piece.get("NumberOfPoints"), piece.get("NumberOfPolys")) == ("4", "4")


@pytest.mark.parametrize("frame", FRAMES)
def test_vtk_reads_a_vtp(tmp_path: Path, frame: Frame) -> None:
    vtk = pytest.importorskip("vtk")
    reader = vtk.vtkXMLPolyDataReader()
    reader.SetFileName(str(written(tmp_path, "vtp", frame)))
    reader.Update()
    data = reader.GetOutput()
    assert data.GetFieldData().GetAbstractArray("SPACE").GetValue(0) == frame
    sign = -1 if frame == "LPS" else 1
    assert [data.GetPoint(k) for k in range(4)] == [(sign * x, sign * y, z) for x, y, z in VERTICES.tolist()]
    assert data.GetNumberOfPolys() == 4


@pytest.mark.parametrize("kind", sorted(surface_files.WRITERS))
def test_the_same_surface_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    assert written(tmp_path, kind, "RAS").read_bytes() == written(tmp_path, kind, "RAS").read_bytes()


@pytest.mark.parametrize("kind", sorted(surface_files.WRITERS))
def test_a_path_may_be_a_text(tmp_path: Path, kind: str) -> None:
    vertices, triangles = np.eye(3), np.array([[0, 1, 2]])
    one, other = tmp_path / f"one.{kind}", tmp_path / f"other.{kind}"
    surface_files.WRITERS[kind](one, vertices, triangles, "RAS")
    surface_files.WRITERS[kind](str(other), vertices, triangles, "RAS")
    assert other.read_bytes() == one.read_bytes()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=3, max_size=9))
def test_a_ply_reads_back_bit_by_bit_in_ras_from_either_frame(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[float]]
) -> None:
    path = tmp_path_factory.mktemp("ply") / "surface.ply"
    vertices = np.array(rows) + 0.0
    for frame in FRAMES:
        surface_files.write_ply(path, vertices, np.array([[0, 1, 2]]), frame)
        found, triangles = surface_files.read_ply(path)
        assert (found == vertices).all()
        assert triangles.tolist() == [[0, 1, 2]]


def broken(data: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "another format": data.replace(b"binary_little_endian", b"ascii"),
        "no frame": data.replace(b"comment SPACE=RAS\n", b""),
        "another frame": data.replace(b"SPACE=RAS", b"SPACE=XYZ"),
        "float32": data.replace(b"double", b"float"),
        "cut short": data[:-1],
        "too long": data + b"\0",
        "index outside": data[:-4] + (9).to_bytes(4, "little"),
        "negative index": data[:-4] + b"\xff\xff\xff\xff",
        "square": data[:-13] + b"\4" + data[-12:],
        "not a number": data.replace(VERTICES.astype("<f8").tobytes()[:8], np.float64("nan").tobytes()),
        "huge count": data.replace(b"element vertex 4", b"element vertex 999999999"),
    }


@pytest.mark.parametrize("how", sorted(broken(b"")))
def test_a_broken_ply_gives_one_clear_error(tmp_path: Path, how: str) -> None:
    path = written(tmp_path, "ply", "RAS")
    damaged = broken(path.read_bytes())[how]
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with pytest.raises(ModelError, match=r"^tetrahedron\.ply: .*build the model again"):
        surface_files.read_ply(path)


def test_a_missing_ply_gives_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^none\.ply: cannot be read .*build the model again"):
        surface_files.read_ply(tmp_path / "none.ply")
