import json
from pathlib import Path
from typing import Any

import pytest

from cauda.dataset.contrast import mapped, read_map, recognized
from cauda.errors import DatasetError

FAST = {"ScanningSequence": "GR", "RepetitionTime": 0.0098, "EchoTime": 0.0045}
SLOW = {"ScanningSequence": "SE", "RepetitionTime": 3.5, "EchoTime": 0.1}


@pytest.mark.parametrize(
    ("sidecar", "suffix"),
    [
        ({"ProtocolName": "t2_ci3d_tra_iso", "SequenceName": "*ci3d1", **FAST}, "CISS"),
        ({"ProtocolName": "CISS tra", **FAST}, "CISS"),
        ({"SeriesDescription": "t2_trufi3d_cor", **FAST}, "CISS"),
        ({"SequenceName": "*tfi3d1", "ProtocolName": "lumbar", **FAST}, "CISS"),
        ({"SeriesDescription": "Ax FIESTA-C", **FAST}, "CISS"),
        ({"ProtocolName": "3D_bFFE", **FAST}, "CISS"),
        ({"ProtocolName": "t2_de3d_we_cor", "SequenceName": "*de3d1", **FAST}, "DESS"),
        ({"ProtocolName": "DESS", "ScanningSequence": ["GR", "RM"]}, "DESS"),
        ({"ProtocolName": "t2_tse_sag_384", **SLOW}, "T2TSE"),
        ({"SeriesDescription": "Sag T2 FSE", **SLOW}, "T2TSE"),
        ({"ProtocolName": "t2_space_sag", **SLOW}, "T2TSE"),
        ({"ProtocolName": "my sequence", **SLOW}, "T2TSE"),
        ({"ProtocolName": "t2_tse", "ImageType": ["DERIVED", "PRIMARY", "COMPOSED"], **SLOW}, "T2TSE"),
        ({"ProtocolName": "t1_tse_sag", **SLOW | {"EchoTime": 0.011, "RepetitionTime": 0.6}}, ""),
        ({"ProtocolName": "t1_tse_long", **SLOW}, ""),
        ({"ProtocolName": "t2_tirm_sag", **SLOW}, ""),
        ({"ProtocolName": "t2_tse_sag", **SLOW | {"ScanningSequence": "SE\\IR"}}, ""),
        ({"ProtocolName": "ep2d_diff", **SLOW | {"ScanningSequence": "EP\\SE"}}, ""),
        ({"ProtocolName": "t2star_me", **FAST | {"EchoTime": 0.02, "RepetitionTime": 0.5}}, ""),
        ({"ProtocolName": "ciss", **SLOW}, "T2TSE"),
        ({"ProtocolName": "ciss", **FAST | {"RepetitionTime": 0.9}}, ""),
        ({"ProtocolName": "localizer", **FAST}, ""),
        ({"ProtocolName": "CISS MPR", "ImageType": ["DERIVED", "SECONDARY", "MPR"], **FAST}, ""),
        ({"ProtocolName": "t1_mprage", **FAST}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_sequences_are_told_by_names_and_times(sidecar: dict[str, Any], suffix: str) -> None:
    found, reason = recognized(sidecar)
    assert found == suffix
    assert bool(reason) == (not suffix)


def test_a_name_that_the_times_contradict_is_told() -> None:
    assert recognized({"ProtocolName": "ciss", **FAST, "RepetitionTime": 0.9})[1] == (
        "its names say CISS, its times or kind of sequence do not"
    )


@pytest.mark.shared
def test_every_published_t2tse_is_recognized(shared: Path) -> None:
    paths = sorted((shared / "data/liu2024/sidecars").glob("*.json"))
    assert [recognized(json.loads(path.read_text()))[0] for path in paths] == ["T2TSE"] * 14


def test_a_map_names_series_by_number_or_by_name() -> None:
    pairs = read_map(["5=CISS", "*DRIVE*=acq-drive_T2w", "7=-"])
    assert mapped({"SeriesNumber": 5}, pairs) == ("5", "CISS")
    assert mapped({"SeriesDescription": "t2 drive hr"}, pairs) == ("*DRIVE*", "acq-drive_T2w")
    assert mapped({"SeriesNumber": 7}, pairs) == ("7", "-")
    assert mapped({"SeriesNumber": 55}, pairs) is None


@pytest.mark.parametrize("word", ["5", "=CISS", "5=", "5=../x", "5=a b", "5=CISS_"])
def test_a_word_that_is_no_map_is_refused(word: str) -> None:
    with pytest.raises(DatasetError, match="wanted series=suffix"):
        read_map([word])
