"""Bodies of leads as triangles: sizes in closed form, and sound whatever a user describes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.soundness import angles_deg, defects, self_intersections
from cauda.arrays import Floats
from cauda.lead.lead_type import Body, ContactPlace, LeadType, catalog, leads
from cauda.lead.solid import Solid, contact_at, depth_mm, solid

LEADS = pytest.mark.parametrize("lead", leads(), ids=lambda lead: str(lead.name))
LAYERS = pytest.mark.parametrize("layer_mm", [0.0, 0.3])


def areas(made: Solid) -> Floats:
    corner = made.points_mm[made.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    return np.asarray(np.linalg.norm(normal, axis=1) / 2)


def volume(made: Solid) -> float:
    corner = made.points_mm[made.triangles]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)


@LEADS
def test_a_contact_has_the_area_of_its_rectangle_or_of_its_ring(lead: LeadType) -> None:
    made = solid(lead)
    for index, contact in enumerate(lead.contacts):
        round_mm = np.pi * lead.body.width_mm if contact.width_mm is None else contact.width_mm
        found = areas(made)[made.contact == index].sum()
        assert found == pytest.approx(contact.length_mm * round_mm, rel=1e-12)


def test_the_volume_is_that_of_a_plate_with_round_corners_and_of_a_capsule() -> None:
    paddle, thin = catalog("specify-5-6-5-like").body, catalog("octrode-like").body
    plate = (
        paddle.length_mm * paddle.width_mm - (4 - np.pi) * paddle.corner_radius_mm**2
    ) * paddle.thickness_mm
    assert volume(solid(catalog("specify-5-6-5-like"))) == pytest.approx(plate, rel=1e-3)
    radius = thin.width_mm / 2
    capsule = np.pi * radius**2 * (thin.length_mm - 2 * radius) + 4 / 3 * np.pi * radius**3
    assert volume(solid(catalog("octrode-like"))) == pytest.approx(capsule, rel=0.015)


@LEADS
@LAYERS
def test_it_is_closed_outward_without_intersections_and_well_shaped(lead: LeadType, layer_mm: float) -> None:
    made = solid(lead, layer_mm)
    assert defects(made.points_mm, made.triangles) == ()
    assert not len(self_intersections(made.points_mm, made.triangles))
    assert angles_deg(made.points_mm, made.triangles).min() > 20


@LEADS
@LAYERS
def test_its_points_are_at_no_distance_from_it(lead: LeadType, layer_mm: float) -> None:
    # Corners of a ring lie a little outside of the circle that is as long as the ring.
    width = lead.body.width_mm / 2 + layer_mm if lead.kind == "percutaneous" else 0.0
    out = width * ((np.pi / 16) / np.sin(np.pi / 16) - 1)
    made = solid(lead, layer_mm)
    assert np.abs(depth_mm(lead, made.points_mm, layer_mm)).max() <= out + 1e-9


def test_distances_are_known_beside_over_and_diagonally_off_a_paddle() -> None:
    paddle = catalog("specify-5-6-5-like")
    points = np.array(
        [[32.1, 7.0, 1.0], [32.1, 0.0, 5.0], [32.1, 8.0, 6.0], [-3.0, 0.0, 1.0], [32.1, 0.0, 0.4]]
    )
    assert depth_mm(paddle, points) == pytest.approx([2.0, 3.0, 5.0, 3.0, -0.4])
    assert depth_mm(paddle, points, 0.3) == pytest.approx([1.7, 2.7, 20.98**0.5, 2.7, -0.7])


def test_distances_are_known_beside_and_before_a_cylinder() -> None:
    lead = catalog("octrode-like")
    points = np.array([[30.0, 3.0, 4.0], [-2.0, 0.0, 0.0], [66.0, 0.0, 0.0], [30.0, 0.0, 0.2]])
    assert depth_mm(lead, points) == pytest.approx([4.3, 2.0, 2.0, -0.5])
    assert depth_mm(lead, points, 0.5) == pytest.approx([3.8, 1.5, 1.5, -1.0])


@LEADS
def test_contacts_are_whole_triangles_and_are_found_by_place(lead: LeadType) -> None:
    made = solid(lead)
    middle = made.points_mm[made.triangles].mean(axis=1)
    assert (contact_at(lead, middle) == made.contact).all()
    assert set(made.contact.tolist()) == set(range(-1, len(lead.contacts)))


@LEADS
def test_outlines_run_where_a_contact_ends(lead: LeadType) -> None:
    made = solid(lead)
    for index, lines in enumerate(made.outlines):
        mine = made.triangles[made.contact == index]
        edges = {(int(a), int(b)) for tri in mine for a, b in zip(tri, np.roll(tri, -1), strict=True)}
        border = {edge for edge in edges if edge[::-1] not in edges}
        run = {(int(a), int(b)) for line in lines for a, b in zip(line, np.roll(line, -1), strict=True)}
        if lead.kind == "paddle":
            assert run == border  # counter-clockwise seen from outside
        else:
            assert {frozenset(edge) for edge in run} == {frozenset(edge) for edge in border}
            assert len(lines) == 2


def test_an_encapsulation_is_thicker_by_its_layer_on_all_sides() -> None:
    for lead in (catalog("specify-5-6-5-like"), catalog("octrode-like")):
        body, around = solid(lead), solid(lead, 0.4)
        low, high = (end(body.points_mm, axis=0) for end in (np.min, np.max))
        assert around.points_mm.min(axis=0) == pytest.approx(low - 0.4, abs=0.01)
        assert around.points_mm.max(axis=0) == pytest.approx(high + 0.4, abs=0.01)
        assert (around.contact == -1).all()
        assert around.outlines == ()


@settings(max_examples=15)
@given(
    st.floats(3, 12),
    st.floats(10, 40),
    st.floats(0.3, 4),
    st.floats(0, 0.5),
    st.floats(0.3, 1),
    st.floats(0.3, 1),
)
def test_any_paddle_that_the_catalog_takes_is_sound(
    width: float, length: float, thick: float, corner: float, wide: float, long: float
) -> None:
    size = 0.9 * wide * width / 2, 0.3 * long * length
    places = [(0.25, -0.25), (0.6, 0.25), (0.72, -0.25)]
    contacts = tuple(
        ContactPlace(f"C{k}", along * length, 0.7 * size[1], across * width, 0.8 * size[0])
        for k, (along, across) in enumerate(places)
    )
    paddle = replace(
        catalog("specify-5-6-5-like"),
        body=Body(length, width, thick, corner * width, 10.0),
        contacts=contacts if corner < 0.15 else contacts[1:2],
    )
    made = solid(paddle)
    assert defects(made.points_mm, made.triangles) == ()
    assert not len(self_intersections(made.points_mm, made.triangles))
    for index, contact in enumerate(paddle.contacts):
        assert contact.width_mm is not None
        found = areas(made)[made.contact == index].sum()
        assert found == pytest.approx(contact.length_mm * contact.width_mm)
