"""Where the virtual roots leave the sac, and the ganglia that they run to."""

from __future__ import annotations

import numpy as np

from cauda.arrays import Floats
from cauda.phantom.canal import center_mm, sac_size_mm
from cauda.phantom.parameters import ROOTS, VERTEBRAE, Parameters
from cauda.tables.population import LEVELS
from cauda.tables.roots import root_geometry

SIGN = np.array([-1.0 if root.side == "L" else 1.0 for root in ROOTS])
"""Side of each root along x: the right is positive."""

_TURNING = 0.7
_IS_SACRAL = np.array([root.level not in VERTEBRAE for root in ROOTS])


def ganglia_mm(parameters: Parameters) -> Floats:
    """Return the ganglia in the order of `ROOTS`, ``(14, 3)``: x, y and height from the tip of the conus.

    Those of L1 to L5 lie in the foramina, lateral of the sac, those of S1 and S2 in the sacral canal.
    """
    below_l1 = np.array([LEVELS.index(root.level) + 1 for root in ROOTS])
    height_mm = parameters.height_mm(below_l1) + parameters.ganglion_rise_mm
    center = center_mm(parameters, height_mm)
    half_sac_mm = np.where(_IS_SACRAL, 0.0, sac_size_mm(parameters, height_mm)[:, 0] / 2)
    x_mm = center[:, 0] + SIGN * (half_sac_mm + parameters.ganglion_lateral_mm)
    return np.column_stack([x_mm, center[:, 1] + parameters.ganglion_anterior_mm, height_mm])


def exit_heights_mm(parameters: Parameters) -> Floats:
    """Return the heights above the conus at which roots leave the sac, ``(14,)``.

    A root leaves at the angle of its level, doi 10.1016/j.jocn.2007.08.006, and turns outward more and more:
    it needs seven tenths of the height that a straight line would (9 mm at L1 and L2 of sub-03).
    """
    slope = np.tan(np.radians([root_geometry()[root.level].exit_angle_deg for root in ROOTS]))
    x_mm, _, height_mm = ganglia_mm(parameters).T
    lateral_mm = np.abs(x_mm - center_mm(parameters, height_mm)[:, 0])
    outward_mm = lateral_mm - sac_size_mm(parameters, height_mm)[:, 0] / 2
    return np.asarray(height_mm + _TURNING * outward_mm / slope)
