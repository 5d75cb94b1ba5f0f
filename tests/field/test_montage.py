import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.errors import FieldError
from cauda.field.montage import montage

ELECTRODES = ("C1", "C2", "C3", "case")


def test_a_montage_is_read_from_text() -> None:
    assert montage("C2:-1,case:+1", ELECTRODES) == {"C2": -1.0, "case": 1.0}
    assert montage(" C1 : -2.5 , C2:1e0,C3:1.5", ELECTRODES) == {"C1": -2.5, "C2": 1.0, "C3": 1.5}


@given(st.lists(st.floats(-20, 20), min_size=3, max_size=3).filter(any))
def test_a_montage_may_be_a_mapping_and_a_sum_by_rounding_is_0(currents: list[float]) -> None:
    given_ma = {**dict(zip(ELECTRODES, currents, strict=False)), "case": -sum(currents)}
    assert montage(given_ma, ELECTRODES) == given_ma


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C9:-1,case:+1", "no electrode 'C9', wanted some of C1, C2, C3, case"),
        ("C1:-1", "the currents sum to -1 mA, wanted 0; +1 mA must return, such as at case"),
        ("C1:-1,case:+0.9", "the currents sum to -0.1 mA, wanted 0; +0.1 mA must return"),
        ("C1:-1,C1:+1", "C1 stands there twice, wanted once"),
        ("C1", "found 'C1', wanted NAME:MA such as C5:-1,case:+1"),
        ("C1:-1,", "found '', wanted NAME:MA"),
        ("", "found '', wanted NAME:MA"),
        ("C1:one", "found 'C1:one', wanted NAME:MA"),
        (":1,C1:-1", "found ':1', wanted NAME:MA"),
        ("C1:nan,case:1", "wanted currents in mA that are finite"),
        ("C1:0,case:0", "no current, wanted one such as C1:-1,case:+1"),
    ],
)
def test_montages_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(FieldError) as refused:
        montage(text, ELECTRODES)
    assert str(refused.value).startswith("montage ")
    assert message in str(refused.value)
