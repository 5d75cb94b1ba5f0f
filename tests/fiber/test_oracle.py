"""The engine held against NEURON; without NEURON or a compiler only what is said then."""

import shutil
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from cauda.errors import FiberError
from cauda.fiber import (
    Fiber,
    Pulse,
    Settings,
    branched,
    dimensions,
    mrg,
    oracle,
    point_source_mv_per_ma,
    simulate,
    straight,
    threshold_ma,
)

PULSE = Pulse(100, "monophasic")
SETTINGS = Settings(step_us=5.0, tolerance=1e-4, window_ms=0.5)
CONTACT = point_source_mv_per_ma([1.0, 0.0, 0.0], sigma_s_per_m=0.2)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the compiled mechanism; skips the test without NEURON or a compiler."""
    pytest.importorskip("neuron")
    if not (shutil.which("make") and any(map(shutil.which, ("c++", "g++", "clang++")))):
        pytest.skip("NEURON's mechanism needs a C++ compiler and make")
    return tmp_path_factory.mktemp("neuron")


def afferent() -> Fiber:
    """Return a fiber that divides where its contact is nearest."""
    first_mm, second_mm = (10 * dimensions(each).node_spacing_um / 1000 for each in (9.1, 7.7))
    fork_mm = [0.0, 0.0, 0.0]
    daughters_mm = [[fork_mm, [0.0, 0.0, first_mm]], [fork_mm, [0.0, 0.0, -second_mm]]]
    return branched([[0.0, -14.0, 0.0], fork_mm], 14.0, daughters_mm, [9.1, 7.7])


def test_a_reference_case_fires_in_neuron_at_its_threshold_and_not_below(folder: Path) -> None:
    # Row 24 of the reference table, by NEURON 9.0.2 with other mechanism files; bisected to this bracket.
    threshold, bracket = 0.12201770449951702, 0.0004588826003442867
    model = oracle.lay(straight(10.0, rule="discrete"), folder=folder, settings=SETTINGS)
    assert oracle.fires(model, CONTACT, PULSE, threshold * (1 + 1e-6))
    assert not oracle.fires(model, CONTACT, PULSE, threshold * (1 - bracket) * (1 - 1e-6))


def test_the_threshold_of_a_straight_fiber_is_that_of_neuron(folder: Path) -> None:
    fiber, settings = straight(6.3, 15), replace(SETTINGS, tolerance=1e-5)
    model = oracle.lay(fiber, folder=folder, settings=settings)
    found = threshold_ma(fiber, CONTACT, PULSE, settings=settings)[0]
    assert found == pytest.approx(oracle.threshold_ma(model, CONTACT, PULSE), rel=3e-5)


def test_the_threshold_of_a_branched_fiber_is_that_of_neuron(folder: Path) -> None:
    fiber = afferent()
    model = oracle.lay(fiber, folder=folder, settings=SETTINGS)
    found = threshold_ma(fiber, CONTACT, PULSE, settings=SETTINGS)[0]
    # How a node's periaxonal space is shared by two daughters costs the engine 1e-4, the search as much.
    assert found == pytest.approx(oracle.threshold_ma(model, CONTACT, PULSE), rel=5e-4)


def test_the_threshold_of_a_fiber_held_at_an_end_is_that_of_neuron(folder: Path) -> None:
    fiber, near_end = straight(8.0, 15), point_source_mv_per_ma([1.0, 0.0, 5.0], sigma_s_per_m=0.2)
    settings = replace(SETTINGS, tolerance=1e-5)
    sealed = threshold_ma(fiber, near_end, PULSE, settings=settings)[0]
    held = replace(fiber, closures=("cell", "open"))
    model = oracle.lay(held, folder=folder, settings=settings)
    found = threshold_ma(held, near_end, PULSE, settings=settings)[0]
    assert found == pytest.approx(oracle.threshold_ma(model, near_end, PULSE), rel=5e-5)
    assert abs(found / sealed - 1) > 3e-3


def test_the_membrane_potential_is_that_of_neuron_at_every_step(folder: Path) -> None:
    fiber = straight(10.0, 15, rule="discrete")
    model = oracle.lay(fiber, folder=folder, settings=SETTINGS)
    theirs = oracle.simulate(model, CONTACT, Pulse(200), 0.3, duration_ms=1.5)
    ours = simulate(fiber, CONTACT, Pulse(200), 0.3, duration_ms=1.5, settings=SETTINGS)
    np.testing.assert_allclose(ours.time_ms, theirs.time_ms)
    assert theirs.vm_mv[:, 7].max() > 0
    np.testing.assert_allclose(ours.vm_mv[:, 1:-1], theirs.vm_mv[:, 1:-1], atol=0.02)
    np.testing.assert_allclose(ours.crossed_ms[1:-1], theirs.crossed_ms[1:-1], atol=1e-4)


def test_contacts_add_up(folder: Path) -> None:
    fiber = straight(10.0, 15)
    model = oracle.lay(fiber, folder=folder, settings=SETTINGS)
    moved = point_source_mv_per_ma([1.0, 0.0, -1.0], sigma_s_per_m=0.4)
    both = np.array([CONTACT(fiber.positions_mm), moved(fiber.positions_mm)])
    one = oracle.simulate(model, both[0] - both[1], PULSE, 0.1, duration_ms=0.3)
    two = oracle.simulate(model, both, PULSE, 0.1, currents=[1, -1], duration_ms=0.3)
    np.testing.assert_array_equal(one.vm_mv, two.vm_mv)


def test_a_potential_that_is_the_same_everywhere_has_no_threshold(folder: Path) -> None:
    fiber = straight(10.0, 5)
    model = oracle.lay(fiber, folder=folder, settings=SETTINGS)
    assert oracle.threshold_ma(model, np.full(fiber.compartment_count, 3.0), PULSE) == np.inf


def test_a_threshold_beyond_the_limit_is_none(folder: Path) -> None:
    model = oracle.lay(straight(10.0, 5), folder=folder, settings=replace(SETTINGS, limit_ma=0.05))
    assert oracle.threshold_ma(model, CONTACT, PULSE) == np.inf


def test_the_mechanism_is_compiled_once_and_not_within_the_package(folder: Path) -> None:
    library = oracle.compile_mechanism(folder)
    written = library.stat().st_mtime_ns
    assert oracle.compile_mechanism(folder) == library
    assert library.stat().st_mtime_ns == written
    assert library.is_relative_to(folder)
    assert not list(Path(oracle.__file__).parent.glob("**/libnrnmech*"))


def test_a_compiler_that_fails_leaves_nothing_and_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.is_dir()
    program = tmp_path / "bin" / "nrnivmodl"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'c++: command not found' >&2\nexit 2\n")
    program.chmod(0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(program.parent))
    with pytest.raises(FiberError, match=r"status 2 \(c\+\+: command not found\); install a C\+\+ compiler"):
        oracle.compile_mechanism(tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_duration_below_one_step_is_refused(folder: Path) -> None:
    model = oracle.lay(straight(10.0, 5), folder=folder, settings=SETTINGS)
    with pytest.raises(FiberError, match="duration_ms"):
        oracle.simulate(model, CONTACT, PULSE, 0.1, duration_ms=0.001)
    with pytest.raises(FiberError, match="ascent"):
        oracle.threshold_ma(model, CONTACT, PULSE, ascent=1.0)


def test_without_neuron_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "neuron", None)
    with pytest.raises(FiberError, match=r"pip install 'cauda\[neuron\]'.*C\+\+ compiler"):
        oracle.lay(straight(10.0, 5), folder=tmp_path, settings=SETTINGS)


def test_without_nrnivmodl_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    neuron = ModuleType("neuron")
    vars(neuron).update(h=object(), __version__="0")
    monkeypatch.setitem(sys.modules, "neuron", neuron)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(FiberError, match="nrnivmodl was not found"):
        oracle.compile_mechanism(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_time_step_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(FiberError, match="step_us"):
        oracle.lay(straight(10.0, 5), folder=tmp_path, settings=Settings())


def test_a_membrane_with_other_channels_is_refused(tmp_path: Path) -> None:
    leak = {"leak": mrg().channels["leak"]}
    other = replace(mrg(), name="leaky", channels=leak)
    with pytest.raises(FiberError, match="membrane 'leaky': has other gates or channels"):
        oracle.lay(straight(10.0, 5), folder=tmp_path, settings=replace(SETTINGS, membrane=other))
