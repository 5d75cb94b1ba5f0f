"""A model's parts turned from the axes in which they were built to RAS, each with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from types import MappingProxyType

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from cauda.anatomy.axes import Axes
from cauda.anatomy.course import Course
from cauda.anatomy.gray import horns, share
from cauda.anatomy.laying import Bed, Roots
from cauda.anatomy.model import RootPath, Segment, Surface, Vertebra
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.segments import Borders
from cauda.anatomy.solids import CORD_EDGE_MM, CORD_TIP_EDGE_MM, Solids
from cauda.anatomy.walls import inflated
from cauda.annotation.tracing import RootName, Tracing
from cauda.arrays import Floats, Ints, frozen
from cauda.errors import BuildError

_LINE_STEP_MM = 0.5
_TRACED_WITHIN_MM = 1.5
"""A point this near to a traced one counts as annotated; slices are 2 mm apart."""

_PROVENANCE = MappingProxyType(
    {"cord": "annotated", "csf": "annotated", "dura_inner": "annotated", "dorsal": "annotated"}
)
_NUMBER = re.compile(r"(?<=_rootlet)_\d+$")
_TISSUE = MappingProxyType(
    {
        "dorsal": "dorsal_root",
        "ventral": "ventral_root",
        "dorsal_rootlet": "dorsal_root",
        "ventral_rootlet": "ventral_root",
        "dura_inner": "dura",
        "dura_outer": "dura",
        "canal": "fat",
        "hull": "soft_tissue",
    }
)


def surfaces(made: Solids, axes: Axes, traced: Container[RootName]) -> Mapping[str, Surface]:
    """Return the surfaces of all solids by name, regions first.

    Parameters
    ----------
    made : Solids
        In the model's axes.
    axes : Axes
        Of the model.
    traced : container of RootName
        Roots of the annotation; all others are synthesized.

    Raises
    ------
    BuildError
        If one is not closed.
    """
    points = axes.ras(made.pool.points_mm())
    found: dict[str, Surface] = {}
    for kind, group in (("region", made.regions), ("boundary", made.boundaries)):
        for name in sorted(group, key=_order):
            triangles = np.concatenate(group[name])
            used, index = np.unique(triangles, return_inverse=True)
            root, numbered = _part(name)
            part = _NUMBER.sub("", numbered)
            if not _is_closed(index.reshape(-1, 3)):
                raise BuildError(f"{name} is not closed; please report it with the annotation as a defect")
            found[name] = Surface(
                name=name,
                kind="region" if kind == "region" else "boundary",
                tissue=_TISSUE.get(part, part),
                root=root,
                part=part if root else None,
                provenance=_PROVENANCE.get(part, "synthesized")
                if not root or root in traced
                else "synthesized",
                vertices_mm=points[used],
                triangles=index.reshape(-1, 3),
            )
    return MappingProxyType(found)


def _is_closed(triangles: Ints) -> bool:
    """Tell whether every edge belongs to two triangles, once in each direction."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = int(triangles.max()) + 1
    forth, back = pairs[:, 0] * count + pairs[:, 1], pairs[:, 1] * count + pairs[:, 0]
    return np.array_equal(np.sort(forth), np.sort(back))


def _order(name: str) -> tuple[int, tuple[int, str], str]:
    root, part = _part(name)
    return (1, root.rank, part) if root else (0, (0, ""), part)


def _part(name: str) -> tuple[RootName | None, str]:
    """Split ``L4_L_dorsal`` into the root and the part; other names are parts themselves."""
    level, _, rest = name.partition("_")
    side, _, part = rest.partition("_")
    try:
        return RootName.parse(f"{level}_{side}"), part
    except ValueError:
        return None, name


def paths(roots: Roots, bed: Bed, tracing: Tracing, axes: Axes) -> tuple[RootPath, ...]:
    """Return the center lines of all roots, from cranial to caudal, and then those of their rootlets."""
    cord = inflated(bed.walls.cord, CORD_EDGE_MM, CORD_TIP_EDGE_MM)
    lines = [
        _path(before, after, radius, cord, tracing, axes)
        for before, after, radius in zip(roots.laid, roots.moved, roots.radii_mm, strict=True)
    ]
    strands = [
        RootPath(
            root=fan.root,
            part=f"{fan.part}_rootlet",
            points_mm=axes.ras(rootlet.points_mm),
            radius_mm=np.full(len(rootlet.points_mm), rootlet.radius_mm),
            provenance=("synthesized",) * len(rootlet.points_mm),
            displacement_mm=np.zeros(len(rootlet.points_mm)),
            k=rootlet.k,
        )
        for fan in roots.fans
        for rootlet in fan.rootlets
    ]
    lines.sort(key=_from_cranial)
    strands.sort(key=_from_cranial)
    return (*lines, *strands)


def _from_cranial(path: RootPath) -> tuple[tuple[int, str], str, int]:
    return path.root.rank, path.part, path.k or 0


def _path(
    before: Course, after: Course, radius_mm: Floats, cord: PolarSurface, tracing: Tracing, axes: Axes
) -> RootPath:
    arc = after.arc_mm
    curve = CubicSpline(arc, after.points_mm)
    start, end = _surface_crossing(curve, cord), float(arc[after.ganglion])
    where = np.linspace(start, end, max(2, round((end - start) / _LINE_STEP_MM)) + 1)
    points = axes.ras(curve(where))
    annotated = after.part == "dorsal" and after.root in tracing.roots
    if annotated:
        points[-1] = tracing.ganglia[after.root]
    provenance = (
        _provenance(points, tracing.roots[after.root]) if annotated else ("synthesized",) * len(points)
    )
    shift = np.linalg.norm(after.points_mm - before.points_mm, axis=1)
    return RootPath(
        root=after.root,
        part=after.part,
        points_mm=points,
        radius_mm=np.interp(where, arc, radius_mm),
        provenance=provenance,
        displacement_mm=np.interp(where, arc, shift),
    )


def _surface_crossing(curve: CubicSpline, cord: PolarSurface) -> float:
    """Length at which the center line passes the cord's surface, near 0."""
    low, high = -0.8, 1.5
    for _ in range(40):
        middle = (low + high) / 2
        if cord.height(curve(np.array([middle])))[0] < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _provenance(points: Floats, traced: Floats) -> tuple[str, ...]:
    distance, _ = cKDTree(traced).query(points)
    near = np.flatnonzero(distance <= _TRACED_WITHIN_MM)
    names = np.full(len(points), "extrapolated", dtype=object)
    if len(near):
        names[near[0] : near[-1] + 1] = "interpolated"
        names[near] = "annotated"
    names[-1] = "annotated"
    return tuple(str(name) for name in names)


def segments(bed: Bed, axes: Axes) -> tuple[Segment, ...]:
    """Return the segments of the cord."""
    return tuple(_segment(each, bed, axes) for each in bed.borders)


def _segment(borders: Borders, bed: Bed, axes: Axes) -> Segment:
    gray, cord = bed.around.gray, bed.walls.cord
    has_gray = gray is not None and gray.bottom_mm < borders.middle_mm < gray.top_mm
    return Segment(
        level=borders.level,
        rostral_mm=_on_line(cord, borders.rostral_mm, axes),
        caudal_mm=_on_line(cord, borders.caudal_mm, axes),
        entry_mm=None if borders.entry_mm is None else _on_line(cord, borders.entry_mm, axes),
        published_length_mm=borders.published_length_mm,
        horns_mm=MappingProxyType(
            {
                name: frozen(axes.ras(point[None])[0])
                for name, point in horns(gray, cord, bed.turned, borders.middle_mm).items()
            }
            if gray is not None and has_gray
            else {}
        ),
        gray_share=share(gray, cord, borders.middle_mm) if gray is not None and has_gray else None,
        provenance=borders.provenance,
    )


def vertebrae(bed: Bed, axes: Axes) -> tuple[Vertebra, ...]:
    """Return where the vertebrae lie."""
    sac = bed.walls.dura_inner
    return tuple(
        Vertebra(
            level=each.level,
            upper_mm=_on_line(sac, each.upper_mm, axes),
            lower_mm=_on_line(sac, each.lower_mm, axes),
            provenance=each.provenance,
        )
        for each in bed.vertebrae
    )


def _on_line(surface: PolarSurface, height_mm: float, axes: Axes) -> Floats:
    """Return the point of a surface's center line at a height, RAS mm."""
    center = surface.center(np.array([height_mm]))[0]
    return frozen(axes.ras(np.array([[*center, height_mm]]))[0])
