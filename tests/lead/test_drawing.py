"""Drawings of leads: whole, to scale, named."""

from xml.etree import ElementTree

import pytest

from cauda.lead.drawing import svg
from cauda.lead.lead_type import LeadType, catalog, leads

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("lead", leads(), ids=lambda lead: str(lead.name))
def test_body_and_contacts_are_drawn_to_scale_with_their_names(lead: LeadType) -> None:
    figure = ElementTree.fromstring(svg(lead))
    body, *contacts = [
        {key: float(rectangle.attrib[key]) for key in ("x", "y", "width", "height")}
        for rectangle in figure.findall(f"{SVG}rect")
    ]
    assert (body["width"], body["height"]) == (lead.body.length_mm, lead.body.width_mm)
    for drawn, contact in zip(contacts, lead.contacts, strict=True):
        assert drawn["x"] + drawn["width"] / 2 == pytest.approx(contact.along_mm, abs=0.01)
        # What lies to the right is drawn above.
        assert drawn["y"] + drawn["height"] / 2 == pytest.approx(-contact.across_mm, abs=0.01)
        assert drawn["width"] == pytest.approx(contact.length_mm)
    assert [text.text for text in figure.findall(f"{SVG}text")] == [contact.name for contact in lead.contacts]


def test_it_is_as_large_as_its_scale_says_and_says_what_it_shows() -> None:
    figure = ElementTree.fromstring(svg(catalog("specify-5-6-5-like"), units_per_mm=10))
    assert (float(figure.attrib["width"]), float(figure.attrib["height"])) == pytest.approx((682.0, 140.0))
    assert figure.attrib["role"] == "img"
    assert "10 x 64.2 x 2 mm, contacts C1 to C16" in figure.attrib["aria-label"]
