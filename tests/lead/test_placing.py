"""Leads on spines whose answer is known, and on virtual and real subjects."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cauda import anatomy, annotation, lead
from cauda.anatomy.boxes import near_pairs
from cauda.anatomy.meeting import meet
from cauda.anatomy.model import SpineModel
from cauda.anatomy.soundness import combine, defects
from cauda.arrays import Floats, Ints
from cauda.errors import LeadError, LevelError
from cauda.lead import Lead, LeadType
from cauda.phantom import virtual_subject

Spine = Callable[..., SpineModel]
PADDLE, THIN = lead.catalog("specify-5-6-5-like"), lead.catalog("octrode-like")
DURA_MM, FILM_MM = 8.0, 0.1
LEADS = pytest.mark.parametrize("lead_type", lead.leads(), ids=lambda one: str(one.name))


def local(model: SpineModel, points_mm: Floats) -> Floats:
    return model.axes.local(np.asarray(points_mm))


def centers(placed: Lead) -> Floats:
    return np.array([contact.center_mm for contact in placed.contacts])


@pytest.mark.parametrize("tilt_deg", [0.0, 8.0])
def test_on_a_straight_round_dura_every_contact_of_a_paddle_lies_where_it_must(
    spine: Spine, tilt_deg: float
) -> None:
    model = spine(tilt_deg=tilt_deg)
    placed = lead.place(PADDLE, model, top="vertebra:T12")
    wanted = [
        [one.across_mm, -(DURA_MM + FILM_MM), PADDLE.first_contact_mm - one.along_mm]
        for one in PADDLE.contacts
    ]
    assert local(model, centers(placed)) == pytest.approx(np.array(wanted), abs=2e-3)
    ventral = model.axes.rotation[1]
    for contact in placed.contacts:
        assert contact.normal == pytest.approx(ventral, abs=1e-4)
        assert contact.area_mm2 == pytest.approx(6.0, rel=1e-5)
        assert contact.dura_mm == pytest.approx(
            np.hypot(*local(model, contact.center_mm[None])[0, :2]) - DURA_MM, abs=0.01
        )
        (outline,) = contact.outlines_mm
        assert np.ptp(local(model, outline), axis=0) == pytest.approx([1.5, 0.0, 4.0], abs=2e-3)


def test_an_outline_runs_counter_clockwise_seen_from_the_dura(spine: Spine) -> None:
    for contact in lead.place(PADDLE, spine(), top="T12").contacts:
        around = contact.outlines_mm[0] - contact.center_mm
        turn = np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)
        assert turn @ contact.normal == pytest.approx(2 * 6.0, rel=1e-5)


def test_on_a_straight_round_dura_a_thin_lead_rests_with_its_axis_one_radius_above_the_film(
    spine: Spine,
) -> None:
    model = spine()
    placed = lead.place(THIN, model, top="vertebra:T12")
    wanted = [
        [0.0, -(DURA_MM + FILM_MM + 0.7), THIN.first_contact_mm - one.along_mm] for one in THIN.contacts
    ]
    assert local(model, centers(placed)) == pytest.approx(np.array(wanted), abs=5e-3)
    for contact in placed.contacts:
        assert contact.area_mm2 == pytest.approx(np.pi * 1.4 * 3.0, rel=1e-5)
        assert contact.dura_mm == pytest.approx(FILM_MM, abs=0.01)
        assert len(contact.outlines_mm) == 2


@pytest.mark.parametrize("lateral_mm", [2.0, -4.0])
def test_beside_the_midline_a_paddle_turns_with_the_dura(spine: Spine, lateral_mm: float) -> None:
    model = spine(canal_mm=14.0)
    placed = lead.place(PADDLE, model, top="T12", lateral_mm=lateral_mm)
    turn = lateral_mm / DURA_MM
    middle = local(model, placed.contacts[7].center_mm[None])[0]
    assert middle[:2] == pytest.approx(8.1 * np.array([np.sin(turn), -np.cos(turn)]), abs=0.03)
    assert placed.contacts[7].normal == pytest.approx([-np.sin(turn), np.cos(turn), 0], abs=0.01)


@pytest.mark.parametrize("name", [PADDLE.name, THIN.name])
def test_a_positive_angle_turns_the_caudal_end_to_the_right(spine: Spine, name: str) -> None:
    model = spine(canal_mm=16.0)
    placed = lead.place(lead.catalog(name), model, top="T12", angle_deg=5.0)
    first, last = local(model, placed.course.points_mm[[0, -1]])
    # Seen from the back it turns by a little less, as it goes round the dura.
    assert np.degrees(np.arctan2(last[0] - first[0], first[2] - last[2])) == pytest.approx(4.7, abs=0.3)


def test_top_is_where_the_most_cranial_contact_begins(spine: Spine) -> None:
    model = spine()
    for top, height_mm in (("L1", -32.0), ("vertebra:T12", 0.0), ("-402mm", -2.0)):
        placed = lead.place(PADDLE, model, top=top)
        first = placed.contacts[5]
        assert local(model, first.outlines_mm[0])[:, 2].max() == pytest.approx(height_mm, abs=1e-4)
        assert (
            str(placed.placement.top) == top.removeprefix("vertebra:").join(["vertebra:", ""]) or "mm" in top
        )


def test_on_a_bent_spine_a_lead_bends_with_it(spine: Spine) -> None:
    model = spine(bend_radius_mm=150.0)
    for lead_type in (PADDLE, THIN):
        placed = lead.place(lead_type, model, top="T12")
        x, y, z = local(model, placed.course.points_mm).T
        assert x == pytest.approx(0.0, abs=1e-3)
        rise = y - y.min() - (150.0 - np.sqrt(150.0**2 - z**2))
        # Its free ends stay straighter than the dura by what a force at the end of a beam lifts.
        inner = (placed.course.arc_mm > 12) & (placed.course.arc_mm < placed.course.length_mm - 12)
        assert np.ptp(rise[inner]) < 0.1
        assert placed.measures["sharpest_bend_radius_mm"] == pytest.approx(150.0, rel=0.01)


@pytest.mark.parametrize("radius_mm", [np.inf, 200.0, 110.0])
@pytest.mark.parametrize("layer_mm", [0.0, 0.3])
@pytest.mark.parametrize("name", [PADDLE.name, "pisces-quad-like"])
def test_a_lead_cuts_no_wall_and_is_closed(
    spine: Spine, name: str, layer_mm: float, radius_mm: float
) -> None:
    model = spine(canal_mm=16.0, bend_radius_mm=radius_mm, tilt_deg=3.0)
    placed = lead.place(
        lead.catalog(name), model, top="T12", lateral_mm=1.5, angle_deg=-4.0, encapsulation_mm=layer_mm
    )
    assert meetings(model, placed) == 0
    assert defects(*placed.outer) == ()
    least = placed.measures["least_to_dura_mm"]
    assert 0.085 < least < 0.12
    assert (placed.encapsulation is None) == (layer_mm == 0)


def test_an_encapsulation_lies_round_the_body_and_lifts_it(spine: Spine) -> None:
    bare, wrapped = (lead.place(PADDLE, spine(), top="T12", encapsulation_mm=layer) for layer in (0.0, 0.3))
    assert wrapped.contacts[7].dura_mm == pytest.approx(bare.contacts[7].dura_mm + 0.3, abs=1e-3)
    assert wrapped.encapsulation is not None
    assert wrapped.distance_mm(wrapped.encapsulation[0]).min() == pytest.approx(0.3, abs=1e-5)
    assert np.abs(wrapped.distance_mm(wrapped.encapsulation[0], 0.3)).max() < 1e-5


def test_the_distance_function_is_zero_on_the_body_and_finds_its_contacts(spine: Spine) -> None:
    placed = lead.place(PADDLE, spine(bend_radius_mm=150.0), top="T12")
    assert np.abs(placed.distance_mm(placed.vertices_mm)).max() < 1e-5
    middle = placed.vertices_mm[placed.triangles].mean(axis=1)
    assert (placed.contact_at(middle) == placed.contact).all()


def test_where_the_canal_is_too_narrow_the_missing_mm_are_those_of_geometry(spine: Spine) -> None:
    # The outer edge of the paddle lies 5 mm beside the middle and 2 mm above its inner face.
    corner_mm = np.hypot(5.0, DURA_MM + FILM_MM + 2.0)
    model = spine(canal_mm=9.8)
    with pytest.raises(LeadError) as refused:
        lead.place(PADDLE, model, top="T12")
    missing = f"{corner_mm - 9.8 + 0.05:.2f} mm are missing to the wall of the canal, behind vertebra "
    assert missing in str(refused.value)
    assert "fit push" in str(refused.value)


def test_a_wall_in_the_way_is_named_with_the_place(spine: Spine) -> None:
    model = spine()
    with pytest.raises(LeadError, match=r"1\.\d\d mm are missing to the wall of the canal, .*RAS \("):
        lead.place(PADDLE, model, top="T12", encapsulation_mm=0.8)


@pytest.mark.parametrize(
    ("top", "said"),
    [
        # The canal ends at 60.55, the dura at 60.05 mm; 8.85 mm of the lead lie cranially, 1 mm is spared.
        ("-345mm", "leaves the model at its cranial end: 4.8 mm are missing where"),
        # -100.05 mm; 55.35 mm of the lead lie caudally.
        ("-450mm", "leaves the model at its caudal end: 6.3 mm are missing where"),
    ],
)
def test_a_lead_that_leaves_the_model_is_refused(spine: Spine, top: str, said: str) -> None:
    with pytest.raises(LeadError) as refused:
        lead.place(PADDLE, spine(), top=top)
    assert said in str(refused.value)


def test_a_lead_that_slants_off_the_dura_is_refused_with_how_much_of_it(spine: Spine) -> None:
    with pytest.raises(LeadError) as refused:
        lead.place(THIN, spine(canal_mm=60.0), top="T12", angle_deg=20.0)
    # From the pivot it reaches 62 mm caudally; 8 mm beside the middle is the flank, which it rolls towards.
    most = 62.0 - 8.0 / np.sin(np.radians(20.0))
    found = re.search(
        r"([\d.]+) mm of it would not lie over the dura, behind vertebra L1", str(refused.value)
    )
    assert found is not None
    assert most / 3 < float(found[1]) < most


def test_a_level_that_is_not_there_is_refused(spine: Spine) -> None:
    with pytest.raises(LevelError, match="it has T11, T12, L1, L2"):
        lead.place(PADDLE, spine(), top="vertebra:L4")


def test_a_model_without_a_canal_is_refused(spine: Spine) -> None:
    model = spine()
    bare = replace(model, surfaces={k: one for k, one in model.surfaces.items() if k != "canal"})
    with pytest.raises(LeadError, match="has no canal; build it again"):
        lead.place(PADDLE, bare, top="T12")


def test_placing_twice_gives_the_same_bits(spine: Spine) -> None:
    model = spine(canal_mm=16.0, bend_radius_mm=120.0, tilt_deg=5.0)
    one, two = (lead.place(PADDLE, model, top="T12", angle_deg=3.0) for _ in range(2))
    assert one.vertices_mm.tobytes() == two.vertices_mm.tobytes()
    assert one.measures == two.measures


@pytest.fixture(scope="module")
def subject() -> SpineModel:
    return anatomy.build(virtual_subject(seed=7, index=5))


@LEADS
def test_every_lead_fits_a_virtual_subject_at_t12(subject: SpineModel, lead_type: LeadType) -> None:
    fits(subject, lead_type)


@pytest.fixture(scope="module")
def sub_03(markers_sub_03: Path) -> SpineModel:
    return anatomy.build(annotation.read(markers_sub_03))


@pytest.mark.shared
@LEADS
def test_every_lead_fits_sub_03_at_t12(sub_03: SpineModel, lead_type: LeadType) -> None:
    fits(sub_03, lead_type)


def fits(model: SpineModel, lead_type: LeadType) -> None:
    """Check that a lead fits by default, follows the dura and cuts nothing."""
    placed = lead.place(lead_type, model, top="vertebra:T12")
    assert 0.05 <= placed.measures["least_to_dura_mm"] <= 0.15
    assert placed.measures["least_to_canal_mm"] > 1.0
    assert max(contact.dura_mm for contact in placed.contacts) < 1.0
    assert meetings(model, placed) == 0


def meetings(model: SpineModel, placed: Lead) -> int:
    """Count triangles of a lead that meet dura, canal, ganglia or nerves; exact."""
    vertices, triangles = placed.outer
    low, high = vertices.min(axis=0) - 0.5, vertices.max(axis=0) + 0.5
    parts: list[tuple[Floats, Ints]] = [(vertices, triangles)]
    for one in model.surfaces.values():
        if one.name in ("dura_outer", "canal") or one.part in ("ganglion", "nerve"):
            corner = one.vertices_mm[one.triangles]
            near = ((corner.max(axis=1) > low) & (corner.min(axis=1) < high)).all(axis=1)
            if near.any():
                parts.append((one.vertices_mm, one.triangles[near]))
    whole = combine(parts)
    corner = whole.vertices_mm[whole.triangles]
    found = 0
    for pairs in near_pairs(corner.min(axis=1), corner.max(axis=1)):
        mixed = pairs[(whole.surface[pairs] == 0).sum(axis=1) == 1]
        found += int(
            meet(whole.vertices_mm, whole.triangles[mixed[:, 0]], whole.triangles[mixed[:, 1]]).sum()
        )
    return found
