import json
from pathlib import Path

import numpy as np
import pytest
from tests.check.small_dataset import NIFTI, write_image

from cauda.check import protocol
from cauda.dataset import Scan, read_scan
from cauda.tables.sequences import protocol as published


def scan_of(folder: Path, sequence: str, facts: dict[str, object], sidecar: dict[str, object]) -> Scan:
    """Write the header of a published image, no voxel of which is looked at, and read it."""
    path = folder / f"sub-03_{sequence}.nii.gz"
    small = np.zeros((2, 2, 2), dtype=np.uint8)
    write_image(path, small, np.array(facts["affine"]), sidecar)
    return read_scan(path)


@pytest.mark.shared
def test_sub_03_as_published_differs_from_its_readme_as_the_audit_says(shared: Path, tmp_path: Path) -> None:
    images = json.loads((shared / "data/liu2024/sub-03_headers.json").read_text())["images"]
    ciss = scan_of(tmp_path, "CISS", images["CISS"], images["CISS"]["sidecar"])
    (finding,) = protocol.find(ciss, "sub-03/anat/sub-03_CISS.nii.gz", published())
    assert finding.what == (
        "RepetitionTime: protocol 9.80 ms, found 11.55 ms; EchoTime: protocol 4.46 ms, found 5.78 ms"
    )
    far = json.loads((shared / "data/liu2024/sidecars/sub-03_T2TSE.json").read_text())
    t2tse = scan_of(tmp_path, "T2TSE", images["T2TSE"], far)
    assert t2tse.plane == "sagittal"
    (finding,) = protocol.find(t2tse, "sub-03_T2TSE.nii.gz", published())
    assert finding.what == "RepetitionTime: protocol 4320 ms, found 3500 ms"


@pytest.mark.shared
def test_the_tilt_of_the_published_dess_is_told(shared: Path, tmp_path: Path) -> None:
    images = json.loads((shared / "data/liu2024/sub-03_headers.json").read_text())["images"]
    dess = scan_of(tmp_path, "DESS", images["DESS"], images["DESS"]["sidecar"])
    # shared/reference/dataset.md: tilted 2.8 deg
    assert dess.tilt_deg == pytest.approx(2.8, abs=0.05)
    (finding,) = protocol.find(dess, "sub-03_DESS.nii.gz", published())
    assert finding.what.startswith("RepetitionTime: protocol 11.59 ms, found 10.95 ms")


@pytest.mark.parametrize("told_ms", [4.46, 5.78])
def test_the_echo_time_in_the_header_is_compared(tmp_path: Path, told_ms: float) -> None:
    path = tmp_path / "sub-01_CISS.nii.gz"
    write_image(path, np.zeros((2, 2, 2), dtype=np.uint8), np.eye(4), {"EchoTime": 0.00446})
    image = NIFTI.load(path)
    image.header["descrip"] = f"TE={told_ms:.2g};Time=0".encode()
    image.to_filename(tmp_path / "sub-02_CISS.nii.gz")
    (tmp_path / "sub-02_CISS.json").write_text('{"EchoTime": 0.00446}')
    codes = [one.code for one in protocol.find(read_scan(tmp_path / "sub-02_CISS.nii.gz"), "x", ())]
    assert codes == ([] if told_ms == 4.46 else ["header"])
