"""Closed surfaces in closed form."""

import numpy as np

from cauda.arrays import Floats, Ints

Shape = tuple[Floats, Ints]


def box(low: tuple[float, float, float], high: tuple[float, float, float], parts: int = 1) -> Shape:
    """Return a box whose faces are divided evenly; equal points are one vertex."""
    steps = np.linspace(0.0, 1.0, parts + 1)
    points: list[Floats] = []
    faces: list[Ints] = []
    for axis in range(3):
        for side in (0, 1):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            flat = np.zeros((parts + 1, parts + 1, 3))
            flat[..., axis] = side
            flat[..., a], flat[..., b] = steps[:, None], steps[None, :]
            start = sum(len(one) for one in points)
            index = start + np.arange((parts + 1) ** 2).reshape(parts + 1, parts + 1)
            one, two, three, four = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
            both = np.concatenate(
                [
                    np.stack([one, two, three], -1).reshape(-1, 3),
                    np.stack([one, three, four], -1).reshape(-1, 3),
                ]
            )
            points.append(flat.reshape(-1, 3))
            faces.append(both if side else both[:, ::-1])
    whole = np.array(low) + np.concatenate(points) * (np.array(high) - np.array(low))
    vertices, index = np.unique(whole, axis=0, return_inverse=True)
    return vertices, index.reshape(-1)[np.concatenate(faces)]


def tube(radius: float, low: float, high: float, sides: int = 48, row: float = 0.5) -> Shape:
    """Return a closed tube along z, outward."""
    z = np.linspace(low, high, max(2, round((high - low) / row) + 1))
    turn = np.arange(sides) * 2 * np.pi / sides
    ring = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    side = np.concatenate([np.column_stack([ring, np.full(sides, height)]) for height in z])
    k, after, faces = np.arange(sides), (np.arange(sides) + 1) % sides, []
    for number in range(len(z) - 1):
        a, b = number * sides, (number + 1) * sides
        faces += [np.stack([a + k, a + after, b + after], 1), np.stack([a + k, b + after, b + k], 1)]
    below, above, last = len(side), len(side) + 1, (len(z) - 1) * sides
    faces += [np.stack([0 * k + below, after, k], 1), np.stack([0 * k + above, last + k, last + after], 1)]
    return np.concatenate([side, [[0, 0, low], [0, 0, high]]]), np.concatenate(faces)
