import gzip
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from cauda import annotation
from cauda.annotation import Contour, RootName, Tracing, labels
from cauda.annotation.labels import CORD, CSF, Thickness, label_map, label_table, write_labels
from cauda.arrays import Floats
from cauda.errors import AnnotationError, DatasetError

NAME = RootName("L4", "R")


def spine(turn: Floats | None = None) -> Tracing:
    """Make a cord of radius 4 and a sac of radius 8 mm in 11 slices 2 mm apart, a root and a ganglion."""
    angle = 2 * np.pi * np.arange(32) / 32
    circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    turn = np.eye(3) if turn is None else turn

    def contours(name: str, radius_mm: float) -> tuple[Contour, ...]:
        places = [(radius_mm * circle + [0, 0, -2.0 * row]) @ turn.T for row in range(11)]
        return tuple(Contour(place, f"{name}_{row}") for row, place in enumerate(places, 1))

    root = np.array([[6.0, 0, -2], [6, 0, -10], [6, 0, -18]]) @ turn.T
    return Tracing(
        "01", contours("cord", 4.0), contours("dura", 8.0), {NAME: root}, {NAME: turn @ [14.0, 0, -25]}
    )


def grid(spacing_mm: float | tuple[float, float, float]) -> tuple[Floats, tuple[int, int, int]]:
    """Cover 40 mm in each direction, round the spine."""
    spacing = np.broadcast_to(spacing_mm, 3).astype(float)
    affine = np.diag([*spacing, 1.0])
    # off the center of the spine, where voxels would come in pairs on its borders
    affine[:3, 3] = [-20 + 0.037, -20 + 0.059, -34 + 0.071]
    return affine, (int(40 / spacing[0]), int(40 / spacing[1]), int(40 / spacing[2]))


def turned() -> Floats:
    one, two = np.radians([20.0, 10.0])
    about_x = np.array([[1, 0, 0], [0, np.cos(one), -np.sin(one)], [0, np.sin(one), np.cos(one)]])
    about_z = np.array([[np.cos(two), -np.sin(two), 0], [np.sin(two), np.cos(two), 0], [0, 0, 1]])
    both: Floats = about_z @ about_x
    return both


@pytest.mark.parametrize("spacing_mm", [0.4, (0.25, 0.25, 2.0), (2.0, 0.25, 0.25)])
@pytest.mark.parametrize("turn", [np.eye(3), turned()], ids=["straight", "oblique"])
def test_voxels_are_those_whose_centers_lie_in_the_cylinders(
    spacing_mm: float | tuple[float, float, float], turn: Floats
) -> None:
    affine, shape = grid(spacing_mm)
    found = label_map(spine(turn), affine, shape)
    indices = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis((indices @ affine[:3, :3].T + affine[:3, 3]) @ turn, -1, 0)
    # 11 slices of 2 mm
    annotated = (z > -21) & (z < 1)
    for wanted, given in (
        (annotated & (np.hypot(x, y) < 4), found == CORD),
        (annotated & (np.hypot(x, y) < 8), (found > 0) & (found < 40)),
    ):
        assert wanted.sum() > 1000
        assert (wanted != given).sum() < 0.002 * wanted.sum()


def test_a_voxel_is_what_its_center_is_in() -> None:
    affine, shape = grid(0.5)
    found = label_map(spine(), affine, shape, Thickness(root_mm=0.6, ganglion_mm=2.0))

    def at(x: float, y: float, z: float) -> int:
        i, j, k = np.rint(np.linalg.inv(affine) @ [x, y, z, 1.0]).astype(int)[:3]
        return int(found[i, j, k])

    index = {label.name: label.index for label in label_table()}
    assert at(0, 0, -10) == CORD
    assert at(0, 6, -10) == CSF
    assert at(6, 0, -10) == at(6.5, 0, -4) == index["L4_R_root"]
    assert at(6, 0, -20) == CSF
    assert at(14, 0, -25) == at(14, 1.5, -26) == index["L4_R_ganglion"]
    assert at(14, 2.5, -25) == at(0, 0, 3) == at(9, 0, -10) == 0


def test_between_two_contours_the_border_is_where_their_distances_cancel() -> None:
    angle = 2 * np.pi * np.arange(64) / 64
    circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    cone = (Contour(9 * circle, "dura_1"), Contour(5 * circle - [0, 0, 8], "dura_2"))
    affine, shape = grid((0.4, 0.4, 1.0))
    found = label_map(Tracing("01", (), cone, {}, {}), affine, shape)
    for row in (27, 30, 33):
        radius_mm = 9 + (affine[2, 3] + row) / 2
        assert (found[:, :, row] == CSF).sum() * 0.4**2 == pytest.approx(np.pi * radius_mm**2, rel=0.02)


def test_a_root_thinner_than_a_voxel_is_still_one_connected_line() -> None:
    affine, shape = grid(2.0)
    found = label_map(spine(), affine, shape, Thickness(root_mm=0.1))
    heights = {int(k) for k in np.argwhere(found == 21)[:, 2]}
    assert heights == set(range(8, 17))
    voxels = np.argwhere(found == 21)
    assert (np.abs(np.diff(voxels[np.argsort(voxels[:, 2])], axis=0)).max(axis=1) == 1).all()


def test_a_root_does_not_cover_the_cord_that_it_enters() -> None:
    tracing = spine()
    into = Tracing("01", tracing.cord, tracing.dura, {NAME: np.array([[0.0, 0, -2], [6, 0, -10]])}, {})
    affine, shape = grid(0.5)
    plain, drawn = (label_map(one, affine, shape) == CORD for one in (tracing, into))
    np.testing.assert_array_equal(plain, drawn)


def test_every_label_has_one_number_and_one_color() -> None:
    table = label_table()
    assert len({label.index for label in table}) == len({label.name for label in table}) == len(table) == 54
    assert len({label.color for label in table}) == len(table)
    assert max(label.index for label in table) < 256


def image(folder: Path, affine: Floats, shape: tuple[int, ...]) -> Path:
    path = folder / "sub-01_T2w.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros(shape, dtype=np.uint8), affine), path)  # type: ignore[no-untyped-call]
    return path


def test_image_table_and_sidecar_are_written_and_agree(tmp_path: Path) -> None:
    affine, shape = grid(1.0)
    annotation.write(spine(), tmp_path / "sub-01_tracing.mrk.json")
    tracing = annotation.read(tmp_path / "sub-01_tracing.mrk.json")
    reference = image(tmp_path, affine, (*shape, 3))
    written = write_labels(tracing, reference, tmp_path / "out" / "sub-01_dseg.nii.gz")
    assert [path.name for path in written] == ["sub-01_dseg.nii.gz", "sub-01_dseg.tsv", "sub-01_dseg.json"]
    saved: Any = nib.load(written[0])
    assert saved.shape == shape
    np.testing.assert_allclose(np.asarray(saved.affine, dtype=float), affine, rtol=1e-6)
    found = np.asarray(saved.dataobj)
    assert found.dtype == np.uint8
    rows = [line.split("\t") for line in written[1].read_text().splitlines()]
    assert rows[0] == ["index", "name", "color"]
    assert {int(row[0]) for row in rows[1:]} == set(np.unique(found)) - {0}
    assert [row[1] for row in rows[1:]] == ["cord", "csf", "L4_R_root", "L4_R_ganglion"]
    sidecar = json.loads(written[2].read_text())
    assert [source["file"] for source in sidecar["Sources"]] == ["sub-01_tracing.mrk.json"]
    assert sidecar["SpatialReference"]["file"] == "sub-01_T2w.nii.gz"


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    reference = image(tmp_path, *grid(1.0))
    one = write_labels(spine(), reference, tmp_path / "one" / "sub-01_dseg.nii.gz")
    two = write_labels(spine(), reference, tmp_path / "two" / "sub-01_dseg.nii.gz")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    write_labels(spine(), reference, tmp_path / "sub-01_dseg.nii")
    assert gzip.decompress(one[0].read_bytes()) == (tmp_path / "sub-01_dseg.nii").read_bytes()


def test_an_image_of_another_place_is_refused(tmp_path: Path) -> None:
    affine, shape = grid(1.0)
    affine[0, 3] += 500
    with pytest.raises(AnnotationError, match="no voxel of the image lies in what was annotated"):
        write_labels(spine(), image(tmp_path, affine, shape), tmp_path / "sub-01_dseg.nii.gz")
    assert not (tmp_path / "sub-01_dseg.nii.gz").exists()


def test_what_is_no_image_or_no_name_of_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.nii.gz").write_bytes(b"no image")
    for name in ("broken.nii.gz", "absent.nii.gz"):
        with pytest.raises(DatasetError, match=f"{name}: cannot be read as an image"):
            write_labels(spine(), tmp_path / name, tmp_path / "sub-01_dseg.nii.gz")
    flat = image(tmp_path, np.eye(4), (9, 9))
    with pytest.raises(DatasetError, match="wanted a volume"):
        write_labels(spine(), flat, tmp_path / "sub-01_dseg.nii.gz")
    with pytest.raises(DatasetError, match=r"ends in \.nii\.gz"):
        write_labels(spine(), flat, tmp_path / "sub-01_dseg.png")
    with pytest.raises(AnnotationError, match="has no inverse"):
        label_map(spine(), np.zeros((4, 4)), (3, 3, 3))


@pytest.mark.shared
def test_sub_03_fills_the_grid_of_its_ciss_image_with_the_volumes_of_its_contours(
    shared: Path, markers_sub_03: Path
) -> None:
    header = json.loads((shared / "data" / "liu2024" / "sub-03_headers.json").read_text())["images"]["CISS"]
    affine = np.array(header["affine"], dtype=np.float64)
    tracing = annotation.read(markers_sub_03)
    found = labels.label_map(tracing, affine, tuple(header["shape"]))
    voxel_mm3 = abs(np.linalg.det(affine[:3, :3]))
    # splines through the contours hold 5,252 and 30,512 mm3; half a slice at each end comes on top
    assert (found == CORD).sum() * voxel_mm3 == pytest.approx(5252 + 44.6, rel=0.005)
    assert ((found > 0) & (found < 40)).sum() * voxel_mm3 == pytest.approx(30512 + 319, rel=0.005)
