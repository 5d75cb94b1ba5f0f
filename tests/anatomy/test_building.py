import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from cauda import annotation
from cauda.anatomy import fidelity, model_files
from cauda.anatomy.building import Settings, build
from cauda.anatomy.distance import nearest
from cauda.anatomy.model import PROVENANCES, SpineModel
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.errors import BuildError
from cauda.tables.roots import root_geometry

SOME = tuple(RootName.parse(name) for name in ("L3_L", "L3_R", "S1_L", "S1_R"))


@pytest.fixture(scope="module")
def few(tracing: Tracing) -> Tracing:
    """Return the virtual subject with four of its roots, which takes half the time."""
    return replace(
        tracing,
        roots={root: tracing.roots[root] for root in SOME},
        ganglia={root: tracing.ganglia[root] for root in SOME},
    )


@pytest.fixture(scope="module")
def few_model(few: Tracing) -> SpineModel:
    return build(few)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def at_once(verify_model: ModuleType) -> Callable[[SpineModel], dict[tuple[str, str], float]]:
    """Return what bounds the overlap of every two regions: their volumes less that of the union of all."""
    manifold3d = pytest.importorskip("manifold3d")

    def overlaps(model: SpineModel) -> dict[tuple[str, str], float]:
        regions = [surface for surface in model.surfaces.values() if surface.kind == "region"]
        solids = [verify_model.solid(surface) for surface in regions]
        union = manifold3d.Manifold.batch_boolean(solids, manifold3d.OpType.Add)
        return {("all", "all"): abs(sum(solid.volume() for solid in solids) - union.volume())}

    return overlaps


def missed(bars: Iterator[Any]) -> list[str]:
    return [f"{bar.name}: {bar.value}, wanted {bar.wanted}" for bar in bars if not bar.met]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"smoothing": -0.1}, "smoothing: found -0.1, wanted a factor from 0 to 100"),
        ({"smoothing": float("nan")}, "smoothing: found nan"),
        ({"smoothing": 101.0}, "smoothing: found 101"),
        ({"dura_thickness_mm": 0.1}, "dura thickness: found 0.1 mm, wanted 0.2 to 1.0 mm"),
        ({"dura_thickness_mm": float("inf")}, "dura thickness: found inf"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        Settings(**settings)  # type: ignore[arg-type]


def test_sizes_that_no_human_has_are_refused(few: Tracing, variants: ModuleType) -> None:
    for factor in (10.0, 0.1):
        with pytest.raises(BuildError, match=r"sub-05: .*mm"):
            build(variants.mapped(few, lambda points, by=factor: points * by))


def test_a_tracing_without_a_cord_or_a_dura_is_refused(few: Tracing) -> None:
    with pytest.raises(BuildError, match="cord"):
        build(replace(few, cord=()))
    with pytest.raises(BuildError, match="dura"):
        build(replace(few, dura=()))


def test_too_few_contours_are_refused_with_their_number(few: Tracing) -> None:
    with pytest.raises(BuildError, match=r"found 3 contours of the cord, wanted at least \d+"):
        build(replace(few, cord=few.cord[:3]))


def test_a_cord_that_leaves_the_dura_is_refused_with_the_place(few: Tracing) -> None:
    aside = tuple(
        Contour(contour.points_mm + np.array([4.0, 0.0, 0.0]), contour.name) for contour in few.cord
    )
    with pytest.raises(BuildError, match=r"the cord lies .* inside the dura at RAS \(.*\) mm"):
        build(replace(few, cord=aside))


def test_the_solids_of_a_virtual_subject_meet_every_bar_of_a_set(
    model: SpineModel, verify_model: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_model, "overlaps", at_once(verify_model))
    assert missed(verify_model.set_bars(model)) == []


def test_the_roots_and_the_dura_of_a_virtual_subject_meet_every_bar_among_themselves(
    model: SpineModel, verify_model: ModuleType
) -> None:
    assert missed(verify_model.inside_bars(model)) == []


def test_every_path_starts_on_the_cord_and_ends_at_its_ganglion(model: SpineModel, tracing: Tracing) -> None:
    cord = model.surfaces["cord"]
    starts = np.array([path.points_mm[0] for path in model.roots])
    assert np.abs(nearest(starts, cord.vertices_mm, cord.triangles).distance_mm).max() < 0.05
    assert [path.root for path in model.roots] == list(tracing.roots)
    for path in model.roots:
        assert (path.points_mm[-1] == tracing.ganglia[path.root]).all()
        step = np.linalg.norm(np.diff(path.points_mm, axis=0), axis=1)
        assert step == pytest.approx(0.5, abs=0.03)


def test_every_path_keeps_to_its_traced_points(model: SpineModel, tracing: Tracing) -> None:
    for fit in fidelity.root_fits(model, tracing).values():
        assert fit.distance_mm.mean() < 0.15
        assert fit.distance_mm.max() < 0.5


def test_every_radius_is_at_least_the_least_and_at_most_the_published_one(model: SpineModel) -> None:
    for path in model.roots:
        assert path.radius_mm.min() >= 0.3
        assert path.radius_mm.max() <= root_geometry()[path.root.level].dorsal_radius_mm + 1e-9
        slope = np.abs(np.diff(path.radius_mm)) / np.linalg.norm(np.diff(path.points_mm, axis=0), axis=1)
        assert slope.max() < 0.1


def test_every_point_says_where_it_comes_from(model: SpineModel, tracing: Tracing) -> None:
    for path in model.roots:
        assert set(path.provenance) <= set(PROVENANCES)
        assert path.provenance[-1] == "annotated"
        traced = tracing.roots[path.root]
        for point, origin in zip(path.points_mm, path.provenance, strict=True):
            near = np.linalg.norm(traced - point, axis=1).min()
            if origin == "extrapolated":
                assert near > 1.5
            elif origin == "annotated":
                assert near <= 1.5 or (point == path.points_mm[-1]).all()
        below = path.points_mm[:, 2] < traced[-1, 2] - 2
        assert set(np.array(path.provenance)[below][:-1]) == {"extrapolated"}
    for surface in model.surfaces.values():
        assert surface.provenance in PROVENANCES


def test_displacements_and_radii_are_reported_by_root(model: SpineModel) -> None:
    measures = json.loads(json.dumps(dict(model.measures)))
    names = [str(path.root) for path in model.roots]
    assert [entry["root"] for entry in measures["radii"]] == names
    assert [entry["root"] for entry in measures["displacements"]] == names
    for path, radius, moved in zip(model.roots, measures["radii"], measures["displacements"], strict=True):
        published = root_geometry()[path.root.level].dorsal_radius_mm
        assert radius["literature_mm"] == published
        assert radius["used_max_mm"] == pytest.approx(path.radius_mm.max(), abs=1e-6)
        lost = 100 * (1 - (path.radius_mm**2).mean() / published**2)
        assert radius["lost_area_percent"] == pytest.approx(lost, abs=1e-3)
        assert moved["max_mm"] == pytest.approx(path.displacement_mm.max(), abs=1e-6)


def test_the_steps_are_told_in_order(few: Tracing) -> None:
    told: list[tuple[str, float]] = []
    build(few, progress=lambda step, fraction: told.append((step, fraction)))
    assert told[0] == ("check the annotation", 0.0)
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] < 1
    assert len({step for step, _ in told}) == len(told) >= 4


def test_the_same_annotation_gives_the_same_bytes_in_any_order(
    few: Tracing, few_model: SpineModel, variants: ModuleType, tmp_path: Path
) -> None:
    mixed = variants.shuffled(few, seed=3)
    mixed = replace(
        mixed,
        cord=mixed.cord[::-1],
        dura=mixed.dura[5:] + mixed.dura[:5],
        roots=dict(reversed(mixed.roots.items())),
        ganglia=dict(reversed(mixed.ganglia.items())),
        sources=few.sources,
        findings=few.findings,
    )
    first = contents(model_files.write(few_model, tmp_path / "first", formats=model_files.FORMATS))
    second = contents(model_files.write(build(mixed), tmp_path / "second", formats=model_files.FORMATS))
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def path_of(model: SpineModel, root: RootName) -> Floats:
    (found,) = (path.points_mm for path in model.roots if path.root == root)
    return found


def resampled(line: Floats, count: int = 400) -> Floats:
    """Return points at even shares of the length along a line."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    where = np.linspace(0, arc[-1], count)
    return np.stack([np.interp(where, arc, line[:, axis]) for axis in range(3)], axis=1)


def assert_same(one: SpineModel, other: SpineModel, back: Callable[[Floats], Floats], mirror: bool) -> None:
    """Check that center lines and volumes of the other model, brought back, are those of the first."""
    for root in SOME:
        line = back(path_of(other, root.opposite if mirror else root))
        off = np.linalg.norm(resampled(line) - resampled(path_of(one, root)), axis=1)
        assert off.max() < 0.03
    for name in ("cord", "csf", "dura", "dura_outer"):
        volume = one.surfaces[name].volume_mm3
        assert other.surfaces[name].volume_mm3 == pytest.approx(volume, rel=1e-3)


def test_the_mirror_image_has_mirrored_center_lines(
    few: Tracing, few_model: SpineModel, variants: ModuleType
) -> None:
    image = build(variants.mirrored(few))
    assert_same(few_model, image, lambda points: points * [-1.0, 1.0, 1.0], mirror=True)


def test_a_shift_by_half_a_meter_shifts_the_model(
    few: Tracing, few_model: SpineModel, variants: ModuleType
) -> None:
    by = np.array([500.0, -500.0, 500.0])
    there = build(variants.shifted(few, by))
    assert_same(few_model, there, lambda points: points - by, mirror=False)


def test_a_tilt_of_all_tilts_the_model(few: Tracing, few_model: SpineModel, variants: ModuleType) -> None:
    axis = (1.0, 1.0, 0.0)
    turn = variants.rotation(axis, 5.0)
    tilted = build(variants.tilted(few, axis, 5.0))
    assert_same(few_model, tilted, lambda points: points @ turn, mirror=False)


def test_a_root_that_is_absent_is_absent_and_named(few: Tracing, few_model: SpineModel) -> None:
    absent = RootName("L4", "L")
    assert absent not in few.roots
    assert {path.root for path in few_model.roots} == set(SOME)
    parts = {f"{root}_{part}" for root in SOME for part in ("dorsal", "ganglion", "nerve")}
    bodies = {"cord", "csf", "dura", "dura_inner", "dura_outer"}
    assert set(few_model.surfaces) == parts | bodies
    assert any(str(absent) in f"{finding.file} {finding.what}" for finding in few_model.findings)


def test_a_root_that_begins_far_off_the_cord_is_left_out_and_named(few: Tracing) -> None:
    root = SOME[0]
    aside = few.roots[root] + np.array([0.0, -12.0, 0.0])
    model = build(replace(few, roots={**few.roots, root: aside}))
    assert root not in {path.root for path in model.roots}
    named = [finding for finding in model.findings if finding.file == str(root)]
    assert any("off the cord" in finding.what and finding.severity == "error" for finding in named)


def test_a_cord_and_a_sac_of_exact_circles_can_be_built() -> None:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def cylinder(kind: str, radius_mm: float, low: int) -> tuple[Contour, ...]:
        heights = range(low, 101, 2)
        return tuple(
            Contour(np.column_stack([radius_mm * ring, np.full(24, float(z))]), f"{kind}_{z}")
            for z in heights
        )

    below = 2.0 * np.arange(44)
    reach = 4.0 + 2.2 * (1 - np.exp(-below / 10))
    roots, ganglia = {}, {}
    for side, sign in (("L", -1.0), ("R", 1.0)):
        x, y = sign * reach * np.sin(np.deg2rad(60)), -reach * np.cos(np.deg2rad(60))
        roots[RootName("L2", side)] = np.stack([x, y, 90 - below], axis=1)
        ganglia[RootName("L2", side)] = np.array([sign * 13.5, -2.0, -10.0])
    model = build(Tracing("09", cylinder("cord", 4.0, 40), cylinder("dura", 9.0, 0), roots, ganglia))
    assert len(model.roots) == 2
    assert model.surfaces["cord"].volume_mm3 == pytest.approx(np.pi * 4**2 * (60 + 2 / 3 * 4), rel=5e-3)


@pytest.fixture(scope="module")
def sub_03(markers_sub_03: Path) -> Tracing:
    """Return the published annotation, doi 10.6084/m9.figshare.26403442."""
    return annotation.read(markers_sub_03)


@pytest.mark.shared
def test_sub_03_meets_every_bar(
    sub_03: Tracing, verify_model: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_model, "overlaps", at_once(verify_model))
    model = build(sub_03)
    bars = [*verify_model.set_bars(model), *verify_model.inside_bars(model)]
    assert missed(iter([*bars, *verify_model.fit_bars(model, sub_03, verify_model.DEFAULT)])) == []


@pytest.mark.shared
def test_sub_03_without_smoothing_interpolates(sub_03: Tracing, verify_model: ModuleType) -> None:
    model = build(sub_03, Settings(smoothing=0.0))
    assert missed(verify_model.fit_bars(model, sub_03, verify_model.INTERPOLATED)) == []


@pytest.mark.shared
@pytest.mark.parametrize("name", ["mirrored", "tilted", "thinned"])
def test_sub_03_given_otherwise_fits_as_well(
    name: str, sub_03: Tracing, verify_model: ModuleType, variants: ModuleType
) -> None:
    changed = {
        "mirrored": variants.mirrored,
        "tilted": lambda tracing: variants.tilted(tracing, (1.0, 1.0, 0.0), 5.0),
        "thinned": variants.thinned,
    }[name](sub_03)
    model = build(changed)
    assert missed(verify_model.fit_bars(model, changed, verify_model.DEFAULT)) == []


@pytest.mark.shared
def test_sub_03_is_read_the_same_in_ras_and_shuffled(sub_03: Tracing, variants: ModuleType) -> None:
    for other in (variants.reread(sub_03, "RAS"), variants.shuffled(sub_03, seed=1)):
        for kind in ("cord", "dura"):
            pairs = zip(getattr(other, kind), getattr(sub_03, kind), strict=True)
            assert all((one.points_mm == two.points_mm).all() for one, two in pairs)
        for kind in ("roots", "ganglia"):
            given_mm, found = getattr(sub_03, kind), getattr(other, kind)
            assert list(found) == list(given_mm)
            assert all((found[root] == given_mm[root]).all() for root in given_mm)
