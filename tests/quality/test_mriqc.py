import json
import math
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from benchmarks import verify_iqms
from benchmarks.mriqc_functions import TISSUES, Scan, by_mriqc, made, scans
from numpy.typing import NDArray

from cauda.quality import Quality, Regions, structural

KEPT: dict[str, dict[str, float]] = json.loads((Path(__file__).parent / "mriqc.json").read_text())["scans"]


@pytest.mark.parametrize("name", scans())
def test_every_shared_metric_equals_the_number_that_mriqc_gave(name: str) -> None:
    _assert_equal(_compatible(scans()[name]), KEPT[name])


@pytest.mark.filterwarnings("ignore")  # what MRIQC warns of is its own
@pytest.mark.parametrize("name", scans())
def test_every_shared_metric_equals_what_an_installed_mriqc_says(name: str) -> None:
    pytest.importorskip("mriqc.qc.anatomical")
    scan = scans()[name]
    found = by_mriqc(scan)
    _assert_equal(_compatible(scan), found)
    assert found == pytest.approx(KEPT[name], abs=1e-6)


def test_more_than_300000_values_of_air_are_drawn_as_mriqc_draws_them() -> None:
    # From MRIQC 24.0.2 on the same arrays.
    scan = made((80, 80, 80))
    assert scan.air.sum() > 300_000
    assert _compatible(scan)["qi_2"].value == pytest.approx(0.00032134847527837536, abs=1e-9)


def test_the_verifier_passes_on_what_mriqc_said_and_fails_on_anything_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = scans()["hard"]
    labels = np.sum([number * scan.tissues[name] for number, name in enumerate(TISSUES, 1)], axis=0)
    arguments = [_save(tmp_path, "image", scan.image), _save(tmp_path, "labels", labels)]
    for name in ("air", "artifact", "body"):
        arguments += [f"--{name}", _save(tmp_path, name, getattr(scan, name))]
    reference = tmp_path / "reference.json"
    arguments += ["--reference", str(reference)]
    reference.write_text(json.dumps(KEPT["hard"]))
    assert verify_iqms.main(arguments) == 0
    assert f"{len(KEPT['hard'])} metrics compared, 0 differ" in capsys.readouterr().out
    reference.write_text(json.dumps({**KEPT["hard"], "cnr": KEPT["hard"]["cnr"] + 2e-6}))
    assert verify_iqms.main(arguments) == 1
    reference.write_text(
        json.dumps({"snr": {"csf": KEPT["hard"]["snr_csf"]}, "provenance": {"version": "1"}})
    )
    assert verify_iqms.main(arguments) == 0
    reference.write_text(json.dumps({"fd_mean": 1.0}))
    assert verify_iqms.main(arguments) == 2


def test_the_verifier_refuses_a_grid_that_does_not_fit_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = scans()["hard"]
    small = _save(tmp_path, "small", np.zeros((2, 2, 2)))
    reference = tmp_path / "reference.json"
    reference.write_text("{}")
    image = _save(tmp_path, "image", scan.image)
    arguments = [image, small, "--air", small, "--artifact", small, "--reference", str(reference)]
    assert verify_iqms.main(arguments) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def _compatible(scan: Scan) -> Quality:
    regions = Regions(scan.tissues, scan.air, scan.artifact, scan.body, scan.frame)
    return structural(scan.image, (1.0, 1.0, 1.0), regions, mriqc_compatible=True)


def _assert_equal(found: Quality, wanted: dict[str, float]) -> None:
    for name, value in wanted.items():
        own = found[name].value
        if math.isnan(value) or value == -1:
            assert own is None, name
        else:
            assert own == pytest.approx(value, abs=1e-6, rel=0), name


def _save(folder: Path, name: str, values: NDArray[np.generic]) -> str:
    path = folder / f"{name}.nii.gz"
    image: Any = nib.Nifti1Image
    image(np.asarray(values, dtype=np.float64), np.eye(4)).to_filename(path)
    return str(path)
