"""What a build measured, read from its JSON: what is absent or of another kind counts as not told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cauda.anatomy.model import RootPath, SpineModel


def mapping(value: object) -> Mapping[str, Any]:
    """Return a value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def entries(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings of a list; nothing of what is no list."""
    yield from (entry for entry in (value if isinstance(value, list | tuple) else ()) if mapping(entry))


def number(entry: Mapping[str, Any], key: str) -> float | None:
    """Return a number of an entry, None if it tells none."""
    value = entry.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def of_path(model: SpineModel, measure: str, path: RootPath) -> Mapping[str, Any]:
    """Return the entry of a measure about one center line; one that names no part is about a dorsal root."""
    for entry in entries(model.measures.get(measure)):
        if entry.get("root") == str(path.root) and entry.get("part", "dorsal") == path.part:
            return entry
    return {}


def of_level(model: SpineModel, measure: str, level: str) -> Mapping[str, Any]:
    """Return the entry of a measure about one level, an empty one if there is none."""
    found = (entry for entry in entries(model.measures.get(measure)) if entry.get("level") == level)
    return next(found, {})
