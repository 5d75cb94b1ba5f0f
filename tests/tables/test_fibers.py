"""Classes of fibers and what their courses follow."""

import pytest

from cauda.fiber.dimensions import LARGEST_UM, SMALLEST_UM
from cauda.tables.fibers import fiber_courses, fiber_kinds
from cauda.tables.table import read_table

PARTS = ("dorsal", "ventral", "dorsal_column")


@pytest.mark.parametrize("part", PARTS)
def test_the_shares_of_a_part_add_up(part: str) -> None:
    assert sum(kind.share for kind in fiber_kinds(part)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("part", "kind", "diameter_um"),
    [
        ("dorsal", "spindle primary", 13.2),
        ("dorsal", "spindle secondary", 12.0),
        ("dorsal", "T1", 11.2),
        ("dorsal", "T2", 10.1),
        ("dorsal", "T3", 9.1),
        ("dorsal", "T4", 8.3),
        ("ventral", "FF", 13.1),
        ("ventral", "FR", 10.2),
        ("ventral", "S", 8.3),
    ],
)
def test_mean_diameters_are_those_of_human_sacral_roots(part: str, kind: str, diameter_um: float) -> None:
    # Schalow, human dorsal sacral roots, 36 C
    (found,) = (each for each in fiber_kinds(part) if each.kind == kind)
    assert found.mean_um == diameter_um


def test_large_fibers_of_the_dorsal_column_lie_between_the_published_bounds() -> None:
    # 7.1 and 10.7 um, Feirabend 2002, doi 10.1093/brain/awf111
    (kind,) = fiber_kinds("dorsal_column")
    assert kind.mean_um - kind.cut_sd * kind.sd_um == pytest.approx(7.1)
    assert kind.mean_um + kind.cut_sd * kind.sd_um == pytest.approx(10.7)


@pytest.mark.parametrize("part", PARTS)
def test_no_diameter_is_outside_of_what_a_cable_is_known_for(part: str) -> None:
    thinnest = min(fiber_courses()[f"{branch}_ratio"] for branch in ("rostral", "caudal"))
    for kind in fiber_kinds(part):
        assert kind.mean_um + kind.cut_sd * kind.sd_um <= LARGEST_UM
        assert (kind.mean_um - kind.cut_sd * kind.sd_um) * thinnest >= SMALLEST_UM


def test_a_class_is_dorsal_or_ventral() -> None:
    dorsal, ventral = ({kind.fiber_class for kind in fiber_kinds(part)} for part in PARTS[:2])
    assert dorsal == {"Ia", "Ib", "II", "A-beta"}
    assert ventral == {"alpha"}


def test_every_number_says_where_it_comes_from() -> None:
    for row in read_table("fiber_classes"):
        for quantity in ("share", "diameter"):
            assert row[f"{quantity}_status"] in {"seen", "assumed"}
            assert row[f"{quantity}_source"].strip()
    for row in read_table("fiber_courses"):
        assert row["status"] in {"seen", "assumed"}
        assert row["source"].strip()
