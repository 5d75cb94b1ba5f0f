"""A model with a lead as one mesh."""

from dataclasses import replace

import numpy as np
import pytest

from cauda import lead, volume
from cauda.anatomy.model import SpineModel
from cauda.errors import MeshError
from cauda.volume.mesh import VolumeMesh


@pytest.fixture(scope="module")
def made(model: SpineModel, placed: lead.Lead) -> VolumeMesh:
    return volume.mesh(model, placed, size="coarse")


def test_all_tissues_roots_and_contacts_are_there(made: VolumeMesh, placed: lead.Lead) -> None:
    filled = {made.labels[k].name for k in np.unique(made.label)}
    assert filled == {label.name for label in made.labels}
    assert {contact.name for contact in placed.contacts} < filled
    assert sum(label.tissue in ("dorsal_root", "ventral_root") for label in made.labels) == 28
    assert (made.volumes_mm3 > 0).all()


def test_the_faces_of_contacts_have_their_area_and_look_at_the_dura(
    made: VolumeMesh, placed: lead.Lead
) -> None:
    for contact in placed.contacts:
        corner = made.points_mm[made.marked(contact.name)]
        area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]) / 2
        assert np.linalg.norm(area, axis=1).sum() == pytest.approx(contact.area_mm2, rel=0.06)
        assert area.sum(axis=0) @ contact.normal == pytest.approx(contact.area_mm2, rel=0.06)


def test_the_outer_boundary_is_closed_and_its_cut_end_is_flat(made: VolumeMesh, model: SpineModel) -> None:
    faces = np.concatenate([made.marked("case"), made.marked("end")])
    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    there = np.sort(edges[:, 0] * len(made.points_mm) + edges[:, 1])
    back = np.sort(edges[:, 1] * len(made.points_mm) + edges[:, 0])
    assert np.array_equal(there, back)
    height = model.axes.local(made.points_mm[made.marked("end")])[:, :, 2].mean(axis=1)
    top = height[height > height.max() - 20]
    # Its rim is rounded by the large cells there.
    assert np.percentile(top, [20, 80]) == pytest.approx(np.median(top), abs=0.05)


def test_volumes_are_those_of_the_solids(made: VolumeMesh, model: SpineModel) -> None:
    volume_mm3 = np.bincount(made.label, made.volumes_mm3)
    for name, share in (("csf", 0.05), ("white_matter", 0.1), ("dura", 0.1)):
        number = [label.name for label in made.labels].index(name)
        assert volume_mm3[number] == pytest.approx(model.surfaces[name].volume_mm3, rel=share)


def test_bad_input_is_told_before_any_work(model: SpineModel, placed: lead.Lead) -> None:
    with pytest.raises(MeshError, match="wanted one of coarse, normal, fine"):
        volume.mesh(model, placed, size="tiny")
    with pytest.raises(MeshError, match="placed in sub-99"):
        volume.mesh(model, replace(placed, subject="99"))
