"""Sizes of roots and ganglia."""

import pytest

from cauda.annotation.tracing import LEVELS
from cauda.tables.roots import root_geometry
from cauda.tables.table import read_table


def test_every_level_of_a_tracing_has_sizes() -> None:
    assert tuple(root_geometry()) == LEVELS


@pytest.mark.parametrize(("level", "dorsal_mm", "ventral_mm"), [("S1", 2.95, 1.43), ("S5", 0.27, 0.14)])
def test_the_roots_of_s1_and_s5_are_the_published_ones(
    level: str, dorsal_mm: float, ventral_mm: float
) -> None:
    # doi 10.1179/2045772314Y.0000000273, six cadavers
    assert root_geometry()[level].dorsal_radius_mm == pytest.approx(dorsal_mm / 2)
    assert root_geometry()[level].ventral_radius_mm == pytest.approx(ventral_mm / 2)


def test_no_other_diameter_is_said_to_be_published() -> None:
    for row in read_table("root_geometry"):
        for column in ("dorsal_diameter_source", "ventral_diameter_source"):
            assert row[column].startswith("assumed") == (row["level"] not in ("S1", "S5")), row["level"]


def test_a_ventral_root_is_thinner_than_the_dorsal_one_and_s1_is_the_thickest_of_either() -> None:
    # doi 10.1179/2045772314Y.0000000273; Hogan 1996 Anesthesiology 85:37: the anterior one is about half
    geometry = root_geometry()
    assert all(one.ventral_radius_mm < one.dorsal_radius_mm for one in geometry.values())
    assert max(geometry, key=lambda level: geometry[level].dorsal_radius_mm) == "S1"
    assert max(geometry, key=lambda level: geometry[level].ventral_radius_mm) == "S1"


@pytest.mark.parametrize(("level", "angle_deg"), [("L1", 26.2), ("L5", 16.3)])
def test_roots_leave_at_the_published_angle(level: str, angle_deg: float) -> None:
    # doi 10.1016/j.jocn.2007.08.006
    assert root_geometry()[level].exit_angle_deg == pytest.approx(angle_deg)


def test_every_size_has_a_source() -> None:
    for row in read_table("root_geometry"):
        sources = [column for column in row if column.endswith("source")]
        assert len(sources) == 4
        for column in sources:
            assert row[column].strip()


def test_a_ganglion_is_wider_than_its_root() -> None:
    for geometry in root_geometry().values():
        assert geometry.ganglion_width_mm > 2 * geometry.dorsal_radius_mm
        assert geometry.ganglion_length_mm > geometry.ganglion_width_mm
