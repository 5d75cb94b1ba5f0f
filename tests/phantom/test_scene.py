"""Scenes: the model's volumes, a body without gaps around it, air outside."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.phantom.grid import ImageGrid
from cauda.phantom.placing import GridChoice, image_grid
from cauda.phantom.scene import Scene
from cauda.tables.tissues import tissues


@pytest.fixture(scope="module")
def around_the_roots(solid: SpineModel) -> ImageGrid:
    """Return a grid, oblique to all axes, that holds the roots below the conus."""
    center = solid.axes.ras(np.array([[0.0, 0.0, -60.0]]))[0]
    rotation = solid.axes.rotation.T @ np.linalg.qr(np.eye(3) + 0.2 * np.arange(9).reshape(3, 3))[0]
    affine = np.eye(4)
    affine[:3, :3] = rotation * [0.5, 0.6, 2.0]
    affine[:3, 3] = center - affine[:3, :3] @ [50, 50, 20]
    return ImageGrid((101, 101, 41), affine, 2, (50, 50))


def test_shares_of_an_oblique_grid_add_up_to_one_within_the_body(
    solid: SpineModel, around_the_roots: ImageGrid
) -> None:
    scene = Scene(solid, around_the_roots)
    for number in (0, 20, 40):
        shares = scene.shares(number)
        total = np.sum(list(shares.tissues.values()), axis=0)
        np.testing.assert_allclose(total, 1.0, atol=1e-4)
        assert set(shares.tissues) <= set(tissues())
        assert shares.labels.min() > 0


def test_shares_hold_the_volume_of_a_ganglion(solid: SpineModel) -> None:
    surface = solid.surfaces["L3_L_ganglion"]
    low = surface.vertices_mm.min(axis=0) - 2.0
    count = np.ceil((np.ptp(surface.vertices_mm, axis=0) + 4.0) / [0.7, 0.7, 1.0]).astype(int)
    affine = np.diag([0.7, 0.7, 1.0, 1.0])
    affine[:3, 3] = low
    grid = ImageGrid((int(count[0]), int(count[1]), int(count[2])), affine, 2, (8, 8), fine=1)
    scene = Scene(solid, grid)
    volume = 0.49 * _in_each_row(scene, "ganglion").sum()
    assert volume == pytest.approx(surface.volume_mm3, rel=0.01)


def test_outside_the_body_is_air_and_around_the_canal_a_vertebra(solid: SpineModel, lying: Tracing) -> None:
    grid = image_grid("T2TSE", GridChoice("small", 4.0), lying)
    scene = Scene(solid, grid)
    names = {part.number: part.name for part in scene.parts}
    middle = scene.shares(grid.slices // 2)
    total = np.sum(list(middle.tissues.values()), axis=0)
    assert (total[:4] == 0).all()
    assert (total[-4:] == 0).all()
    seen = {names[number] for number in np.unique(middle.labels) if number}
    assert {f"vertebra_L{k}" for k in range(1, 6)} < seen
    assert {"vertebra_T1", "vertebra_T9"} < seen
    assert {"skin_fat", "csf", "disc_L3_L4", "sacrum_S1"} < seen


def test_tissues_go_on_straight_above_the_model(solid: SpineModel, lying: Tracing) -> None:
    grid = image_grid("T2TSE", GridChoice("small", 4.0), lying)
    sac = _in_each_row(Scene(solid, grid), "csf")
    top = float(solid.axes.local(solid.surfaces["cord"].vertices_mm)[:, 2].max())
    ends = grid.sliced(solid.axes.ras(np.array([[0.0, 0.0, top]])))[0, 1]
    above = sac[int(ends) + 8 :]
    assert len(above) > 50
    assert above.mean() > 1.0
    assert np.ptp(above) < 0.01 * above.mean()


def _in_each_row(scene: Scene, tissue: str) -> Floats:
    """Return how many voxels a tissue fills in each row along the second axis of all slices."""
    found = np.zeros(scene.grid.plane_shape[1])
    for number in range(scene.grid.slices):
        shares = scene.shares(number).tissues
        if tissue in shares:
            found += shares[tissue].sum(axis=0)
    return found


def test_a_model_with_bones_of_its_own_gets_no_others(solid: SpineModel, around_the_roots: ImageGrid) -> None:
    bone = replace(solid.surfaces["L3_L_ganglion"], name="vertebra_L2", tissue="bone")
    own = replace(solid, surfaces=MappingProxyType({**solid.surfaces, "vertebra_L2": bone}))
    names = [part.name for part in Scene(own, around_the_roots).parts]
    assert [name for name in names if name.startswith(("vertebra", "disc", "sacrum"))] == ["vertebra_L2"]
