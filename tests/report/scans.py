"""Made-up scans and what was measured in them: small, each voxel known."""

from collections.abc import Mapping, Sequence
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.quality.measured import Measured, RootMetric
from cauda.quality.metric import Direction, Metric, Quality

SHAPE = (24, 20, 16)
SPACING_MM = (1.0, 1.5, 3.0)
WHY = "no voxel lies in the mask: cord"
RIGHT, FRONT, TOP = (20, 10, 8), (12, 17, 8), (12, 10, 14)
"""Voxels in the order right, anterior, superior, each far to one side of the middle alone."""

ORDERS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]
"""All ways to store a volume along its anatomical axes."""


def stored(order: Sequence[int], signs: Sequence[int], volume: NDArray[Any]) -> tuple[NDArray[Any], Floats]:
    """Return a volume given along R, A, S as it is stored in another order and direction, and its affine.

    Parameters
    ----------
    order : (3,)
        Which anatomical axis each axis of the grid runs along.
    signs : (3,)
        -1 where it runs the other way.
    volume : (i, j, k)
        Along R, A and S, with voxels of `SPACING_MM`.
    """
    affine = np.eye(4)
    affine[:3, :3] = np.diag(SPACING_MM)
    turned = volume.transpose(*order)
    affine[:3, :3] = affine[:3, list(order)]
    for axis, sign in enumerate(signs):
        if sign < 0:
            affine[:3, 3] += affine[:3, axis] * (turned.shape[axis] - 1)
            affine[:3, axis] *= -1
            turned = np.flip(turned, axis)
    return turned, affine


def volume(seed: int = 0) -> tuple[Floats, NDArray[np.uint8]]:
    """Return a body with a sac, a cord and two roots in noise, and its masks, along R, A and S."""
    rng = np.random.default_rng(seed)
    masks = np.full(SHAPE, 2, dtype=np.uint8)
    masks[4:20, 3:17] = 1
    masks[9:16, 7:13] = 6
    masks[11:14, 9:12] = 5
    masks[9, 8], masks[15, 8] = 7, 7
    masks[:, 18:] = 3
    levels = np.array([0.0, 300.0, 0.0, 20.0, 0.0, 400.0, 900.0, 450.0, 0.0, 0.0])
    image = np.hypot(levels[masks] + rng.normal(0, 20, SHAPE), rng.normal(0, 20, SHAPE))
    return image, masks


def metric(value: float | None, direction: Direction = "higher", unit: str = "1", why: str = WHY) -> Metric:
    """Return a metric, with a reason where it has no value."""
    return Metric(value, unit, direction, 0 if value is None else 120, why if value is None else "")


def quality(shift: float = 0.0) -> Quality:
    """Return some metrics of each group, two of them without a value."""
    return Quality(
        {
            "snr_csf": metric(11.0 + shift),
            "cjv": metric(0.5 - shift / 100, "lower"),
            "qi_1": metric(None, "lower", why="no mask of the artifact is known"),
            "size_x": metric(24.0, "neither", "voxel"),
            "ghost_ratio": metric(0.02, "lower"),
            "root_cnr_median": metric(4.0 + shift),
            "root_cnr_L4_median": metric(5.0 + shift),
            "root_cnr_S1_median": metric(None),
        }
    )


def roots(slices: Sequence[int] = range(2, 14), *, worst: int | None = 5) -> tuple[RootMetric, ...]:
    """Return metrics of two roots, slice by slice and as a whole; one slice is bad."""
    found = []
    for side, x in (("L", 9.0), ("R", 15.0)):
        root = RootName("L4", side)
        for index in slices:
            place = (x, 8 * SPACING_MM[1], index * SPACING_MM[2])
            value = 1.0 if index == worst else 6.0 + 0.1 * index
            along = (15 - index) * SPACING_MM[2]
            for name in ("root_cnr", "root_dprime"):
                known = None if index == 9 and side == "L" else value
                found.append(RootMetric(root, index, place, along, name, metric(known)))
        found.append(RootMetric(root, None, None, None, "root_detectable", metric(0.9)))
        lacking = None if side == "R" else 2.0
        found.append(RootMetric(root, None, None, None, "root_gap_mm", metric(lacking, "lower", "mm")))
    return tuple(found)


def measured(
    name: str = "sub-01_CISS",
    *,
    shift: float = 0.0,
    found: Quality | None = None,
    some: Sequence[RootMetric] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Measured:
    """Return what was measured in a scan that its name tells of."""
    subject, _, contrast = name.removeprefix("sub-").partition("_")
    told = {"software": "cauda", "sha256sum": "ab" * 32, "warnings": ["there is no sidecar"]}
    return Measured(
        name,
        subject,
        contrast,
        quality(shift) if found is None else found,
        tuple(some),
        {"EchoTime": 0.002, "ImageType": ["ORIGINAL", "PRIMARY"]},
        told if provenance is None else provenance,
    )
