"""What can be asked of a placement."""

import math

import pytest

from cauda.anatomy.levels import parse_level
from cauda.errors import LeadError
from cauda.lead import Placement

T12 = parse_level("T12")


def test_by_default_a_lead_lies_straight_on_the_midline_and_must_fit() -> None:
    assert Placement(T12) == Placement(parse_level("vertebra:T12"), 0.0, 0.0, "refuse", 0.0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"lateral_mm": 51.0}, "lateral_mm: found 51, wanted -50 to 50"),
        ({"lateral_mm": math.nan}, "lateral_mm: found nan"),
        ({"angle_deg": -46.0}, "angle_deg: found -46, wanted -45 to 45"),
        ({"angle_deg": math.inf}, "angle_deg: found inf"),
        ({"encapsulation_mm": -0.1}, "encapsulation_mm: found -0.1, wanted 0 to 2"),
        ({"encapsulation_mm": 2.1}, "encapsulation_mm: found 2.1, wanted 0 to 2"),
        ({"encapsulation_mm": math.nan}, "encapsulation_mm: found nan"),
        ({"fit": "squeeze"}, "fit: found 'squeeze', wanted one of refuse, push"),
    ],
)
def test_what_cannot_be_is_refused(asked: dict[str, float], said: str) -> None:
    with pytest.raises(LeadError) as refused:
        Placement(T12, **asked)  # type: ignore[arg-type]
    assert str(refused.value).startswith(said)
