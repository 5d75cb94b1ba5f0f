import json
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from cauda.anatomy import measures
from cauda.anatomy.laying import Bed, Roots
from cauda.anatomy.model import RootPath, Surface
from cauda.anatomy.rootlets import Fan, Rootlet
from cauda.anatomy.rotation import Rotation
from cauda.anatomy.segments import Borders
from cauda.anatomy.solids import Solids, Surroundings
from cauda.anatomy.walls import walls
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

CORD_MM, DURA_MM, AROUND = 4.0, 9.0, 120
L4, S1 = RootName("L4", "L"), RootName("S1", "R")


def circles(radius_mm: float, low: float) -> tuple[Contour, ...]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    heights = np.arange(100.0, low - 1e-9, -4.0)
    return tuple(Contour(np.column_stack([ring, np.full(24, z)]), f"slice {z}") for z in heights)


def cylinder(name: str, radius_mm: float) -> Surface:
    """Return a cylinder from z = -50 to 150 mm with many sides, so that its facets lie hardly inside."""
    angle = np.arange(AROUND) * 2 * np.pi / AROUND
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rows = [np.column_stack([ring, np.full(AROUND, z)]) for z in (-50.0, 150.0)]
    vertices = np.concatenate([*rows, [[0.0, 0.0, -50.0], [0.0, 0.0, 150.0]]])
    k, after = np.arange(AROUND), (np.arange(AROUND) + 1) % AROUND
    low, high = np.full(AROUND, 2 * AROUND), np.full(AROUND, 2 * AROUND + 1)
    faces = [
        [k, after, k + AROUND],
        [after, after + AROUND, k + AROUND],
        [after, k, low],
        [k + AROUND, after + AROUND, high],
    ]
    triangles = np.concatenate([np.stack(face, axis=1) for face in faces])
    return Surface(name, "boundary", name, None, None, "annotated", vertices, triangles)


def path(root: RootName, part: str, radius_mm: Floats, moved_mm: Floats, k: int | None = None) -> RootPath:
    count = len(radius_mm)
    points = np.column_stack([np.zeros((count, 2)), 50.0 - np.arange(count)])
    return RootPath(root, part, points, radius_mm, ("annotated",) * count, moved_mm, k)


def fan(root: RootName, part: str, heights: list[float]) -> Fan:
    rootlets = tuple(
        Rootlet(k=k, points_mm=np.array([[4.0, 0.0, z], [5.0, 0.0, z - 5.0]]), radius_mm=0.2)
        for k, z in enumerate(heights, start=1)
    )
    return Fan(root=root, part=part, rootlets=rootlets, joins_mm=3.5, bundle_mm=0.5)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """Return the figures of a round cord in a round sac, read back from JSON."""
    tracing = Tracing("01", circles(CORD_MM + 0.1, 40.0), circles(DURA_MM, 0.0), {}, {})
    cord, dura = ([one.points_mm for one in some][::-1] for some in (tracing.cord, tracing.dura))
    shape = walls(cord, dura, {}, smoothing=1.0, dura_thickness_mm=0.3, cranial_mm=20.0)
    bed = Bed(
        walls=shape,
        around=Surroundings(None, 4.0, 40.0),
        dura_mm=0.3,
        turned=Rotation(0.0, 1.0, np.zeros(3)),
        borders=(
            Borders("L4", 80.0, 70.0, 75.5, 11.0, 9.9, "interpolated"),
            Borders("L5", 70.0, 61.5, 66.25, 9.0, 8.1, "interpolated"),
            Borders("S1", 61.5, 55.0, None, 8.0, 7.2, "extrapolated"),
        ),
        vertebrae=(),
        traced_mm={},
        ganglia_mm={},
    )
    published = root_geometry()["L4"]
    ramp = np.linspace(0.0, 0.4, 9)
    paths = (
        path(L4, "dorsal", np.full(9, published.dorsal_radius_mm / 2), ramp),
        path(L4, "ventral", np.full(9, published.ventral_radius_mm), np.zeros(9)),
        path(S1, "dorsal", np.linspace(0.3, 0.9, 9), ramp),
        path(L4, "dorsal_rootlet", np.full(2, 0.1), np.zeros(2), 1),
    )
    fans = [
        fan(L4, "dorsal", [78.0, 75.0, 74.0]),
        fan(S1, "ventral", [58.0]),
    ]
    roots = Roots([], [], [], fans, Solids(), [])
    surfaces = {name: cylinder(name, radius) for name, radius in (("cord", CORD_MM), ("dura_inner", DURA_MM))}
    made = measures.of(tracing, MappingProxyType(surfaces), bed, roots, paths)
    loaded: dict[str, Any] = json.loads(json.dumps(dict(made), allow_nan=False))
    return loaded


def test_the_fit_is_the_distance_of_annotated_points_outside_positive(found: dict[str, Any]) -> None:
    fit = found["fit"]
    inside = CORD_MM * (1 - np.cos(np.pi / AROUND))
    for name in ("rms_mm", "max_mm", "mean_mm"):
        assert fit["cord"][name] == pytest.approx(0.1, abs=2 * inside)
        assert fit["dura_inner"][name] == pytest.approx(0.0, abs=2 * DURA_MM / CORD_MM * inside)
    polygon = AROUND / 2 * np.sin(2 * np.pi / AROUND) * DURA_MM**2
    assert fit["dura_inner"]["volume_mm3"] == pytest.approx(200 * polygon, rel=1e-9)


def test_the_sac_is_told_by_its_annotated_part_and_what_was_added_below_and_above(
    found: dict[str, Any],
) -> None:
    sac = found["sac"]
    assert sac["annotated_mm"] == 100.0
    assert sac["extrapolated_mm"] == pytest.approx(1.3 * DURA_MM, rel=0.01)
    assert sac["above_mm"] == pytest.approx(20.5)


def test_segments_are_told_with_the_spacing_of_their_traced_entries(found: dict[str, Any]) -> None:
    assert found["segments"] == [
        {
            "level": "L4",
            "length_mm": 10.0,
            "published_length_mm": 11.0,
            "scaled_length_mm": 9.9,
            "traced_spacing_mm": 9.25,
        },
        {
            "level": "L5",
            "length_mm": 8.5,
            "published_length_mm": 9.0,
            "scaled_length_mm": 8.1,
            "traced_spacing_mm": None,
        },
        {
            "level": "S1",
            "length_mm": 6.5,
            "published_length_mm": 8.0,
            "scaled_length_mm": 7.2,
            "traced_spacing_mm": None,
        },
    ]


def test_radii_are_set_against_those_of_the_literature_of_the_same_part(found: dict[str, Any]) -> None:
    radii = found["radii"]
    assert [(entry["root"], entry["part"]) for entry in radii] == [
        ("L4_L", "dorsal"),
        ("L4_L", "ventral"),
        ("S1_R", "dorsal"),
    ]
    half, whole, growing = radii
    assert (half["literature_mm"], half["used_mean_mm"]) == (1.15, 0.575)
    assert half["lost_area_percent"] == 75.0
    assert (whole["literature_mm"], whole["lost_area_percent"]) == (0.65, 0.0)
    assert (growing["used_min_mm"], growing["used_max_mm"]) == (0.3, 0.9)
    square = (np.linspace(0.3, 0.9, 9) ** 2).mean()
    assert growing["lost_area_percent"] == pytest.approx(100 * (1 - square / 1.475**2), abs=1e-5)


def test_displacements_are_told_for_each_root_and_part(found: dict[str, Any]) -> None:
    entries = found["displacements"]
    assert [(entry["root"], entry["part"], entry["mean_mm"], entry["max_mm"]) for entry in entries] == [
        ("L4_L", "dorsal", 0.2, 0.4),
        ("L4_L", "ventral", 0.0, 0.0),
        ("S1_R", "dorsal", 0.2, 0.4),
    ]


def test_rootlets_are_told_with_their_number_and_mean_spacing(found: dict[str, Any]) -> None:
    three, single = found["rootlets"]
    assert (three["root"], three["part"], three["count"], three["spacing_mm"]) == ("L4_L", "dorsal", 3, 2.0)
    assert (three["radius_mm"], three["joins_mm"]) == (0.2, 3.5)
    assert (single["count"], single["spacing_mm"]) == (1, None)
