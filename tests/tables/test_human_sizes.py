import pytest

from cauda.tables.human_sizes import size_range
from cauda.tables.table import read_table

MEASURES = [row["measure"] for row in read_table("human_sizes")]


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_usual_is_possible_and_every_bound_has_a_source(measure: str) -> None:
    bounds = size_range(measure)
    assert 0 < bounds.possible[0] <= bounds.usual[0] < bounds.usual[1] <= bounds.possible[1]
    assert bounds.unit in ("mm", "mm2")
    assert "10." in bounds.source or "assumed" in bounds.source
    assert "usual:" in bounds.source
    assert "possible:" in bounds.source


def test_the_width_of_the_cord_is_that_of_frostell_2016() -> None:
    # doi 10.3389/fneur.2016.00238: 9.4 +- 1.5 mm at L3, 13.3 +- 2.2 mm at C5
    bounds = size_range("cord_width")
    assert bounds.usual == pytest.approx((9.4 - 3 * 1.5, 9.4 + 3 * 1.5))
    assert bounds.possible[1] == pytest.approx(13.3 + 4 * 2.2)


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(KeyError):
        size_range("height")
