"""Figures of a build for its reader: how well it fits, how thick its roots are, how far they were moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from cauda.anatomy.distance import nearest
from cauda.anatomy.laying import Bed, Roots
from cauda.anatomy.model import RootPath, Surface
from cauda.anatomy.rootlets import Fan
from cauda.anatomy.segments import Borders
from cauda.annotation.tracing import Contour, Tracing
from cauda.tables.roots import root_geometry


def of(
    tracing: Tracing, surfaces: Mapping[str, Surface], bed: Bed, roots: Roots, paths: Sequence[RootPath]
) -> Mapping[str, Any]:
    """Return JSON-ready figures of a build: fit to the annotation, segments, and what each root became."""
    lowest, highest = bed.walls.annotated_mm["dura"]
    courses = [path for path in paths if path.k is None]
    return MappingProxyType(
        {
            "fit": {
                "cord": _fit_entry(surfaces["cord"], tracing.cord),
                "dura_inner": _fit_entry(surfaces["dura_inner"], tracing.dura),
            },
            "sac": {
                "annotated_mm": _rounded(highest - lowest),
                "extrapolated_mm": _rounded(max(lowest - bed.walls.dura_inner.bottom_mm, 0.0)),
                "above_mm": _rounded(bed.walls.dura_inner.top_mm - highest),
            },
            "segments": [
                _segment_entry(segment, below)
                for segment, below in zip(bed.borders, [*bed.borders[1:], None], strict=True)
            ],
            "radii": [_radius_entry(path) for path in courses],
            "displacements": [_displacement_entry(path) for path in courses],
            "rootlets": [_rootlet_entry(fan) for fan in roots.fans],
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


def _segment_entry(segment: Borders, below: Borders | None) -> dict[str, Any]:
    """Lengths of a segment, and how far its traced entry lies from that of the next segment."""
    traced = None
    if below is not None and segment.entry_mm is not None and below.entry_mm is not None:
        traced = _rounded(segment.entry_mm - below.entry_mm)
    return {
        "level": segment.level,
        "length_mm": _rounded(segment.length_mm),
        "published_length_mm": segment.published_length_mm,
        "scaled_length_mm": _rounded(segment.scaled_length_mm),
        "traced_spacing_mm": traced,
    }


def _rootlet_entry(fan: Fan) -> dict[str, Any]:
    begins = np.array([rootlet.points_mm[0, 2] for rootlet in fan.rootlets])
    return {
        "root": str(fan.root),
        "part": fan.part,
        "count": len(fan.rootlets),
        "spacing_mm": _rounded(np.abs(np.diff(begins)).mean()) if len(begins) > 1 else None,
        "radius_mm": _rounded(float(np.mean([rootlet.radius_mm for rootlet in fan.rootlets]))),
        "joins_mm": _rounded(fan.joins_mm),
    }


def _rounded(value: float) -> float:
    return round(float(value), 6)


def _radius_entry(path: RootPath) -> dict[str, Any]:
    geometry = root_geometry()[path.root.level]
    literature = geometry.dorsal_radius_mm if path.part == "dorsal" else geometry.ventral_radius_mm
    used = path.radius_mm
    return {
        "root": str(path.root),
        "part": path.part,
        "literature_mm": literature,
        "used_mean_mm": _rounded(used.mean()),
        "used_min_mm": _rounded(used.min()),
        "used_max_mm": _rounded(used.max()),
        "lost_area_percent": _rounded(100 * (1 - (used**2).mean() / literature**2)),
    }


def _displacement_entry(path: RootPath) -> dict[str, Any]:
    return {
        "root": str(path.root),
        "part": path.part,
        "mean_mm": _rounded(path.displacement_mm.mean()),
        "max_mm": _rounded(path.displacement_mm.max()),
    }
