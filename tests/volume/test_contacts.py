"""Leads as regions."""

import numpy as np
import pytest
from tests.lead.conftest import make

from cauda import lead
from cauda.arrays import Floats, Ints
from cauda.volume.contacts import lead_regions
from cauda.volume.region import Region
from cauda.volume.sizes import size

INSULATION = -1


def told(regions: list[Region], points: Floats, contacts: int) -> Ints:
    """Return for each point the contact that it lies in, -1 for the insulation, -2 for all else."""
    found = np.full(len(points), -2)
    first = len(regions) - contacts
    for k, region in enumerate(regions[first - 1 :], start=-1):
        inside = region.distance_mm(points) < 0
        found[inside & ((found >= INSULATION) if region.within else True)] = k
    return found


@pytest.mark.parametrize("one", lead.leads(), ids=lambda one: one.name)
def test_just_below_each_triangle_lies_its_contact_or_insulation(one: lead.LeadType) -> None:
    placed = lead.place(one, make(bend_radius_mm=150.0, tilt_deg=3.0), top="T12")
    corner = placed.vertices_mm[placed.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    regions = lead_regions(placed, size("normal"))
    names = [region.label.name for region in regions if region.label.tissue == "contact"]
    assert names == [contact.name for contact in placed.contacts]
    middle = corner.mean(axis=1)
    assert (told(regions, middle - 0.06 * normal, len(names)) == placed.contact).all()
    assert (told(regions, middle + 0.06 * normal, len(names)) == -2).all()


def test_far_away_all_are_outside() -> None:
    placed = lead.place(lead.catalog("specify-5-6-5-like"), make(), top="T12", encapsulation_mm=0.3)
    points = np.random.default_rng(1).uniform(-300, 300, (2000, 3)) + placed.contacts[0].center_mm
    for region in lead_regions(placed, size("coarse")):
        outside = ((points < region.low_mm) | (points > region.high_mm)).any(axis=1)
        assert (region.distance_mm(points)[outside] > 0).all()


def test_the_encapsulation_is_as_thick_as_asked_for() -> None:
    placed = lead.place(lead.catalog("specify-5-6-5-like"), make(), top="T12", encapsulation_mm=0.3)
    layer, body = lead_regions(placed, size("normal"))[:2]
    assert (layer.label.tissue, body.label.tissue) == ("encapsulation", "insulation")
    face = placed.contacts[3].center_mm + np.linspace(0.05, 0.25, 5)[:, None] * placed.contacts[3].normal
    assert (body.distance_mm(face) > 0).all()
    assert layer.distance_mm(face) == pytest.approx(np.linspace(-0.25, -0.05, 5), abs=0.01)
