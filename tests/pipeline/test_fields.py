from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.field.conductivity import conductivities, parse_changes
from cauda.field.solving import Settings, solve
from cauda.lead import Lead
from cauda.pipeline.fields import Fields
from cauda.pipeline.lead_shift import height_mm, shifted
from cauda.volume import Extent


def test_a_field_is_solved_once_and_then_found_again_bit_by_bit(
    tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"), folder=tmp_path)
    told: list[float] = []
    first = fields.of(model, placed, progress=lambda _, fraction: told.append(fraction))
    again = fields.of(model, placed)
    assert meshes == [placed]
    np.testing.assert_array_equal(again.transfer_ohm, first.transfer_ohm)
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 1


def test_whatever_is_other_is_solved_anew(
    tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"), folder=tmp_path)
    moved = shifted(placed, height_mm(placed, model), model, along_mm=-2.0)
    wider = replace(model, surfaces={name: one for name, one in model.surfaces.items() if name != "canal"})
    fields.of(model, placed)
    fields.of(model, moved)
    fields.of(wider, placed)
    for other in (
        replace(fields, conductivities=conductivities("capogrosso2013", parse_changes(["csf=1.5"]))),
        replace(fields, settings=Settings(impedance_ohm_mm2=50.0)),
        replace(fields, size="normal"),
        replace(fields, extent=Extent(10.0, 0.0)),
    ):
        other.of(model, placed)
    assert len(meshes) == len(list(tmp_path.iterdir())) == 7
    fields.of(model, moved)
    assert len(meshes) == 7


def test_a_damaged_field_is_made_again(
    tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"), folder=tmp_path)
    first = fields.of(model, placed)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    np.testing.assert_array_equal(fields.of(model, placed).transfer_ohm, first.transfer_ohm)
    assert len(meshes) == 2


def test_nothing_is_kept_where_there_is_no_folder(
    model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"))
    fields.of(model, placed)
    fields.of(model, placed)
    assert len(meshes) == 2


@pytest.mark.parametrize("returns", [("case",), ("C2",)])
def test_fields_like_one_have_its_conductivities_returns_impedances_and_extent(
    returns: tuple[str, ...], model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    tissues = conductivities("duke_lempka", parse_changes(["csf=1.6"]))
    asked = Fields(tissues, Settings(returns, 20.0), extent=Extent(30.0, 5.0))
    mesh = replace(asked.of(model, placed).mesh, settings={"soft_tissue_mm": 30.0, "beyond_mm": 5.0})
    field = solve(mesh, tissues, asked.settings)
    like = Fields.like(field)
    assert like.extent == asked.extent
    assert like.conductivities.document == tissues.document
    again = like.of(model, placed)
    assert meshes == [placed, placed]
    assert again.returns == returns
    np.testing.assert_allclose(again.transfer_ohm, field.transfer_ohm, rtol=1e-9)
