"""Assumed places of the roots that nobody traced."""

import pytest

from cauda.tables.further_roots import further_root
from cauda.tables.population import quantity
from cauda.tables.table import read_table

BELOW_S2 = ("S3", "S4", "S5", "Co")


def test_every_value_is_marked_assumed() -> None:
    assert all(row["source"].startswith("assumed") for row in read_table("further_roots"))


def test_the_further_down_the_nearer_to_the_midline_a_root_enters() -> None:
    angles = [further_root("entry_angle", level) for level in ("T11", "T12")]
    angles += [quantity("entry_angle", level).mean for level in ("L1", "L2", "L3", "L4", "L5", "S1", "S2")]
    angles += [further_root("entry_angle", level) for level in BELOW_S2]
    assert angles == sorted(angles, reverse=True)


def test_in_their_bed_cranial_roots_lie_lateral_of_caudal_ones() -> None:
    angles = [further_root("bed_angle", level) for level in ("T11", "T12")]
    angles.append(quantity("bed_angle", "L1").mean)
    lateral_mm = [further_root("bed_lateral", level) for level in BELOW_S2]
    for values in (angles, lateral_mm):
        assert values == sorted(values, reverse=True)


def test_the_more_cranial_a_root_the_higher_it_leaves_the_sac() -> None:
    above_mm = [further_root("exit_above_end", level) for level in BELOW_S2]
    assert above_mm == sorted(above_mm, reverse=True)
    assert min(above_mm) > 0


def test_a_value_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        further_root("entry_angle", "L1")
