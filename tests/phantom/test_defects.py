"""Defects: named with a strength, refused in one sentence."""

import pytest

from cauda.errors import PhantomError
from cauda.phantom.defects import TYPICAL, Defects


def test_defects_are_read_by_name() -> None:
    assert Defects.parse(" motion=0.3, ghosts=.05") == Defects(motion=0.3, ghosts=0.05)


def test_an_empty_text_is_none_of_them() -> None:
    assert Defects.parse("") == Defects.parse("none") == Defects()


def test_typical_ones_can_be_overruled() -> None:
    assert Defects.parse("typical,coil=1").coil == 1.0
    assert Defects.parse("typical,coil=1").bias == TYPICAL["bias"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wobble=1", "'wobble': not known, wanted typical or some of bias, coil"),
        ("motion=much", "found 'much', wanted a number"),
        ("motion", "found '', wanted a number"),
        ("flow=1.5", "found 1.5, wanted 0 to 1"),
        ("motion=-1", "found -1, wanted 0 to 20"),
        ("bias=nan", "found nan, wanted 0 to 2"),
    ],
)
def test_what_is_no_defect_is_refused(text: str, message: str) -> None:
    with pytest.raises(PhantomError, match=message):
        Defects.parse(text)
