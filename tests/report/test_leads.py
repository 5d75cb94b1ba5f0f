"""Leads on the page: where they lie, what their contacts are called, where their sizes come from."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cauda import annotation, lead
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.lead import Indentation, Lead
from cauda.report import leads, report


@pytest.fixture(scope="module")
def paddle(full: SpineModel) -> Lead:
    return lead.place(lead.catalog("specify-5-6-5-like"), full, top="85mm")


@pytest.fixture(scope="module")
def thin(full: SpineModel) -> Lead:
    return lead.place(lead.catalog("percutaneous-8-khadka"), full, top="85mm")


@pytest.fixture(scope="module")
def told(full: SpineModel, paddle: Lead, tracing: Tracing) -> list[str]:
    return [str(block) for block in leads.blocks(full, paddle, tracing)]


def test_it_is_said_in_words_that_sizes_were_recalled_and_where_the_lead_begins(told: list[str]) -> None:
    assert "Status <b>recalled</b>: sizes recalled, not read" in told[0]
    assert "begins at <code>85mm</code>" in told[0]
    assert "16 contacts" in told[0]


def test_a_lead_whose_sizes_were_read_is_not_called_recalled(thin: Lead) -> None:
    words = leads.words(thin)
    assert "seen-secondhand" in words
    assert "recalled" not in words


def test_every_contact_is_named_where_it_lies(told: list[str], paddle: Lead) -> None:
    marks = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="contact"[^>]*>(\w+)<', told[1])
    assert [name for *_, name in marks] == [contact.name for contact in paddle.contacts]
    spots = np.array([[float(x), float(y)] for x, y, _ in marks])
    wanted = np.array([contact.center_mm[[0, 2]] for contact in paddle.contacts])
    scale = np.linalg.norm(spots[1] - spots[0]) / np.linalg.norm(wanted[1] - wanted[0])
    # From the back the subject's right is at the right, and cranial is up.
    assert np.allclose(spots - spots[0], (wanted - wanted[0]) * [scale, -scale], atol=0.02)


def test_contacts_of_a_thin_lead_are_named_beside_it(full: SpineModel, thin: Lead) -> None:
    view = str(leads.blocks(full, thin, None)[1])
    names = re.findall(r'class="tag" text-anchor="start">(C\d)<', view)
    assert names == [f"C{index}" for index in range(1, 9)]


def test_sections_across_the_first_the_middle_and_the_last_contact_show_body_and_metal(
    told: list[str], paddle: Lead
) -> None:
    titles = re.findall(r'class="title">Across ([^<]+)<', told[2])
    heights = {contact.name: contact.center_mm[2] for contact in paddle.contacts}
    assert titles[0] == max(heights, key=lambda name: heights[name])
    assert titles[-1] == min(heights, key=lambda name: heights[name])
    assert len(titles) == 3
    bodies = re.findall(r'<path d="M([^"]+)Z" class="lead">', told[2])
    sizes = [np.ptp(np.array(re.findall(r"-?[\d.]+", data), float).reshape(-1, 2), axis=0) for data in bodies]
    body = paddle.type.body
    for width, height in sizes:
        assert width / height == pytest.approx(body.width_mm / body.thickness_mm, rel=0.01)
    metal = re.findall(r'class="metal"><title>(\w+)<', told[2])
    assert metal == [name for title in titles for name in title.split(", ")]


def test_the_table_holds_centers_and_levels(told: list[str], paddle: Lead) -> None:
    rows = re.findall(r'<tr><th scope="row">(C\d+)</th>(.*?)</tr>', told[3])
    assert [name for name, _ in rows] == [contact.name for contact in paddle.contacts]
    for (_, cells), contact in zip(rows, paddle.contacts, strict=True):
        values = re.findall(r"<td[^>]*>([^<]*)</td>", cells)
        found = [float(value.replace("\u2212", "-")) for value in values[:3]]
        assert np.allclose(found, contact.center_mm, atol=0.051)
        z_mm = contact.center_mm[2]
        assert values[3] == ("L4" if 80 <= z_mm < 87 else "–")
        assert values[4] == ("L1" if z_mm >= 64 else "L2")
        assert float(values[6]) == pytest.approx(contact.dura_mm, abs=0.006)


def test_a_pushed_dura_is_told_by_how_much(paddle: Lead) -> None:
    dent = Indentation(0.42, np.array([6.0, -58.0, 70.0]), 1.25)
    words = leads.words(replace(paddle, indentation=dent))
    assert "pushes the dura in by up to 0.42\u202fmm" in words
    assert "leaves 1.25\u202fmm" in words


@pytest.fixture(scope="module")
def folder(full: SpineModel, tracing: Tracing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = model_files.write(full, tmp_path_factory.mktemp("models"))
    annotation.write(tracing, out / "sub-07_tracing.mrk.json")
    return out


def test_the_page_shows_the_leads_beside_the_model(folder: Path, full: SpineModel, paddle: Lead) -> None:
    lead.write(paddle, folder, full)
    (folder / "sub-07_lead-specify-5-6-5-like_mesh.json").write_text("{}", encoding="utf-8")
    text = report(folder).read_text(encoding="utf-8")
    assert 'id="leads"' in text
    assert 'id="figure-lead-specify-5-6-5-like"' in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([\w-]+)\)", text)) <= set(ids)
