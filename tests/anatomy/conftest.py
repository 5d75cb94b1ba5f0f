"""A virtual subject, built once; and the bars and variants that benchmarks hold, loaded from their files."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cauda.anatomy import building, laying
from cauda.anatomy.axes import Axes
from cauda.anatomy.course import Course
from cauda.anatomy.laying import Bed, Roots
from cauda.anatomy.model import SpineModel
from cauda.anatomy.solids import Solids
from cauda.anatomy.walls import Walls
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.phantom import virtual_subject

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@dataclass(frozen=True)
class Stages:
    """What the builder made of a tracing on its way to the model, in the model's axes."""

    tracing: Tracing
    model: SpineModel
    bed: Bed
    roots: Roots

    @property
    def axes(self) -> Axes:
        """Axes of the model."""
        return self.model.axes

    @property
    def walls(self) -> Walls:
        """Cord and dura."""
        return self.bed.walls

    @property
    def laid(self) -> list[Course]:
        """Courses of the dorsal roots, then of the ventral ones, before they were moved apart."""
        return self.roots.laid

    @property
    def moved(self) -> list[Course]:
        """The same as moved apart."""
        return self.roots.moved

    @property
    def radii_mm(self) -> list[Floats]:
        """Radius at each node of each course."""
        return self.roots.radii_mm

    @property
    def made(self) -> Solids:
        """All solids, their vertices in one pool."""
        return self.roots.solids


@pytest.fixture(scope="session")
def tracing() -> Tracing:
    """Return the annotation of one virtual subject."""
    return virtual_subject(seed=7, index=5)


@pytest.fixture(scope="session")
def stages(tracing: Tracing) -> Stages:
    """Return the steps to its model, and the model."""
    beds: list[Bed] = []
    found: list[Roots] = []

    def recorded(bed: Bed, *arguments: Any, **options: Any) -> Roots:
        beds.append(bed)
        found.append(laying.roots(bed, *arguments, **options))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "roots", recorded)
        model = building.build(tracing)
    return Stages(tracing, model, beds[0], found[0])


@pytest.fixture(scope="session")
def model(stages: Stages) -> SpineModel:
    """Return its model."""
    return stages.model


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
