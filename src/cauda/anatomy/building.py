"""The verb: from a tracing to solids that fit together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

from cauda.anatomy import caliber, separation
from cauda.anatomy.axes import Axes
from cauda.anatomy.course import Course, course
from cauda.anatomy.distance import nearest
from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.solids import CORD_EDGE_MM, Solids, solids
from cauda.anatomy.walls import Walls, inflated, walls
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Floats, Ints
from cauda.check import check, impossible
from cauda.errors import BuildError, Finding, RootError
from cauda.tables.roots import root_geometry

Progress = Callable[[str, float], None]

_LINE_STEP_MM = 0.5
_TRACED_WITHIN_MM = 1.5
"""A point this near to a traced one counts as annotated; slices are 2 mm apart."""

_LEAST_CONTOURS = 5
_LEAST_ROOT_POINTS = 2

_FARTHEST_ENTRY_MM = 5.0
_LEAST_CSF_MM = 0.1

NOT_BUILT = "root-not-built"
"""Code of the finding that a root is left out of the model."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a model is built with.

    Attributes
    ----------
    smoothing : float
        Factor on the default strength of the smoothing; 0 interpolates the contours.
    dura_thickness_mm : float
        Distance from the inner to the outer surface of the dura (0.307 +- 0.122 mm,
        10.1016/j.spinee.2011.11.001).
    seed : int
        Of all that is drawn at random: nothing in the parts that are built today.
    """

    smoothing: float = 1.0
    dura_thickness_mm: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 100:
            raise BuildError(f"smoothing: found {self.smoothing}, wanted a factor from 0 to 100")
        if not 0.2 <= self.dura_thickness_mm <= 1.0:
            raise BuildError(f"dura thickness: found {self.dura_thickness_mm} mm, wanted 0.2 to 1.0 mm")


def build(
    tracing: Tracing, settings: Settings | None = None, *, progress: Progress | None = None
) -> SpineModel:
    """Return the model of a tracing: cord, dura, CSF, and each root with its ganglion and nerve.

    Parameters
    ----------
    tracing : Tracing
        Cord and dura contours, roots and ganglia, RAS mm.
    settings : Settings, optional
        The defaults where absent.
    progress : callable, optional
        Called with the name of a step and the fraction done.

    Raises
    ------
    BuildError
        If the tracing cannot be one of a spine (unreadable files, no cord, sizes that no human has), or no
        solids that fit together can be made of it. The message says which root and where.

    Notes
    -----
    The solids are in RAS mm. Any two share a surface by construction, vertex by vertex, or are apart.
    """
    settings = settings or Settings()
    tell = progress or (lambda _step, _fraction: None)
    tell("check the annotation", 0.0)
    findings = check(tracing)
    refused = impossible(findings)
    if refused:
        raise BuildError(_refusal(tracing, refused))
    with threadpool_limits(1):
        return _built(tracing, settings, findings, tell)


def _built(tracing: Tracing, settings: Settings, findings: tuple[Finding, ...], tell: Progress) -> SpineModel:
    for name, contours in (("cord", tracing.cord), ("dura", tracing.dura)):
        if len(contours) < _LEAST_CONTOURS:
            found = f"found {len(contours)} contours of the {name}, wanted at least {_LEAST_CONTOURS}"
            raise BuildError(f"sub-{tracing.subject}: {found}; annotate more slices")
    axes = Axes.of(tracing)
    ganglia = {name: axes.local(point[None])[0] for name, point in tracing.ganglia.items()}
    tell("fit cord and dura", 0.1)
    shape = walls(
        [axes.local(contour.points_mm) for contour in tracing.cord][::-1],
        [axes.local(contour.points_mm) for contour in tracing.dura][::-1],
        ganglia,
        smoothing=settings.smoothing,
        dura_thickness_mm=settings.dura_thickness_mm,
    )
    _refuse_cord_outside(tracing, axes, shape)
    roots = _roots(tracing, axes, shape, settings, tell)
    tell("collect the model", 0.9)
    surfaces = _surfaces(roots.solids, axes)
    paths = tuple(
        _path(tracing, axes, shape, before, after, radius)
        for before, after, radius in zip(roots.laid, roots.moved, roots.radii_mm, strict=True)
    )
    return SpineModel(
        subject=tracing.subject,
        surfaces=surfaces,
        roots=paths,
        settings=MappingProxyType(asdict(settings)),
        measures=_measures(tracing, surfaces, shape, paths),
        sources=tracing.sources,
        findings=tuple(sorted((*findings, *roots.left_out))),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Roots:
    """Courses as laid and as moved, their radii, the solids made of them, and what was left out."""

    laid: list[Course]
    moved: list[Course]
    radii_mm: list[Floats]
    solids: Solids
    left_out: list[Finding]


def _roots(tracing: Tracing, axes: Axes, shape: Walls, settings: Settings, tell: Progress) -> _Roots:
    """Lay the roots and make the solids, without those roots of which none can be made."""
    tell("lay the roots", 0.25)
    left_out = list(_left_out(tracing, axes, shape))
    while True:
        gone = {finding.file for finding in left_out}
        laid = [
            course(
                name,
                axes.local(points),
                axes.local(tracing.ganglia[name][None])[0],
                shape,
                root_geometry()[name.level],
            )
            for name, points in tracing.roots.items()
            if name in tracing.ganglia and str(name) not in gone
        ]
        thickness_mm = settings.dura_thickness_mm
        moved = separation.separated(laid, caliber.rooms(laid, shape, thickness_mm), shape)
        radii_mm = caliber.radii(moved, shape)
        tell("make the solids", 0.4)
        try:
            return _Roots(laid, moved, radii_mm, solids(moved, radii_mm, shape, thickness_mm), left_out)
        except RootError as error:
            _log.info("%s", error)
            advice = "look at its course; the model lacks it"
            left_out.append(Finding("error", NOT_BUILT, error.root, error.reason, advice))


def _refuse_cord_outside(tracing: Tracing, axes: Axes, shape: Walls) -> None:
    """No solids fit together where the cord touches the dura."""
    theta = np.linspace(-np.pi, np.pi, 48, endpoint=False)
    heights = np.arange(shape.cord.bottom_mm, shape.cord.top_mm, 0.5)
    points = shape.cord.grid(theta, heights)[0].reshape(-1, 3)
    gap = -shape.dura_inner.distance(points)
    worst = int(np.argmin(gap))
    if gap[worst] < _LEAST_CSF_MM:
        where = ", ".join(f"{x:.1f}" for x in axes.ras(points[worst : worst + 1])[0])
        raise BuildError(
            f"sub-{tracing.subject}: the cord lies {gap[worst]:.2f} mm inside the dura at RAS ({where}) mm, "
            f"wanted at least {_LEAST_CSF_MM:g} mm; annotate the dura as far down as the cord, and mend what "
            "cauda check finds"
        )


def _left_out(tracing: Tracing, axes: Axes, shape: Walls) -> Iterator[Finding]:
    """Yield a finding for each root that cannot be built although it has a ganglion."""
    for name, points in tracing.roots.items():
        off_mm = float(shape.cord.distance(axes.local(points[:1]))[0])
        if name not in tracing.ganglia:
            continue
        if name.level not in root_geometry():
            what, advice = f"there are no published sizes of level {name.level}", "the model lacks this root"
        elif len(points) < _LEAST_ROOT_POINTS:
            what, advice = "one point, wanted at least 2", "trace the root; the model lacks it"
        elif off_mm > _FARTHEST_ENTRY_MM:
            what = f"it begins {off_mm:.1f} mm off the cord, wanted at most {_FARTHEST_ENTRY_MM:g} mm"
            advice = "trace it from its entry; the model lacks it"
        else:
            continue
        yield Finding("error", NOT_BUILT, str(name), what, advice)


def _refusal(tracing: Tracing, refused: Sequence[Finding]) -> str:
    first = refused[0]
    more = f"; and {len(refused) - 1} more, see cauda check" if len(refused) > 1 else ""
    return f"sub-{tracing.subject}: {first.file}: {first.what} ({first.advice}){more}"


_PROVENANCE = MappingProxyType(
    {"cord": "annotated", "csf": "annotated", "dura_inner": "annotated", "dorsal": "annotated"}
)


def _surfaces(made: Solids, axes: Axes) -> Mapping[str, Surface]:
    points = axes.ras(made.pool.points_mm())
    found: dict[str, Surface] = {}
    for kind, group in (("region", made.regions), ("boundary", made.boundaries)):
        for name in sorted(group, key=_order):
            triangles = np.concatenate(group[name])
            used, index = np.unique(triangles, return_inverse=True)
            root, part = _part(name)
            if not _is_closed(index.reshape(-1, 3)):
                raise BuildError(f"{name} is not closed; please report it with the annotation as a defect")
            found[name] = Surface(
                name=name,
                kind="region" if kind == "region" else "boundary",
                tissue={"dorsal": "dorsal_root", "dura_inner": "dura", "dura_outer": "dura"}.get(part, part),
                root=root,
                part=part if root else None,
                provenance=_PROVENANCE.get(part, "synthesized"),
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
    head, _, part = name.rpartition("_")
    try:
        return RootName.parse(head), part
    except ValueError:
        return None, name


def _path(
    tracing: Tracing, axes: Axes, shape: Walls, before: Course, after: Course, radius_mm: Floats
) -> RootPath:
    arc = after.arc_mm
    curve = CubicSpline(arc, after.points_mm)
    start = _surface_crossing(curve, inflated(shape.cord, CORD_EDGE_MM))
    end = float(arc[after.ganglion])
    where = np.linspace(start, end, max(2, round((end - start) / _LINE_STEP_MM)) + 1)
    points = axes.ras(curve(where))
    points[-1] = tracing.ganglia[after.root]
    shift = np.linalg.norm(after.points_mm - before.points_mm, axis=1)
    return RootPath(
        root=after.root,
        part="dorsal",
        points_mm=points,
        radius_mm=np.interp(where, arc, radius_mm),
        provenance=_provenance(points, tracing.roots[after.root]),
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


def _measures(
    tracing: Tracing, surfaces: Mapping[str, Surface], shape: Walls, paths: Sequence[RootPath]
) -> Mapping[str, Any]:
    lowest, highest = shape.annotated_mm["dura"]
    return MappingProxyType(
        {
            "fit": {
                "cord": _fit_entry(surfaces["cord"], tracing.cord),
                "dura_inner": _fit_entry(surfaces["dura_inner"], tracing.dura),
            },
            "sac": {
                "annotated_mm": _rounded(highest - lowest),
                "extrapolated_mm": _rounded(max(lowest - shape.dura_inner.bottom_mm, 0.0)),
            },
            "radii": [_radius_entry(path) for path in paths],
            "displacements": [_displacement_entry(path) for path in paths],
        }
    )


def _fit_entry(surface: Surface, contours: Sequence[Contour]) -> dict[str, float]:
    """Distances of the annotated points from the triangles, outside positive."""
    points = np.concatenate([contour.points_mm for contour in contours])
    distance = nearest(points, surface.vertices_mm, surface.triangles).distance_mm
    return {
        "rms_mm": _rounded(np.sqrt((distance**2).mean())),
        "max_mm": _rounded(np.abs(distance).max()),
        "mean_mm": _rounded(distance.mean()),
        "volume_mm3": _rounded(surface.volume_mm3),
    }


def _rounded(value: float) -> float:
    return round(float(value), 6)


def _radius_entry(path: RootPath) -> dict[str, Any]:
    literature = root_geometry()[path.root.level].dorsal_radius_mm
    used = path.radius_mm
    return {
        "root": str(path.root),
        "literature_mm": literature,
        "used_mean_mm": _rounded(used.mean()),
        "used_min_mm": _rounded(used.min()),
        "used_max_mm": _rounded(used.max()),
        "lost_area_percent": _rounded(100 * (1 - (used**2).mean() / literature**2)),
    }


def _displacement_entry(path: RootPath) -> dict[str, Any]:
    return {
        "root": str(path.root),
        "mean_mm": _rounded(path.displacement_mm.mean()),
        "max_mm": _rounded(path.displacement_mm.max()),
    }
