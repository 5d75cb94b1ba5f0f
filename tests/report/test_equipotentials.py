"""Isolines in sections: rows of contacts, values, and lines in their places."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.conftest import MIDDLE_MM
from tests.report.fields import linear

from cauda import lead
from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats
from cauda.lead import Lead
from cauda.report import equipotentials
from cauda.report.cutting import height_of, section_at
from cauda.report.equipotentials import BETWEEN, LEVELS, cathodes, levels_mv


@pytest.fixture(scope="module")
def paddle(full: SpineModel) -> Lead:
    return lead.place(lead.catalog("specify-5-6-5-like"), full, top="85mm")


@pytest.fixture(scope="module")
def thin(full: SpineModel) -> Lead:
    return lead.place(lead.catalog("pisces-quad-like"), full, top="85mm")


@pytest.fixture(scope="module")
def figure(full: SpineModel, thin: Lead) -> str:
    return equipotentials.figure(full, thin, linear(thin))


def panels(figure: str) -> list[str]:
    return re.split(r'class="title"', figure)[1:]


def isolines(panel: str) -> dict[float, Floats]:
    """Return the value and the points of each isoline, in units."""
    found = re.findall(r'<path d="([^"]+)" class="isoline[^"]*"><title>([^<\u202f]+)', panel)
    return {
        float(value.replace("\u2212", "-")): np.array(re.findall(r"-?[\d.]+", data), float).reshape(-1, 2)
        for data, value in found
    }


def test_contacts_of_three_columns_that_lie_between_each_other_make_eleven_rows(
    full: SpineModel, paddle: Lead
) -> None:
    found = equipotentials.rows(paddle, full)
    assert [len(row) for row in found] == [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
    assert {contact.name for contact in found[1]} == {"C1", "C12"}
    heights = [np.mean([contact.center_mm[2] for contact in row]) for row in found]
    assert heights == sorted(heights, reverse=True)


def test_every_contact_is_in_one_row(full: SpineModel, thin: Lead) -> None:
    found = [contact.name for row in equipotentials.rows(thin, full) for contact in row]
    assert found == [contact.name for contact in thin.contacts]


def test_isolines_of_a_linear_potential_are_straight_at_the_right_place_and_end_at_the_canal(
    figure: str, full: SpineModel, thin: Lead
) -> None:
    bar = re.search(r'<line x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)" y2="[\d.]+" class="bar"', figure)
    assert bar is not None
    units_per_mm = (float(bar[2]) - float(bar[1])) / 5
    assert len(panels(figure)) == 4
    for index, panel in enumerate(panels(figure)):
        contact = thin.contacts[index]
        middle = section_at(full, (), "", height_of(full, contact.center_mm)).plane.point_mm
        found = isolines(panel)
        assert len(found) > 20
        for value_mv, spots in found.items():
            # The contact is a cathode: the potential falls where it rises for a current of +1 mA.
            y_mm = MIDDLE_MM[1] - value_mv / (4 * (1 + index / 10))
            assert np.ptp(spots[:, 1]) <= 0.02
            assert spots[0, 1] == pytest.approx(-(y_mm - middle[1]) * units_per_mm, abs=0.02)
            within_mm = 8.0 if _is_between(value_mv) else 11.0
            reach_mm = np.abs(spots[:, 0] / units_per_mm - (MIDDLE_MM[0] - middle[0])).max()
            assert reach_mm <= within_mm + 2.0


def test_lines_between_are_drawn_in_the_sac_alone(figure: str) -> None:
    values = isolines(panels(figure)[0])
    # 4 mV for each mm: 32 mV at the edge of the sac, 44 mV at that of the canal.
    assert max(abs(value) for value in values if _is_between(value)) <= 4 * 10
    assert max(abs(value) for value in values) >= 4 * 9


def test_each_section_is_titled_with_its_cathodes_and_lines_bear_their_values(figure: str) -> None:
    titles = re.findall(r'class="title">([^<]+)<', figure)
    assert titles == [f"C{index} \u22121\u202fmA" for index in range(1, 5)]
    labels = re.findall(r'class="isovalue"[^>]*>([^<]+)<', panels(figure)[0])
    assert len(labels) == len(set(labels)) > 5
    drawn = isolines(panels(figure)[0])
    assert {float(label.replace("\u2212", "-")) for label in labels} <= set(drawn)


def test_the_contact_lies_over_the_isolines_dorsal_of_the_sac(figure: str) -> None:
    for index, panel in enumerate(panels(figure)):
        assert f'class="metal"><title>C{index + 1}<' in panel


def test_a_figure_says_in_words_what_it_shows(figure: str, thin: Lead) -> None:
    label = re.search(r'aria-label="([^"]+)"', figure)
    assert label is not None
    assert label[1].startswith(f"4 axial sections across the contacts of {thin.name}")


def test_contacts_that_return_the_current_are_no_cathodes(full: SpineModel, thin: Lead) -> None:
    field = replace(linear(thin), returns=("C1", "C4"), admittance_s=np.zeros((4, 4)))
    assert cathodes(field, ["C2"]) == {"C2": -1, "C1": 0.5, "C4": 0.5}
    assert cathodes(field, ["C1", "C2"]) == {"C2": -1, "C1": 0.5, "C4": 0.5}
    assert cathodes(field, ["C1"]) == {"C1": -1, "C4": 1}
    titles = re.findall(r'class="title">([^<]+)<', equipotentials.figure(full, thin, field))
    assert [title.split()[0] for title in titles] == ["C1", "C2", "C3", "C4"]


def test_a_contact_that_is_the_only_return_has_no_montage() -> None:
    assert cathodes(SimpleNamespace(returns=("C1",)), ["C1"]) is None  # type: ignore[arg-type]


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_values_of_isolines_lie_between_the_extremes_and_rise_by_a_quarter(one: float, other: float) -> None:
    least, most = min(one, other), max(one, other)
    found = levels_mv(least, most)
    assert all(least < value < most for value in found)
    positive = [value for value in found if value > 0]
    ratios = np.array(positive[1:]) / positive[:-1] if len(positive) > 1 else np.array([1.25])
    assert ((ratios > 1.24) & (ratios < 1.29)).all()


def test_values_of_both_kinds_together_rise_by_an_eighth() -> None:
    both = np.array(sorted([*LEVELS, *BETWEEN, 10.0]))
    assert ((both[1:] / both[:-1] > 1.09) & (both[1:] / both[:-1] < 1.15)).all()


def test_no_potential_has_no_isolines() -> None:
    assert levels_mv(0.0, 0.0) == []


def _is_between(value_mv: float) -> bool:
    return float(f"{abs(value_mv):e}".partition("e")[0]) in BETWEEN
