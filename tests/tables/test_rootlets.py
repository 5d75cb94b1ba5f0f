"""Number of rootlets and where they attach."""

import pytest

from cauda.annotation.tracing import LEVELS
from cauda.tables.rootlets import rootlet_numbers
from cauda.tables.table import read_table

PARTS = ("dorsal", "ventral")


@pytest.mark.parametrize("part", PARTS)
def test_every_level_has_numbers(part: str) -> None:
    assert tuple(rootlet_numbers(part)) == LEVELS


def test_every_number_says_where_it_comes_from() -> None:
    for row in read_table("rootlets"):
        for quantity in ("count", "sulcus"):
            assert row[f"{quantity}_status"] in {"seen", "measured", "assumed"}
            assert row[f"{quantity}_source"].strip()


@pytest.mark.parametrize(
    ("level", "dorsal", "ventral"),
    [("S1", 5, 2), ("S5", 2, 1)],
)
def test_sacral_roots_have_the_published_numbers(level: str, dorsal: float, ventral: float) -> None:
    # Hauck 2008, doi 10.3171/SPI/2008/9/8/207
    assert rootlet_numbers("dorsal")[level].mean == dorsal
    assert rootlet_numbers("ventral")[level].mean == ventral


def test_more_than_fifty_rootlets_leave_the_conus() -> None:
    # S1 to S5, Hauck 2008, doi 10.3171/SPI/2008/9/8/207
    sacral = [level for level in LEVELS if level.startswith("S")]
    assert sum(2 * rootlet_numbers(part)[level].mean for part in PARTS for level in sacral) > 50


def test_there_are_more_dorsal_rootlets_than_ventral_ones() -> None:
    # Mamatha 2016, Res J Pharm Biol Chem Sci 7(1):1848
    for level in LEVELS[:-1]:
        assert rootlet_numbers("dorsal")[level].mean > rootlet_numbers("ventral")[level].mean


@pytest.mark.parametrize(
    ("level", "angle_deg"),
    [("L1", 51), ("L2", 50), ("L3", 49), ("L4", 48), ("L5", 46), ("S1", 39), ("S2", 32)],
)
def test_dorsal_rootlets_attach_where_the_entries_of_sub_03_were_measured(
    level: str, angle_deg: float
) -> None:
    # doi 10.1038/s41597-024-03919-4, mean of sides
    assert rootlet_numbers("dorsal")[level].sulcus_deg == angle_deg
