"""Documents against a schema: what is refused, and in which words."""

import json
from importlib import resources
from typing import Any

import pytest

from cauda.errors import LeadError
from cauda.lead.schema import conform

NUMBER = {"type": "number", "minimum": 1, "maximum": 8}


@pytest.mark.parametrize(
    ("value", "schema", "said"),
    [
        ("10", {"type": "number"}, "found '10', wanted a number"),
        (True, {"type": "number"}, "found True, wanted a number"),
        (float("nan"), {"type": "number"}, "found nan, wanted a finite number"),
        (float("-inf"), NUMBER, "found -inf, wanted a finite number"),
        (0.5, NUMBER, "found 0.5, wanted at least 1"),
        (8.5, NUMBER, "found 8.5, wanted at most 8"),
        ({"a": 1, "b": 2}, {"type": "array"}, "found an object with a, b, wanted a list"),
        ([], {"minItems": 1}, "found a list of 0, wanted 1 or more"),
        ("disc", {"enum": ["paddle", "percutaneous"]}, "found 'disc', wanted one of paddle, percutaneous"),
        ("C-1", {"pattern": "^[A-Z][0-9]*$"}, "found 'C-1', wanted a text of the form ^[A-Z][0-9]*$"),
        ("C1\n", {"pattern": "^[A-Z][0-9]*$"}, "wanted a text of the form"),
        ({"a": 1}, {"required": ["a", "b", "c"]}, "found an object with a, wanted also b, c"),
        (
            {"b": 1},
            {"properties": {"a": {}}, "additionalProperties": False},
            "found an object with b, wanted no b; known are a",
        ),
        ("x" * 99, {"type": "number"}, "found '" + "x" * 56 + "..., wanted a number"),
    ],
)
def test_what_does_not_conform_is_refused_with_what_was_found_and_wanted(
    value: object, schema: dict[str, Any], said: str
) -> None:
    with pytest.raises(LeadError) as refused:
        conform(value, schema, "my.json")
    assert str(refused.value).startswith("my.json: ")
    assert said in str(refused.value)


def test_the_place_in_the_document_is_said() -> None:
    schema = {"properties": {"contacts": {"items": {"properties": {"length_mm": NUMBER}}}}}
    with pytest.raises(LeadError, match=r"^my.json: contacts\[1\].length_mm: found 9, wanted at most 8$"):
        conform({"contacts": [{"length_mm": 2}, {"length_mm": 9}]}, schema, "my.json")


def test_members_without_a_schema_of_their_own_have_that_of_all_others() -> None:
    schema = {"properties": {"a": {}}, "additionalProperties": {"type": "string"}}
    conform({"a": 1, "b": "two"}, schema, "my.json")
    with pytest.raises(LeadError, match="b: found 2, wanted a text"):
        conform({"a": 1, "b": 2}, schema, "my.json")


@pytest.mark.parametrize(("kind", "wanted"), [("paddle", "width"), ("percutaneous", "diameter")])
def test_one_member_decides_what_the_others_must_be(kind: str, wanted: str) -> None:
    schema = {
        "if": {"properties": {"kind": {"enum": ["paddle"]}}},
        "then": {"required": ["width"]},
        "else": {"required": ["diameter"]},
    }
    conform({"kind": kind, wanted: 1}, schema, "my.json")
    with pytest.raises(LeadError, match=f"wanted also {wanted}"):
        conform({"kind": kind}, schema, "my.json")


def test_a_keyword_that_is_not_known_is_no_reason_to_let_all_pass() -> None:
    with pytest.raises(ValueError, match="maxItems, which is not known"):
        conform([], {"maxItems": 3}, "my.json")


def test_every_keyword_of_the_shipped_schema_is_known() -> None:
    schema = json.loads((resources.files("cauda.lead") / "lead.schema.json").read_text("utf-8"))
    for kind, body in (
        ("paddle", {"width_mm": 5, "length_mm": 9, "thickness_mm": 1, "corner_radius_mm": 0}),
        ("percutaneous", {"diameter_mm": 1, "length_mm": 9}),
    ):
        contact = {"name": "C1", "along_mm": 4, "length_mm": 2}
        contact |= {"across_mm": 0, "width_mm": 1} if kind == "paddle" else {}
        texts = dict.fromkeys(("title", "source", "insulation", "numbering"), "said")
        document = {
            "name": "mine",
            "kind": kind,
            "status": "seen",
            "models": ["1"],
            "assumed": {"body": "why"},
        }
        conform(
            document | texts | {"body": body | {"bending_length_mm": 10}, "contacts": [contact]},
            schema,
            "mine",
        )
