"""The sidecar of a virtual image, with the fields that a converter of a scanner's files writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cauda import __version__
from cauda.frames import lps_from_ras
from cauda.phantom.grid import ImageGrid
from cauda.phantom.scan import PHASE_AXIS
from cauda.phantom.sequence import Sequence

_NAMES: Mapping[str, tuple[str, str, str, str, str]] = {
    "CISS": ("t2_ci3d_tra", "GR", "SS\\SP", "*ci3d1", "3D"),
    "DESS": ("t2_de3d_we_cor", "GR", "SS\\SP", "*de3d1", "3D"),
    "T2TSE": ("t2_tse_sag", "SE", "SK\\SP\\OSP", "*tse2d1_19", "2D"),
}
"""Protocol, scanning sequence, variant, name of the sequence, type of acquisition."""

_TEXT = {0: "Sag", 1: "Cor", 2: "Tra"}


def sidecar(sequence: Sequence, grid: ImageGrid) -> dict[str, Any]:
    """Return the sidecar of an image: nothing in it tells of a person, a place or a time."""
    protocol, scanning, variant, name, kind = _NAMES[sequence.name]
    given, phase = sequence.settings, PHASE_AXIS[sequence.name]
    axis = grid.axes[phase]
    lines = grid.acquired[phase]
    repeats = lines * (grid.slices if kind == "3D" else 1 / given.get("echo_train_length", 1.0))
    if sequence.name == "CISS":
        repeats *= sequence.cycles
    directions = (grid.affine[:3, :3] / grid.zooms_mm).T
    row, column = (lps_from_ras(directions[k]) for k in grid.axes)
    fields: dict[str, Any] = {
        "Modality": "MR",
        "MagneticFieldStrength": 3,
        "ImagingFrequency": 123.2,
        "Manufacturer": "cauda",
        "ManufacturersModelName": "virtual scanner",
        "BodyPartExamined": "SPINE",
        "PatientPosition": "HFS",
        "SoftwareVersions": __version__,
        "MRAcquisitionType": kind,
        "SeriesDescription": protocol,
        "ProtocolName": protocol,
        "ScanningSequence": scanning,
        "SequenceVariant": variant,
        "SequenceName": name,
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"],
        "SliceThickness": _rounded(grid.zooms_mm[grid.slice_axis]),
        "SpacingBetweenSlices": _rounded(grid.zooms_mm[grid.slice_axis]),
        "EchoTime": _rounded(given["echo_time_ms"] / 1e3),
        "RepetitionTime": _rounded(given["repetition_time_ms"] / 1e3),
        "FlipAngle": given["flip_angle_deg"],
        "PartialFourier": 1,
        "BaseResolution": grid.acquired[1 - phase],
        "AcquisitionMatrixPE": lines,
        "PhaseEncodingSteps": lines,
        "ReconMatrixPE": grid.shape[axis],
        "PixelBandwidth": given["pixel_bandwidth_hz"],
        "PhaseEncodingDirection": "ijk"[axis],
        "InPlanePhaseEncodingDirectionDICOM": "COL" if phase == 1 else "ROW",
        "AcquisitionDuration": _rounded(repeats * given["repetition_time_ms"] / 1e3),
        "ImageOrientationPatientDICOM": [_rounded(value) for value in (*row, *column)],
        "ImageOrientationText": _TEXT[int(np.abs(directions[grid.slice_axis]).argmax())],
        "ConversionSoftware": "cauda",
        "ConversionSoftwareVersion": __version__,
    }
    if "echo_train_length" in given:
        fields["EchoTrainLength"] = int(given["echo_train_length"])
    return fields


def _rounded(value: float) -> float:
    return round(float(value), 6) + 0.0
