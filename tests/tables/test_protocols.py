"""Protocols and grids: those of the published headers and sidecars."""

import json
from pathlib import Path

import numpy as np
import pytest

from cauda import annotation
from cauda.tables.protocols import SEQUENCES, protocol, published_grid, published_sac_mm


@pytest.mark.shared
def test_grids_are_those_of_the_published_headers(shared: Path) -> None:
    headers = json.loads((shared / "data" / "liu2024" / "sub-03_headers.json").read_text())["images"]
    for name in SEQUENCES:
        grid = published_grid(name)
        assert list(grid.shape) == headers[name]["shape"]
        np.testing.assert_array_equal(grid.affine, headers[name]["affine"])


@pytest.mark.shared
def test_settings_are_those_of_the_published_headers_and_sidecar(shared: Path) -> None:
    data = shared / "data" / "liu2024"
    headers = json.loads((data / "sub-03_headers.json").read_text())["images"]
    sidecars = {name: headers[name]["sidecar"] for name in ("CISS", "DESS")}
    sidecars["T2TSE"] = json.loads((data / "sidecars" / "sub-03_T2TSE.json").read_text())
    for name, sidecar in sidecars.items():
        settings = protocol(name)
        assert settings["repetition_time_ms"] == pytest.approx(1e3 * sidecar["RepetitionTime"])
        assert settings["echo_time_ms"] == pytest.approx(1e3 * sidecar["EchoTime"])
        assert settings["slice_thickness_mm"] == pytest.approx(sidecar["SliceThickness"])
    train = sidecars["T2TSE"]
    assert protocol("T2TSE")["echo_train_length"] == train["EchoTrainLength"]
    assert protocol("T2TSE")["flip_angle_deg"] == train["FlipAngle"]


@pytest.mark.shared
def test_the_sac_lies_where_its_published_contours_do(shared: Path) -> None:
    tracing = annotation.read(shared / "data" / "liu2024" / "markers-sub-03")
    centers = [contour.points_mm.mean(axis=0) for contour in tracing.dura]
    np.testing.assert_allclose(published_sac_mm(), np.mean(centers, axis=0), atol=1e-3)


def test_echoes_lie_within_the_repetition_time() -> None:
    for name in SEQUENCES:
        assert 0 < protocol(name)["echo_time_ms"] < protocol(name)["repetition_time_ms"]


def test_another_sequence_is_not_known() -> None:
    with pytest.raises(KeyError):
        protocol("FLAIR")
