import numpy as np
import pytest
from tests.lead.conftest import make

from cauda import lead
from cauda.errors import LeadError, LevelError
from cauda.pipeline.lead_shift import height_mm, shifted


@pytest.mark.parametrize("tilt_deg", [0.0, 6.0])
def test_a_lead_at_the_height_of_its_level_lies_where_it_lay(tilt_deg: float) -> None:
    model = make(tilt_deg=tilt_deg)
    placed = lead.place(lead.catalog("octrode-like"), model, top="vertebra:T12", lateral_mm=1.0)
    again = shifted(placed, height_mm(placed, model), model)
    np.testing.assert_allclose(again.vertices_mm, placed.vertices_mm, atol=0.01)
    assert again.placement.top.kind == "height"


def test_it_is_shifted_along_and_sideways_by_what_was_asked_for() -> None:
    model = make()
    placed = lead.place(lead.catalog("octrode-like"), model, top="vertebra:T12")
    moved = shifted(placed, height_mm(placed, model), model, along_mm=-4.0, lateral_mm=2.0)
    apart = [
        after.center_mm - before.center_mm
        for before, after in zip(placed.contacts, moved.contacts, strict=True)
    ]
    np.testing.assert_allclose(np.array(apart)[:, 2], -4.0, atol=0.02)
    # Along the outline of a dura of 8 mm radius.
    assert apart[0][0] == pytest.approx(8.65 * np.sin(2.0 / 8.0), abs=0.15)


def test_a_height_stays_as_it_was_given() -> None:
    model = make()
    placed = lead.place(lead.catalog("octrode-like"), model, top="-405.5mm")
    assert height_mm(placed, model) == -405.5


def test_a_lead_that_does_not_fit_there_is_refused() -> None:
    model = make()
    placed = lead.place(lead.catalog("octrode-like"), model, top="vertebra:T12")
    with pytest.raises(LevelError, match="the sac of sub-"):
        shifted(placed, height_mm(placed, model), model, along_mm=80.0)
    with pytest.raises(LeadError, match="octrode-like"):
        shifted(placed, height_mm(placed, model), make(canal_mm=8.5))
