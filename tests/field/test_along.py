from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.field.boxes import box_mesh

from cauda.anatomy.model import RootPath
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.errors import FieldError
from cauda.field.along import along, second_difference, write
from cauda.field.field_type import Field
from cauda.volume.mesh import Label

L4 = RootName("L4", "L")


def path(points: Floats, part: str = "dorsal", k: int | None = None) -> RootPath:
    """Return a course."""
    count = len(points)
    return RootPath(L4, part, points, np.full(count, 0.5), ("annotated",) * count, np.zeros(count), k)


def quadratic() -> Field:
    """Return two contacts, with the potentials z^2 - x^2 and y, in fat with CSF above z = 0."""
    mesh = box_mesh([np.linspace(-3, 3, 13)] * 3, {Label("csf", "csf"): lambda at: at[:, 2] > 0})
    x, y, z = mesh.points_mm.T
    cells = np.ones(len(mesh.tetrahedra))
    return Field(
        mesh=mesh,
        contacts=("C1", "C2"),
        returns=("case",),
        transfer_ohm=np.stack([z * z - x * x, y]),
        voltage_ohm=np.eye(2),
        admittance_s=np.zeros((3, 3)),
        longitudinal_s_per_m=cells,
        transverse_s_per_m=cells,
        conductivities={},
        settings={},
        measures={},
    )


FIELD = quadratic()
STRAIGHT = path(np.array([[0.2, 0.1, -2.5], [0.2, 0.1, 0.3], [0.2, 0.1, 2.5]]))


def test_potential_field_and_second_difference_of_a_quadratic_are_exact() -> None:
    (found,) = along(FIELD, [STRAIGHT], spacing_mm=0.5)
    z = found.points_mm[:, 2]
    np.testing.assert_allclose(found.arc_mm, np.arange(51) * 0.1, atol=1e-12)
    np.testing.assert_allclose(found.potential_ohm[0], z * z - 0.04, atol=1e-9)
    np.testing.assert_allclose(found.field_v_per_m[0, :, 2], -2 * z, atol=1e-8)
    np.testing.assert_allclose(found.field_v_per_m[1], np.tile([0, -1.0, 0], (51, 1)), atol=1e-8)
    inner = found.second_difference_ohm[:, 5:-5]
    np.testing.assert_allclose(inner, np.tile([[2 * 0.25], [0]], 41), atol=1e-8)
    assert np.isnan(found.second_difference_ohm[:, [0, 4, -5, -1]]).all()


def test_each_point_tells_its_tissue() -> None:
    (found,) = along(FIELD, [STRAIGHT])
    assert set(found.tissue) == {"soft_tissue", "csf"}
    assert all(
        (tissue == "csf") == (z > 0) for tissue, z in zip(found.tissue, found.points_mm[:, 2], strict=True)
    )


def test_beyond_the_mesh_nothing_is_known() -> None:
    (found,) = along(FIELD, [path(np.array([[0, 0, 0.1], [0, 0, 9.1]]))])
    outside = found.points_mm[:, 2] > 3
    assert [not tissue for tissue in found.tissue] == outside.tolist()
    assert np.isnan(found.potential_ohm[0]).tolist() == outside.tolist()


def test_a_course_shorter_than_the_spacing_has_no_second_difference() -> None:
    (found,) = along(FIELD, [path(np.array([[0, 0, 0.1], [0, 0, 0.9]]))])
    assert np.isnan(found.second_difference_ohm).all()
    assert np.isfinite(found.potential_ohm).all()


def test_rootlets_bear_their_number() -> None:
    rootlet = replace(STRAIGHT, part="dorsal_rootlet", k=2)
    assert [each.name for each in along(FIELD, [STRAIGHT, rootlet])] == [
        "L4_L_dorsal",
        "L4_L_dorsal_rootlet_2",
    ]
    assert along(FIELD, []) == ()


def test_the_second_difference_is_taken_along_the_last_axis() -> None:
    found = second_difference(np.stack([np.arange(7.0) ** 2, np.arange(7.0)]), 2)
    np.testing.assert_array_equal(found[:, 2:5], [[8.0] * 3, [0.0] * 3])


def test_the_table_has_a_row_for_each_point_and_says_what_is_not_known(tmp_path: Path) -> None:
    courses = along(FIELD, [STRAIGHT, path(np.array([[0, 0, 0.1], [0, 0, 9.1]]), "ventral")])
    lines = write(courses, FIELD.contacts, str(tmp_path / "along.tsv")).read_text("utf-8").splitlines()
    header, first, *_, last = (line.split("\t") for line in lines)
    assert len(lines) == 1 + sum(len(course.arc_mm) for course in courses)
    assert header[:7] == ["path", "arc_mm", "x_mm", "y_mm", "z_mm", "tissue", "potential_C1_ohm"]
    row = dict(zip(header, first, strict=True))
    assert (row["path"], row["tissue"], row["second_difference_C1_ohm"]) == (
        "L4_L_dorsal",
        "soft_tissue",
        "n/a",
    )
    assert float(row["field_along_C1_v_per_m"]) == pytest.approx(5.0)
    assert last[5:] == ["n/a"] * 7


def test_a_spacing_that_is_none_is_refused() -> None:
    with pytest.raises(FieldError, match="wanted a positive number"):
        along(FIELD, [STRAIGHT], spacing_mm=0.0)
