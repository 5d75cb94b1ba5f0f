"""Sizes of roots and ganglia."""

import pytest

from cauda.annotation.tracing import PUBLISHED_LEVELS
from cauda.tables.roots import root_geometry
from cauda.tables.table import read_table


def test_every_published_level_has_sizes() -> None:
    assert tuple(root_geometry()) == PUBLISHED_LEVELS


def test_the_dorsal_root_of_s1_is_the_published_one() -> None:
    # 2.95 mm, doi 10.1179/2045772314Y.0000000273
    assert root_geometry()["S1"].dorsal_radius_mm == pytest.approx(2.95 / 2)


@pytest.mark.parametrize(("level", "angle_deg"), [("L1", 26.2), ("L5", 16.3)])
def test_roots_leave_at_the_published_angle(level: str, angle_deg: float) -> None:
    # doi 10.1016/j.jocn.2007.08.006
    assert root_geometry()[level].exit_angle_deg == pytest.approx(angle_deg)


def test_every_size_has_a_source() -> None:
    for row in read_table("root_geometry"):
        for column in ("dorsal_diameter_source", "exit_angle_source", "ganglion_source"):
            assert row[column].strip()


def test_a_ganglion_is_wider_than_its_root() -> None:
    for geometry in root_geometry().values():
        assert geometry.ganglion_width_mm > 2 * geometry.dorsal_radius_mm
        assert geometry.ganglion_length_mm > geometry.ganglion_width_mm
