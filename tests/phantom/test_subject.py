"""A virtual subject is anatomy that could be a person's, annotated as the published dataset is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cauda.annotation.curve import interpolate, section
from cauda.annotation.tracing import Tracing
from cauda.check import check
from cauda.errors import PhantomError
from cauda.phantom.parameters import ROOTS
from cauda.phantom.subject import VirtualSubject, make, virtual_subject

SUBJECTS = 12


@pytest.fixture(scope="module")
def people() -> list[VirtualSubject]:
    return [make(7, index) for index in range(1, SUBJECTS + 1)]


def _points(tracing: Tracing) -> NDArray[np.float64]:
    contours = [contour.points_mm for contour in (*tracing.cord, *tracing.dura)]
    return np.vstack([*contours, *tracing.roots.values(), *tracing.ganglia.values()])


def test_the_same_seed_and_index_give_the_same_points_bit_by_bit() -> None:
    np.testing.assert_array_equal(_points(virtual_subject(3, 2)), _points(virtual_subject(3, 2)))


@pytest.mark.parametrize("other", [(3, 1), (4, 2)])
def test_another_index_or_seed_gives_another_subject(other: tuple[int, int]) -> None:
    one, two = virtual_subject(3, 2), virtual_subject(*other)
    assert abs(one.cord[0].z_mm - two.cord[0].z_mm) > 0.1
    lengths = [np.linalg.norm(t.ganglia[ROOTS[0]] - t.roots[ROOTS[0]][0]) for t in (one, two)]
    assert abs(lengths[0] - lengths[1]) > 0.1


def test_check_finds_no_error_and_nothing_odd_but_what_is_not_traced(people: list[VirtualSubject]) -> None:
    for person in people:
        codes = {finding.code for finding in check(person.tracing)}
        assert codes <= {"untraced", "roots-near"}, person.index


def test_slices_are_2_mm_apart_as_many_as_published_and_all_have_a_dura(people: list[VirtualSubject]) -> None:
    # doi 10.1038/s41597-024-03919-4: 72 or 80 slices; 50 to 71 of them with cord
    for person in people:
        tilt_mm = np.tan(np.radians(person.parameters.slice_tilt_deg))
        for contours in (person.tracing.cord, person.tracing.dura):
            level_mm = [
                (c.points_mm[:, 2] - tilt_mm * (c.points_mm[:, 1] - person.parameters.tip_mm[1]))
                for c in contours
            ]
            assert max(np.ptp(z) for z in level_mm) < 2e-4
            np.testing.assert_allclose(np.diff([z.mean() for z in level_mm]), -2.0, atol=2e-4)
        assert len(person.tracing.dura) in (72, 80)
        assert 45 <= len(person.tracing.cord) <= 75


def test_contours_have_12_to_38_points_in_order_round_the_curve(people: list[VirtualSubject]) -> None:
    for contour in (*people[0].tracing.cord, *people[0].tracing.dura):
        assert 12 <= len(contour.points_mm) <= 38
        offset = contour.points_mm[:, :2] - contour.points_mm[:, :2].mean(axis=0)
        turns = np.diff(np.unwrap(np.arctan2(offset[:, 1], offset[:, 0])))
        assert (turns > 0).all()
        assert turns.sum() < 2 * np.pi


def test_drawn_areas_are_the_true_ones_but_for_the_hand(people: list[VirtualSubject]) -> None:
    for person in people[:4]:
        for contours, true_mm2 in (
            (person.tracing.cord, person.cord_area_mm2),
            (person.tracing.dura, person.dura_area_mm2),
        ):
            drawn_mm2 = np.array([section(contour.points_mm).area_mm2 for contour in contours])
            share = drawn_mm2 / true_mm2[: len(drawn_mm2)] - 1
            assert abs(share.mean()) < 0.02
            assert share[drawn_mm2 > 30].std() < 0.05


def test_the_hand_trembles_as_in_the_published_annotation(people: list[VirtualSubject]) -> None:
    # rms between slices in sub-03: cord AP 0.15, transverse 0.17, dura transverse 0.23 mm
    found = np.mean([_trembling(person.tracing) for person in people], axis=0)
    np.testing.assert_allclose(found, [0.15, 0.17, 0.23], rtol=0.2)


def test_roots_keep_their_distance_from_each_other_the_dura_and_the_cord(
    people: list[VirtualSubject],
) -> None:
    for person in people:
        tracing = person.tracing
        dura = [interpolate(contour.points_mm, closed=True)[:, :2] for contour in tracing.dura]
        cord = [interpolate(contour.points_mm, closed=True)[:, :2] for contour in tracing.cord]
        first = {root: _row(person, points[0, 2]) for root, points in tracing.roots.items()}
        for row, outline in enumerate(dura):
            here = {
                root: points[row - first[root], :2]
                for root, points in tracing.roots.items()
                if 0 <= row - first[root] < len(points)
            }
            places = np.array(list(here.values())).reshape(-1, 2)
            entering = np.array([first[root] == row for root in here], dtype=bool)
            apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + 9 * np.eye(len(places))
            assert apart.min(initial=9.0) > 0.9
            assert _distance(places, outline).min(initial=9.0) > 0.45
            if row < len(cord):
                away = _distance(places, cord[row])
                assert away[~entering].min(initial=9.0) > 0.45
                assert away[entering].max(initial=0.0) < 0.75


def test_entries_of_a_side_are_at_least_one_slice_apart(people: list[VirtualSubject]) -> None:
    for person in people:
        entries = np.array([_row(person, person.tracing.roots[root][0, 2]) for root in ROOTS]).reshape(2, 7)
        assert (np.diff(entries, axis=1) >= 1).all()


def test_ganglia_lie_lateral_of_the_sac_from_cranial_to_caudal(people: list[VirtualSubject]) -> None:
    for person in people:
        ganglia = np.array([person.tracing.ganglia[root] for root in ROOTS]).reshape(2, 7, 3)
        assert (np.diff(ganglia[..., 2], axis=1) < -8).all()
        wide = ganglia[1, :, 0] - ganglia[0, :, 0]
        assert (wide[:5] > 27).all()
        assert (wide < 46).all()


def test_the_true_roots_run_where_they_were_traced(people: list[VirtualSubject]) -> None:
    for root in ROOTS:
        off = np.linalg.norm(people[0].roots_mm[root] - people[0].tracing.roots[root], axis=1)
        assert off.max() < 1.2
        assert np.sqrt((off**2).mean()) < 0.35


@pytest.mark.parametrize(("seed", "index"), [(-1, 1), (7, 0)])
def test_a_seed_below_0_or_an_index_below_1_is_refused(seed: int, index: int) -> None:
    with pytest.raises(PhantomError, match=f"seed {seed}, index {index}: wanted"):
        make(seed, index)


def _row(person: VirtualSubject, z_mm: float) -> int:
    return int(np.argmin(np.abs(person.slices_mm - z_mm)))


def _distance(places: NDArray[np.float64], outline: NDArray[np.float64]) -> NDArray[np.float64]:
    between = np.linalg.norm(places[:, None] - outline[None], axis=-1)
    return np.asarray(between.min(axis=1, initial=9.0))


def _trembling(tracing: Tracing) -> list[float]:
    """Rms between slices, from third differences, of cord AP, cord transverse, dura transverse diameter."""
    found = []
    for contours, axis in ((tracing.cord, 1), (tracing.cord, 0), (tracing.dura, 0)):
        size = [np.ptp(interpolate(contour.points_mm, closed=True)[:, axis]) for contour in contours]
        found.append(float(np.sqrt((np.diff(size, 3) ** 2).mean() / 20)))
    return found
