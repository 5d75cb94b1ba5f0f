"""Datasets with images: whole, kept, completed, the same bytes again; of a model as well."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from tests.phantom.loaded import loaded

from cauda import anatomy, annotation
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.errors import DatasetError, ModelError, PhantomError
from cauda.phantom import Defects, GridChoice, imaging_of, model_images, phantom_images
from cauda.phantom.image_files import Imaging

COARSE = GridChoice("small", 4.0)


def imaging(*names: str, snr: float = 20.0, defects: str = "typical") -> Imaging:
    return imaging_of(names, grid=COARSE, snr=snr, defects=Defects.parse(defects))


@pytest.fixture(scope="module")
def model(solid: SpineModel, lying: Tracing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model with its tracing."""
    out = tmp_path_factory.mktemp("models")
    return anatomy.write(
        solid, out, extra={"sub-05_tracing.mrk.json": lambda path: annotation.write(lying, path)}
    )


@pytest.fixture(scope="module")
def dataset(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "dataset"
    assert model_images(folder, model, imaging("DESS", "CISS")) == (2, 0)
    return folder


def _hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_an_image_lies_where_bids_wants_it_with_its_truth_beside(dataset: Path) -> None:
    anat, truth = dataset / "sub-05" / "anat", dataset / "derivatives" / "truth" / "sub-05"
    assert {path.name for path in anat.iterdir()} == {
        f"sub-05_{name}{end}" for name in ("CISS", "DESS") for end in (".nii.gz", ".json")
    }
    assert {f"sub-05_space-CISS_{end}" for end in ("dseg.nii.gz", "dseg.tsv", "biasfield.nii.gz")} < {
        path.name for path in truth.iterdir()
    }
    image = loaded(anat / "sub-05_CISS.nii.gz")
    for path in truth.glob("sub-05_space-CISS_*.nii.gz"):
        np.testing.assert_array_equal(loaded(path).affine, image.affine)
        assert loaded(path).shape == image.shape
    assert not [path for path in dataset.iterdir() if path.name.startswith(".sub")]


def test_shares_of_tissues_add_up_and_labels_name_them(dataset: Path) -> None:
    truth = dataset / "derivatives" / "truth" / "sub-05"
    shares = [loaded(path).get_fdata() for path in truth.glob("*space-CISS_label-*_probseg.nii.gz")]
    total = np.sum(shares, axis=0)
    assert set(np.unique(np.round(total[:, 20:40, :], 1)).tolist()) <= {k / 10 for k in range(11)}
    assert total.max() == pytest.approx(1.0, abs=0.02)
    labels = np.asarray(loaded(truth / "sub-05_space-CISS_dseg.nii.gz").dataobj)
    rows = [line.split("\t") for line in (truth / "sub-05_space-CISS_dseg.tsv").read_text().splitlines()]
    assert rows[0] == ["index", "name", "tissue", "color"]
    assert {int(row[0]) for row in rows[1:]} == set(np.unique(labels[labels > 0]).tolist())


def test_the_truth_tells_signals_noise_and_point_spread(dataset: Path) -> None:
    path = dataset / "derivatives" / "truth" / "sub-05" / "sub-05_CISS_truth.json"
    truth = json.loads(path.read_text())
    assert truth["noise"]["snr"]["csf"] == pytest.approx(20.0)
    assert truth["signals"]["values"]["csf"] == pytest.approx(220.6, abs=0.1)
    assert truth["point_spread"]["fwhm_mm"][:2] == pytest.approx([4.83, 4.83], rel=0.01)
    assert len(truth["defects"]["motion_mm"]) == truth["point_spread"]["acquired_matrix"][1]
    assert truth["defects"]["strengths"]["ghosts"] == truth["defects"]["ghost_ratio"] == 0.01
    image = loaded(dataset / "sub-05" / "anat" / "sub-05_CISS.nii.gz").get_fdata()
    air = image[:, :4]
    assert air.mean() == pytest.approx(truth["noise"]["air_mean"], rel=0.05)
    assert str(dataset) not in path.read_text()


def test_markers_and_true_tracing_can_be_read(dataset: Path, lying: Tracing) -> None:
    markers = annotation.read(dataset, "05")
    assert len(markers.dura) == len(lying.dura)
    truth = dataset / "derivatives" / "truth" / "sub-05"
    assert len(annotation.read(truth / "sub-05_tracing.mrk.json").cord) == len(lying.cord)
    roots = json.loads((truth / "sub-05_roots.json").read_text())["roots"]
    assert {(root["root"], root["part"]) for root in roots} >= {("L3_L", "dorsal"), ("S1_R", "ventral")}


def test_the_same_again_is_kept_and_what_is_missing_made_anew(dataset: Path, model: Path) -> None:
    before = _hashes(dataset)
    assert model_images(dataset, model, imaging("DESS", "CISS")) == (0, 2)
    (dataset / "derivatives" / "truth" / "sub-05" / "sub-05_space-DESS_dseg.tsv").unlink()
    assert model_images(dataset, model, imaging("DESS", "CISS")) == (1, 1)
    assert _hashes(dataset) == before


def test_another_request_replaces_the_image(model: Path, tmp_path: Path) -> None:
    assert model_images(tmp_path / "made", model, imaging("DESS")) == (1, 0)
    one = (tmp_path / "made" / "sub-05" / "anat" / "sub-05_DESS.nii.gz").read_bytes()
    assert model_images(tmp_path / "made", model, imaging("DESS", snr=40.0)) == (1, 0)
    assert (tmp_path / "made" / "sub-05" / "anat" / "sub-05_DESS.nii.gz").read_bytes() != one
    shading = tmp_path / "made" / "derivatives" / "truth" / "sub-05" / "sub-05_space-DESS_biasfield.nii.gz"
    assert shading.exists()
    assert model_images(tmp_path / "made", model, imaging("DESS", defects="")) == (1, 0)
    assert not shading.exists()


def test_an_interrupted_image_leaves_nothing_behind(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cauda.phantom.scan import Scan, Slice

    first = Scan.slice

    def interrupted(self: Scan, number: int) -> Slice:
        if number == 3:
            raise KeyboardInterrupt
        return first(self, number)

    monkeypatch.setattr(Scan, "slice", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model_images(tmp_path / "made", model, imaging("DESS"))
    assert not (tmp_path / "made" / "sub-05").exists()
    assert [path.name for path in (tmp_path / "made").iterdir() if path.name.startswith(".sub")] == []
    monkeypatch.undo()
    assert model_images(tmp_path / "made", model, imaging("DESS")) == (1, 0)


def test_virtual_subjects_are_imaged_and_completed(model: Path, tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    folder = tmp_path / "dataset"
    made = phantom_images(folder, imaging("DESS"), 1, 7, progress=lambda *step: steps.append(step))
    assert made == (1, 0)
    fractions = [fraction for _, fraction in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert phantom_images(folder, imaging("DESS"), 1, 7) == (0, 1)
    with pytest.raises(DatasetError, match="holds subjects already"):
        phantom_images(folder, imaging("DESS"), 2, 7)
    with pytest.raises(DatasetError, match="is no dataset of virtual images"):
        model_images(folder, model, imaging("DESS"))


def test_a_model_that_lacks_a_surface_or_has_another_tracing_is_refused(
    solid: SpineModel, lying: Tracing, tmp_path: Path
) -> None:
    without = {name: one for name, one in solid.surfaces.items() if name != "canal"}
    old = replace(solid, surfaces=MappingProxyType(without))
    for subject, message in (("05", "the model has no canal; build it again"), ("06", "is of sub-05")):
        folder = anatomy.write(replace(old, subject=subject), tmp_path / subject)
        annotation.write(lying, folder / "sub-05_tracing.mrk.json")
        with pytest.raises(ModelError, match=message):
            model_images(tmp_path / "made", folder, imaging("DESS"))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="build the model with cauda build"):
        model_images(tmp_path / "made", tmp_path, imaging("DESS"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("names", "defects", "message"),
    [
        ((), "", "found none, wanted each once"),
        (("CISS", "CISS"), "", "wanted each once"),
        (("DESS",), "banding=2", "CISS's, which is not among"),
    ],
)
def test_what_cannot_be_imaged_is_refused(names: tuple[str, ...], defects: str, message: str) -> None:
    with pytest.raises(PhantomError, match=message):
        imaging(*names, defects=defects)


def test_bands_make_ciss_one_acquisition() -> None:
    assert imaging("CISS", defects="banding=2").sequences[0].acquisitions == 1
    assert imaging("CISS").sequences[0].acquisitions == 2
