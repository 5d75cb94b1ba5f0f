"""Sidecars: a scanner's fields, nobody's name."""

import json
from pathlib import Path

import pytest

from cauda.annotation.tracing import Tracing
from cauda.phantom.placing import GridChoice, image_grid
from cauda.phantom.sequence import Sequence
from cauda.phantom.sidecar import sidecar
from cauda.tables.protocols import SEQUENCES

PERSONAL = ("Institution", "Station", "Serial", "Patient", "Physician", "UID", "Time", "Date", "StepDesc")
ALLOWED = {"PatientPosition", "ImageOrientationPatientDICOM", "EchoTime", "RepetitionTime"}


@pytest.mark.parametrize("name", SEQUENCES)
def test_nothing_tells_of_a_person_a_place_or_a_time(lying: Tracing, name: str) -> None:
    found = sidecar(Sequence.of(name), image_grid(name, GridChoice(), lying))
    assert [key for key in found if any(word in key for word in PERSONAL) and key not in ALLOWED] == []


def test_ciss_is_described_as_acquired(lying: Tracing) -> None:
    found = sidecar(Sequence.of("CISS"), image_grid("CISS", GridChoice(), lying))
    assert (found["RepetitionTime"], found["EchoTime"], found["FlipAngle"]) == (0.01155, 0.00578, 50)
    assert (found["AcquisitionMatrixPE"], found["ReconMatrixPE"]) == (480, 960)
    assert found["PhaseEncodingDirection"] == "j"
    assert found["AcquisitionDuration"] == pytest.approx(2 * 480 * 80 * 0.01155)
    assert found["ImageOrientationText"] == "Tra"
    assert found["ImageOrientationPatientDICOM"][:3] == pytest.approx([-1, 0, 0], abs=1e-6)


@pytest.mark.shared
def test_fields_are_among_those_of_a_published_sidecar(shared: Path, lying: Tracing) -> None:
    path = shared / "data" / "liu2024" / "sidecars" / "sub-03_T2TSE.json"
    published = json.loads(path.read_text())
    found = sidecar(Sequence.of("T2TSE"), image_grid("T2TSE", GridChoice(), lying))
    assert set(found) - set(published) == {"AcquisitionDuration"}
    same = ("Modality", "EchoTime", "RepetitionTime", "FlipAngle", "EchoTrainLength", "ImageOrientationText")
    assert {key: found[key] for key in same} == {key: published[key] for key in same}
    assert found["ReconMatrixPE"] == published["ReconMatrixPE"]
    assert found["PhaseEncodingDirection"] == published["PhaseEncodingDirection"].removesuffix("-")
    # One direction of the published image's first axis is written the other way round.
    published_axes = published["ImageOrientationPatientDICOM"]
    assert [abs(value) for value in found["ImageOrientationPatientDICOM"]] == pytest.approx(
        [abs(value) for value in published_axes], abs=1e-6
    )
