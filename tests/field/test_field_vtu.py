"""A field to look at: what another program's reader finds, against potentials of which the field is known."""

from pathlib import Path

import meshio
import numpy as np
import pytest
from tests.field.linear_field import SLOPE_MV_PER_MM, linear
from tests.volume.blocks import CONTACT, INNER, OUTER

from cauda.arrays import Floats
from cauda.errors import FieldError
from cauda.field.field_vtu import cell_field_v_per_m, write_field_vtu


def current_density(label: int) -> Floats:
    electric = -2 * SLOPE_MV_PER_MM
    if label != INNER:
        return 1.7 * electric
    along = np.array([0.0, 0.6, 0.8])
    axial: Floats = (along @ electric) * along
    return 0.083 * electric + (0.6 - 0.083) * axial


def test_the_field_of_a_linear_potential_is_its_slope_downwards() -> None:
    field = linear()
    found = cell_field_v_per_m(field.mesh, field.transfer_ohm[0])
    outside_contacts = field.mesh.label != CONTACT
    assert np.abs(found[outside_contacts] + SLOPE_MV_PER_MM).max() < 1e-10
    assert not found[~outside_contacts].any()


def test_a_montage_has_potential_field_and_the_current_density_of_each_tissue(tmp_path: Path) -> None:
    field, path = linear(), tmp_path / "field.vtu"
    write_field_vtu(field, path, "C1:2,case:-2")
    found = meshio.read(path)
    assert set(found.point_data) == {"potential_mv"}
    assert found.point_data["potential_mv"] == pytest.approx(2 * field.transfer_ohm[0], rel=1e-6)
    electric, density = (found.cell_data[name][0] for name in ("field_v_per_m", "current_density_a_per_m2"))
    for label in (OUTER, INNER):
        cells = field.mesh.label == label
        assert np.abs(electric[cells] + 2 * SLOPE_MV_PER_MM).max() < 1e-5
        assert np.abs(density[cells] - current_density(label)).max() < 1e-5
    assert (found.cell_data["label"][0] - 1).tolist() == field.mesh.label.tolist()
    assert (found.cell_data["mark"][1] - 1).tolist() == field.mesh.face_mark.tolist()


def test_without_a_montage_each_contact_has_its_potential_of_one_milliampere(tmp_path: Path) -> None:
    field, path = linear(), tmp_path / "field.vtu"
    write_field_vtu(field, path)
    found = meshio.read(path)
    assert set(found.point_data) == {"potential_C1_ohm"}
    assert found.point_data["potential_C1_ohm"] == pytest.approx(field.transfer_ohm[0], rel=1e-6)
    assert "field_v_per_m" not in found.cell_data


def test_a_montage_that_is_none_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="the currents sum to -1 mA"):
        write_field_vtu(linear(), tmp_path / "field.vtu", "C1:-1")
    assert list(tmp_path.iterdir()) == []
