"""Rootlets as solids, on a round cord."""

from dataclasses import dataclass

import numpy as np
import pytest
from tests.anatomy.straight_cord import around, stem

from cauda.anatomy import sleeve
from cauda.anatomy.faces import Dome, face
from cauda.anatomy.fans import Begun, Opening, begun, opening
from cauda.anatomy.packing import SIDES
from cauda.anatomy.rootlets import Fan, Stem, fanned
from cauda.anatomy.shell import Pool, punched, shell
from cauda.anatomy.soundness import angles_deg, combine, defects, self_intersections
from cauda.anatomy.tube import ROOT_SIDES, Path, Tube, corner_factor
from cauda.arrays import Floats, Ints
from cauda.tables.rootlets import rootlet_numbers

EDGE_MM, END_MM = 0.5, 30.0


@dataclass(frozen=True)
class Made:
    """A root with its rootlets, and the cord on which they begin."""

    fan: Fan
    opened: Opening
    found: Begun
    points_mm: Floats
    rootlets: list[Ints]
    root: Ints
    cord: Ints


def made(level: str, part: str) -> Made:
    here: Stem = stem(f"{level}_L", part, 80.0, (86.0, 74.0), rootlet_numbers(part)[level].sulcus_deg)
    given_by = around()
    (fan,) = fanned([here], given_by, 0)
    pool = Pool()
    path = Path(here.course.points_mm)
    whole = Tube(path, here.radius_mm, ROOT_SIDES[part])
    opened = opening(pool, whole, float(path.arc_mm[here.course.entry]), fan, given_by.cord)
    body = shell(pool, given_by.cord, EDGE_MM, 0.2)
    loops = [(strand.index, strand.loop.points_mm) for strand in opened.strands]
    outside, patches = punched(pool, given_by.cord, body, loops, EDGE_MM, patches=True, name="cord")
    tube = Tube(path, opened.radius_mm, ROOT_SIDES[part])
    axis = path.tangent(np.array([END_MM]))[0]
    across = path.around(np.array([END_MM]), np.zeros(1), np.ones(1))[0] - path.point(np.array([END_MM]))[0]
    end = Dome(path.point(np.array([END_MM]))[0], axis, across, 0.4 * corner_factor(ROOT_SIDES[part]))
    found = begun(pool, tube, opened, sleeve.rows(tube, opened.begin_mm, END_MM), end)
    rootlets = [
        np.concatenate(parts)
        for parts in zip(found.rootlets, found.ends, [patch[:, ::-1] for patch in patches], strict=True)
    ]
    root = np.concatenate(
        [found.side, *(each[:, ::-1] for each in found.ends), face(pool, found.ring, end, 0.25)]
    )
    return Made(fan, opened, found, pool.points_mm(), rootlets, root, np.concatenate([outside, *patches]))


@pytest.fixture(scope="module", params=[("L4", "dorsal"), ("L2", "ventral"), ("Co", "dorsal")])
def fan(request: pytest.FixtureRequest) -> Made:
    """Return a root with six rootlets, one with five, one with a single one."""
    return made(*request.param)


def volume_mm3(points: Floats, triangles: Ints) -> float:
    corner = points[triangles] - points[triangles[0, 0]]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)


def test_each_rootlet_and_the_root_is_a_closed_solid(fan: Made) -> None:
    assert len(fan.rootlets) == len(fan.fan.rootlets)
    for solid in (*fan.rootlets, fan.root):
        used, index = np.unique(solid, return_inverse=True)
        assert defects(fan.points_mm[used], index.reshape(-1, 3)) == ()


def test_none_cuts_another_or_the_cord(fan: Made) -> None:
    whole = combine([(fan.points_mm, solid) for solid in (*fan.rootlets, fan.root, fan.cord)])
    assert len(self_intersections(whole.vertices_mm, whole.triangles)) == 0


def test_their_triangles_are_well_shaped(fan: Made) -> None:
    for solid in (*fan.rootlets, fan.root):
        least = angles_deg(fan.points_mm, solid).min(axis=1)
        assert (least >= 20).mean() > 0.99
        assert least.min() > 5


def test_a_rootlet_holds_the_volume_of_its_circles(fan: Made) -> None:
    for rootlet, solid in zip(fan.fan.rootlets, fan.rootlets, strict=True):
        length = np.linalg.norm(np.diff(rootlet.points_mm, axis=0), axis=1).sum()
        wanted = np.pi * rootlet.radius_mm**2 * length
        assert volume_mm3(fan.points_mm, solid) == pytest.approx(wanted, rel=0.06)


def test_they_share_the_patch_on_the_cord_and_the_face_of_the_root_vertex_by_vertex(fan: Made) -> None:
    for solid, end in zip(fan.rootlets, fan.found.ends, strict=True):
        for other in (fan.root, fan.cord):
            assert len(np.intersect1d(solid, other)) >= SIDES
        assert np.isin(end, fan.root).all()


def test_the_root_begins_wide_enough_for_all_and_is_itself_again_soon(fan: Made) -> None:
    path = fan.opened.radius_mm
    begin = int(fan.opened.begin_mm)
    assert path[begin] >= fan.fan.bundle_mm
    assert path[begin + 6 :] == pytest.approx(np.full(len(path) - begin - 6, 0.4))


def test_strands_are_named_from_rostral_to_caudal(fan: Made) -> None:
    names = [strand.name for strand in fan.opened.strands]
    stem_name = f"{fan.fan.root}_{fan.fan.part}"
    assert names == [f"{stem_name}_rootlet_{k}" for k in range(1, len(names) + 1)]
