"""The verb: from a tracing to solids that fit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np
from threadpoolctl import threadpool_limits

from cauda.anatomy import collecting, measures
from cauda.anatomy.axes import Axes
from cauda.anatomy.csf import thickened
from cauda.anatomy.further_roots import parse_range
from cauda.anatomy.gray import gray_matter
from cauda.anatomy.laying import NOT_BUILT, Bed, roots
from cauda.anatomy.model import SpineModel
from cauda.anatomy.rotation import rotation
from cauda.anatomy.segments import ENTRIES, Entry, segment_borders
from cauda.anatomy.solids import Surroundings
from cauda.anatomy.vertebrae import vertebra_levels
from cauda.anatomy.walls import Walls, walls
from cauda.annotation.tracing import Tracing
from cauda.check import check, impossible
from cauda.errors import BuildError, Finding

__all__ = ["NOT_BUILT", "Progress", "Settings", "build"]

Progress = Callable[[str, float], None]

_LEAST_CONTOURS = 5
_LEAST_CSF_MM = 0.1
_BELOW_CAP_MM = 0.5
"""The gray matter ends so far below the cord's cranial end."""


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
    cranial_mm : float
        How far cord and sac go on above the first slice, with constant section.
    entry : "rostral", "center" or "caudal"
        Where in its segment a root was traced from.
    roots : str
        Levels of which roots are added where none was traced, such as ``T11-Co``; none if empty.
    rootlets : "lines" or "solid"
        Whether rootlets are center lines alone or solids as well.
    dorsal_fat_mm : float
        Least depth of the epidural space behind the sac, over a width of 10 mm (assumed).
    soft_tissue_mm : float
        How far the soft tissue reaches around the canal (assumed).
    csf_thickness : float
        Factor on the distance from cord to dura: what the annotation of the dura may be wrong by, see
        `cauda.anatomy.csf.thickened`.
    seed : int
        Of all that is drawn at random: the places of the rootlets.
    """

    smoothing: float = 1.0
    dura_thickness_mm: float = 0.3
    cranial_mm: float = 60.0
    entry: Entry = "center"
    roots: str = ""
    rootlets: str = "lines"
    dorsal_fat_mm: float = 4.0
    soft_tissue_mm: float = 40.0
    csf_thickness: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, low, high, unit in (
            ("smoothing", self.smoothing, 0, 100, ""),
            ("dura thickness", self.dura_thickness_mm, 0.2, 1.0, " mm"),
            ("cranial extension", self.cranial_mm, 0, 300, " mm"),
            ("dorsal epidural fat", self.dorsal_fat_mm, 1.0, 12.0, " mm"),
            ("soft tissue", self.soft_tissue_mm, 5, 300, " mm"),
            ("thickness of CSF", self.csf_thickness, 0.5, 2.0, ""),
        ):
            if not low <= value <= high:
                raise BuildError(f"{name}: found {value}{unit}, wanted {low} to {high}{unit}")
        if self.entry not in ENTRIES:
            raise BuildError(f"entry: found {self.entry!r}, wanted one of {', '.join(ENTRIES)}")
        if self.rootlets not in ("lines", "solid"):
            raise BuildError(f"rootlets: found {self.rootlets!r}, wanted lines or solid")
        if self.seed < 0:
            raise BuildError(f"seed: found {self.seed}, wanted 0 or more")
        parse_range(self.roots or "L1")


def build(
    tracing: Tracing, settings: Settings | None = None, *, progress: Progress | None = None
) -> SpineModel:
    """Return the model of a tracing: cord, dura, roots, ganglia and what lies around them.

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
    tell("fit cord and dura", 0.05)
    bed = _bed(tracing, axes, settings)
    if settings.csf_thickness != 1:
        tracing = thickened(tracing, axes, bed.walls, settings.csf_thickness)
        bed = _bed(tracing, axes, settings)
    _refuse_cord_outside(tracing, axes, bed.walls)
    levels = parse_range(settings.roots) if settings.roots else ()
    laid = roots(bed, levels, settings.seed, tell, rootlets_solid=settings.rootlets == "solid")
    tell("collect the model", 0.9)
    surfaces = collecting.surfaces(laid.solids, axes, tracing.roots)
    paths = collecting.paths(laid, bed, tracing, axes)
    return SpineModel(
        subject=tracing.subject,
        surfaces=surfaces,
        roots=paths,
        axes=axes,
        segments=collecting.segments(bed, axes),
        vertebrae=collecting.vertebrae(bed, axes),
        settings=MappingProxyType(asdict(settings)),
        measures=measures.of(tracing, surfaces, bed, laid, paths),
        sources=tracing.sources,
        findings=tuple(sorted((*findings, *laid.left_out))),
    )


def _bed(tracing: Tracing, axes: Axes, settings: Settings) -> Bed:
    ganglia = {name: axes.local(point[None])[0] for name, point in tracing.ganglia.items()}
    traced = {name: axes.local(points) for name, points in tracing.roots.items()}
    shape = walls(
        [axes.local(contour.points_mm) for contour in tracing.cord][::-1],
        [axes.local(contour.points_mm) for contour in tracing.dura][::-1],
        ganglia,
        smoothing=settings.smoothing,
        dura_thickness_mm=settings.dura_thickness_mm,
        cranial_mm=settings.cranial_mm,
    )
    entries = {name: float(points[0, 2]) for name, points in traced.items()}
    top_mm = shape.cord.top_mm
    borders = segment_borders(entries, shape.conus_mm, top_mm, settings.entry)
    turned = rotation(
        shape.cord,
        {name: points[0] for name, points in traced.items()},
        shape.conus_mm,
        shape.annotated_mm["cord"][1],
    )
    return Bed(
        walls=shape,
        around=Surroundings(
            gray=gray_matter(shape.cord, borders, turned, shape.conus_mm, top_mm - _BELOW_CAP_MM),
            dorsal_fat_mm=settings.dorsal_fat_mm,
            soft_tissue_mm=settings.soft_tissue_mm,
        ),
        dura_mm=settings.dura_thickness_mm,
        turned=turned,
        borders=borders,
        vertebrae=vertebra_levels(ganglia),
        traced_mm=traced,
        ganglia_mm=ganglia,
    )


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


def _refusal(tracing: Tracing, refused: Sequence[Finding]) -> str:
    first = refused[0]
    more = f"; and {len(refused) - 1} more, see cauda check" if len(refused) > 1 else ""
    return f"sub-{tracing.subject}: {first.file}: {first.what} ({first.advice}){more}"
