"""A program that stands in for dcm2niix, and what it is to convert."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

PERSONAL = {
    "PatientName": "DOE^JANE",
    "PatientID": "123",
    "PatientBirthDate": "1999-01-02",
    "InstitutionName": "Clinic",
    "AcquisitionTime": "12:00:01",
    "SeriesInstanceUID": "1.2.3",
    "ProcedureStepDescription": "DOE^Spine",
    "Deep": {"OperatorsName": "ROE^JIM", "Kept": 1},
}
CISS = {"ProtocolName": "ciss", "ScanningSequence": "GR", "RepetitionTime": 0.01, "EchoTime": 0.005}
_SCRIPT = """\
#!{python}
import json, shutil, sys
from pathlib import Path
words = sys.argv[1:]
out, source = Path(words[words.index("-o") + 1]), Path(words[-1])
for path in sorted(source.glob("series_*")):
    shutil.copy(path, out)
for line in json.loads((source / "says.json").read_text()):
    print(line)
sys.exit(int((source / "status").read_text()))
"""


def program(folder: Path) -> Path:
    """Write the program."""
    path = folder / "converter"
    path.write_text(_SCRIPT.format(python=sys.executable))
    path.chmod(0o755)
    return path


def exported(folder: Path, *series: dict[str, Any], says: tuple[str, ...] = (), status: int = 0) -> Path:
    """Write what the program will convert: images whose sidecars these are."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "says.json").write_text(json.dumps(says))
    (folder / "status").write_text(str(status))
    nifti: Any = nibabel
    for number, sidecar in enumerate(series, 1):
        name = f"series_{number:04d}"
        image = nifti.Nifti1Image(voxels(number), np.diag([0.5, 0.5, 2.0, 1.0]))
        echo_ms = 1000 * float(sidecar.get("EchoTime", 0.005))
        image.header["descrip"] = f"TE={echo_ms:.2g};Time=120001.5".encode()
        image.header["db_name"] = b"DOE^JANE"
        image.to_filename(folder / f"{name}.nii")
        (folder / f"{name}.json").write_text(json.dumps({"SeriesNumber": number, **PERSONAL, **sidecar}))
    return folder


def voxels(number: int) -> Any:
    """Return the voxels of a series."""
    return np.random.default_rng(number).integers(0, 999, (6, 5, 4)).astype(np.int16)
