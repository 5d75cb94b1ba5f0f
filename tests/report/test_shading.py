"""Rendering: shape, order, cuts and skins as they must be seen; the same bytes each time."""

import numpy as np
import pytest

from cauda.arrays import Floats, Ints
from cauda.report.camera import Camera, direction, framing
from cauda.report.shading import Cut, Picture, Solid, render

RED, BLUE = (0.8, 0.1, 0.1), (0.1, 0.1, 0.8)


def ball(center_mm: tuple[float, float, float], radius_mm: float) -> tuple[Floats, Ints]:
    """Return a sphere of 64 by 32 facets."""
    around, down = 64, 32
    theta = np.pi * np.arange(1, down) / down
    phi = 2 * np.pi * np.arange(around) / around
    rings = np.stack(
        [
            np.outer(np.sin(theta), np.cos(phi)),
            np.outer(np.sin(theta), np.sin(phi)),
            np.outer(np.cos(theta), np.ones(around)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    points = np.concatenate([rings, [[0, 0, 1.0], [0, 0, -1.0]]])
    top, bottom = len(rings), len(rings) + 1
    faces = []
    for j in range(around):
        k = (j + 1) % around
        faces += [[top, j, k], [bottom, (down - 2) * around + k, (down - 2) * around + j]]
        for i in range(down - 2):
            a, b = i * around + j, i * around + k
            faces += [[a, a + around, b], [b, a + around, b + around]]
    return np.array(center_mm) + radius_mm * points, np.array(faces)


def solid(
    center_mm: tuple[float, float, float], radius_mm: float, color: tuple[float, float, float]
) -> Solid:
    vertices, faces = ball(center_mm, radius_mm)
    return Solid(vertices, faces, color)


def front(width_mm: float = 24.0, px_per_mm: float = 5.0) -> Camera:
    half = width_mm / 2
    return framing([[-half, 0, -half], [half, 0, half]], direction("anterior"), px_per_mm, 0.0)


def drawn(picture: Picture) -> np.ndarray:
    return np.asarray((picture < 250).any(axis=2))


def redness(picture: Picture) -> np.ndarray:
    return picture[:, :, 0].astype(int) - picture[:, :, 2]


def test_a_sphere_covers_a_disk_of_its_radius_on_white() -> None:
    picture = render((solid((0, 0, 0), 8.0, RED),), front())
    assert picture.shape == (120, 120, 3)
    assert (picture[0] == 255).all()
    assert drawn(picture).sum() / 25 == pytest.approx(np.pi * 64, rel=0.02)


def test_the_nearer_solid_hides_the_farther() -> None:
    near_red = render((solid((0, 9, 0), 4, RED), solid((0, -9, 0), 8, BLUE)), front())
    near_blue = render((solid((0, -9, 0), 4, RED), solid((0, 9, 0), 8, BLUE)), front())
    assert redness(near_red)[60, 60] > 60
    assert redness(near_red)[60, 25] < -60
    assert redness(near_blue)[60, 60] < -60


def test_light_comes_from_above() -> None:
    picture = render((solid((0, 0, 0), 8.0, (0.6, 0.6, 0.6)),), front()).astype(int)
    assert picture[35, 60, 0] > picture[85, 60, 0] + 30


def test_what_is_cut_away_is_gone_and_the_cut_face_is_flat() -> None:
    vertices, faces = ball((0, 0, 0), 8.0)
    cut = Cut(np.zeros(3), np.array([0.0, 1.0, 0.0]))
    behind = solid((0, 0, 0), 3.0, BLUE)
    opened = render((Solid(vertices, faces, RED, cut=cut),), front())
    assert len(np.unique(opened[50:70, 50:70].reshape(-1, 3), axis=0)) == 1
    assert drawn(opened).sum() / 25 == pytest.approx(np.pi * 64, rel=0.02)
    assert redness(render((Solid(vertices, faces, RED, cut=cut), behind), front()))[60, 60] < -60
    whole = render((Solid(vertices, faces, RED), behind), front())
    assert redness(whole)[60, 60] > 60


def test_through_a_skin_what_it_encloses_is_seen() -> None:
    vertices, faces = ball((0, 0, 0), 10.0)
    skin = Solid(vertices, faces, (0.5, 0.6, 0.7), opacity=0.2)
    picture = render((solid((0, 0, 0), 4, RED), skin), front())
    bare = render((solid((0, 0, 0), 4, RED),), front())
    assert 20 < redness(picture)[60, 60] < redness(bare)[60, 60]
    assert 200 < picture[60, 25, 0] < 250
    assert picture[60, 11, 0] < picture[60, 25, 0]


def test_a_skin_behind_an_opaque_solid_changes_nothing() -> None:
    vertices, faces = ball((0, -30, 0), 6.0)
    skin = Solid(vertices, faces, BLUE, opacity=0.5)
    before = solid((0, 0, 0), 8.0, RED)
    assert np.array_equal(render((before, skin), front()), render((before,), front()))


def test_solids_that_touch_cast_a_soft_shadow_on_each_other() -> None:
    far = render((solid((0, 0, 0), 6, RED),), front()).astype(int)
    both = render((solid((0, 0, 0), 6, RED), solid((-6.5, 4, 0), 3, BLUE)), front()).astype(int)
    shaded = far[60, 30:77, 0] - both[60, 30:77, 0]
    assert shaded[-1] > 5
    step = 2
    assert (np.diff(shaded) >= -step).all()
    assert shaded[0] == 0


def test_an_outline_parts_solids_of_one_color() -> None:
    picture = render((solid((-4, 0, 0), 5, RED), solid((4, -3, 0), 5, RED)), front(), samples=3).astype(int)
    row = picture[60, 40:90, 0]
    assert row.min() < 0.75 * np.median(row)


def test_the_same_scene_gives_the_same_bytes_and_nothing_is_white() -> None:
    scene = (solid((0, 0, 0), 8.0, RED), solid((3, 3, 3), 4.0, BLUE))
    assert render(scene, front()).tobytes() == render(scene, front()).tobytes()
    assert (render((), front()) == 255).all()
