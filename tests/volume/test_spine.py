"""Regions of a model: a point lies in the same one as in the model's own solids."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from cauda import annotation, lead
from cauda.anatomy.building import build
from cauda.anatomy.model import SpineModel
from cauda.arrays import Bools, Floats
from cauda.errors import MeshError
from cauda.volume.closed import Closed
from cauda.volume.region import Region
from cauda.volume.sizes import size
from cauda.volume.spine import Extent, Spine, spine


def told(regions: Sequence[Region], points: Floats) -> list[str]:
    """Return the region of each point as the ordered list tells it."""
    found = np.full(len(points), -1)
    for k, region in enumerate(regions):
        inside = np.zeros(len(points), dtype=bool)
        near = ((points >= region.low_mm) & (points <= region.high_mm)).all(axis=1)
        inside[near] = region.distance_mm(points[near]) < 0
        allowed = [i for i, other in enumerate(regions[:k]) if other.label.name in region.within]
        found[inside & (np.isin(found, allowed) if region.within else (found >= 0) | (k == 0))] = k
    return [regions[k].label.name if k >= 0 else "" for k in found]


def true(model: SpineModel, points: Floats) -> list[str]:
    found = np.full(len(points), "", dtype=object)
    for one in model.surfaces.values():
        if one.kind == "region":
            closed = Closed(one.vertices_mm, one.triangles)
            near = ((points >= closed.low_mm) & (points <= closed.high_mm)).all(axis=1)
            (inside,) = np.nonzero(near)
            found[inside[closed.distance_mm(points[inside]) < 0]] = one.name
    return list(found)


def sample(model: SpineModel, count: int) -> Floats:
    """Return points near all surfaces and in all boxes."""
    random, parts = np.random.default_rng(1), []
    for one in model.surfaces.values():
        chosen = one.vertices_mm[random.integers(0, len(one.vertices_mm), count)]
        parts.append(chosen + random.normal(scale=0.2, size=chosen.shape))
        low, high = one.vertices_mm.min(axis=0), one.vertices_mm.max(axis=0)
        parts.append(random.uniform(low, high, (count, 3)))
    return np.concatenate(parts)


def below(model: SpineModel, found: Spine, points: Floats) -> Bools:
    """Tell which points lie below the cut and not near the hull, which the cut changes."""
    hull = model.surfaces["hull"]
    deep = Closed(hull.vertices_mm, hull.triangles).distance_mm(points) < -2.0
    return np.asarray(deep & (model.axes.local(points)[:, 2] < found.cranial_mm - 0.5))


def test_each_point_lies_where_the_models_solids_say(model: SpineModel) -> None:
    found, points = spine(model, None, size("normal")), sample(model, 60)
    points = points[below(model, found, points)]
    assert told(found.regions, points) == true(model, points)


def test_with_a_lead_only_the_fat_gives_way(model: SpineModel, placed: lead.Lead) -> None:
    found, after = spine(model, placed, size("normal")), lead.indented(model, placed)
    points = sample(after, 40)
    points = points[below(model, found, points)]
    own = [contact.name for contact in placed.contacts]
    listed = ["lead" if name in own else name for name in told(found.regions, points)]
    wanted = np.array(true(after, points), dtype=object)
    wanted[placed.distance_mm(points) < 0] = "lead"
    assert listed == list(wanted)


@pytest.mark.shared
def test_so_it_is_with_sub_03(markers_sub_03: str) -> None:
    real = build(annotation.read(markers_sub_03))
    found, points = spine(real, None, size("normal")), sample(real, 40)
    points = points[below(real, found, points)]
    assert told(found.regions, points) == true(real, points)


def test_tissues_go_on_through_the_cut(model: SpineModel) -> None:
    found = spine(model, None, size("coarse"), Extent(beyond_mm=30.0))
    plain = spine(model, None, size("coarse"))
    assert found.cranial_mm == pytest.approx(plain.cranial_mm + 30.0)
    at = model.axes.local(sample(model, 150))
    at = at[np.abs(at[:, 2] - plain.cranial_mm) < 40]
    at[:, 2] = plain.cranial_mm - 0.05
    names = set()
    for height in (0.0, 10.0, 29.9):
        moved = told(found.regions, model.axes.ras(at + np.array([0.0, 0.0, height])))
        # What bends or tapers within the first tenth of a mm may differ there.
        assert (
            np.mean([a == b for a, b in zip(moved, told(plain.regions, model.axes.ras(at)), strict=True)])
            > 0.97
        )
        names |= set(moved)
    assert {"white_matter", "gray_matter", "csf", "dura", "fat", "soft_tissue"} <= names
    above = model.axes.ras(at + np.array([0.0, 0.0, 30.1]))
    assert set(told(found.regions, above)) == {""}


def test_soft_tissue_reaches_as_far_as_asked_for(model: SpineModel) -> None:
    hull = model.surfaces["hull"]
    local = model.axes.local(hull.vertices_mm)
    middle = hull.vertices_mm[np.abs(local[:, 2] - local[:, 2].mean()) < 40]
    center = middle.mean(axis=0)
    outward = (middle - center) * np.array([1.0, 1.0, 0.0])
    outward /= np.linalg.norm(outward, axis=1)[:, None]
    wide = spine(model, None, size("coarse"), Extent(soft_tissue_mm=20.0)).regions[0]
    assert (wide.distance_mm(middle + 18.0 * outward) < 0).all()
    assert (wide.distance_mm(middle + 24.0 * outward) > 0).all()


def test_every_root_comes_with_its_thread_and_its_direction(model: SpineModel) -> None:
    regions = spine(model, None, size("normal")).regions
    roots = [region for region in regions if region.group == "roots"]
    assert len(roots) == 29
    for region in roots:
        assert region.thread is not None
        assert region.direction is not None
        middle = region.thread.points_mm[len(region.thread.points_mm) // 2 :][:1]
        assert region.distance_mm(middle)[0] < 0
        assert np.linalg.norm(region.direction(middle)) == pytest.approx(1.0)


def test_an_extent_that_would_take_tissue_away_is_refused(model: SpineModel) -> None:
    for name in ("soft_tissue_mm", "beyond_mm"):
        with pytest.raises(MeshError, match=f"{name}: found -1.0, wanted 0 or more"):
            spine(model, None, size("coarse"), Extent(**{name: -1.0}))


def test_a_lead_of_another_subject_is_refused(model: SpineModel, placed: lead.Lead) -> None:
    with pytest.raises(MeshError, match="placed in sub-99, and the model is of sub-01"):
        spine(model, replace(placed, subject="99"), size("normal"))


def test_a_model_without_a_hull_is_refused(model: SpineModel) -> None:
    kept = {name: one for name, one in model.surfaces.items() if name != "hull"}
    with pytest.raises(MeshError, match=r"it has no hull; build it again"):
        spine(replace(model, surfaces=MappingProxyType(kept)), None, size("normal"))
