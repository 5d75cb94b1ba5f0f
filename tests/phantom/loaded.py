"""Images as nibabel reads them; its own types say nothing of what an image has."""

from pathlib import Path
from typing import Any

import nibabel as nib


def loaded(path: Path) -> Any:
    return nib.load(path)
