"""The close-up of a sleeve: it begins where the dura becomes narrow."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.annotation.tracing import RootName
from cauda.report import sleeve

NARROW_MM = 31.0


def funnel(model: SpineModel) -> tuple[SpineModel, RootPath]:
    """Return a model whose dura narrows to a sleeve at a known height, and a root in its axis."""
    sides, z = 24, np.array([60.0, NARROW_MM + 0.01, NARROW_MM, 10.0])
    radii, angle = np.array([8.0, 8.0, 1.2, 1.2]), 2 * np.pi * np.arange(24) / 24
    rings = np.stack(
        [np.outer(radii, np.cos(angle)), np.outer(radii, np.sin(angle)), np.outer(z, np.ones(24))], -1
    )
    points = np.concatenate([rings.reshape(-1, 3), [[0, 0, 60.0], [0, 0, 10.0]]])
    faces = []
    for j in range(sides):
        k = (j + 1) % sides
        faces += [[96, j, k], [97, 72 + k, 72 + j]]
        for a, b in ((row * sides + j, row * sides + k) for row in range(3)):
            faces += [[a, a + sides, b], [b, a + sides, b + sides]]
    inner = Surface("dura_inner", "boundary", "csf", None, None, "annotated", points, np.array(faces))
    count = 101
    way = np.column_stack([np.zeros(count), np.zeros(count), np.linspace(55, 12, count)])
    path = RootPath(
        RootName("L4", "L"), "dorsal", way, np.full(count, 0.7), ("annotated",) * count, np.zeros(count)
    )
    return replace(model, surfaces=MappingProxyType({**model.surfaces, "dura_inner": inner})), path


def test_the_sleeve_begins_where_the_dura_narrows(model: SpineModel) -> None:
    narrowed, path = funnel(model)
    index = sleeve.exit_index(narrowed, path)
    assert path.points_mm[index, 2] <= NARROW_MM < path.points_mm[index - 1, 2]


def test_a_root_without_a_sleeve_still_has_a_figure(model: SpineModel) -> None:
    path = model.roots[-1]
    assert sleeve.exit_index(model, path) <= len(path.points_mm) - 2
    figure = sleeve.figure(model, path)
    assert figure.count("<image ") == 2
    assert "Dura cut open along L4 right" in figure


@pytest.mark.parametrize("side", ["L", "R"])
def test_the_parts_are_named_on_the_side_away_from_the_sac(model: SpineModel, side: str) -> None:
    path = next(path for path in model.roots if path.root == RootName("L4", side))
    figure = sleeve.figure(model, path)
    anchor = "end" if side == "L" else "start"
    for name in ("sleeve", "ganglion", "nerve", "dural sac"):
        assert f'text-anchor="{anchor}">{name}</text>' in figure
