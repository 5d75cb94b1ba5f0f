import json
from pathlib import Path

import pytest

from cauda.check.privacy import in_sidecar


def found(**fields: object) -> list[tuple[str, str]]:
    return [(one.severity, one.what) for one in in_sidecar(fields, "sub-01.json")]


@pytest.mark.parametrize(
    "name",
    ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientWeight", "StudyDate",
     "AcquisitionDateTime", "ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName",
     "AccessionNumber", "OtherPatientIDs"],
)  # fmt: skip
def test_what_tells_the_person_is_an_error(name: str) -> None:
    assert [severity for severity, _ in found(**{name: "X"})] == ["error"]


@pytest.mark.parametrize(
    "name",
    ["InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName",
     "DeviceSerialNumber", "ProcedureStepDescription", "SeriesInstanceUID", "StudyInstanceUID",
     "AcquisitionTime", "StudyID"],
)  # fmt: skip
def test_what_tells_site_scanner_and_hour_is_a_warning(name: str) -> None:
    assert [severity for severity, _ in found(**{name: "X"})] == ["warning"]


@pytest.mark.parametrize(
    "fields",
    [
        {"PatientPosition": "HFS"},
        {"SoftwareVersions": "syngo MR E11", "ConsistencyInfo": "N4_VE11C_LATEST_20160120"},
        {"ConversionSoftwareVersion": "v1.0.20240202"},
        {"SequenceName": "*tseR2d1rr19", "PulseSequenceDetails": "%SiemensSeq%\\tse"},
        {"ImageType": ["ORIGINAL", "PRIMARY"], "EchoTime": 0.104, "PatientName": ""},
    ],
)
def test_what_tells_nobody_is_no_finding(fields: dict[str, object]) -> None:
    assert found(**fields) == []


def test_names_in_free_text_and_in_fields_inside_of_others_are_seen() -> None:
    assert found(SeriesDescription="DOE^JANE") == [
        ("error", "tells a person's name, by its form: SeriesDescription")
    ]
    assert found(global_={"const": {"PatientName": "Doe"}})[0][0] == "error"
    assert found(Comment="scanned 2024-05-07")[0] == ("error", "tells a date: Comment")
    assert found(Comment="ask jane@example.org")[0][0] == "error"


@pytest.mark.shared
def test_every_published_sidecar_tells_what_the_reference_lists(shared: Path) -> None:
    paths = sorted((shared / "data/liu2024/sidecars").glob("*.json"))
    assert len(paths) == 14
    for path in paths:
        told = " ".join(what for _, what in found(**json.loads(path.read_text())))
        for name in ("InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName",
                     "DeviceSerialNumber", "ProcedureStepDescription", "AcquisitionTime"):  # fmt: skip
            assert name in told
        assert "a person's name" in told
