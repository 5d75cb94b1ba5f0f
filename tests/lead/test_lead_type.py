"""The catalog: what was asked for is in it, what is not known says so, what a user adds is checked."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cauda.errors import LeadError
from cauda.lead.lead_type import READ, LeadType, catalog, document_of, leads, read_type, type_of

Edit = Callable[[dict[str, Any]], object]


def edited(name: str, edit: Edit) -> dict[str, Any]:
    document = document_of(catalog(name))
    edit(document)
    return document


def test_the_paddle_of_five_six_and_five_is_as_the_reference_says() -> None:
    paddle = catalog("specify-5-6-5-like")
    across = np.array([contact.across_mm for contact in paddle.contacts])
    along = np.array([contact.along_mm for contact in paddle.contacts])
    assert [int((across == x).sum()) for x in (-2.5, 0.0, 2.5)] == [5, 6, 5]
    assert {(contact.length_mm, contact.width_mm) for contact in paddle.contacts} == {(4.0, 1.5)}
    for x in (-2.5, 0.0, 2.5):
        assert np.diff(along[across == x]) == pytest.approx(4.0 + 4.5)
    assert along[across == -2.5] == pytest.approx(along[across == 0.0][:5] + 4.25)
    assert along.min() + along.max() == pytest.approx(paddle.body.length_mm)
    assert paddle.size == "10 x 64.2 x 2 mm"
    assert paddle.first_contact_mm == pytest.approx(8.85)


@pytest.mark.parametrize(
    ("name", "contacts", "diameter_mm", "gap_mm"),
    [
        ("percutaneous-8-khadka", 8, 1.25, 1.0),
        ("vectris-compact-like", 8, 1.3, 4.0),
        ("vectris-subcompact-like", 8, 1.3, 1.5),
        ("pisces-quad-like", 4, 1.3, 6.0),
        ("octrode-like", 8, 1.4, 4.0),
        ("linear-st-like", 8, 1.3, 1.0),
    ],
)
def test_percutaneous_leads_are_as_the_reference_says(
    name: str, contacts: int, diameter_mm: float, gap_mm: float
) -> None:
    lead = catalog(name)
    assert lead.kind == "percutaneous"
    assert [contact.name for contact in lead.contacts] == [f"C{k}" for k in range(1, contacts + 1)]
    assert {contact.length_mm for contact in lead.contacts} == {3.0}
    assert lead.body.width_mm == lead.body.thickness_mm == diameter_mm
    assert np.diff([contact.along_mm for contact in lead.contacts]) == pytest.approx(3.0 + gap_mm)


def test_every_lead_is_named_by_its_file_and_numbered_without_gaps() -> None:
    assert len(leads()) == 8
    for lead in leads():
        assert catalog(lead.name) is lead
        assert [contact.name for contact in lead.contacts] == [
            f"C{k}" for k in range(1, len(lead.contacts) + 1)
        ]


def test_what_was_not_read_is_named_so_and_what_was_assumed_is_listed() -> None:
    for lead in leads():
        assert (lead.status in READ) == (not lead.name.endswith("-like"))
        assert any(place.startswith(("body", "contacts")) for place in lead.assumed)


def test_contacts_of_a_paddle_are_numbered_from_left_to_right_and_from_cranial_to_caudal() -> None:
    for lead in leads():
        places = [(contact.across_mm, contact.along_mm) for contact in lead.contacts]
        assert places == sorted(places)


@pytest.mark.parametrize("lead", leads(), ids=lambda lead: str(lead.name))
def test_a_lead_is_the_same_after_it_was_written_down(lead: LeadType) -> None:
    again = type_of(json.loads(json.dumps(document_of(lead))), "again")
    assert document_of(again) == document_of(lead)


def test_a_file_of_ones_own_is_found_by_its_path_and_in_a_folder(tmp_path: Path) -> None:
    document = edited("octrode-like", lambda one: one.update(name="mine", status="seen", source="measured"))
    (tmp_path / "a_lead.json").write_text(json.dumps(document))
    assert catalog(str(tmp_path / "a_lead.json")).name == "mine"
    assert catalog("mine", tmp_path).status == "seen"
    assert [lead.name for lead in leads(tmp_path)] == [*(lead.name for lead in leads()), "mine"]


def test_a_lead_of_ones_own_goes_before_one_of_that_name_in_the_package(tmp_path: Path) -> None:
    document = edited("octrode-like", lambda one: one["body"].update(diameter_mm=1.5))
    (tmp_path / "a_lead.json").write_text(json.dumps(document))
    assert catalog("octrode-like", tmp_path).body.width_mm == 1.5
    assert len(leads(tmp_path)) == len(leads())


def test_the_lead_that_the_page_shows_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lead.md").read_text("utf-8")
    (text,) = re.findall(r"^```json\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert type_of(json.loads(text), "page").size == "1.3 x 30 mm"


def test_an_unknown_lead_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(LeadError, match=r"lead 'onward': wanted one of .*octrode-like.* or a JSON file"):
        catalog("onward")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda one: one.pop("source"), "wanted also source"),
        (lambda one: one.update(colour="red"), "wanted no colour"),
        (lambda one: one["body"].update(width_mm=-3), "body.width_mm: found -3, wanted at least 1"),
        (lambda one: one["body"].update(diameter_mm=3), "body: found .*, wanted no diameter_mm"),
        (lambda one: one["contacts"][2].pop("width_mm"), r"contacts\[2\]: found .*, wanted also width_mm"),
        (lambda one: one["contacts"][2].update(name="C1"), "C1: found twice"),
        (lambda one: one["contacts"][2].update(name="Case"), "Case: wanted another name"),
        (lambda one: one["contacts"][2].update(name="c 3"), r"contacts\[2\].name: found 'c 3'"),
        (lambda one: one["contacts"][0].update(along_mm=1.9), "C1: lies 0.16 mm too far out"),
        (lambda one: one["contacts"][0].update(across_mm=-4.3), "C1: lies 0.10 mm too far out"),
        (lambda one: one["contacts"][1].update(along_mm=17.6), "C1 and C2: -1.50 mm apart"),
        (lambda one: one["body"].update(corner_radius_mm=5.1), "corner_radius_mm: found 5.1, wanted at most"),
        (lambda one: one.update(name="mine"), "a name that ends in -like"),
        (lambda one: one.update(name="Mine-like"), "name: found 'Mine-like', wanted a text of the form"),
        (lambda one: one.update(kind="cuff"), "kind: found 'cuff', wanted one of paddle, percutaneous"),
        (lambda one: one.update(contacts=[]), "contacts: found a list of 0, wanted 1 or more"),
    ],
)
def test_a_description_that_cannot_be_is_refused(edit: Edit, said: str) -> None:
    with pytest.raises(LeadError, match=said) as refused:
        type_of(edited("specify-5-6-5-like", edit), "mine.json")
    assert str(refused.value).startswith("mine.json: ")


def test_a_contact_in_a_rounded_corner_is_refused() -> None:
    paddle = catalog("specify-5-6-5-like")
    body = replace(paddle.body, corner_radius_mm=5.0)
    corner = replace(paddle.contacts[0], along_mm=2.2, across_mm=-4.1)
    # Its corner lies at (0.2, -4.85), 5.44 mm from (5, 0) less the radius of 5 mm beyond the outline.
    with pytest.raises(LeadError, match=r"C1: lies 1\.87 mm too far out"):
        replace(paddle, body=body, contacts=(corner, *paddle.contacts[1:]))


def test_a_ring_on_the_rounded_tip_is_refused() -> None:
    lead = catalog("octrode-like")
    first = replace(lead.contacts[0], along_mm=2.1)
    with pytest.raises(LeadError, match=r"C1: lies 0\.15 mm too far out"):
        replace(lead, contacts=(first, *lead.contacts[1:]))


@pytest.mark.parametrize("text", ["", "[", "[1]", '"lead"', "\x00"])
def test_a_file_that_is_no_description_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "lead.json").write_text(text)
    with pytest.raises(LeadError, match=r"lead\.json: found"):
        read_type(tmp_path / "lead.json")


def test_folders_without_leads_or_with_two_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(LeadError, match="no JSON file of a lead"):
            leads(folder)
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(document_of(catalog("octrode-like"))))
    with pytest.raises(LeadError, match=r"b\.json: found the name octrode-like, which another file"):
        leads(tmp_path)
    with pytest.raises(LeadError, match=r"absent\.json: no such file"):
        catalog(str(tmp_path / "absent.json"))
