from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.recruitment.sampled import Sampled, sampled
from tests.volume.rods import rod

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import RootName
from cauda.errors import LeadError, RecruitmentError
from cauda.fiber import Pulse, Settings, straight
from cauda.field.conductivity import conductivities
from cauda.lead import Lead
from cauda.pipeline.fields import Fields
from cauda.pipeline.place_search import Aim, score, search_places
from cauda.recruitment import Effort

LEFT, RIGHT = RootName("L4", "L"), RootName("L4", "R")
MIDDLE_MM = rod(["C1", "C2", "C3", "C4"]).points_mm.mean(axis=0)
QUICK = Settings(tolerance=0.01, block=0.0, warn=False)
LITTLE = Effort(starts=1, verified=1, rounds=1)


def sample(_model: object, per_root: int, seed: int) -> list[Sampled]:
    """Return fibers along the rod, those of the right root on its right."""
    random, found = np.random.default_rng(seed), []
    for name, x_mm in (("L4_L", -0.7), ("L4_R", 0.7)):
        for _ in range(per_root):
            at_mm = MIDDLE_MM + np.array([x_mm + random.uniform(-0.6, 0.6), 0.9, random.uniform(-0.2, 0.2)])
            found.append(sampled(straight(4.0, 21, center_mm=at_mm), name))
    return found


@pytest.fixture(autouse=True)
def sampled_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cauda.pipeline.place_search.sample", sample)


def aim(*roots: RootName, along_mm: tuple[float, ...] = (0.0, -2.0), **more: object) -> Aim:
    how = {"lateral_mm": (-1.0, 1.0), "per_root": 4, "settings": QUICK, "effort": LITTLE, **more}
    return Aim(roots, Pulse(200), along_mm, **how)  # type: ignore[arg-type]


def test_the_lead_lies_best_on_the_side_of_the_root_that_is_wanted(
    tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"), folder=tmp_path)
    for root, side in ((LEFT, -1.0), (RIGHT, 1.0)):
        found = search_places(model, placed, fields, aim(root))
        assert found.best[1] == side
        assert {one.place for one in found.trials} == set(found.leads)
        assert score(found.trials, found.best) == max(score(found.trials, place) for place in found.leads)
        best = found.best_of(root)
        assert {one.kind for one in best} >= {"contact", "pair"}
        assert all(one.place == found.best for one in best)
        assert max(one.selectivity for one in best) > 0.5
        assert all(-1 <= one.fresh <= 1 for one in best)
    # Both searches looked at the same places but for one: nothing is meshed twice.
    assert len(meshes) == len(list(tmp_path.iterdir())) <= 6


def test_several_roots_share_a_place_by_their_mean_and_each_has_its_own(
    tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"), folder=tmp_path)
    found = search_places(model, placed, fields, aim(LEFT, RIGHT, along_mm=(0.0,)))
    assert len(meshes) == 3
    for place in found.leads:
        best = [
            max(one.selectivity for one in found.trials if (one.root, one.place) == (root, place))
            for root in (LEFT, RIGHT)
            if place != found.best_of(root)[0].place
        ]
        if len(best) == 2:
            assert score(found.trials, place) == pytest.approx(np.mean(best))
    assert found.best_of(LEFT)[0].lateral_mm == -1
    assert found.best_of(RIGHT)[0].lateral_mm == 1


def test_places_where_the_lead_does_not_fit_are_told_and_left_out(
    tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"), folder=tmp_path)
    found = search_places(model, placed, fields, aim(RIGHT, along_mm=(80.0, 0.0), lateral_mm=()))
    assert list(found.refused) == [(80.0, 0.0)]
    assert "the sac of sub-" in found.refused[80.0, 0.0]
    assert list(found.leads) == [(0.0, 0.0)]
    assert found.leads[0.0, 0.0] is placed
    assert meshes == [placed]
    with pytest.raises(LeadError, match="fits in none of these places"):
        search_places(model, placed, fields, aim(RIGHT, along_mm=(80.0,)))


def test_a_search_of_the_same_is_the_same(
    tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    fields = Fields(conductivities("capogrosso2013"), folder=tmp_path)
    once = aim(RIGHT, along_mm=(0.0,), lateral_mm=())
    told: list[float] = []
    first = search_places(model, placed, fields, once, progress=lambda _, done: told.append(done))
    again = search_places(model, placed, replace(fields, folder=tmp_path), once)
    # Not a number is not equal to itself.
    assert repr(first.trials) == repr(again.trials)
    assert told == sorted(told)
    assert len(meshes) == 1


def test_what_cannot_be_searched_is_refused(model: SpineModel, placed: Lead, meshes: list[Lead]) -> None:
    fields = Fields(conductivities("capogrosso2013"))
    with pytest.raises(RecruitmentError, match="root: found 'S1_L', wanted one of L4_L, L4_R"):
        search_places(model, placed, fields, aim(RootName("S1", "L")))
    with pytest.raises(RecruitmentError, match="wanted one or more roots"):
        aim()
    with pytest.raises(RecruitmentError, match="a root is there twice"):
        aim(LEFT, LEFT)
    with pytest.raises(RecruitmentError, match="lateral: wanted shifts in mm, each once"):
        aim(LEFT, lateral_mm=(1.0, 1.0))
    assert meshes == []
