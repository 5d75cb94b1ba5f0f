"""A subject to image: built once for all tests."""

from dataclasses import replace

import pytest

from cauda.anatomy import build
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import RootName, Tracing
from cauda.phantom.subject import make

ROOTS = [RootName(level, side) for level in ("L3", "S1") for side in ("L", "R")]


@pytest.fixture(scope="session")
def lying() -> Tracing:
    """Return the true tracing of a virtual subject with four of its roots."""
    whole = make(seed=7, index=5).truth
    return replace(
        whole,
        roots={root: whole.roots[root] for root in ROOTS},
        ganglia={root: whole.ganglia[root] for root in ROOTS},
    )


@pytest.fixture(scope="session")
def solid(lying: Tracing) -> SpineModel:
    """Return its model."""
    return build(lying)
