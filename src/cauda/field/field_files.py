"""A field on disk: one HDF5 file that holds its mesh as well.

=========================== ============ =======================================================
dataset                     shape        what it is
=========================== ============ =======================================================
``transfer_ohm``            (c, n)       potential of each node, mV for 1 mA at each contact
``voltage_ohm``             (c, c)       row i: potential of each contact for 1 mA at contact i
``contact_ohm``             (c,)         impedance of each contact against the return
``admittance_s``            (e, e)       currents out of the electrodes for potentials of 1 V
``longitudinal_s_per_m``    (m,)         conductivity of each tetrahedron along its direction
``transverse_s_per_m``      (m,)         and across
``mesh/points_mm``          (n, 3)       nodes, RAS mm
``mesh/tetrahedra``         (m, 4)       nodes of each tetrahedron, from 0 on
``mesh/label``              (m,)         region of each tetrahedron, from 0 on
``mesh/direction``          (m, 3)       unit vector along the fibers, 0 for none
``mesh/faces``              (k, 3)       nodes of marked faces
``mesh/face_mark``          (k,)         mark of each of them, from 0 on
=========================== ============ =======================================================

``about`` and ``mesh/about`` are texts, in JSON: contacts, electrodes, returns, conductivities, settings,
measures and sources of the field; labels (name, tissue and root), marks, settings, measures and sources of
the mesh. The file has the attributes ``format`` and ``version`` (of cauda).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

import cauda
from cauda.annotation.tracing import RootName
from cauda.errors import CaudaError, FieldError
from cauda.field.field_type import Field
from cauda.files import Source, atomic
from cauda.volume.mesh import Label, VolumeMesh

FORMAT = "cauda field 1"
ENDING = "_field.h5"

_FIELD = ("transfer_ohm", "voltage_ohm", "admittance_s", "longitudinal_s_per_m", "transverse_s_per_m")
_MESH = ("points_mm", "tetrahedra", "label", "direction", "faces", "face_mark")
# Values that differ everywhere do not become smaller.
_AS_THEY_ARE = ("transfer_ohm", "points_mm")
_MANY = 1000


def field_path(folder: str | Path, lead: str, conductivities: str) -> Path:
    """Return where the field of a model with a lead lies.

    Parameters
    ----------
    folder : str or Path
        ``OUT/sub-XX``.
    lead, conductivities : str
        Names of the lead and of the set.

    Examples
    --------
    >>> field_path(Path("models/sub-03"), "octrode-like", "duke_lempka").name
    'sub-03_lead-octrode-like_cond-duke_lempka_field.h5'
    """
    folder = Path(folder)
    return folder / f"{folder.resolve().name}_lead-{lead}_cond-{conductivities}{ENDING}"


def write(field: Field, path: str | Path) -> Path:
    """Write a field whole or not at all, and return its path; the same field gives the same bytes.

    Parameters
    ----------
    field : Field
    path : str or Path
        Such as ``OUT/sub-03/sub-03_lead-octrode-like_cond-duke_lempka_field.h5``, see `field_path`.

    Raises
    ------
    FieldError
        If the path does not end in ``.h5``.
    """
    path = Path(path)
    if path.suffix != ".h5":
        raise FieldError(f"{path.name}: wanted a name that ends in .h5")
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"], file.attrs["version"] = FORMAT, cauda.__version__
        names = ("contacts", "electrodes", "returns", "conductivities", "settings", "measures", "sources")
        _put_text(file, {name: getattr(field, name) for name in names})
        for name in _FIELD:
            _put(file, name, getattr(field, name))
        _put(file, "contact_ohm", field.contact_ohm)
        _write_mesh(file.create_group("mesh"), field.mesh)
    return path


def read(path: str | Path) -> Field:
    """Return the field that `write` wrote.

    Raises
    ------
    FieldError
        If there is no such file, or it holds no field.
    """
    path = Path(path)
    if not path.is_file():
        raise FieldError(f"{path.name}: no such file, wanted a field that cauda solve wrote")
    try:
        with h5py.File(path, "r") as file:
            found = file.attrs.get("format")
            if found != FORMAT:
                raise ValueError(f"its format is {found!r}, wanted {FORMAT!r}")
            return _read(file)
    except (CaudaError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise FieldError(f"{path.name}: no field of cauda's ({error}); solve again") from error


def _write_mesh(group: h5py.Group, mesh: VolumeMesh) -> None:
    labels = [
        {"name": one.name, "tissue": one.tissue, "root": None if one.root is None else str(one.root)}
        for one in mesh.labels
    ]
    names = ("marks", "settings", "measures", "sources")
    _put_text(group, {"labels": labels, **{name: getattr(mesh, name) for name in names}})
    for name in _MESH:
        _put(group, name, getattr(mesh, name))


def _put(group: h5py.Group, name: str, array: NDArray[Any]) -> None:
    values = array.astype(np.int32) if array.dtype.kind == "i" else array
    packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    options = {} if name in _AS_THEY_ARE or array.size < _MANY else packed
    group.create_dataset(name, data=values, track_times=False, **options)


def _put_text(group: h5py.Group, about: Mapping[str, Any]) -> None:
    plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in about.items()}
    plain["sources"] = [asdict(one) for one in about["sources"]]
    text = json.dumps(plain, allow_nan=False, ensure_ascii=False)
    group.create_dataset("about", data=text, dtype=h5py.string_dtype(), track_times=False)


def _read(file: h5py.File) -> Field:
    group = file["mesh"]
    of_mesh, of_field = (json.loads(one["about"].asstr()[()]) for one in (group, file))
    mesh = VolumeMesh(
        **{name: group[name][()] for name in _MESH},
        labels=tuple(
            Label(one["name"], one["tissue"], None if one["root"] is None else RootName.parse(one["root"]))
            for one in of_mesh["labels"]
        ),
        marks=tuple(of_mesh["marks"]),
        settings=MappingProxyType(of_mesh["settings"]),
        measures=MappingProxyType(of_mesh["measures"]),
        sources=tuple(Source(**one) for one in of_mesh["sources"]),
    )
    return Field(
        **{name: file[name][()] for name in _FIELD},
        mesh=mesh,
        contacts=tuple(of_field["contacts"]),
        returns=tuple(of_field["returns"]),
        conductivities=MappingProxyType(of_field["conductivities"]),
        settings=MappingProxyType(of_field["settings"]),
        measures=MappingProxyType(of_field["measures"]),
        sources=tuple(Source(**one) for one in of_field["sources"]),
    )
