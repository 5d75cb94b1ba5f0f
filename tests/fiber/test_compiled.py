from typing import Any

import numba
import numpy as np
import pytest

from cauda.arrays import Floats
from cauda.fiber import compiled


def total(values: Floats) -> float:
    result = 0.0
    for value in values:
        result += value
    return result


def test_a_compiled_function_gives_what_python_gives_and_is_kept_on_disk() -> None:
    quick = compiled.compiled(total)
    assert quick(np.arange(5.0)) == total(np.arange(5.0)) == 10.0
    assert "FunctionCache" in type(quick._cache).__name__  # type: ignore[attr-defined]


def test_values_that_are_not_finite_keep_their_meaning() -> None:
    quick = compiled.compiled(total)
    assert np.isnan(quick(np.array([1.0, np.nan])))
    assert quick(np.array([1.0, np.inf])) == np.inf


def test_where_nothing_can_be_written_a_function_is_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def njit(*, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(compiled, "njit", njit)
    assert compiled.compiled(total)(np.arange(3.0)) == 3.0
