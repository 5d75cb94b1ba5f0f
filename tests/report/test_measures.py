"""What a build measured, whatever it is."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from cauda.anatomy.model import SpineModel
from cauda.report import courses, measures


def test_an_entry_is_that_of_root_and_part_and_without_a_part_of_the_dorsal_root(full: SpineModel) -> None:
    told = {"radii": [{"root": "L3_L", "a": 1}, {"root": "L3_L", "part": "ventral", "a": 2}]}
    model = replace(full, measures=MappingProxyType(told))
    dorsal, ventral = courses.roots(model)[:2]
    assert measures.of_path(model, "radii", dorsal)["a"] == 1
    assert measures.of_path(model, "radii", ventral)["a"] == 2
    assert measures.of_path(model, "displacements", ventral) == {}


@pytest.mark.parametrize("told", [None, 3, "L3", {}, [1, "L3", None], [{"level": "L4"}]])
def test_what_is_not_told_is_empty(full: SpineModel, told: object) -> None:
    model = replace(full, measures=MappingProxyType({"segments": told}))
    assert measures.of_level(model, "segments", "L3") == {}


@pytest.mark.parametrize(("value", "wanted"), [(2, 2.0), (0.5, 0.5), (True, None), ("2", None), (None, None)])
def test_only_numbers_are_numbers(value: object, wanted: float | None) -> None:
    assert measures.number({"a": value}, "a") == wanted
