from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from cauda.annotation.tracing import RootName
from cauda.errors import FieldError
from cauda.field import field_files
from cauda.field.field_files import field_path, read, write
from cauda.field.field_type import Field
from cauda.files import Source
from cauda.volume.mesh import Label


def test_a_field_is_read_as_it_was_written(lead_field: Field, tmp_path: Path) -> None:
    labels = (*lead_field.mesh.labels[:-1], Label("C3", "contact", RootName.parse("L4_L")))
    mesh = replace(lead_field.mesh, labels=labels, measures={"edges": [1, 2.5]})
    field = replace(
        lead_field, mesh=mesh, conductivities={"name": "été"}, sources=(Source("mesh.vtu", "ab" * 32),)
    )
    found = read(write(field, tmp_path / "sub" / "a_field.h5"))
    for one, other in ((found, field), (found.mesh, mesh)):
        for name in (each.name for each in fields(other) if each.name != "mesh"):
            value, wanted = getattr(one, name), getattr(other, name)
            if isinstance(wanted, np.ndarray):
                assert value.dtype == wanted.dtype, name
                assert value.tobytes() == wanted.tobytes(), name
            else:
                assert value == wanted, name


def test_the_same_field_gives_the_same_bytes_and_nothing_else_is_left(
    lead_field: Field, tmp_path: Path
) -> None:
    one, other = write(lead_field, tmp_path / "one.h5"), write(lead_field, tmp_path / "other.h5")
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.h5", "other.h5"]


def test_the_layout_is_as_documented(lead_field: Field, tmp_path: Path) -> None:
    documented = {
        line.split()[0].strip("`")
        for line in (field_files.__doc__ or "").splitlines()
        if line.startswith("``") and "(" in line and not line.startswith("``about")
    }
    with h5py.File(write(lead_field, tmp_path / "a.h5")) as file:
        found: list[str] = []
        file.visititems(lambda name, one: found.append(name) if isinstance(one, h5py.Dataset) else None)
        assert file.attrs["format"] == "cauda field 1"
        assert file["contact_ohm"][()].tolist() == lead_field.contact_ohm.tolist()
    assert set(found) == documented | {"about", "mesh/about"}


def test_files_that_are_no_fields_are_refused(lead_field: Field, tmp_path: Path) -> None:
    with pytest.raises(FieldError, match=r"a.h5: no such file, wanted a field that cauda solve wrote"):
        read(tmp_path / "a.h5")
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(FieldError, match=r"text.h5: no field of cauda's \(.*\); solve again"):
        read(tmp_path / "text.h5")
    whole = write(lead_field, tmp_path / "whole.h5").read_bytes()
    (tmp_path / "half.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FieldError, match=r"half.h5: no field of cauda's"):
        read(tmp_path / "half.h5")
    with h5py.File(tmp_path / "whole.h5", "r+") as file:
        del file["transfer_ohm"]
    with pytest.raises(FieldError, match=r"whole.h5: no field of cauda's"):
        read(tmp_path / "whole.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["points"] = np.zeros(3)
    with pytest.raises(FieldError, match=r"its format is None, wanted 'cauda field 1'"):
        read(tmp_path / "other.h5")
    with pytest.raises(FieldError, match=r"a.hdf: wanted a name that ends in .h5"):
        write(lead_field, tmp_path / "a.hdf")


def test_the_path_names_subject_lead_and_set(tmp_path: Path) -> None:
    found = field_path(tmp_path / "sub-03", "octrode-like", "rado_scs_3")
    assert found.name == "sub-03_lead-octrode-like_cond-rado_scs_3_field.h5"
