"""Faces of contacts and of the outer boundary."""

import numpy as np
import pytest
from tests.volume.blocks import block

from cauda.anatomy.axes import Axes
from cauda.arrays import Floats
from cauda.volume.marking import CASE, END, marked
from cauda.volume.mesh import Label

LABELS = (Label("csf", "csf"), Label("lead", "insulation"), Label("C1", "contact"), Label("C2", "contact"))
SIDE, EDGE_MM = 6, 0.5


def areas() -> tuple[dict[str, float], dict[str, Floats]]:
    """Mark a cube in which a lead of one column of cells has two contacts, cells 1 and 3 of it."""
    whole = block(SIDE, EDGE_MM)
    low = whole.points_mm.min(axis=0)
    cell = np.floor((whole.points_mm[whole.tetrahedra].mean(axis=1) - low) / EDGE_MM).astype(int)
    label = np.zeros(len(cell), dtype=np.int64)
    lead = (cell[:, :2] == 2).all(axis=1) & (cell[:, 2] > 0) & (cell[:, 2] < 5)
    label[lead] = 1
    label[lead & (cell[:, 2] == 1)], label[lead & (cell[:, 2] == 3)] = 2, 3
    axes = Axes(np.zeros(3), np.eye(3))
    faces, mark, names = marked(whole.points_mm, whole.tetrahedra, label, LABELS, axes)
    assert names == ("C1", "C2", CASE, END)
    corner = whole.points_mm[faces]
    area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]) / 2
    outward = {name: area[mark == k] for k, name in enumerate(names)}
    return {name: float(np.linalg.norm(one, axis=1).sum()) for name, one in outward.items()}, outward


def test_what_leaves_a_contact_is_marked_and_what_lies_behind_it_is_not() -> None:
    area, _ = areas()
    # C1 ends the lead: five of its six faces; C2 has insulation above and below: four.
    assert area["C1"] == pytest.approx(5 * EDGE_MM**2)
    assert area["C2"] == pytest.approx(4 * EDGE_MM**2)


def test_the_sides_are_the_case_and_top_and_bottom_are_ends() -> None:
    area, outward = areas()
    face = (SIDE * EDGE_MM) ** 2
    assert area[CASE] == pytest.approx(4 * face)
    assert area[END] == pytest.approx(2 * face)
    assert np.abs(outward[END][:, 2]).sum() == pytest.approx(2 * face)


def test_faces_look_outward() -> None:
    _, outward = areas()
    assert np.abs(sum(outward[name].sum(axis=0) for name in (CASE, END))).max() < 1e-12
    assert outward["C1"].sum(axis=0) == pytest.approx([0, 0, -(EDGE_MM**2)])
