"""Center lines by part, and what is measured on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats

ROOT_PARTS = ("dorsal", "ventral")
"""Parts of a root that a center line can follow from the cord on; rootlets have lines of their own."""


def roots(model: SpineModel) -> tuple[RootPath, ...]:
    """Return the center lines of the roots, dorsal and ventral, root by root; no rootlets."""
    found = [path for path in model.roots if path.part in ROOT_PARTS]
    return tuple(sorted(found, key=lambda path: (path.root.rank, ROOT_PARTS.index(path.part))))


def dorsal(model: SpineModel) -> tuple[RootPath, ...]:
    """Return the center lines of the dorsal roots."""
    return tuple(path for path in roots(model) if path.part == "dorsal")


def ventral(model: SpineModel) -> tuple[RootPath, ...]:
    """Return the center lines of the ventral roots."""
    return tuple(path for path in roots(model) if path.part == "ventral")


def rootlets(model: SpineModel) -> tuple[RootPath, ...]:
    """Return the center lines of the rootlets."""
    return tuple(path for path in model.roots if path.part.endswith("_rootlet"))


def rootlets_of(model: SpineModel, root: RootName, part: str) -> tuple[RootPath, ...]:
    """Return the rootlets of one root and part, ``dorsal`` or ``ventral``, from rostral to caudal."""
    found = [path for path in rootlets(model) if path.root == root and path.part == f"{part}_rootlet"]
    return tuple(sorted(found, key=lambda path: path.k or 0))


def bare_rootlets(model: SpineModel) -> tuple[RootPath, ...]:
    """Return the center lines of those rootlets that are no solids."""
    solids = {(surface.root, part_of(surface)) for surface in model.surfaces.values()}
    return tuple(path for path in rootlets(model) if (path.root, path.part) not in solids)


def part_of(surface: Surface) -> str | None:
    """Return which part of its root a surface is, without the number of a rootlet."""
    return None if surface.part is None else surface.part.rstrip("0123456789").rstrip("_")


def levels(paths: Sequence[RootPath]) -> list[str]:
    """Return the levels of center lines, each once, in their order."""
    return list(dict.fromkeys(path.root.level for path in paths))


def lengths_mm(path: RootPath) -> Floats:
    """Return the distance of each point of a center line from its first one, shape ``(n,)``."""
    steps = np.linalg.norm(np.diff(path.points_mm, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def length_mm(path: RootPath) -> float:
    """Return the length of a center line."""
    return float(lengths_mm(path)[-1])
