"""Which fibers fire, by potentials that another program wrote into a table.

The table stands for an export of COMSOL or Sim4Life: the potential of each of two contacts, in mV for 1 mA,
on a grid of points around a root. It is made here from two point sources, so that the answer is known.
"""

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from cauda.arrays import Floats
from cauda.fiber import Fiber, Pulse, along, point_source_mv_per_ma, thresholds

CONTACTS_MM = ([3.0, 0.0, -4.0], [3.0, 0.0, 4.0])
SIGMA_S_PER_M = 0.3
HEADER = "x_mm,y_mm,z_mm,mv_per_ma_C1,mv_per_ma_C2"
# From C1, the cathode, to C2.
CURRENTS = (1.0, -1.0)
PULSE = Pulse(width_us=300)
AMPLITUDE_MA = 0.33


def main() -> float:
    """Print which fibers fire; return how far thresholds by the table are off, as a share, at most."""
    fibers = root(count=40, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "potentials.csv"
        write_table(table)
        by_table = thresholds(fibers, read_table(table), PULSE, currents=CURRENTS)
    exact = thresholds(fibers, two_contacts, PULSE, currents=CURRENTS)
    for name, found in (("table", by_table), ("closed form", exact)):
        firing = np.count_nonzero(found.amplitude_ma <= AMPLITUDE_MA)
        print(f"{name:12} {firing} of {len(fibers)} fibers fire at {AMPLITUDE_MA:g} mA")
    off = float(np.abs(by_table.amplitude_ma / exact.amplitude_ma - 1).max())
    print(f"largest difference of a threshold {100 * off:.2f} %")
    return off


def root(count: int, seed: int) -> list[Fiber]:
    """Return fibers of one root: side by side, of several diameters, with nodes anywhere along."""
    random = np.random.default_rng(seed)
    z_mm = np.linspace(-30, 30, 121)
    middle_mm = np.column_stack([0.5 * np.cos(z_mm / 10), 0.02 * z_mm, z_mm])
    return [
        along(middle_mm + random.uniform(-0.3, 0.3, 3), diameter_um, first_mm=first_mm)
        for diameter_um, first_mm in random.uniform([8, 0], [14, 0.5], (count, 2))
    ]


def two_contacts(points_mm: Floats) -> Floats:
    """Return the potential of both contacts at points, shape ``(2, n)``, in mV for 1 mA."""
    sources = [point_source_mv_per_ma(place, sigma_s_per_m=SIGMA_S_PER_M) for place in CONTACTS_MM]
    return np.stack([source(points_mm) for source in sources])


def write_table(file: Path) -> None:
    """Write the potentials on a grid of 0.5 mm around the root, which leaves the contacts out."""
    axes = (np.arange(-2, 2.1, 0.5), np.arange(-2, 2.1, 0.5), np.arange(-31, 31.1, 0.5))
    points_mm = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    rows = np.column_stack([points_mm, two_contacts(points_mm).T])
    np.savetxt(file, rows, fmt="%.7g", delimiter=",", header=HEADER, comments="")


def read_table(file: Path) -> Callable[[Floats], Floats]:
    """Return the potentials of a table on a grid, as a function of points, ``(n, 3)`` mm; NaN outside."""
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    axes = [np.unique(table[:, axis]) for axis in range(3)]
    shape = [len(axis) for axis in axes]
    if math.prod(shape) != len(table):
        raise ValueError(f"{file.name}: {len(table)} rows do not fill a grid of {shape} points")
    sorted_by_x_y_z = np.lexsort((table[:, 2], table[:, 1], table[:, 0]))
    values = table[sorted_by_x_y_z, 3:].reshape(*shape, -1)
    spline = RegularGridInterpolator(axes, values, method="cubic", bounds_error=False)
    return lambda points_mm: np.asarray(spline(points_mm).T)


if __name__ == "__main__":
    main()
