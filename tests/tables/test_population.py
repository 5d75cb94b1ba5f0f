"""The published population is what the publication says."""

import json
from pathlib import Path

import numpy as np
import pytest

from cauda.tables.population import LEVELS, columns, quantity, subjects
from cauda.tables.table import read_table


def test_mean_root_origins_are_those_published() -> None:
    # doi 10.1038/s41597-024-03919-4, 14 subjects: L1 76 +- 10 ... S2 26 +- 6 mm above the tip of the conus
    origins = np.array([subject.origin_mm for subject in subjects()])
    assert origins.shape == (14, 7)
    np.testing.assert_allclose(origins.mean(axis=0), [76, 64, 55, 46, 40, 33, 26], atol=0.6)
    np.testing.assert_allclose(origins.std(axis=0, ddof=1), [10, 8, 7, 6, 6, 6, 6], atol=0.6)


def test_the_conus_ends_at_l1_in_eleven_subjects_and_at_l2_in_three() -> None:
    levels = [row["conus_level"][:2] for row in read_table("population_subjects")]
    assert (levels.count("L1"), levels.count("L2")) == (11, 3)
    below = [subject.conus_vertebrae for subject in subjects()]
    assert ["L1" if value < 1 else "L2" for value in below] == levels


def test_the_published_markers_have_828_contours_of_the_cord_and_1096_of_the_dura() -> None:
    # doi 10.6084/m9.figshare.26403442
    assert sum(subject.cord_contours for subject in subjects()) == 828
    assert sum(subject.dura_contours for subject in subjects()) == 1096


@pytest.mark.shared
def test_the_table_of_subjects_agrees_with_its_source(shared: Path) -> None:
    source = json.loads((shared / "data" / "liu2024" / "population_14subjects.json").read_text())
    assert source["levels"] == list(LEVELS)
    for subject in subjects():
        label = f"sub-{subject.subject}"
        tip = source["conus_tip"][label]["arc_mm"]
        above = [tip - arc for arc in source["root_origin_arc_mm"][label]]
        np.testing.assert_allclose(subject.origin_mm, above, atol=0.006)
        assert subject.dura_contours == source["contours"][label]["dura"]
    for level, (mean, sd) in source["vertebral_height_mm"].items():
        assert (quantity("vertebral_height", level).mean, quantity("vertebral_height", level).sd) == (
            mean,
            sd,
        )


@pytest.mark.parametrize(
    ("table", "along"), [("population_cord", "height_mm"), ("population_canal", "vertebrae")]
)
def test_profiles_run_in_one_direction_and_sizes_are_positive(table: str, along: str) -> None:
    place, wide, deep = columns(table, along, "transverse_mm", "anteroposterior_mm")
    assert (np.diff(place) > 0).all()
    assert (wide > 0).all()
    assert (deep > 0).all()


def test_no_quantity_stands_in_the_table_twice() -> None:
    keys = [(row["quantity"], row["part"]) for row in read_table("population_quantities")]
    assert len(set(keys)) == len(keys)


def test_an_unknown_quantity_is_an_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="wingspan"):
        quantity("wingspan")
