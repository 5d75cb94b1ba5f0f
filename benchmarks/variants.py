"""The same anatomy, given otherwise: changes of a tracing that must not matter to what is built of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from cauda import annotation
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.frames import Frame

AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0), "the diagonal": (1.0, 1.0, 1.0)}
TILT_DEG = 5.0
SHIFT_MM = 500.0

Change = Callable[[Floats], Floats]
"""Takes and returns points in RAS mm, shape ``(n, 3)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A tracing that was changed.

    Attributes
    ----------
    name : str
        Of this variant, such as ``mirrored`` or ``without L4_L``.
    figure : str or None
        Row of the table ``variants`` of the validation page that it belongs to.
    tracing : Tracing
        As changed.
    """

    name: str
    figure: str | None
    tracing: Tracing


def variants(tracing: Tracing) -> Iterator[Variant]:
    """Give the variants of a tracing that the validation page knows, and a tilt about the diagonal."""
    yield Variant("mirrored", "mirrored: x to -x, L and R exchanged", mirrored(tracing))
    for name, axis in AXES.items():
        figure = f"tilted by 5 deg about {name}" if len(name) == 1 else None
        for angle in (TILT_DEG, -TILT_DEG):
            yield Variant(f"tilted {angle:+g} deg about {name}", figure, tilted(tracing, axis, angle))
    yield Variant("given in RAS", "given in RAS", reread(tracing, "RAS"))
    figure = "shuffled: points of roots, numbers of contours"
    yield Variant("shuffled", figure, shuffled(tracing, seed=0))
    yield Variant("shifted", "shifted by 500 mm", shifted(tracing, (SHIFT_MM, SHIFT_MM, SHIFT_MM)))
    for root in tracing.roots:
        yield Variant(f"without {root}", "one root absent", lacking(tracing, root))
    figure = "thinned to every second slice, against the thinned points"
    for first in (0, 1):
        yield Variant(f"thinned from slice {first + 1}", figure, thinned(tracing, first))


def mapped(tracing: Tracing, change: Change) -> Tracing:
    """Return the tracing with all its points changed."""

    def contours(given: tuple[Contour, ...]) -> tuple[Contour, ...]:
        return tuple(Contour(change(contour.points_mm), contour.name) for contour in given)

    return replace(
        tracing,
        cord=contours(tracing.cord),
        dura=contours(tracing.dura),
        roots={root: change(points) for root, points in tracing.roots.items()},
        ganglia={root: change(point[None])[0] for root, point in tracing.ganglia.items()},
    )


def mirrored(tracing: Tracing) -> Tracing:
    """Return the mirror image: x changes its sign, left and right their names."""
    image = mapped(tracing, lambda points: points * [-1.0, 1.0, 1.0])
    return replace(
        image,
        roots={root.opposite: points for root, points in image.roots.items()},
        ganglia={root.opposite: point for root, point in image.ganglia.items()},
    )


def tilted(tracing: Tracing, axis: ArrayLike, angle_deg: float) -> Tracing:
    """Return the tracing turned about an axis through the origin of the scanner, right-handed."""
    turn = rotation(axis, angle_deg)
    return mapped(tracing, lambda points: points @ turn.T)


def rotation(axis: ArrayLike, angle_deg: float) -> Floats:
    """Return the matrix ``(3, 3)`` that turns columns about an axis, by Rodrigues' formula."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.deg2rad(angle_deg)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def shifted(tracing: Tracing, by_mm: ArrayLike) -> Tracing:
    """Return the tracing moved as a whole."""
    return mapped(tracing, lambda points: points + np.asarray(by_mm, dtype=np.float64))


def shuffled(tracing: Tracing, seed: int) -> Tracing:
    """Return what is read from a file with the points of roots and numbers of contours in random order."""
    random = np.random.default_rng(seed)

    def contours(kind: str, given: tuple[Contour, ...]) -> tuple[Contour, ...]:
        numbers = random.permutation(len(given)) + 1
        return tuple(
            Contour(one.points_mm, f"{kind}_{number}") for one, number in zip(given, numbers, strict=True)
        )

    mixed = replace(
        tracing,
        cord=contours("cord", tracing.cord),
        dura=contours("dura", tracing.dura),
        roots={root: random.permutation(points) for root, points in tracing.roots.items()},
    )
    return reread(mixed, "LPS")


def reread(tracing: Tracing, frame: Frame) -> Tracing:
    """Return what is read from a file of 3D Slicer to which the tracing was written in a frame."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sub-{tracing.subject}_tracing.mrk.json"
        annotation.write(tracing, path, frame=frame)
        return annotation.read(path)


def lacking(tracing: Tracing, root: RootName) -> Tracing:
    """Return the tracing without a root and its ganglion."""
    return replace(
        tracing,
        roots={name: points for name, points in tracing.roots.items() if name != root},
        ganglia={name: point for name, point in tracing.ganglia.items() if name != root},
    )


def thinned(tracing: Tracing, first: int = 0) -> Tracing:
    """Return the tracing with every second contour, from the first or the second one on, and root point.

    Roots keep their entry, whichever slice it lies in.
    """
    return replace(
        tracing,
        cord=tracing.cord[first::2],
        dura=tracing.dura[first::2],
        roots={root: points[::2] for root, points in tracing.roots.items()},
    )
