"""Fields on the page: which are shown, what they were computed with, impedances, roots."""

import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from tests.report.fields import CONTACT_OHM, linear

from cauda import lead
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.errors import FieldError
from cauda.field import field_files
from cauda.field.conductivity import conductivities, parse_changes
from cauda.field.field_type import Field
from cauda.files import Source, source
from cauda.lead import Indentation, Lead
from cauda.report import fields, report


@pytest.fixture(scope="module")
def thin(full: SpineModel) -> Lead:
    return lead.place(lead.catalog("pisces-quad-like"), full, top="85mm")


@pytest.fixture(scope="module")
def field(thin: Lead) -> Field:
    return linear(thin)


@pytest.fixture(scope="module")
def told(full: SpineModel, thin: Lead, field: Field) -> list[str]:
    return [str(block) for block in fields.blocks(full, thin, field)]


def cells(table: str, row: str) -> list[str]:
    found = re.search(rf'<tr[^>]*><th scope="row"[^>]*>{row}</th>(.*?)</tr>', table)
    assert found is not None
    return re.findall(r"<td[^>]*>(.*?)</td>", found[1])


def test_it_is_said_what_was_filled_and_that_the_mesh_is_coarse(told: list[str], field: Field) -> None:
    assert "with the conductivities <b>capogrosso2013</b>" in told[0]
    assert "The set lacks soft tissue: filled from the literature." in told[0]
    assert f"{len(field.mesh.tetrahedra):,} tetrahedra, size <b>coarse</b>" in told[0]
    assert "compute with a finer one" in told[0]
    assert "returns at the case" in told[0]


def test_changed_conductivities_are_told(thin: Lead, field: Field) -> None:
    changed = conductivities("capogrosso2013", parse_changes(["fat=0.1"]))
    words = fields.words(thin, replace(field, conductivities=MappingProxyType(changed.document)))
    assert "Changed: fat." in words


def test_the_table_of_conductivities_holds_the_tissues_of_the_mesh_alone(told: list[str]) -> None:
    assert cells(told[1], "CSF")[:3] == ["1.7", "1.7", "set"]
    assert cells(told[1], "soft tissue")[2] == "filled"
    assert "white matter" not in told[1]
    assert "insulation" not in told[1]


def test_impedances_and_admittances_stand_in_a_table(told: list[str]) -> None:
    assert f">{CONTACT_OHM:.0f}<" in told[2]
    assert cells(told[2], "C1") == ["500", "2,000", "0", "0", "0", "\u22122,000"]
    assert cells(told[2], "case") == ["–", *["\u22122,000"] * 4, "8,000"]


def test_roots_are_shown_for_the_contact_in_the_middle(full: SpineModel, thin: Lead, field: Field) -> None:
    assert fields.default_montage(thin, field) == {"C2": -1, "case": 1}
    paddle = lead.place(lead.catalog("specify-5-6-5-like"), full, top="85mm")
    # Columns C1 to C5, C6 to C11, C12 to C16.
    assert fields.default_montage(paddle, field) == {"C8": -1, "case": 1}


def test_the_middle_contact_is_none_that_the_current_returns_to(thin: Lead, field: Field) -> None:
    back = replace(field, returns=("C2", "C3"), admittance_s=np.zeros((4, 4)))
    assert fields.default_montage(thin, back) == {"C1": -1, "C2": 0.5, "C3": 0.5}


def test_the_extremes_of_a_linear_potential_lie_at_the_entry_and_its_second_difference_is_small(
    full: SpineModel, thin: Lead
) -> None:
    # The second contact's row is 1.1 times the first one's; -1 mA turns it round.
    upward = linear(thin, np.array([0.0, 0.0, 2.0]))
    table = str(fields.blocks(full, thin, upward)[-1])
    montage = fields.default_montage(thin, upward)
    assert montage is not None
    factor = 1 + (int(min(montage)[1:]) - 1) / 10
    way = next(way for way in full.roots if (str(way.root), way.part) == ("L4_L", "dorsal"))
    row = re.search(r"L4 left</th><td[^>]*>dorsal</td>(.*?)</tr>", table)
    assert row is not None
    values = [
        float(value.replace("\u2212", "-").replace(",", ""))
        for value in re.findall(r"<td[^>]*>([^<]*)</td>", row[1])
    ]
    assert values[0] == pytest.approx(-2 * factor * way.points_mm[:, 2].max(), rel=2e-3)
    assert values[1] == pytest.approx(0, abs=0.05)
    # z falls evenly along the root where it runs straight down; where it bends outward it falls less.
    assert abs(values[2]) < 0.6
    assert abs(values[4]) < 0.6


def test_dorsal_and_ventral_roots_have_a_figure_each(told: list[str]) -> None:
    for part in ("dorsal", "ventral"):
        (figure,) = [
            block for block in told if f'id="figure-field-pisces-quad-like-capogrosso2013-{part}"' in block
        ]
        assert len(re.findall(r'class="curve', figure)) >= 4
        assert "second difference" in figure


def test_a_model_without_roots_has_sections_alone(full: SpineModel, thin: Lead, field: Field) -> None:
    bare = replace(full, roots=())
    assert len(fields.blocks(bare, thin, field)) == 4


def test_an_indented_dura_is_drawn_as_it_is_pushed(full: SpineModel, thin: Lead, field: Field) -> None:
    dent = replace(thin, indentation=Indentation(0.0, thin.contacts[0].center_mm, 1.0))
    drawn = fields.blocks(full, dent, field)
    assert len(drawn) == 7
    # A field must not make the page heavy.
    assert sum(len(str(block)) for block in drawn) < 300_000


@pytest.fixture
def folder(full: SpineModel, thin: Lead, tmp_path: Path) -> Path:
    out = model_files.write(full, tmp_path)
    lead.write(thin, out, full)
    return out


def written(field: Field, folder: Path, lead_name: str, *, outdated: bool = False) -> Path:
    files = [source(folder / name) for name in ("sub-07_model.json", f"sub-07_lead-{lead_name}.json")]
    if outdated:
        files[1] = Source(files[1].file, "0" * 64)
    return field_files.write(
        replace(field, sources=tuple(files)), folder / f"sub-07_lead-{lead_name}_cond-capogrosso2013_field.h5"
    )


def test_the_page_shows_the_fields_beside_the_model(folder: Path, field: Field, thin: Lead) -> None:
    written(field, folder, thin.name)
    text = report(folder).read_text(encoding="utf-8")
    assert 'href="#fields"' in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([\w-]+)\)", text)) <= set(ids)


def test_fields_of_another_lead_or_of_one_that_was_placed_anew_are_left_out(
    folder: Path, field: Field, thin: Lead
) -> None:
    path = written(field, folder, thin.name)
    assert [found.name for found, _ in fields.found(folder, [thin])] == [thin.name]
    assert list(fields.found(folder, [])) == []
    path.unlink()
    written(field, folder, thin.name, outdated=True)
    assert list(fields.found(folder, [thin])) == []


def test_a_damaged_field_is_refused_by_name(folder: Path, thin: Lead) -> None:
    (folder / f"sub-07_lead-{thin.name}_cond-x_field.h5").write_bytes(b"nothing")
    with pytest.raises(FieldError, match=f"sub-07_lead-{thin.name}_cond-x_field.h5: no field of cauda's"):
        list(fields.found(folder, [thin]))
