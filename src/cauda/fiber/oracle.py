"""The same fiber in NEURON, as a judge of the engine: the optional extra ``cauda[neuron]``.

A fiber is laid into sections of NEURON (Hines and Carnevale 1997, doi:10.1162/neco.1997.9.6.1179), each with
the mechanism ``extracellular`` for the space under the myelin, and run by NEURON's own fixed-step scheme.
Geometry and constants are those of cauda; the equations, their solution and the search are not. A threshold
takes a second where the engine takes a millisecond.

    model = oracle.lay(fiber, folder="neuron", settings=Settings(step_us=5))
    oracle.threshold_ma(model, mv_per_ma, Pulse(100, "monophasic"))

A run sets NEURON's own ``celsius``, ``dt``, ``t`` and ``secondorder``, and advances all sections that exist:
fibers that are no longer needed should be let go.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen
from cauda.errors import FiberError
from cauda.fiber.batch import Potential, batch_of
from cauda.fiber.dimensions import NODE_LENGTH_UM, STIN, Dimensions, compartment, lengths
from cauda.fiber.engine import COLD, FIRED, HOT, SPIKE_MV
from cauda.fiber.laying import PER_NODE, Fiber
from cauda.fiber.membrane import Gate, Membrane, mrg
from cauda.fiber.pulse import Pulse, Waveform
from cauda.fiber.running import Run
from cauda.fiber.threshold import Settings, travel_ms
from cauda.files import atomic_folder
from cauda.tables.table import read_table

_MECHANISM = "cauda_mrg"
_CM_PER_UM = 1e-4
_MOHM_PER_OHM = 1e-6

_REST_STEPS, _REST_STEP_MS = 40, 5.0
# Of the reference cases: so that no current leaves a fiber at its ends.
_END_OHM_CM, _END_S_PER_CM2, _END_UF_PER_CM2 = 1e10, 1e-4, 1.0
# Ten thousand times what an internode conducts.
_HELD_S_PER_CM2 = 1e4
# Nothing but salt water between a node and the outside.
_OPEN_S_PER_CM2 = 1e10
# The lowest amplitude of a search moves neighboring nodes apart by so much: far less than any threshold.
_START_MV = 2.0
_RESTLESS = 1e-6

# What the mechanism file can express; the numbers may be others.
_FORMS = {
    "m": ("linoid", "linoid"),
    "h": ("linoid", "sigmoid"),
    "p": ("linoid", "linoid"),
    "s": ("sigmoid", "sigmoid"),
}
_CHANNELS = {
    "fast sodium": ("naf", {"m": 3, "h": 1}),
    "persistent sodium": ("nap", {"p": 3}),
    "slow potassium": ("ks", {"s": 1}),
    "leak": ("leak", {}),
}


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fiber in NEURON.

    Attributes
    ----------
    fiber : Fiber
    settings : Settings
        Time step, tolerance and limits of runs and searches.
    sections : tuple
        Sections of NEURON, one for each compartment, in their order.
    """

    fiber: Fiber
    settings: Settings
    sections: tuple[Any, ...]


def lay(fiber: Fiber, *, folder: str | Path, settings: Settings) -> Model:
    """Lay a fiber into sections of NEURON.

    A compartment is a section of one segment; a branch starts from the far end of the last node of its
    parent. Ends of the fiber are passive nodes: no axial current flows through sealed ones, and others have a
    conductance that holds them at rest.

    Parameters
    ----------
    fiber : Fiber
    folder : str or Path
        Where the compiled mechanism is kept; it is compiled when it is not there yet.
    settings : Settings
        With a time step.

    Raises
    ------
    FiberError
        If NEURON or a compiler is missing, the settings have no time step, or their membrane has other gates
        or channels than that of McIntyre, Richardson and Grill 2002.
    """
    if settings.step_us is None:
        raise FiberError("step_us of the oracle: found None, wanted the time step that NEURON shall take")
    membrane = settings.membrane or mrg()
    _refuse_other(membrane)
    hoc = _hoc(Path(folder))
    sections = tuple(hoc.Section(name=f"compartment[{index}]") for index in range(fiber.compartment_count))
    for section in sections:
        section.nseg = 1
        section.insert("extracellular")
    parents, held = fiber.parents, fiber.held
    sealed = set(fiber.ends) - set(held)
    for node, sizes in enumerate(_sizes(fiber)):
        at = PER_NODE * node
        _become_node(sections[at], sizes)
        if node in sealed or node in held:
            _become_end(sections[at], membrane, sealed=node in sealed)
        else:
            _open_channels(sections[at], membrane)
        if node == 0:
            continue
        _become_internode(sections[at - PER_NODE + 1 : at], sizes, membrane)
        chain = (sections[PER_NODE * int(parents[node])], *sections[at - PER_NODE + 1 : at + 1])
        for before, after in pairwise(chain):
            after.connect(before(1), 0)
    return Model(fiber, settings, sections)


def fires(
    model: Model,
    mv_per_ma: Potential | ArrayLike,
    pulse: Pulse | Waveform,
    amplitude_ma: float,
    *,
    currents: ArrayLike | None = None,
) -> bool:
    """Return whether a fiber fires at an amplitude.

    Parameters
    ----------
    model : Model
    mv_per_ma, pulse, currents
        As in `cauda.fiber.thresholds`, of one fiber. The pulse starts from rest.
    amplitude_ma : float

    Raises
    ------
    FiberError
        If the potential has the wrong shape or is not finite.
    """
    outside = batch_of(model.fiber, mv_per_ma, currents).potential()
    return _try(model, outside, _levels(model, pulse), amplitude_ma) == FIRED


def threshold_ma(
    model: Model,
    mv_per_ma: Potential | ArrayLike,
    pulse: Pulse | Waveform,
    *,
    currents: ArrayLike | None = None,
    ascent: float = 1.25,
) -> float:
    """Return the least amplitude, in mA, at which a fiber fires; inf for none.

    The search goes upwards from an amplitude at which no action potential starts, and then halves the
    interval in geometric means. What is returned fires and is at most by the tolerance of the settings above
    an amplitude that does not.

    Parameters
    ----------
    model, mv_per_ma, pulse, currents
        As in `fires`.
    ascent : float
        How many times larger each amplitude on the way up is than the one before. Large values take fewer
        runs and may step over a fiber's window between threshold and block.

    Raises
    ------
    FiberError
        As `fires`; and if `ascent` is not more than 1.
    """
    if not (np.isfinite(ascent) and ascent > 1):
        raise FiberError(f"ascent: found {ascent!r}, wanted more than 1")
    outside = batch_of(model.fiber, mv_per_ma, currents).potential()
    levels = _levels(model, pulse)
    steepest = _steepest(model.fiber, outside)
    if steepest <= 0:
        return np.inf

    def attempt(amplitude_ma: float) -> int:
        return _try(model, outside, levels, amplitude_ma)

    return _search(attempt, _START_MV / steepest, ascent, model.settings)


def simulate(
    model: Model,
    mv_per_ma: Potential | ArrayLike,
    pulse: Pulse | Waveform,
    amplitude_ma: float,
    *,
    currents: ArrayLike | None = None,
    duration_ms: float,
) -> Run:
    """Return the membrane potentials of a fiber over time.

    Parameters
    ----------
    model, mv_per_ma, pulse, amplitude_ma, currents
        As in `fires`.
    duration_ms : float
        How long to run.

    Returns
    -------
    Run
        At ends the potential means nothing.

    Raises
    ------
    FiberError
        As `fires`; and if the duration is not one step or more.
    """
    step_ms = _step_ms(model)
    if not (np.isfinite(duration_ms) and duration_ms >= step_ms):
        raise FiberError(f"duration_ms: found {duration_ms!r}, wanted at least one step, {step_ms:g} ms")
    steps = int(np.ceil(duration_ms / step_ms - 1e-9))
    outside = batch_of(model.fiber, mv_per_ma, currents).potential()
    vm = [section(0.5)._ref_v for section in model.sections[::PER_NODE]]
    run = _advancing(model, outside, _levels(model, pulse), amplitude_ma)
    vm_mv = np.array([[each[0] for each in vm] for _ in islice(run, steps + 1)], dtype=np.float64)
    time_ms = step_ms * np.arange(steps + 1, dtype=np.float64)
    return Run(frozen(time_ms), frozen(vm_mv), frozen(_crossings(time_ms, vm_mv)))


def compile_mechanism(folder: str | Path) -> Path:
    """Return the library with the membrane of the node; compile it, with ``nrnivmodl``, where there is none.

    Parameters
    ----------
    folder : str or Path
        Receives a folder of its own for each version of NEURON and of the mechanism.

    Raises
    ------
    FiberError
        If NEURON is missing, or the mechanism could not be compiled.
    """
    _import_neuron()
    from neuron import __version__ as version

    source = Path(__file__).with_name("mrg_node.mod").read_bytes()
    own = Path(folder).absolute() / f"mrg_node-{version}-{hashlib.sha256(source).hexdigest()[:12]}"
    if not _libraries(own):
        try:
            with atomic_folder(own) as temporary:
                (temporary / "mrg_node.mod").write_bytes(source)
                _compile(temporary)
        except OSError as error:
            # Another process may have been faster.
            if not _libraries(own):
                raise FiberError(
                    f"NEURON's mechanism: {own.name} cannot be written ({error.strerror})"
                ) from error
    return _libraries(own)[0]


def _libraries(folder: Path) -> list[Path]:
    names = ("*/libnrnmech.so", "*/libnrnmech.dylib", "*/.libs/libnrnmech.so", "nrnmech.dll")
    return [found for name in names for found in sorted(folder.glob(name))]


def _compile(folder: Path) -> None:
    advice = "install a C++ compiler and make, which NEURON needs for mechanisms"
    # Beside the interpreter first: an environment need not be on the search path.
    program = shutil.which("nrnivmodl", path=sysconfig.get_path("scripts")) or shutil.which("nrnivmodl")
    if program is None:
        raise FiberError(
            "NEURON's mechanism: nrnivmodl was not found; wanted it beside the Python interpreter"
        )
    done = subprocess.run([program, "."], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode or not _libraries(folder):
        told = [
            line for line in (done.stdout + done.stderr).splitlines() if "rror" in line or "not found" in line
        ]
        raise FiberError(
            f"NEURON's mechanism: nrnivmodl ended with status {done.returncode}"
            f"{' (' + told[0].strip() + ')' if told else ''}; {advice}"
        )


def _import_neuron() -> Any:
    try:
        from neuron import h
    except ImportError as error:
        raise FiberError(
            "NEURON is not installed: wanted for this comparison alone; "
            "pip install 'cauda[neuron]', and have a C++ compiler for its mechanism"
        ) from error
    return h


def _hoc(folder: Path) -> Any:
    """Return NEURON's interpreter, with the mechanism loaded."""
    hoc = _import_neuron()
    if not hasattr(hoc, _MECHANISM):
        library = compile_mechanism(folder)
        if not hoc.nrn_load_dll(str(library)):
            raise FiberError(
                f"NEURON's mechanism: {library.name} cannot be loaded; remove its folder and try again"
            )
    # With one layer the capacitance of the myelin would lead to ground and not to the potential outside.
    if hoc.nlayer_extracellular() < 2:
        raise FiberError(
            f"NEURON's extracellular layers: found {hoc.nlayer_extracellular():g}, wanted 2, its default"
        )
    return hoc


def _refuse_other(membrane: Membrane) -> None:
    forms = {name: (gate.opening.form, gate.closing.form) for name, gate in membrane.gates.items()}
    channels = {name: dict(channel.gates) for name, channel in membrane.channels.items()}
    if forms != _FORMS or channels != {name: gates for name, (_, gates) in _CHANNELS.items()}:
        raise FiberError(
            f"membrane {membrane.name!r}: has other gates or channels than that of McIntyre, Richardson and "
            "Grill 2002, the only one for which there is a mechanism of NEURON"
        )


def _sizes(fiber: Fiber) -> Iterator[Dimensions]:
    """Give the sizes of each node, which are those of the internode before it."""
    for branch in fiber.branches:
        yield from [branch.sizes] * (branch.nodes - (branch.parent >= 0))


def _become_node(section: Any, sizes: Dimensions) -> None:
    inner_um = sizes.node_diameter_um
    section.L, section.diam = NODE_LENGTH_UM, inner_um
    section.xraxial[0] = _periaxonal_mohm_per_cm(inner_um, float(compartment("node")["periaxonal_um"]))
    section.xg[0], section.xc[0] = _OPEN_S_PER_CM2, 0.0


def _become_end(section: Any, membrane: Membrane, *, sealed: bool) -> None:
    section.Ra = _END_OHM_CM if sealed else _cable("axoplasm_resistivity")
    section.cm = _END_UF_PER_CM2
    _insert_passive(section, _END_S_PER_CM2 if sealed else _HELD_S_PER_CM2, membrane)


def _open_channels(section: Any, membrane: Membrane) -> None:
    section.Ra, section.cm = _cable("axoplasm_resistivity"), membrane.capacitance_uf_per_cm2
    section.insert(_MECHANISM)


def _become_internode(sections: Sequence[Any], sizes: Dimensions, membrane: Membrane) -> None:
    """Give ten sections the sizes and parts of an internode.

    All are as wide as the fiber, the surface of the myelin; what belongs to the axon within is scaled.
    """
    outer_um = sizes.diameter_um
    kinds = ("mysa", "flut", *(["stin"] * STIN), "flut", "mysa")
    for section, kind, length_um in zip(sections, kinds, lengths(sizes), strict=True):
        row = compartment(kind)
        inner_um = sizes.node_diameter_um if row["diameter"] == "node" else sizes.axon_diameter_um
        narrower = inner_um / outer_um
        section.L, section.diam = float(length_um), outer_um
        section.Ra = _cable("axoplasm_resistivity") / narrower**2
        section.cm = float(row["capacitance_uf_per_cm2"]) * narrower
        _insert_passive(section, float(row["conductance_s_per_cm2"]) * narrower, membrane)
        section.xraxial[0] = _periaxonal_mohm_per_cm(inner_um, float(row["periaxonal_um"]))
        section.xg[0] = _cable("myelin_conductance") / (2 * sizes.lamellae)
        section.xc[0] = _cable("myelin_capacitance") / (2 * sizes.lamellae)


def _insert_passive(section: Any, conductance_s_per_cm2: float, membrane: Membrane) -> None:
    section.insert("pas")
    for segment in section:
        segment.pas.g, segment.pas.e = conductance_s_per_cm2, membrane.rest_mv


def _periaxonal_mohm_per_cm(inner_um: float, space_um: float) -> float:
    ring_cm2 = np.pi * ((inner_um / 2 + space_um) ** 2 - (inner_um / 2) ** 2) * _CM_PER_UM**2
    return float(_MOHM_PER_OHM * _cable("axoplasm_resistivity") / ring_cm2)


def _cable(quantity: str) -> float:
    return next(float(row["value"]) for row in read_table("mrg_cable") if row["quantity"] == quantity)


def _set_membrane(hoc: Any, membrane: Membrane) -> None:
    """Set what is global to the mechanism; another fiber may have set it otherwise."""
    hoc.celsius = membrane.celsius
    for name, (short, _) in _CHANNELS.items():
        channel = membrane.channels[name]
        setattr(hoc, f"g_{short}_{_MECHANISM}", channel.conductance_s_per_cm2)
        setattr(hoc, f"e_{short}_{_MECHANISM}", channel.reversal_mv)
    for name, gate in membrane.gates.items():
        for what, value in _numbers(gate).items():
            setattr(hoc, f"{name}_{what}_{_MECHANISM}", value)


def _numbers(gate: Gate) -> dict[str, float]:
    numbers = {"q10": gate.q10, "at": gate.q10_celsius}
    for way, rate in (("open", gate.opening), ("close", gate.closing)):
        numbers |= {
            f"{way}_rate": rate.rate_per_ms,
            f"{way}_mid": rate.midpoint_mv,
            f"{way}_slope": rate.slope_mv,
        }
    return numbers


def _step_ms(model: Model) -> float:
    return float(model.settings.step_us or 0.0) / 1000


def _levels(model: Model, pulse: Pulse | Waveform) -> Floats:
    """Return the level in each step, up to where a run ends."""
    waveform = pulse.waveform() if isinstance(pulse, Pulse) else pulse
    means = waveform.means(_step_ms(model))
    last_ms = waveform.duration_ms + model.settings.window_ms + travel_ms(model.fiber)
    levels = np.zeros(max(int(np.ceil(last_ms / _step_ms(model))), len(means)))
    levels[: len(means)] = means
    return levels


def _steepest(fiber: Fiber, outside: Floats) -> float:
    """Return the largest difference of the potential between two neighboring nodes."""
    at_nodes = outside[::PER_NODE]
    return float(np.abs(at_nodes[1:] - at_nodes[fiber.parents[1:]]).max())


def _search(attempt: Callable[[float], int], start_ma: float, ascent: float, settings: Settings) -> float:
    low = min(start_ma, settings.limit_ma)
    while attempt(low) != COLD:
        low /= 2
        if low < _RESTLESS * start_ma:
            return np.inf
    while attempt(high := min(ascent * low, settings.limit_ma)) != FIRED:
        if high >= settings.limit_ma:
            return np.inf
        low = high
    while high > low * (1 + settings.tolerance):
        middle = float(np.sqrt(low * high))
        if attempt(middle) == FIRED:
            high = middle
        else:
            low = middle
    return high


def _crossings(time_ms: Floats, vm_mv: Floats) -> Floats:
    """Return when each node first crossed upwards, on the line between two steps; NaN where it did not."""
    after = (vm_mv > SPIKE_MV).argmax(axis=0)
    nodes = np.arange(vm_mv.shape[1])
    low, high = vm_mv[after - 1, nodes], vm_mv[after, nodes]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (SPIKE_MV - low) / (high - low)
    crossed_ms = time_ms[after - 1] + part * (time_ms[1] - time_ms[0])
    return np.where(after > 0, crossed_ms, np.nan)


def _try(model: Model, outside: Floats, levels: Floats, amplitude_ma: float) -> int:
    """Run a fiber for as many steps as there are levels, or until it fires; return how that ended."""
    vm, ends = [section(0.5)._ref_v for section in model.sections[::PER_NODE]], model.fiber.ends
    inner = [each for node, each in enumerate(vm) if node not in ends]
    detection = [vm[node] for node in model.fiber.detection]
    ending = COLD
    for _ in islice(_advancing(model, outside, levels, amplitude_ma), len(levels) + 1):
        if any(each[0] > SPIKE_MV for each in detection):
            return FIRED
        if ending == COLD and any(each[0] > SPIKE_MV for each in inner):
            ending = HOT
    return ending


def _advancing(model: Model, outside: Floats, levels: Floats, amplitude_ma: float) -> Iterator[int]:
    """Bring a fiber to rest, then step on for ever; gives the number of steps taken since."""
    hoc = _import_neuron()
    _set_membrane(hoc, model.settings.membrane or mrg())
    pointers = hoc.PtrVector(len(model.sections))
    for index, section in enumerate(model.sections):
        pointers.pset(index, section(0.5)._ref_e_extracellular)
    _to_rest(hoc, pointers, model)
    yield 0
    level = 0.0
    for step in count():
        wanted = levels[step] if step < len(levels) else 0.0
        if wanted != level:
            pointers.scatter(hoc.Vector(amplitude_ma * wanted * outside))
            level = wanted
        hoc.fadvance()
        yield step + 1


def _to_rest(hoc: Any, pointers: Any, model: Model) -> None:
    """Take 40 steps of 5 ms without a current, as the reference cases do."""
    hoc.CVode().active(0)
    hoc.secondorder = 0
    pointers.scatter(hoc.Vector(len(model.sections)))
    hoc.finitialize((model.settings.membrane or mrg()).rest_mv)
    hoc.dt = _REST_STEP_MS
    for _ in range(_REST_STEPS):
        hoc.fadvance()
    hoc.t, hoc.dt = 0.0, _step_ms(model)
