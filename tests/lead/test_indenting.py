"""The dura gives way: by how much, how smoothly, and never into what it holds."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from cauda import lead
from cauda.anatomy.model import RootPath, SpineModel
from cauda.anatomy.soundness import combine, defects, self_intersections
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.errors import LeadError
from cauda.lead import Lead

Spine = Callable[..., SpineModel]
PADDLE, THIN = lead.catalog("specify-5-6-5-like"), lead.catalog("octrode-like")


@pytest.fixture(scope="module")
def narrow(spine: Spine) -> SpineModel:
    """Return a spine whose canal leaves the paddle too little room."""
    return spine(canal_mm=9.8, tilt_deg=4.0)


@pytest.fixture(scope="module")
def pushed(narrow: SpineModel) -> Lead:
    return lead.place(PADDLE, narrow, top="T12", fit="push")


def moved(before: SpineModel, after: SpineModel) -> Mapping[str, Floats]:
    return {
        name: np.linalg.norm(one.vertices_mm - before.surfaces[name].vertices_mm, axis=1)
        for name, one in after.surfaces.items()
    }


def test_the_dura_is_pushed_in_by_what_the_canal_takes(narrow: SpineModel, pushed: Lead) -> None:
    # Its outer edges, 5 mm beside the middle, come to lie 0.1 mm from the canal both ways; the dura 0.08 mm
    # below the face.
    face_mm = np.sqrt(9.8**2 - 5.1**2) - 2.1
    assert pushed.indentation is not None
    assert pushed.indentation.most_mm == pytest.approx(8.0 - (face_mm - 0.08), abs=0.05)
    middle = narrow.axes.local(pushed.contacts[7].center_mm[None])[0]
    assert middle[1] == pytest.approx(-face_mm, abs=0.03)
    at = narrow.axes.local(pushed.indentation.at_mm[None])[0]
    assert at[:2] == pytest.approx([0.0, -8.0], abs=0.6)
    assert pushed.contacts[7].dura_mm == pytest.approx(0.08, abs=0.02)


def test_the_room_that_is_left_is_told(pushed: Lead) -> None:
    assert pushed.indentation is not None
    # The cord has a radius of 4 mm, the inner surface of the dura one of 7.7 mm before.
    assert pushed.indentation.least_room_mm == pytest.approx(7.7 - pushed.indentation.most_mm - 4.0, abs=0.03)


def test_only_the_dura_moves_and_what_shares_its_vertices(narrow: SpineModel, pushed: Lead) -> None:
    after = lead.indented(narrow, pushed)
    distances = moved(narrow, after)
    assert {name for name, one in distances.items() if one.any()} == {
        "dura_inner",
        "dura_outer",
        "csf",
        "dura",
        "fat",
    }
    assert pushed.indentation is not None
    assert distances["dura_outer"].max() == pytest.approx(pushed.indentation.most_mm, abs=1e-5)
    low = narrow.axes.local(narrow.surfaces["dura_outer"].vertices_mm)
    assert (distances["dura_outer"][low[:, 1] > 1.0] == 0).all(), "the ventral wall stays"
    assert (distances["dura_outer"][(low[:, 2] > 20) | (low[:, 2] < -70)] == 0).all(), "so does all beyond"


def test_surfaces_still_share_their_vertices_and_nothing_is_cut(narrow: SpineModel, pushed: Lead) -> None:
    after = lead.indented(narrow, pushed)
    names = ("cord", "csf", "dura", "fat", "dura_inner", "dura_outer", "canal")
    before_all, after_all = (
        combine((model.surfaces[name].vertices_mm, model.surfaces[name].triangles) for name in names)
        for model in (narrow, after)
    )
    assert len(after_all.vertices_mm) == len(before_all.vertices_mm)
    assert len(after_all.triangles) == len(before_all.triangles)
    whole = combine([(after_all.vertices_mm, after_all.triangles), pushed.outer])
    assert not len(self_intersections(whole.vertices_mm, whole.triangles))
    for name in ("dura", "csf", "fat"):
        assert defects(after.surfaces[name].vertices_mm, after.surfaces[name].triangles) == ()


def test_the_dura_stays_as_thick_as_it_was(narrow: SpineModel, pushed: Lead) -> None:
    after = lead.indented(narrow, pushed)
    inner, outer = (narrow.axes.local(after.surfaces[f"dura_{k}"].vertices_mm) for k in ("inner", "outer"))
    # Both surfaces have the same angles and heights, vertex by vertex.
    thick = np.linalg.norm(outer - inner, axis=1)[:-2]
    assert thick.min() > 0.2
    assert np.percentile(thick, 99) < 0.4


def test_a_lead_that_has_room_pushes_nothing(spine: Spine) -> None:
    model = spine()
    placed = lead.place(PADDLE, model, top="T12", fit="push")
    assert placed.indentation is None
    assert lead.indented(model, placed) is model
    assert placed.vertices_mm.tobytes() == lead.place(PADDLE, model, top="T12").vertices_mm.tobytes()


def test_a_thin_lead_presses_a_trough(spine: Spine) -> None:
    model = spine(canal_mm=9.0)
    placed = lead.place(THIN, model, top="T12", fit="push")
    assert placed.indentation is not None
    # 1.4 mm and a film of 0.1 mm below the canal, one of 0.08 mm above the dura, in a gap of 1 mm.
    assert placed.indentation.most_mm == pytest.approx(0.58, abs=0.02)
    distances = moved(model, lead.indented(model, placed))
    beside = np.abs(model.axes.local(model.surfaces["dura_outer"].vertices_mm)[:, 0]) > 5.5
    assert (distances["dura_outer"][beside] == 0).all()


def test_a_rootlet_in_the_way_is_never_cut(narrow: SpineModel) -> None:
    points = narrow.axes.ras(np.array([[0.5, -7.0, z] for z in np.linspace(-5, -20, 20)]))
    rootlet = RootPath(
        RootName("L3", "R"),
        "dorsal_rootlet",
        points,
        np.full(20, 0.2),
        ("synthesized",) * 20,
        np.zeros(20),
        k=4,
    )
    with pytest.raises(LeadError) as refused:
        lead.place(PADDLE, replace(narrow, roots=(rootlet,)), top="T12", fit="push")
    face_mm = np.sqrt(9.8**2 - 5.1**2) - 2.1 - 0.08 - 0.3
    missing = 0.1 - (face_mm - (7.0 + 0.2))
    assert f"needs {missing:.1f}" in str(refused.value)
    assert "more than L3_R_dorsal_rootlet_4 leaves, behind vertebra T12" in str(refused.value)


def test_the_cord_is_never_cut(spine: Spine) -> None:
    model = spine(canal_mm=8.3)
    cord = model.surfaces["cord"]
    middle = cord.vertices_mm.mean(axis=0) * [1, 1, 0]
    wide = replace(cord, vertices_mm=middle + (cord.vertices_mm - middle) * [1.5, 1.5, 1.0])
    crowded = replace(model, surfaces=MappingProxyType({**model.surfaces, "cord": wide}))
    with pytest.raises(LeadError, match="more than cord leaves"):
        lead.place(PADDLE, crowded, top="T12", fit="push")
