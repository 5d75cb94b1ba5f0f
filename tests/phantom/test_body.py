"""The body around a model: closed solids, vertebrae where the model has them, skin behind all bones."""

from itertools import pairwise

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.phantom.body import body
from cauda.phantom.canal_course import CanalCourse
from cauda.phantom.lofts import Solid
from cauda.phantom.vertebral_column import stations
from cauda.tables.tissues import tissues
from cauda.volume.closed import Closed


@pytest.fixture(scope="module")
def solids(solid: SpineModel) -> dict[str, Solid]:
    """Return the solids of a body by name."""
    made = body(solid, -200.0, 100.0)
    assert len({one.name for one in made}) == len(made)
    return {one.name: one for one in made}


@pytest.fixture(scope="module")
def course(solid: SpineModel) -> CanalCourse:
    return CanalCourse.of(solid, -400.0, 300.0)


def test_every_solid_is_closed_and_of_a_known_tissue(solids: dict[str, Solid]) -> None:
    for name, one in solids.items():
        Closed(one.vertices_mm, one.triangles, name)
        assert one.tissue in tissues()


def test_vertebrae_follow_one_another_where_the_model_has_them(solid: SpineModel) -> None:
    column = stations(solid, -400.0, 400.0)
    for above, below in pairwise(column):
        assert above.lower_mm == pytest.approx(below.upper_mm)
        assert above.lower_mm < above.body_low_mm < above.upper_mm
    found = {one.size.level: one.upper_mm for one in column}
    for vertebra in solid.vertebrae:
        height = solid.axes.local(vertebra.upper_mm[None])[0, 2]
        assert found[vertebra.level] == pytest.approx(height)
    levels = [one.size.level for one in column]
    assert len(set(levels)) == len(levels)
    assert levels[-5:] == [f"S{k}" for k in range(1, 6)]


def test_walls_of_the_canal_are_those_of_its_surface(solid: SpineModel, course: CanalCourse) -> None:
    canal = Closed(solid.surfaces["canal"].vertices_mm, solid.surfaces["canal"].triangles)
    heights = np.arange(-150.0, 60.0, 15.0)
    for points in (course.front_mm(heights), course.back_mm(heights)):
        assert np.abs(canal.distance_mm(solid.axes.ras(points))).max() < 1.5
    assert canal.distance_mm(solid.axes.ras(course.middle_mm(heights))).max() < -4.0


def test_frames_are_at_right_angles_and_point_up(course: CanalCourse) -> None:
    for height in (-390.0, -150.0, 0.0, 290.0):
        frame = course.frame(height)
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(frame) == pytest.approx(1.0)
        assert frame[2, 2] > 0.8


def test_bones_leave_the_canal_in_front_and_behind_within_the_skin(
    solid: SpineModel, solids: dict[str, Solid], course: CanalCourse
) -> None:
    skin = Closed(solids["skin_fat"].vertices_mm, solids["skin_fat"].triangles)
    for name in ("vertebra_L3", "vertebra_L3_spinous", "vertebra_L3_transverse_L", "disc_L3_L4"):
        assert skin.distance_mm(solids[name].vertices_mm).max() < -5.0
    middle = solid.axes.local(solids["vertebra_L3"].vertices_mm).mean(axis=0)
    assert middle[1] > course.front_mm(middle[2])[0, 1] + 8.0
    tip = solid.axes.local(solids["vertebra_L3_spinous"].vertices_mm)[:, 1].min()
    assert tip < course.back_mm(middle[2])[0, 1] - 25.0


def test_marrow_lies_within_its_cortex(solids: dict[str, Solid]) -> None:
    for name in ("vertebra_L2", "vertebra_L2_facet_L", "vertebra_T12_spinous", "sacrum_S1"):
        shell = solids[f"{name}_cortex"]
        cortex = Closed(shell.vertices_mm, shell.triangles)
        assert cortex.distance_mm(solids[name].vertices_mm).max() < 1e-9
        assert (shell.tissue, solids[name].tissue) == ("cortical_bone", "marrow")
