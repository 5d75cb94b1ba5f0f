"""Is a document what a JSON schema wants? As much of the language as the schema of leads uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cauda.errors import LeadError

Schema = Mapping[str, Any]

_ANNOTATIONS = {"$schema", "title", "description"}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
}
_WORDS = {"object": "an object", "array": "a list", "string": "a text", "number": "a number"}


def conform(value: object, schema: Schema, where: str) -> None:
    """Refuse a value that a schema does not allow.

    Parameters
    ----------
    value : object
        As `json.loads` gives it.
    schema : mapping
        In JSON Schema, https://json-schema.org/draft/2020-12: ``type``, ``enum``, ``pattern``, ``minimum``,
        ``maximum``, ``minItems``, ``items``, ``required``, ``properties``, ``additionalProperties``, ``if``,
        ``then``, ``else``.
    where : str
        Name of the document, for the message.

    Raises
    ------
    LeadError
        Which says where, what was found and what was wanted.
    ValueError
        If the schema holds a keyword that is not known here.

    Examples
    --------
    >>> conform({"width_mm": 10}, {"properties": {"width_mm": {"type": "number", "maximum": 8}}}, "lead.json")
    Traceback (most recent call last):
    cauda.errors.LeadError: lead.json: width_mm: found 10, wanted at most 8
    """
    _conform(value, schema, where, "")


def _conform(value: object, schema: Schema, document: str, place: str) -> None:
    def refuse(found: str, wanted: str) -> LeadError:
        return LeadError(
            ": ".join(part for part in (document, place) if part) + f": found {found}, wanted {wanted}"
        )

    unknown = set(schema) - set(_RULES) - _ANNOTATIONS - {"if", "then", "else", "items", "properties"}
    if unknown:
        raise ValueError(f"the schema holds {', '.join(sorted(unknown))}, which is not known here")
    for keyword, rule in _RULES.items():
        wanted = rule(value, schema[keyword], schema) if keyword in schema else None
        if wanted:
            raise refuse(_shown(value), wanted)
    if isinstance(value, dict):
        _conform_members(value, schema, document, place)
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            _conform(item, schema["items"], document, f"{place}[{number}]")
    if "if" in schema:
        branch = "then" if _allows(value, schema["if"]) else "else"
        _conform(value, schema.get(branch, {}), document, place)


def _conform_members(value: dict[str, Any], schema: Schema, document: str, place: str) -> None:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name, member in value.items():
        inner = properties.get(name, others)
        if inner is not False:
            _conform(member, inner, document, f"{place}.{name}" if place else name)


def _allows(value: object, schema: Schema) -> bool:
    try:
        _conform(value, schema, "", "")
    except LeadError:
        return False
    return True


def _type(value: object, wanted: str, _schema: Schema) -> str | None:
    fits = isinstance(value, _TYPES[wanted]) and not isinstance(value, bool)
    # JSON as Python reads it knows NaN and Infinity.
    if fits and isinstance(value, float) and not abs(value) < float("inf"):
        return "a finite number"
    return None if fits else _WORDS[wanted]


def _enum(value: object, wanted: list[object], _schema: Schema) -> str | None:
    return None if value in wanted else f"one of {', '.join(map(str, wanted))}"


def _pattern(value: object, wanted: str, _schema: Schema) -> str | None:
    # A $ of Python's also matches before a line end.
    fits = not isinstance(value, str) or re.search(re.sub(r"\$$", r"\\Z", wanted), value)
    return None if fits else f"a text of the form {wanted}"


def _minimum(value: object, wanted: float, _schema: Schema) -> str | None:
    return f"at least {wanted:g}" if isinstance(value, (int, float)) and value < wanted else None


def _maximum(value: object, wanted: float, _schema: Schema) -> str | None:
    return f"at most {wanted:g}" if isinstance(value, (int, float)) and value > wanted else None


def _min_items(value: object, wanted: int, _schema: Schema) -> str | None:
    return f"{wanted} or more" if isinstance(value, list) and len(value) < wanted else None


def _required(value: object, wanted: list[str], _schema: Schema) -> str | None:
    absent = [name for name in wanted if isinstance(value, dict) and name not in value]
    return f"also {', '.join(absent)}" if absent else None


def _additional(value: object, wanted: object, schema: Schema) -> str | None:
    if wanted is not False or not isinstance(value, dict):
        return None
    known = schema.get("properties", {})
    odd = [name for name in value if name not in known]
    return f"no {', '.join(odd)}; known are {', '.join(known)}" if odd else None


_RULES: Mapping[str, Callable[[object, Any, Schema], str | None]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "minItems": _min_items,
    "required": _required,
    "additionalProperties": _additional,
}


def _shown(value: object) -> str:
    """Return a value as it may stand in a message: short, containers by what they hold."""
    if isinstance(value, dict):
        return f"an object with {', '.join(map(str, value)) or 'nothing'}"[:120]
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
