"""How well nerve roots can be seen: contrast, width and detectability of each root in each slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, points
from cauda.errors import ArrayError
from cauda.quality.measured import RootMetric
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.root_course import course_metrics, length_within_mm
from cauda.quality.root_patch import Patches
from cauda.quality.root_samples import Samples, root_samples
from cauda.quality.root_surroundings import RootSurroundings
from cauda.quality.root_view import View


def root_quality(
    image: ArrayLike,
    affine: ArrayLike,
    courses: Mapping[RootName, Floats],
    surroundings: RootSurroundings | None = None,
    noise: NoiseLevel | None = None,
) -> tuple[RootMetric, ...]:
    """Return the metrics of each root at each place, then of each root as a whole.

    Parameters
    ----------
    image : (i, j, k) array_like
        Intensities as they were measured, of any type; what is not finite counts as not measured. It is read
        about the roots alone, and never copied.
    affine : (4, 4) array_like
        Voxel indices to RAS mm.
    courses : mapping of RootName to (n, 3) float64
        Traced points along each root in order, RAS mm.
    surroundings : RootSurroundings, optional
        Cord and dura, and the signal of the cord.
    noise : NoiseLevel, optional
        Without it neither contrast-to-noise nor detectability have a value.

    Raises
    ------
    ArrayError
        If the image has not three axes of real numbers, or the affine none that can be inverted.

    Examples
    --------
    >>> name = RootName("L4", "R")
    >>> course = np.stack([np.full(5, 12.0), np.full(5, 12.0), np.arange(5) * 2.0], axis=1)
    >>> away = np.hypot(*(np.indices((81, 81)) * 0.3 - 12.0))
    >>> image = np.repeat(100 - 60 * np.exp(-np.log(2) * (2 * away / 1.2) ** 2)[..., None], 5, axis=2)
    >>> found = root_quality(image, np.diag([0.3, 0.3, 2.0, 1.0]), {name: course})
    >>> [round(one.metric.value, 1) for one in found if one.name == "root_fwhm_mm"]
    [1.2, 1.2, 1.2, 1.2, 1.2]
    """
    array, matrix = _image(image), _affine(affine)
    traced = {name: points(course, f"root {name}") for name, course in courses.items()}
    around = surroundings or RootSurroundings()
    samples = root_samples(traced, matrix, array.shape)
    shared = 1.0 if noise is None else noise.shared_voxels
    patches = Patches(array, matrix, samples, around, shared)
    views = [View.of(patches.patch(number)) for number in range(len(samples.root))]
    return tuple(
        found
        for number, name in enumerate(samples.names)
        for found in (
            *_at_places(samples, number, views, around.cord_over_csf, noise),
            *_as_a_whole(samples, number, views, length_within_mm(traced[name], matrix, array.shape), noise),
        )
    )


def _at_places(
    samples: Samples,
    root: int,
    views: list[View],
    cord_over_csf: float | None,
    noise: NoiseLevel | None,
) -> Iterator[RootMetric]:
    for number in np.flatnonzero(samples.root == root):
        x, y, z = samples.place_mm[number].tolist()
        along_mm, sliced = float(samples.along_mm[number]), int(samples.slice[number])
        for name, metric in views[number].metrics(noise, cord_over_csf).items():
            yield RootMetric(samples.names[root], sliced, (x, y, z), along_mm, name, metric)


def _as_a_whole(
    samples: Samples, root: int, views: list[View], length_mm: float, noise: NoiseLevel | None
) -> Iterator[RootMetric]:
    own = np.flatnonzero(samples.root == root)
    found = course_metrics([views[number] for number in own], samples.stretch_mm[own], length_mm, noise)
    for name, metric in found.items():
        yield RootMetric(samples.names[root], None, None, None, name, metric)


def _image(image: ArrayLike) -> NDArray[np.generic]:
    array = np.asarray(image)
    if array.ndim != 3 or array.dtype.kind not in "biuf" or not array.size:
        raise ArrayError(
            f"image: found shape {array.shape} of {array.dtype}, wanted three axes of real numbers; "
            "take one volume of a series"
        )
    return array


def _affine(affine: ArrayLike) -> Floats:
    matrix = np.asarray(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-12:
        raise ArrayError("affine: wanted a finite matrix of 4 x 4 that can be inverted")
    return matrix
