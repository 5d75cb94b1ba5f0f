"""A small spine made of tubes, and its annotation."""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pytest
from numpy.typing import ArrayLike

from cauda.anatomy.axes import Axes
from cauda.anatomy.model import RootPath, Segment, SpineModel, Surface, Vertebra
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Floats, Ints
from cauda.errors import Finding
from cauda.files import Source

TOP_MM, BOTTOM_MM, TIP_MM, LOWEST_MM = 100.0, 20.0, 60.0, 50.0
MIDDLE_MM = np.array([6.0, -50.0])


@dataclass(frozen=True)
class Tube:
    """A closed tube of round sections, wound outward."""

    vertices_mm: Floats
    triangles: Ints


def tube(centers_mm: ArrayLike, radii_mm: ArrayLike, sides: int = 24) -> Tube:
    """Return a tube of horizontal rings round centers that run downward, with flat ends."""
    centers, radii = np.asarray(centers_mm, float), np.asarray(radii_mm, float)
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(sides)], axis=1)
    rings = centers[:, None, :] + radii[:, None, None] * ring
    vertices = np.concatenate([rings.reshape(-1, 3), centers[:1], centers[-1:]])
    faces = []
    first, last = len(vertices) - 2, len(vertices) - 1
    for side in range(sides):
        after = (side + 1) % sides
        faces += [
            [first, side, after],
            [last, (len(centers) - 1) * sides + after, (len(centers) - 1) * sides + side],
        ]
        for row in range(len(centers) - 1):
            a, b = row * sides + side, row * sides + after
            faces += [[a, a + sides, b], [b, a + sides, b + sides]]
    return Tube(vertices, np.array(faces))


def upright(z_mm: ArrayLike, radii_mm: ArrayLike) -> Tube:
    """Return a vertical tube, from cranial to caudal."""
    z = np.asarray(z_mm, float)
    return tube(np.column_stack([np.tile(MIDDLE_MM, (len(z), 1)), z]), radii_mm)


def surface(name: str, made: Tube | tuple[Tube, ...], **known: object) -> Surface:
    """Return tubes as one surface; all but the first are its holes."""
    tubes = made if isinstance(made, tuple) else (made,)
    starts = np.cumsum([0, *(len(one.vertices_mm) for one in tubes[:-1])])
    faces = [one.triangles + start for one, start in zip(tubes, starts, strict=True)]
    faces[1:] = [face[:, ::-1] for face in faces[1:]]
    values = {
        "kind": "region",
        "tissue": name,
        "root": None,
        "part": None,
        "provenance": "annotated",
        **known,
    }
    return Surface(
        name=name,
        vertices_mm=np.concatenate([one.vertices_mm for one in tubes]),
        triangles=np.concatenate(faces),
        **values,  # type: ignore[arg-type]
    )


def path(root: RootName, entry_mm: float, length_mm: float) -> RootPath:
    """Return a dorsal root that runs down along the cord and then outward to its ganglion."""
    side = -1.0 if root.side == "L" else 1.0
    s = np.linspace(0.0, length_mm, 41)
    x = MIDDLE_MM[0] + side * (3.2 + 9 * (s / length_mm) ** 3)
    points = np.column_stack([x, np.full(41, MIDDLE_MM[1] - 2.0), entry_mm - s])
    provenance = ["annotated" if z > LOWEST_MM else "extrapolated" for z in points[:, 2]]
    bump = 0.2 * np.exp(-(((s - 15) / 4) ** 2))
    return RootPath(root, "dorsal", points, np.full(41, 0.6), tuple(provenance), bump)


def ventral(way: RootPath) -> RootPath:
    """Return the ventral root of a dorsal one: before it, thinner, a little shorter."""
    kept = slice(0, len(way.points_mm) - 2)
    points = way.points_mm[kept] + [0.0, 4.0, 0.0]
    marks = ("synthesized",) * len(points)
    return RootPath(way.root, "ventral", points, np.full(39, 0.4), marks, np.zeros(39))


def rootlets(way: RootPath, count: int) -> list[RootPath]:
    """Return rootlets 1 mm apart that begin on the cord and end on their root 5 mm below its begin."""
    end = way.points_mm[5]
    marks = ("synthesized",) * 5
    return [
        RootPath(
            way.root,
            f"{way.part}_rootlet",
            np.linspace(way.points_mm[0] + [0, 0, 2.0 - k], end, 5),
            np.full(5, 0.15),
            marks,
            np.zeros(5),
            k + 1,
        )
        for k in range(count)
    ]


def front(way: RootPath) -> Surface:
    """Return a ventral root."""
    made = tube(way.points_mm, way.radius_mm)
    known = {"tissue": "ventral_root", "root": way.root, "part": "ventral", "provenance": "synthesized"}
    return surface(f"{way.root}_ventral", made, **known)


def parts(way: RootPath) -> list[Surface]:
    """Return root, ganglion and nerve."""
    end, name = way.points_mm[-1], str(way.root)
    steps = np.linspace(-1, 1, 9)
    ganglion = tube(end + np.outer(-3 * steps, [0, 0, 1]), 1.8 * np.sqrt(1.02 - steps**2))
    nerve = tube(np.add(end, [[0, 0, -3], [0, 0, -6]]), [0.8, 0.8])
    made = {"dorsal": tube(way.points_mm, way.radius_mm), "ganglion": ganglion, "nerve": nerve}
    tissues = {"dorsal": "dorsal_root", "ganglion": "ganglion", "nerve": "nerve"}
    return [
        surface(
            f"{name}_{part}", one, tissue=tissues[part], root=way.root, part=part, provenance="synthesized"
        )
        for part, one in made.items()
    ]


@pytest.fixture(scope="session")
def model() -> SpineModel:
    """Return a model of 80 mm with two levels of dorsal roots on both sides."""
    z = np.linspace(TOP_MM, BOTTOM_MM, 41)
    taper = np.clip((z - BOTTOM_MM) / 8, 0.2, 1.0)
    inner, outer = upright(z, 8 * taper), upright(z + np.linspace(0.2, -0.3, 41), 8 * taper + 0.3)
    cord = upright(np.linspace(TOP_MM - 0.1, TIP_MM, 21), 4 * np.sqrt(np.linspace(1, 0.01, 21)))
    ways = [
        path(RootName(level, side), entry, length)
        for level, entry, length in (("L3", 90.0, 45.0), ("L4", 84.0, 60.0))
        for side in "LR"
    ]
    surfaces = [
        surface("cord", cord),
        surface("csf", (inner, cord), tissue="csf"),
        surface("dura", (outer, inner), provenance="synthesized"),
        *(part for way in ways for part in parts(way)),
        surface("dura_inner", inner, kind="boundary", tissue="csf"),
        surface("dura_outer", outer, kind="boundary", tissue="dura", provenance="synthesized"),
    ]
    radii = [
        {
            "root": str(way.root),
            "literature_mm": 1.05,
            "used_mean_mm": 0.6,
            "used_min_mm": 0.6,
            "lost_area_percent": 67.0,
        }
        for way in ways
    ]
    fit = {"cord": {"rms_mm": 0.101, "max_mm": 0.352, "mean_mm": -0.003, "volume_mm3": 1234.0}}
    return SpineModel(
        subject="07",
        surfaces=MappingProxyType({one.name: one for one in surfaces}),
        roots=tuple(ways),
        axes=Axes(np.array([*MIDDLE_MM, 60.0]), np.eye(3)),
        segments=(),
        vertebrae=(),
        settings=MappingProxyType({"smoothing": 1.0, "dura": {"thickness_mm": 0.3}}),
        measures=MappingProxyType({"fit": fit, "radii": radii}),
        sources=(Source("sub-07_dura_1.json", "ab" * 32), Source("sub-07_cord_1.json", "cd" * 32)),
        findings=(
            Finding(
                "warning", "odd-label", "sub-07_cord_1.json", "labels say <dura> & more", "believe the name"
            ),
            Finding(
                "warning", "odd-label", "sub-07_cord_2.json", "labels say something else", "believe the name"
            ),
            Finding("error", "slice-gap", "sub-07_dura_1.json", "4 mm are missing", "trace them"),
        ),
    )


@pytest.fixture(scope="session")
def full(model: SpineModel) -> SpineModel:
    """Return the same with all that is synthesized: gray matter, ventral roots, rootlets, fat, tissue."""
    z = np.linspace(TOP_MM, BOTTOM_MM, 41)
    cord, gray = (upright(np.linspace(TOP_MM, low, 21), radius) for low, radius in _CORD_AND_GRAY)
    filum = upright(np.linspace(TIP_MM, BOTTOM_MM + 4, 21), np.full(21, 0.5))
    behind = np.column_stack([np.tile(MIDDLE_MM - [0, 2.0], (41, 1)), z])
    canal, hull = tube(behind, np.full(41, 11.0)), upright(z, np.full(41, 30.0))
    outer = model.surfaces["dura_outer"]
    dorsal = list(model.roots)
    fronts = [ventral(way) for way in dorsal]
    made = {"provenance": "synthesized"}
    surfaces = [
        surface("white_matter", (cord, gray)),
        surface("gray_matter", gray, **made),
        surface("filum", filum, **made),
        *(one for one in model.surfaces.values() if one.kind == "region" and one.name != "cord"),
        *(front(way) for way in fronts),
        surface("fat", (canal, Tube(outer.vertices_mm, outer.triangles)), **made),
        surface("soft_tissue", (hull, canal), **made),
        surface("cord", cord, kind="boundary"),
        *(one for one in model.surfaces.values() if one.kind == "boundary"),
        surface("canal", canal, kind="boundary", tissue="fat", **made),
        surface("hull", hull, kind="boundary", tissue="soft_tissue", **made),
    ]
    lines = [line for way in (*dorsal, *fronts) for line in rootlets(way, 4 if way.part == "dorsal" else 3)]
    radii = [{**entry, "part": "dorsal"} for entry in model.measures["radii"]]
    radii += [
        {"root": str(way.root), "part": "ventral", "literature_mm": 0.65, "lost_area_percent": 62.0}
        for way in fronts
    ]
    return replace(
        model,
        surfaces=MappingProxyType({one.name: one for one in surfaces}),
        roots=(*dorsal, *fronts, *lines),
        segments=(segment("L3", 95.0, 87.0, 90.0), segment("L4", 87.0, 80.0, 84.0)),
        vertebrae=tuple(
            Vertebra(level, _middle(upper), _middle(lower), "interpolated")
            for level, upper, lower in (("L1", 98.0, 64.0), ("L2", 64.0, 31.0))
        ),
        measures=MappingProxyType(
            {
                **model.measures,
                "radii": radii,
                "segments": [{"level": "L3", "scaled_length_mm": 9.5}, {"level": "L4"}],
            }
        ),
    )


def segment(level: str, rostral_mm: float, caudal_mm: float, entry_mm: float) -> Segment:
    """Return a segment on the cord's axis."""
    horns = {"dorsal_L": _middle((rostral_mm + caudal_mm) / 2)}
    ends = _middle(rostral_mm), _middle(caudal_mm), _middle(entry_mm)
    return Segment(level, *ends, 10.8, MappingProxyType(horns), 0.25, "interpolated")


_CORD_AND_GRAY = (
    (TIP_MM, 4 * np.sqrt(np.linspace(1, 0.01, 21))),
    (TIP_MM + 1, 2 * np.sqrt(np.linspace(1, 0.02, 21))),
)


def _middle(z_mm: float) -> Floats:
    return np.array([*MIDDLE_MM, z_mm])


@pytest.fixture(scope="session")
def tracing(model: SpineModel) -> Tracing:
    """Return the annotation of `model`: a contour every 2 mm down to the lowest slice."""
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(12)])

    def contour(kind: str, z: float, radius: float) -> Contour:
        return Contour([*MIDDLE_MM, z] + radius * ring, f"{kind}_{z:.0f}")

    heights = np.arange(TOP_MM, LOWEST_MM - 1, -2)
    return Tracing(
        subject="07",
        cord=tuple(contour("cord", z, 3.0) for z in heights if z > TIP_MM),
        dura=tuple(contour("dura", z, 8.0) for z in heights),
        roots={way.root: way.points_mm[way.points_mm[:, 2] > LOWEST_MM] for way in model.roots},
        ganglia={way.root: way.points_mm[-1] for way in model.roots},
    )
