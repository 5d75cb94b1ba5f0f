"""Gray matter of the segments."""

import numpy as np
import pytest

from cauda.annotation.tracing import LEVELS
from cauda.tables import population
from cauda.tables.gray import gray_sections
from cauda.tables.table import read_table


def test_every_level_from_t11_to_co_has_a_section() -> None:
    assert tuple(gray_sections()) == LEVELS


@pytest.mark.parametrize(
    ("level", "share"),
    [("T12", 0.20), ("L1", 0.24), ("L2", 0.30), ("L3", 0.34), ("L4", 0.37), ("L5", 0.37), ("S1", 0.39)],
)
def test_the_shares_are_those_of_a_template_of_healthy_cords(level: str, share: float) -> None:
    assert gray_sections()[level].share == share


def test_the_sacral_shares_agree_with_the_published_volumes_of_the_conus() -> None:
    # 731.2 mm3 of gray matter in 1746.9 mm3 of conus medullaris, 23 subjects, doi 10.1111/jon.12591
    sacral = [gray_sections()[level].share for level in ("S2", "S3", "S4", "S5", "Co")]
    assert np.mean(sacral) == pytest.approx(731.2 / 1746.9, abs=0.02)


def test_all_outlines_have_the_same_landmarks() -> None:
    assert len({section.landmarks for section in gray_sections().values()}) == 1


@pytest.mark.parametrize("level", LEVELS)
def test_an_outline_runs_from_the_dorsal_to_the_ventral_midline_within_the_cord(level: str) -> None:
    section = gray_sections()[level]
    assert section.angle_rad[0] == 0
    assert section.angle_rad[-1] == pytest.approx(np.pi)
    assert (np.diff(section.angle_rad) > 0).all()
    assert (section.reach > 0).all()
    assert (section.reach < 1).all()


@pytest.mark.parametrize("level", population.LEVELS)
def test_the_dorsal_horn_points_to_where_the_roots_enter(level: str) -> None:
    section = gray_sections()[level]
    apex = section.angle_rad[section.landmarks.index("dorsal_horn_apex")]
    assert np.degrees(apex) == pytest.approx(population.quantity("entry_angle", level).mean)


def test_every_number_has_a_source() -> None:
    for table in ("gray_matter", "gray_outline"):
        assert all(row["source"].strip() for row in read_table(table))
