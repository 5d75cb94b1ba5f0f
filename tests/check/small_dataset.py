"""A small sound dataset to spoil: images that fit the markers, with sidecars."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from cauda.annotation import Tracing
from cauda.annotation.published import write_published
from cauda.annotation.slices import Slices, inside
from cauda.arrays import Floats

CISS = {"EchoTime": 0.00446, "RepetitionTime": 0.0098, "FlipAngle": 50, "SliceThickness": 2.0}
T2TSE = {"EchoTime": 0.104, "RepetitionTime": 4.32, "FlipAngle": 160, "SpacingBetweenSlices": 3.3}
NIFTI: Any = nibabel
"""The library, whose functions have no types."""

PROTOCOL = "sequence\tquantity\tunit\tnominal\nCISS\tRepetitionTime\tms\t9.80\nCISS\tEchoTime\tms\t4.46\n"
CORNER_MM = np.array([-15.7, -55.0, -502.0])


def make(folder: Path, tracing: Tracing | None, labels: tuple[str, ...] = ("01", "02", "03")) -> Path:
    """Write a dataset whose subjects all have this tracing, or have no markers and tiny images."""
    description = {"Name": "Small", "BIDSVersion": "1.10.0", "License": "CC0", "DatasetType": "raw"}
    write_json(folder / "dataset_description.json", description)
    made = {"Name": "Markers", "BIDSVersion": "1.10.0", "GeneratedBy": [{"Name": "hand"}]}
    write_json(folder / "derivatives/markers/dataset_description.json", made)
    (folder / "README.md").write_text("small")
    (folder / ".bidsignore").write_text("*_CISS.*\n*_T2TSE.*\nprotocol.tsv\n")
    rows = "".join(f"sub-{label}\t2{label[-1]}\tF\n" for label in labels)
    (folder / "participants.tsv").write_text(f"participant_id\tage\tsex\n{rows}")
    write_json(folder / "participants.json", {"age": {"Units": "years"}, "sex": {"Levels": {"F": "female"}}})
    (folder / "protocol.tsv").write_text(PROTOCOL)
    voxels = np.zeros((6, 5, 8), dtype=np.uint8) if tracing is None else painted(tracing)
    far = np.zeros((16, 50, 110), dtype=np.uint8)
    for number, label in enumerate(labels):
        anat = folder / f"sub-{label}" / "anat"
        # one voxel at a corner makes each image its own
        voxels[0, 0, 0] = number
        write_image(anat / f"sub-{label}_CISS.nii.gz", voxels, ciss_affine(), CISS)
        far[0, 0, 0] = number
        write_image(anat / f"sub-{label}_T2TSE.nii.gz", far, t2tse_affine(), T2TSE)
        if tracing is None:
            continue
        one = Tracing(label, tracing.cord, tracing.dura, tracing.roots, tracing.ganglia)
        write_published(one, folder / "derivatives" / "markers" / f"sub-{label}")
    return folder


def ciss_affine() -> Floats:
    """Return the affine of axial slices round the sac."""
    affine = np.diag([0.8, 0.8, 2.0, 1.0])
    affine[:3, 3] = CORNER_MM
    return affine


def t2tse_affine() -> Floats:
    """Return the affine of sagittal slices that hold the ganglia too."""
    affine = np.array([[0, 0, 3.3, -20.0], [-0.8, 0, 0, -20.0], [0, 3.0, 0, -660.0], [0, 0, 0, 1.0]])
    return affine[:, [2, 0, 1, 3]]


def painted(tracing: Tracing) -> Any:
    """Return voxels with bright CSF round a dark cord, uint8."""
    voxels = np.full((55, 38, 78), 20, dtype=np.uint8)
    slices = Slices.of(tracing)
    grid = np.stack(np.meshgrid(np.arange(55), np.arange(38), indexing="ij"), axis=-1).reshape(-1, 2)
    for stack, value in ((slices.dura, 200), (slices.cord, 90)):
        for piece in stack:
            at = round((piece.height_mm - CORNER_MM[2]) / 2.0)
            within = inside(grid * 0.8 + CORNER_MM[:2], piece.outline_mm).reshape(55, 38)
            voxels[:, :, at][within] = value
    return voxels


def write_image(path: Path, voxels: Any, affine: Floats, sidecar: dict[str, Any] | None) -> None:
    """Write an image and its sidecar."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = NIFTI.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    image.to_filename(path)
    if sidecar is not None:
        write_json(path.with_name(path.name.replace(".nii.gz", ".json")), sidecar)


def write_json(path: Path, value: Any) -> None:
    """Write JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def change_json(path: Path, **fields: Any) -> None:
    """Change fields of a JSON file; None removes one."""
    document = json.loads(path.read_text()) | fields
    path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
