"""What moves when a whole tracing goes through one markups file of 3D Slicer: nothing."""

import tempfile
from pathlib import Path

import numpy as np

from cauda import annotation
from cauda.phantom import virtual_subject


def main() -> float:
    """Print and return the largest displacement of a root's point in mm."""
    tracing = virtual_subject(seed=7, index=1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sub-01_tracing.mrk.json"
        annotation.write(tracing, file)
        again = annotation.read(file)
    moved_mm = max(float(np.abs(again.roots[root] - tracing.roots[root]).max()) for root in tracing.roots)
    print(f"{len(again.roots)} roots and {len(again.cord)} contours of the cord read back")
    print(f"largest displacement {moved_mm:.1e} mm")
    return moved_mm


if __name__ == "__main__":
    main()
