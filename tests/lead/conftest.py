"""Spines in closed form: concentric tubes, straight or bent, upright or tilted, as a scanner sees them."""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import pytest

from cauda.anatomy.axes import Axes
from cauda.anatomy.model import SpineModel, Surface, Vertebra
from cauda.arrays import Floats, Ints

ORIGIN_MM = np.array([6.0, -50.0, -400.0])
SIDES, ROW_MM = 96, 1.0
LOW_MM, HIGH_MM = -100.0, 60.0
RADII_MM = {"cord": 4.0, "dura_inner": 7.7, "dura_outer": 8.0}
VERTEBRAE_MM = {"T11": 30.0, "T12": 0.0, "L1": -32.0, "L2": -68.0}

Spine = Callable[..., SpineModel]


@pytest.fixture(scope="session")
def spine() -> Spine:
    """Return the function that makes a spine."""
    return make


def make(
    *, canal_mm: float = 12.0, shift_mm: float = 0.0, bend_radius_mm: float = np.inf, tilt_deg: float = 0.0
) -> SpineModel:
    """Return a spine of round tubes; its dorsal side is at -y.

    Parameters
    ----------
    canal_mm : float
        Radius of the canal; that of the dura is 8 mm.
    shift_mm : float
        How far the canal's center lies ventral of the dura's.
    bend_radius_mm : float
        Of the center line, convex to dorsal; infinite for a straight one.
    tilt_deg : float
        Of the model's axes against the scanner's, about both the right and the anterior direction.
    """
    axes = Axes(ORIGIN_MM, _rotation(tilt_deg))
    tubes = {name: _tube(radius, bend_radius_mm) for name, radius in RADII_MM.items()}
    tubes["canal"] = _tube(canal_mm, bend_radius_mm, shift_mm, overlap_mm=0.5)
    nested = {
        "csf": ("dura_inner", "cord"),
        "dura": ("dura_outer", "dura_inner"),
        "fat": ("canal", "dura_outer"),
    }
    surfaces = [_surface("cord", "region", (tubes["cord"],), axes)]
    surfaces += [
        _surface(name, "region", tuple(tubes[k] for k in parts), axes) for name, parts in nested.items()
    ]
    surfaces += [
        _surface(name, "boundary", (tubes[name],), axes) for name in ("dura_inner", "dura_outer", "canal")
    ]
    ends = axes.ras(np.array([[0.0, 0.0, height] for height in (*VERTEBRAE_MM.values(), LOW_MM)]))
    vertebrae = tuple(
        Vertebra(level, upper, lower, "interpolated")
        for level, upper, lower in zip(VERTEBRAE_MM, ends[:-1], ends[1:], strict=True)
    )
    return SpineModel(
        subject="07",
        surfaces=MappingProxyType({one.name: one for one in surfaces}),
        roots=(),
        axes=axes,
        segments=(),
        vertebrae=vertebrae,
        settings=MappingProxyType({}),
        measures=MappingProxyType({}),
        sources=(),
        findings=(),
    )


def _rotation(tilt_deg: float) -> Floats:
    cos, sin = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    about_right = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
    about_anterior = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    return np.asarray(about_right @ about_anterior)


def _tube(
    radius_mm: float, bend_radius_mm: float, shift_mm: float = 0.0, overlap_mm: float = 0.0
) -> tuple[Floats, Ints]:
    """Return a closed tube in the model's axes, outward; a corner of each ring lies at its dorsal apex."""
    z = np.arange(LOW_MM, HIGH_MM + ROW_MM / 2, ROW_MM)
    z[[0, -1]] += -overlap_mm, overlap_mm
    middle = shift_mm + (
        0 * z if np.isinf(bend_radius_mm) else bend_radius_mm - np.sqrt(bend_radius_mm**2 - z**2)
    )
    angle = -np.pi / 2 + np.arange(SIDES) * 2 * np.pi / SIDES
    ring = np.broadcast_to(angle, (len(z), SIDES))
    vertices = np.stack(
        [
            radius_mm * np.cos(ring),
            middle[:, None] + radius_mm * np.sin(ring),
            np.broadcast_to(z[:, None], ring.shape),
        ],
        axis=-1,
    ).reshape(-1, 3)
    k = np.arange(SIDES)
    after = (k + 1) % SIDES
    faces = []
    for row in range(len(z) - 1):
        low, high = row * SIDES, (row + 1) * SIDES
        faces += [
            np.stack([low + k, low + after, high + after], 1),
            np.stack([low + k, high + after, high + k], 1),
        ]
    ends = np.array([[0, middle[0], z[0] - 0.05], [0, middle[-1], z[-1] + 0.05]])
    last = (len(z) - 1) * SIDES
    below, above = len(vertices), len(vertices) + 1
    faces += [np.stack([0 * k + below, after, k], 1), np.stack([0 * k + above, last + k, last + after], 1)]
    return np.concatenate([vertices, ends]), np.concatenate(faces)


def _surface(name: str, kind: str, tubes: tuple[tuple[Floats, Ints], ...], axes: Axes) -> Surface:
    """Return tubes as one surface; those after the first are its cavities."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in tubes)])
    faces = [
        (triangles if k == 0 else triangles[:, ::-1]) + starts[k] for k, (_, triangles) in enumerate(tubes)
    ]
    return Surface(
        name=name,
        kind="region" if kind == "region" else "boundary",
        tissue={"dura_inner": "csf", "dura_outer": "dura", "canal": "fat"}.get(name, name),
        root=None,
        part=None,
        provenance="synthesized",
        vertices_mm=axes.ras(np.concatenate([vertices for vertices, _ in tubes])),
        triangles=np.concatenate(faces),
    )
