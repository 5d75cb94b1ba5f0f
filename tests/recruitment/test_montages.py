import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.errors import FieldError, RecruitmentError
from cauda.recruitment.montages import each_contact, montage, montages_of, of_contacts

ELECTRODES = ["C1", "C2", "C3", "case"]


def test_a_montage_carries_one_ma_whatever_was_given() -> None:
    found = montage("case:+3, C2:-2, C1:-1", ELECTRODES)
    assert found.name == "C1:-0.333333333,C2:-0.666666667,case:+1"
    assert found.currents_ma == pytest.approx({"C1": -1 / 3, "C2": -2 / 3, "case": 1})


def test_a_montage_of_one_contact_against_the_case_is_called_by_the_contact() -> None:
    assert montage("C2:-1,case:+1", ELECTRODES).short == "C2"
    assert montage("C2:+1,case:-1", ELECTRODES).short == "C2:+1,case:-1"
    assert montage("C2:-1,C1:+1", ELECTRODES).short == "C1:+1,C2:-1"


def test_montages_that_are_the_same_stand_there_once() -> None:
    found = montages_of(["C1:-1,case:1", {"case": 2.0, "C1": -2.0}, "C2:-1,case:1"], ELECTRODES)
    assert [one.short for one in found] == ["C1", "C2"]


def test_each_contact_is_a_cathode_against_the_return() -> None:
    assert [str(one) for one in each_contact(["C1", "C2"], ["case"])] == ["C1:-1,case:+1", "C2:-1,case:+1"]
    assert [str(one) for one in each_contact(["C1", "C2", "C3"], ["C2"])] == ["C1:-1,C2:+1", "C2:+1,C3:-1"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("C9:-1,case:+1", "no electrode 'C9', wanted some of C1, C2, C3, case"),
        ("C1:-1,case:+0.5", "the currents sum to -0.5 mA, wanted 0"),
        ("C1", "wanted NAME:MA"),
    ],
)
def test_a_montage_that_is_none_is_refused_by_name(text: str, told: str) -> None:
    with pytest.raises(FieldError, match=told.replace("+", r"\+")):
        montage(text, ELECTRODES)


def test_no_montages_are_refused() -> None:
    with pytest.raises(RecruitmentError, match="found none"):
        montages_of([], ELECTRODES)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda one: max(map(abs, one)) > 1e-3))
def test_the_name_of_any_montage_tells_its_currents(values: list[float]) -> None:
    found = of_contacts(values, ELECTRODES[:3])
    again = montage(found.name, ELECTRODES)
    scale = max(-sum(one for one in values if one < 0), sum(one for one in values if one > 0))
    told = np.array([again.currents_ma.get(name, 0.0) for name in ELECTRODES[:3]])
    np.testing.assert_allclose(told, np.array(values) / scale, atol=1e-6)
    assert again.name == found.name
