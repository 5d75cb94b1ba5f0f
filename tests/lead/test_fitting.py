"""How near a lead comes to walls, and what is said where it is too near."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from cauda import lead
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import RootName
from cauda.errors import LeadError
from cauda.lead import fitting

Spine = Callable[..., SpineModel]
PADDLE = lead.catalog("specify-5-6-5-like")


def with_ganglion(model: SpineModel, center_mm: list[float], radius_mm: float) -> SpineModel:
    """Return the model with a ball, made of its cord, at a place in its axes."""
    cord = model.surfaces["cord"]
    own = model.axes.local(cord.vertices_mm)
    own = (own - own.mean(axis=0)) * [radius_mm / 4, radius_mm / 4, radius_mm / 80] + center_mm
    ganglion = replace(
        cord,
        name="L1_R_ganglion",
        tissue="ganglion",
        root=RootName("L1", "R"),
        part="ganglion",
        vertices_mm=model.axes.ras(own),
    )
    return replace(model, surfaces=MappingProxyType({**model.surfaces, ganglion.name: ganglion}))


def test_a_ganglion_beside_the_lead_is_measured_and_one_in_its_way_is_named(spine: Spine) -> None:
    beside = with_ganglion(spine(tilt_deg=5.0), [8.0, -9.0, -30.0], 1.0)
    placed = lead.place(PADDLE, beside, top="T12")
    found = {one.wall: one for one in fitting.clearances(placed, fitting.surroundings(beside))}
    assert list(found) == ["canal", "dura", "L1_R_ganglion"]
    assert found["L1_R_ganglion"].least_mm == pytest.approx(2.0, abs=0.05)
    inside = with_ganglion(spine(), [5.5, -9.0, -30.0], 1.0)
    with pytest.raises(
        LeadError, match=r"0\.5\d mm are missing to L1_R_ganglion, behind vertebra T12, .*midline"
    ):
        lead.place(PADDLE, inside, top="T12")


def test_the_least_distance_is_found_at_a_point_of_the_wall_too(spine: Spine) -> None:
    model = spine()
    placed = lead.place(PADDLE, model, top="T12")
    needle = with_ganglion(model, [0.4, -9.0, -30.13], 0.02)
    found = fitting.clearances(placed, fitting.surroundings(needle))[2]
    assert found.least_mm == pytest.approx(-0.92, abs=0.03)
    assert needle.axes.local(found.point_mm[None])[0] == pytest.approx([0.4, -9.0, -30.13], abs=0.05)


def test_words_for_a_place_name_the_vertebra_behind_which_it_lies(spine: Spine) -> None:
    model = spine(tilt_deg=5.0)
    point = model.axes.ras(np.array([[0.0, -9.0, -10.0]]))[0]
    assert fitting.where(model, point).startswith("behind vertebra T12, RAS (")
    above = model.axes.ras(np.array([[0.0, -9.0, 45.0]]))[0]
    assert fitting.where(model, above).startswith("RAS (")
