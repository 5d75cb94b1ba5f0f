"""A virtual subject, built once; and the bars and variants that benchmarks hold, loaded from their files."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from cauda.anatomy import caliber, separation
from cauda.anatomy.axes import Axes
from cauda.anatomy.building import Settings, build
from cauda.anatomy.course import Course, course
from cauda.anatomy.model import SpineModel
from cauda.anatomy.walls import Walls, walls
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.phantom import virtual_subject
from cauda.tables.roots import root_geometry

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@dataclass(frozen=True)
class Stages:
    """What the builder makes of a tracing before there are triangles, in the model's axes."""

    tracing: Tracing
    axes: Axes
    walls: Walls
    laid: list[Course]
    moved: list[Course]
    radii_mm: list[Floats]


@pytest.fixture(scope="session")
def tracing() -> Tracing:
    """Return the annotation of one virtual subject."""
    return virtual_subject(seed=7, index=5)


@pytest.fixture(scope="session")
def model(tracing: Tracing) -> SpineModel:
    """Return its model."""
    return build(tracing)


@pytest.fixture(scope="session")
def stages(tracing: Tracing) -> Stages:
    """Return the steps to its model."""
    axes, thickness_mm = Axes.of(tracing), Settings().dura_thickness_mm
    ganglia = {root: axes.local(point[None])[0] for root, point in tracing.ganglia.items()}
    cord, dura = ([axes.local(one.points_mm) for one in some][::-1] for some in (tracing.cord, tracing.dura))
    made = walls(cord, dura, ganglia, smoothing=1.0, dura_thickness_mm=thickness_mm)
    laid = [
        course(root, axes.local(points), ganglia[root], made, root_geometry()[root.level])
        for root, points in tracing.roots.items()
    ]
    moved = separation.separated(laid, caliber.rooms(laid, made, thickness_mm), made)
    return Stages(tracing, axes, made, laid, moved, caliber.radii(moved, made))


@pytest.fixture(scope="session")
def verify_model() -> ModuleType:
    """Return the module with the bars of a built model."""
    pytest.importorskip("manifold3d")
    return _benchmark("verify_model")


@pytest.fixture(scope="session")
def variants() -> ModuleType:
    """Return the module that gives the same anatomy otherwise."""
    return _benchmark("variants")


def _benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes look their module up
    spec.loader.exec_module(module)
    return module
