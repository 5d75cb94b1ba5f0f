"""Sizes of fibers: the published ones, and the polynomials through them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.errors import FiberError
from cauda.fiber.dimensions import (
    COMPARTMENTS,
    LARGEST_UM,
    NODE_LENGTH_UM,
    SMALLEST_UM,
    STIN,
    Dimensions,
    centers_um,
    compartment,
    dimensions,
    lengths,
)

# McIntyre, Richardson, Grill 2002, doi:10.1152/jn.00353.2001, table 1:
# diameter, node spacing, axon, node, FLUT (um), lamellae
PUBLISHED = [
    (5.7, 500, 3.4, 1.9, 35, 80),
    (7.3, 750, 4.6, 2.4, 38, 100),
    (8.7, 1000, 5.8, 2.8, 40, 110),
    (10.0, 1150, 6.9, 3.3, 46, 120),
    (11.5, 1250, 8.1, 3.7, 50, 130),
    (12.8, 1350, 9.2, 4.2, 54, 135),
    (14.0, 1400, 10.4, 4.7, 56, 140),
    (15.0, 1450, 11.5, 5.0, 58, 145),
    (16.0, 1500, 12.7, 5.5, 60, 150),
]

diameters_um = st.floats(SMALLEST_UM, LARGEST_UM)


@pytest.mark.parametrize("row", PUBLISHED)
def test_discrete_fibers_have_the_published_sizes(row: tuple[float, ...]) -> None:
    assert dimensions(row[0], "discrete") == Dimensions(*row)


@pytest.mark.parametrize("diameter_um", [5.643, 5.7, 10.0, 14.3, 16.0])
def test_interpolated_sizes_are_the_published_polynomials(diameter_um: float) -> None:
    # Musselman 2021, doi:10.1371/journal.pcbi.1009285
    sizes, d = dimensions(diameter_um), diameter_um
    assert sizes.diameter_um == d
    assert sizes.node_spacing_um == pytest.approx(-8.215 * d**2 + 272.4 * d - 780.2)
    assert sizes.axon_diameter_um == pytest.approx(0.02361 * d**2 + 0.3673 * d + 0.7122)
    assert sizes.node_diameter_um == pytest.approx(0.01093 * d**2 + 0.1008 * d + 1.099)
    assert sizes.flut_length_um == pytest.approx(-0.1652 * d**2 + 6.354 * d - 0.2862)
    assert sizes.lamellae == pytest.approx(-0.4749 * d**2 + 16.85 * d - 0.7648)


@pytest.mark.parametrize("diameter_um", [2.0, 3.5, 5.642])
def test_the_node_spacing_of_small_fibers_lies_on_a_line(diameter_um: float) -> None:
    assert dimensions(diameter_um).node_spacing_um == pytest.approx(81.08 * diameter_um + 37.84)


def test_line_and_polynomial_of_the_node_spacing_meet() -> None:
    below, above = (dimensions(diameter_um).node_spacing_um for diameter_um in (5.6429999, 5.643))
    assert above == pytest.approx(below, rel=1e-4)


def test_an_internode_is_laid_out_as_published() -> None:
    # 1150 um = node 1, MYSA 2 x 3, FLUT 2 x 46, six STIN
    stin_um = (1150 - 1 - 2 * 3 - 2 * 46) / 6
    expected = [3, 46, *[stin_um] * 6, 46, 3]
    np.testing.assert_allclose(lengths(dimensions(10.0, "discrete")), expected)


def test_centers_lie_half_of_both_compartments_apart_and_symmetric() -> None:
    sizes = dimensions(10.0, "discrete")
    centers, wide = centers_um(sizes), lengths(sizes)
    assert centers[0] == pytest.approx(0.5 + 1.5)
    assert centers[1] == pytest.approx(0.5 + 3 + 23)
    np.testing.assert_allclose(np.diff(centers), (wide[1:] + wide[:-1]) / 2)
    np.testing.assert_allclose(centers + centers[::-1], 1150)


@settings(max_examples=50)
@given(diameters_um)
def test_compartments_of_any_fiber_fill_the_space_between_nodes(diameter_um: float) -> None:
    sizes = dimensions(diameter_um)
    wide = lengths(sizes)
    assert wide.shape == centers_um(sizes).shape == (COMPARTMENTS,) == (STIN + 4,)
    assert (wide > 0).all()
    assert wide.sum() + NODE_LENGTH_UM == pytest.approx(sizes.node_spacing_um)


@settings(max_examples=50)
@given(diameters_um, diameters_um)
def test_the_thicker_of_two_fibers_is_larger_in_everything(one: float, other: float) -> None:
    thin, thick = (dimensions(each) for each in sorted((one, other)))
    for name in Dimensions.__slots__:
        assert getattr(thin, name) <= getattr(thick, name)
    assert thick.node_diameter_um < thick.axon_diameter_um < thick.diameter_um


@pytest.mark.parametrize("row", PUBLISHED)
def test_polynomials_come_near_the_published_sizes(row: tuple[float, ...]) -> None:
    sizes = dimensions(row[0])
    found = np.array([getattr(sizes, name) for name in Dimensions.__slots__])
    # The polynomial of the FLUT misses the thinnest fiber by 13 %, the others miss nothing by more than 8 %.
    within = [1e-12, 0.08, 0.08, 0.08, 0.13, 0.08]
    assert (np.abs(found / row - 1) <= within).all()


def test_sizes_do_not_depend_on_the_type_of_the_number() -> None:
    assert dimensions(10) == dimensions(10.0) == dimensions(np.float64(10))
    assert dimensions(10, "discrete") == dimensions(np.float64(10), "discrete")


def test_centers_are_shared_and_cannot_be_written_to() -> None:
    centers = centers_um(dimensions(9.0))
    assert centers is centers_um(dimensions(9.0))
    with pytest.raises(ValueError, match="read-only"):
        centers[0] = 0.0


def test_every_kind_of_compartment_has_its_row() -> None:
    assert [compartment(name)["length_um"] for name in ("node", "mysa", "flut", "stin")] == [
        "1",
        "3",
        "flut",
        "rest",
    ]


@pytest.mark.parametrize("diameter_um", [1.999, 16.001, 0.0, -10.0, 5700.0])
@pytest.mark.parametrize("rule", ["interpolated", "discrete"])
def test_a_diameter_outside_of_what_is_known_is_one_clear_error(diameter_um: float, rule: str) -> None:
    with pytest.raises(FiberError, match=f"fiber diameter: found {diameter_um:g} um, wanted 2 to 16 um"):
        dimensions(diameter_um, rule)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "diameter_um", [float("nan"), float("inf"), "10", None, [10.0], np.array([9.0, 10.0])]
)
def test_a_diameter_that_is_no_number_is_one_clear_error(diameter_um: object) -> None:
    with pytest.raises(FiberError, match=r"fiber diameter: found .*, wanted a finite number of um"):
        dimensions(diameter_um)  # type: ignore[arg-type]


def test_a_diameter_that_was_not_published_is_refused_with_those_that_were() -> None:
    known = "5.7, 7.3, 8.7, 10, 11.5, 12.8, 14, 15, 16 um; take the rule 'interpolated'"
    with pytest.raises(FiberError, match=f"9 um is not among the published ones, {known}"):
        dimensions(9.0, "discrete")


def test_an_unknown_rule_is_one_clear_error() -> None:
    with pytest.raises(FiberError, match="rule: found 'linear', wanted 'interpolated' or 'discrete'"):
        dimensions(9.0, "linear")  # type: ignore[arg-type]
