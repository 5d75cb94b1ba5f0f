import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.quality.small_dataset import AFFINE, SHAPE, SIDECAR, image, tracing, write_image

from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.dataset import read_scan
from cauda.errors import DatasetError
from cauda.quality.measured import Measured
from cauda.quality.measuring import Request, measure

TRACING = tracing()
IMAGE = np.round(image()).astype(np.int16)


def measured(
    folder: Path,
    values: NDArray[Any],
    affine: Floats = AFFINE,
    *,
    traced: Tracing | None = TRACING,
    sidecar: dict[str, Any] | None = SIDECAR,
    compatible: bool = False,
) -> Measured:
    path = write_image(folder / "sub-01_CISS.nii.gz", values, sidecar, affine)
    if sidecar is None:
        path.with_name("sub-01_CISS.json").unlink(missing_ok=True)
    return measure(read_scan(path), traced, Request(mriqc_compatible=compatible))[0]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return measured(tmp_path_factory.mktemp("usual"), IMAGE)


def differences(one: Measured, other: Measured, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the metrics that differ, by more than rounding."""
    assert list(one.quality) == list(other.quality)
    found = {}
    for name, metric in one.quality.items():
        mine, its = metric.value, other.quality[name].value
        same = (
            mine is None
            if its is None
            else mine is not None and mine == pytest.approx(its, rel=2e-5, abs=1e-9)
        )
        if not same and not name.startswith(but or ("?",)):
            found[name] = (mine, its)
    return found


def turned(order: tuple[int, ...], flips: tuple[bool, ...]) -> tuple[NDArray[Any], Floats, str]:
    orientations: Any = nibabel.orientations
    ornt = np.array([[order.index(axis), -1 if flips[axis] else 1] for axis in range(3)])
    affine = AFFINE @ orientations.inv_ornt_aff(ornt, SHAPE)
    return orientations.apply_orientation(IMAGE, ornt), affine, "ijk"[order.index(1)]


@pytest.mark.parametrize(
    ("order", "flips"),
    [((0, 1, 2), (True, False, True)), ((2, 0, 1), (False, False, False)), ((1, 2, 0), (False, True, True))],
)
def test_order_and_direction_of_axes_change_no_metric(
    usual: Measured, tmp_path: Path, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    values, affine, phase = turned(order, flips)
    found = measured(tmp_path, values, affine, sidecar=SIDECAR | {"PhaseEncodingDirection": phase})
    assert differences(usual, found) == {}
    assert [(one.root, one.name, one.metric.reason) for one in found.roots] == [
        (one.root, one.name, one.metric.reason) for one in usual.roots
    ]
    axis = order.index(2)
    last = SHAPE[2] - 1
    for mine, its in zip(found.roots, usual.roots, strict=True):
        assert mine.slice == (last - its.slice if flips[axis] and its.slice is not None else its.slice)


@pytest.mark.parametrize("kind", ["float32", "float64", "int32", "uint16"])
def test_type_of_number_and_unit_of_intensity_change_no_metric(
    usual: Measured, tmp_path: Path, kind: str
) -> None:
    factor = 0.001 if kind.startswith("float") else 3
    assert differences(usual, measured(tmp_path, (IMAGE * factor).astype(kind))) == {}


def test_zeros_around_the_image_change_no_metric(tmp_path: Path) -> None:
    wide = np.pad(np.maximum(IMAGE, 1), ((7, 4), (9, 2), (1, 2)))
    affine = AFFINE.copy()
    affine[:3, 3] = (AFFINE @ np.array([-7, -9, -1, 1]))[:3]
    plain = measured(tmp_path / "plain", np.maximum(IMAGE, 1))
    found = measured(tmp_path / "wide", wide, affine)
    assert differences(plain, found, but=("size_",)) == {}


def test_the_compatible_form_differs_in_the_metrics_of_mriqc_alone(usual: Measured, tmp_path: Path) -> None:
    found = measured(tmp_path, IMAGE, compatible=True)
    changed = set(differences(usual, found))
    assert "rpve_csf" in changed
    assert not {name for name in changed if name.startswith(("root_", "cord_csf"))}
    assert found.provenance["settings"]["mriqc_compatible"]


def test_without_a_tracing_body_and_air_are_measured_and_the_rest_says_why(
    usual: Measured, tmp_path: Path
) -> None:
    found = measured(tmp_path, IMAGE, traced=None)
    assert found.roots == ()
    for name in ("efc", "fber", "qi_1", "fwhm_x", "inu_range"):
        assert (found.quality[name].value is None) == (name == "inu_range"), name
    for name in ("snr_csf", "cnr", "cjv", "root_cnr_median", "cord_csf_cnr"):
        assert found.quality[name].value is None
        assert found.quality[name].reason, name
        assert usual.quality[name].value is not None or usual.quality[name].reason


def test_a_missing_sidecar_is_a_warning(usual: Measured, tmp_path: Path) -> None:
    found = measured(tmp_path, IMAGE, sidecar=None)
    assert any("no sidecar" in text for text in found.provenance["warnings"])
    assert not any("no sidecar" in text for text in usual.provenance["warnings"])
    assert found.quality["qi_1"].value is None
    assert "phase-encoding" in found.quality["qi_1"].reason
    assert found.meta == {}


ODD: dict[str, NDArray[Any]] = {
    "all zero": np.zeros((12, 10, 8), dtype=np.int16),
    "constant": np.full((12, 10, 8), 7.5),
    "one voxel": np.ones((1, 1, 1), dtype=np.float32),
    "one slice": np.random.default_rng(0).rayleigh(20, (40, 30, 1)),
    "tiny": np.random.default_rng(0).rayleigh(20, (3, 2, 2)),
    "not a number": np.full((6, 6, 6), np.nan),
    "negative": -np.random.default_rng(0).rayleigh(20, (9, 9, 9)),
    "some infinite": np.where(np.arange(1000).reshape(10, 10, 10) % 7 == 0, np.inf, 4.0),
    "int8": np.random.default_rng(0).integers(-128, 127, (20, 20, 20)).astype(np.int8),
    "uint8": np.random.default_rng(0).integers(0, 255, (20, 20, 20)).astype(np.uint8),
    "huge": np.random.default_rng(0).rayleigh(1e30, (20, 20, 20)),
    "minute": np.random.default_rng(0).rayleigh(1e-30, (20, 20, 20)),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("traced", [None, TRACING], ids=["bare", "traced"])
@pytest.mark.parametrize("compatible", [False, True], ids=["default", "compatible"])
def test_odd_images_give_values_or_reasons(
    tmp_path: Path, name: str, traced: Tracing | None, compatible: bool
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measured(tmp_path, ODD[name], traced=traced, compatible=compatible)
    for key, metric in found.quality.items():
        assert (metric.value is None) == bool(metric.reason), key
        assert metric.value is None or np.isfinite(metric.value), key


def test_voxels_that_are_not_finite_are_left_out(usual: Measured, tmp_path: Path) -> None:
    values = IMAGE.astype(np.float32)
    values[:3] = np.nan
    found = measured(tmp_path, values)
    assert any("not finite" in text for text in found.provenance["warnings"])
    close = ("snr_csf", "cjv", "cord_csf_cnr", "root_cnr_median")
    for name in close:
        mine, its = found.quality[name].value, usual.quality[name].value
        assert mine is not None
        assert mine == pytest.approx(its, rel=0.1), name


def test_an_oblique_image_of_several_volumes_is_one_clear_error_and_of_one_volume_is_measured(
    usual: Measured, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="wanted three dimensions; split it into volumes"):
        measured(tmp_path, np.stack([IMAGE, IMAGE], axis=3))
    assert differences(usual, measured(tmp_path, IMAGE[..., None])) == {}
    turn = np.deg2rad(20)
    oblique = np.eye(4)
    oblique[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    away = measured(tmp_path, IMAGE, oblique @ AFFINE, traced=None)
    straight = measured(tmp_path, IMAGE, traced=None)
    assert differences(straight, away) == {}
