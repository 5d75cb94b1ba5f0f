"""Batches: the same as one fiber at a time, in any order and on any number of threads."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber import (
    Fiber,
    Pulse,
    Settings,
    branched,
    fires,
    point_source_mv_per_ma,
    simulate,
    straight,
    threshold_ma,
    thresholds,
)
from cauda.fiber.batch import Part, batch_of, in_parts

PULSE = Pulse(100, "monophasic")
CHEAP = Settings(step_us=20.0)
CONTACT = point_source_mv_per_ma((1.0, 0.2, 0.3), sigma_s_per_m=0.2)
OTHER = point_source_mv_per_ma((-1.5, 1.0, -2.0), sigma_s_per_m=0.2)
# Two searches of one fiber may end at different ends of a cell.
SAME = 1.1e-3


def mixed() -> list[Fiber]:
    """Return fibers that have as little in common as they can."""
    divided = branched(
        [[0, 0, -9], [0, 0, 0]], 12.0, [[[0, 0, 0], [0, 2, 8]], [[0, 0, 0], [0, -7, 5]]], [7, 6]
    )
    return [
        straight(10.0, 21),
        straight(5.7, 15, rule="discrete"),
        divided,
        straight(14.1, 12),
        straight(2.0, 25),
    ]


@pytest.mark.parametrize("chosen", [Settings(), CHEAP])
def test_a_batch_gives_what_its_fibers_give_alone_bit_for_bit_in_any_order(chosen: Settings) -> None:
    fibers = mixed()
    together = thresholds(fibers, CONTACT, PULSE, settings=chosen)
    alone = [thresholds(fiber, CONTACT, PULSE, settings=chosen) for fiber in fibers]
    back = thresholds(fibers[::-1], CONTACT, PULSE, settings=chosen)
    for name in ("amplitude_ma", "node", "latency_ms", "block_ma"):
        expected = np.concatenate([getattr(each, name) for each in alone])
        np.testing.assert_array_equal(getattr(together, name), expected)
        np.testing.assert_array_equal(getattr(back, name), expected[::-1])
    assert np.isfinite(together.amplitude_ma).all()
    assert len(set(together.amplitude_ma)) == len(fibers)


@pytest.mark.parametrize("threads", [1, 2, 3, 64])
def test_any_number_of_threads_gives_the_same_bit_for_bit(threads: int) -> None:
    fibers = mixed() * 3
    expected = threshold_ma(fibers, CONTACT, PULSE, settings=CHEAP)
    found = threshold_ma(fibers, CONTACT, PULSE, settings=Settings(step_us=20, threads=threads))
    np.testing.assert_array_equal(found, expected)


def test_a_function_of_points_gives_what_its_values_give() -> None:
    fibers = mixed()
    values = [CONTACT(fiber.positions_mm) for fiber in fibers]
    expected = threshold_ma(fibers, CONTACT, PULSE, settings=CHEAP)
    np.testing.assert_array_equal(threshold_ma(fibers, values, PULSE, settings=CHEAP), expected)
    fired = fires(fibers, values, PULSE, 1.01 * expected, settings=CHEAP)
    assert fired.all()


def test_potentials_may_be_rows_of_a_matrix_or_of_other_types_of_numbers() -> None:
    fibers = [straight(10.0, 11), straight(10.0, 11, center_mm=(0, 0.4, 0))]
    rows = np.stack([CONTACT(fiber.positions_mm) for fiber in fibers])
    expected = threshold_ma(fibers, list(rows), PULSE, settings=CHEAP)
    np.testing.assert_array_equal(threshold_ma(fibers, rows, PULSE, settings=CHEAP), expected)
    np.testing.assert_array_equal(threshold_ma(tuple(fibers), rows.tolist(), PULSE, settings=CHEAP), expected)
    single = threshold_ma(fibers, rows.astype(np.float32), PULSE, settings=CHEAP)
    np.testing.assert_allclose(single, expected, rtol=SAME)
    whole = threshold_ma(fibers, (1e6 * rows).astype(np.int64), PULSE, settings=CHEAP)
    np.testing.assert_allclose(1e6 * whole, expected, rtol=SAME)


def test_what_is_given_is_not_changed() -> None:
    fiber = straight(10.0, 11)
    values, currents = CONTACT(fiber.positions_mm)[None], np.array([0.5])
    before = values.copy()
    threshold_ma(fiber, values, PULSE, currents=currents, settings=CHEAP)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(currents, [0.5])


@settings(max_examples=10)
@given(st.floats(0.2, 3), st.floats(-0.5, 3), st.booleans())
def test_contacts_add_up(one: float, other: float, asked: bool) -> None:
    fibers = [straight(9.0, 15), straight(12.0, 15)]
    both: Any = lambda points_mm: np.stack([CONTACT(points_mm), OTHER(points_mm)])  # noqa: E731
    summed = [one * CONTACT(fiber.positions_mm) + other * OTHER(fiber.positions_mm) for fiber in fibers]
    given_mv = both if asked else [both(fiber.positions_mm) for fiber in fibers]
    found = threshold_ma(fibers, given_mv, PULSE, currents=[one, other], settings=CHEAP)
    np.testing.assert_allclose(found, threshold_ma(fibers, summed, PULSE, settings=CHEAP), rtol=SAME)


def test_a_contact_that_carries_nothing_counts_for_nothing() -> None:
    fiber = straight(10.0, 11)
    rows = np.stack([CONTACT(fiber.positions_mm), OTHER(fiber.positions_mm)])
    found = threshold_ma(fiber, rows, PULSE, currents=[0, 2], settings=CHEAP)
    expected = threshold_ma(fiber, rows[1], PULSE, settings=CHEAP)
    np.testing.assert_allclose(2 * found, expected, rtol=SAME)


def test_a_function_is_asked_for_many_points_at_once_and_for_each_fiber_once() -> None:
    fibers, asked = [straight(10.0, 3)] * 300, []

    def potential(points_mm: Floats) -> Floats:
        asked.append(len(points_mm))
        return CONTACT(points_mm)

    thresholds(fibers, potential, PULSE, settings=CHEAP)
    assert sum(asked) == 300 * fibers[0].compartment_count
    assert len(asked) <= 4


def test_of_a_long_batch_only_the_parts_at_work_are_held() -> None:
    fibers = [straight(10.0, 3)] * 2000
    held, most = 0, 0

    def potential(points_mm: Floats) -> Floats:
        nonlocal held, most
        held += 1
        most = max(most, held)
        return CONTACT(points_mm)

    def work(part: Part) -> Floats:
        nonlocal held
        held -= 1
        return np.full((len(part.fibers), 1), float(part.first))

    rows = in_parts(batch_of(fibers, potential, None), 1, work)
    assert rows.shape == (2000, 1)
    assert len(np.unique(rows)) >= 7
    assert (np.diff(rows[:, 0]) >= 0).all()
    assert most <= 3


def test_progress_rises_to_one() -> None:
    told: list[tuple[str, float]] = []
    thresholds(
        mixed() * 2, CONTACT, PULSE, settings=CHEAP, progress=lambda name, done: told.append((name, done))
    )
    fractions = [done for _, done in told]
    assert {name for name, _ in told} == {"thresholds"}
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_one_thread_is_one_thread_and_two_work_at_a_time() -> None:
    batch = batch_of([straight(10.0, 3)] * 8, CONTACT, None)
    used: set[int] = set()
    meeting = threading.Barrier(2, timeout=30)

    def note(part: Part) -> Floats:
        used.add(threading.get_ident())
        return np.zeros((len(part.fibers), 1))

    def meet(part: Part) -> Floats:
        meeting.wait()
        return note(part)

    in_parts(batch, 1, note)
    assert len(used) == 1
    used.clear()
    in_parts(batch, 2, meet)
    assert len(used) == 2


def test_without_a_number_of_threads_there_are_as_many_as_numba_may_use() -> None:
    used: set[int] = set()

    def note(part: Part) -> Floats:
        used.add(threading.get_ident())
        return np.zeros((len(part.fibers), 1))

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        in_parts(batch_of([straight(10.0, 3)] * 8, CONTACT, None), None, note)
    finally:
        numba.set_num_threads(before)
    assert len(used) == 1


@pytest.fixture
def no_forced_switches() -> Iterator[None]:
    """Let a thread give up the interpreter only by its own will."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(100)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("no_forced_switches")
def test_other_threads_go_on_while_thresholds_are_searched() -> None:
    turns, done = 0, threading.Event()

    def count() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            time.sleep(1e-4)

    fiber, steps = straight(10.0, 21), Settings(step_us=1, threads=1)
    potential = CONTACT(fiber.positions_mm)
    threshold_ma(fiber, potential, PULSE, settings=steps)
    counter = threading.Thread(target=count)
    counter.start()
    before = turns
    # One part, and so one call of compiled code; if that kept the interpreter, there would be some 20 turns.
    threshold_ma([fiber] * 256, [potential] * 256, PULSE, settings=steps)
    during = turns - before
    done.set()
    counter.join()
    assert during > 100


def test_an_error_of_the_function_passes_on() -> None:
    def broken(_: Floats) -> Floats:
        raise OSError("field.h5 is gone")

    for each in (
        lambda: thresholds(mixed(), broken, PULSE),
        lambda: fires(mixed(), broken, PULSE, 1.0),
        lambda: simulate(mixed()[0], broken, PULSE, 1.0),
    ):
        with pytest.raises(OSError, match=r"^field\.h5 is gone$"):
            each()


FIBER = straight(10.0, 11)
COUNT = FIBER.compartment_count
GOOD = CONTACT(FIBER.positions_mm)


def with_value(value: float) -> Floats:
    """Return a potential of which one value is another."""
    changed = GOOD.copy()
    changed[7] = value
    return changed


BAD_POTENTIALS: list[tuple[Any, str]] = [
    (with_value(np.nan), "of fiber 0: 1 of 111 values are not finite"),
    (with_value(np.inf), "of fiber 0: 1 of 111 values are not finite"),
    (with_value(1e200), r"of fiber 0: found 1e\+200, wanted at most 1e\+12 mV for 1 mA"),
    (GOOD[:-1], r"of fiber 0: found shape \(110,\), wanted \(1, 111\) or \(111,\), one number for each"),
    (np.append(GOOD, 0.0), r"of fiber 0: found shape \(112,\)"),
    (GOOD[None, None], r"of fiber 0: found shape \(1, 1, 111\)"),
    (GOOD[:, None], r"of fiber 0: found shape \(111, 1\)"),
    (np.stack([GOOD, GOOD]), r"of fiber 0: found shape \(2, 111\), .* several contacts need their currents"),
    ([], r"of fiber 0: found shape \(0,\)"),
    (3.0, r"of fiber 0: found shape \(\)"),
    (np.zeros(COUNT), "of fiber 0: zero everywhere"),
    (GOOD > 100, "of fiber 0: found truth values, wanted real numbers"),
    (GOOD + 0j, "of fiber 0: found complex numbers"),
    (GOOD.astype(str), "of fiber 0: found text"),
    (GOOD.astype(object), "of fiber 0: found objects"),
    (None, "of fiber 0: found objects"),
    ("field.csv", "of fiber 0: found text"),
    ([[1.0, 2.0], [3.0]], "of fiber 0: found no array, wanted one of numbers"),
    (lambda points_mm: points_mm, r"the function gave shape \(111, 3\) for 111 points, wanted \(111,\) or"),
    (lambda _: 5.0, r"the function gave shape \(\) for 111 points"),
    (lambda _: [[1.0], [2.0, 3.0]], "what the function gave: found no array"),
    (lambda _: None, "what the function gave: found objects, wanted real numbers"),
    (lambda points_mm: points_mm[:, 0] + np.nan, "of fiber 0: 111 of 111 values are not finite"),
    (lambda points_mm: 0 * points_mm[:, 0], "of fiber 0: zero everywhere"),
]


@pytest.mark.parametrize(("potential", "message"), BAD_POTENTIALS)
def test_a_potential_that_cannot_be_one_is_refused(potential: Any, message: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: thresholds(FIBER, potential, PULSE, settings=CHEAP),
        lambda: fires(FIBER, potential, PULSE, 1.0, settings=CHEAP),
    ]
    # A single run without a potential is one of a current into a node.
    if "zero everywhere" not in message and potential is not None:
        calls.append(lambda: simulate(FIBER, potential, PULSE, 1.0))
    for call in calls:
        with pytest.raises(FiberError, match=message) as caught:
            call()
        assert str(caught.value).startswith("mv_per_ma")


BAD_CURRENTS: list[tuple[Any, str]] = [
    ([0.0, 0.0], "currents: found nothing but zero, wanted finite numbers, not all zero"),
    ([], "currents: found nothing but zero"),
    ([1.0, np.nan], "currents: found values that are not finite"),
    ([np.inf, 1.0], "currents: found values that are not finite"),
    ([[1.0, 1.0]], r"currents: found shape \(1, 2\), wanted one number for each contact"),
    (1.0, r"currents: found shape \(\)"),
    ([1.0], r"mv_per_ma of fiber 0: found shape \(2, 111\), wanted \(1, 111\)"),
    ([1.0, 1.0, 1.0], r"mv_per_ma of fiber 0: found shape \(2, 111\), wanted \(3, 111\), one number"),
    (["1", "2"], "currents: found text, wanted real numbers"),
    ("C1:+1", "currents: found text"),
    ([True, False], "currents: found truth values"),
    (np.array([1j, 1]), "currents: found complex numbers"),
    ([[1.0], [1.0, 2.0]], "currents: found no array"),
    ([1.0, -1.0], "mv_per_ma of fiber 0: zero everywhere"),
]


@pytest.mark.parametrize(("currents", "message"), BAD_CURRENTS)
def test_currents_that_cannot_be_those_of_the_contacts_are_refused(currents: Any, message: str) -> None:
    with pytest.raises(FiberError, match=f"^{message}"):
        thresholds(FIBER, np.stack([GOOD, GOOD]), PULSE, currents=currents, settings=CHEAP)


def test_sums_that_overflow_are_refused_like_other_values_that_are_not_finite() -> None:
    with pytest.raises(FiberError, match=r"^mv_per_ma of fiber 0: 111 of 111 values are not finite$"):
        thresholds(FIBER, 1e200 * GOOD[None], PULSE, currents=[1e200], settings=CHEAP)
    with pytest.raises(FiberError, match=r"^mv_per_ma of fiber 0: 1 of 111 values are not finite$"):
        thresholds(FIBER, np.stack([GOOD, with_value(np.inf)]), PULSE, currents=[1, 0], settings=CHEAP)


BAD_BATCHES: list[tuple[Any, Any, str]] = [
    ([], CONTACT, "fibers: found none, wanted one or more"),
    ([], [], "fibers: found none"),
    (3, CONTACT, "fibers: found int, wanted a Fiber or a sequence of them"),
    (None, CONTACT, "fibers: found NoneType"),
    ("fiber", CONTACT, "fiber 0: found str, wanted a Fiber"),
    ([FIBER, FIBER.branches[0]], CONTACT, "fiber 1: found Branch, wanted a Fiber"),
    ([FIBER, FIBER], [GOOD], "mv_per_ma: found 1 potentials of 2 fibers, wanted one for each"),
    ([FIBER, FIBER], GOOD, "mv_per_ma: found 111 potentials of 2 fibers"),
    ([FIBER, FIBER], [GOOD, GOOD[:5]], r"mv_per_ma of fiber 1: found shape \(5,\)"),
    ([FIBER, FIBER], [GOOD, 0 * GOOD], "mv_per_ma of fiber 1: zero everywhere"),
    ([FIBER, FIBER], {0: GOOD, 1: GOOD}, "mv_per_ma: found dict, wanted a function of points, or an array"),
    ([FIBER, FIBER], "ab", "mv_per_ma: found str"),
    ([FIBER, FIBER], None, "mv_per_ma: found NoneType"),
    ([FIBER, FIBER], np.array(1.0), "mv_per_ma: found ndarray"),
    ([FIBER, FIBER], iter([GOOD, GOOD]), "mv_per_ma: found list_iterator"),
]


@pytest.mark.parametrize(("fibers", "potentials", "message"), BAD_BATCHES)
def test_a_batch_of_what_are_no_fibers_or_not_their_potentials_is_refused(
    fibers: Any, potentials: Any, message: str
) -> None:
    with pytest.raises(FiberError, match=f"^{message}"):
        threshold_ma(fibers, potentials, PULSE, settings=CHEAP)


def test_a_bad_potential_late_in_a_long_batch_is_told_with_the_number_of_its_fiber() -> None:
    small = straight(10.0, 3)
    values = [CONTACT(small.positions_mm)] * 700
    values[650] = np.zeros(small.compartment_count)
    with pytest.raises(FiberError, match=r"^mv_per_ma of fiber 650: zero everywhere"):
        threshold_ma([small] * 700, values, PULSE, settings=CHEAP)
