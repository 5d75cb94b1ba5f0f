from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.pipeline.test_place_search import MIDDLE_MM, QUICK
from tests.recruitment.sampled import Sampled, sampled

from cauda import anatomy
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.errors import BuildError, LeadError
from cauda.fiber import Pulse, straight
from cauda.field.conductivity import conductivities, parse_changes
from cauda.lead import Lead
from cauda.pipeline.cases import Case
from cauda.pipeline.fields import Fields
from cauda.pipeline.uncertainty import Found, Question, recruit_cases, recruit_sets
from cauda.recruitment import influences, montages_of, recruit, weights

CASES = (
    Case("fiber_sample", "seed +1", seed=1),
    Case("conductivities", "rado_scs_3", conductivities="rado_scs_3"),
    Case("csf_thickness", "+10 %", {"csf_thickness": 1.1}),
    Case("lead_lateral", "+1 mm", lateral_mm=1.0),
    Case("lead_along", "+80 mm", along_mm=80.0),
)
HOME_MM = 1.4
PULSE, MONTAGES = Pulse(200), ("C2:-1,case:+1", "C2:-1,C3:+1")


def sample(model: SpineModel, per_root: int, seed: int) -> list[Sampled]:
    """Return fibers of two roots, farther from the lead where there is more CSF."""
    away_mm = HOME_MM * model.settings.get("csf_thickness", 1.0)
    random, found = np.random.default_rng(seed), []
    for name, x_mm in (("L4_L", -0.7), ("L4_R", 0.7)):
        for _ in range(per_root):
            at_mm = MIDDLE_MM + np.array([x_mm + random.uniform(-0.1, 0.1), away_mm, 0.0])
            found.append(sampled(straight(4.0, 21, center_mm=at_mm), name))
    return found


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, model: SpineModel) -> list[float]:
    """Put the same spine in the place of each that is built; return with how much CSF they were."""
    made: list[float] = []

    def build(_tracing: Tracing, settings: anatomy.Settings) -> SpineModel:
        made.append(settings.csf_thickness)
        if settings.entry == "caudal":
            raise BuildError("no room for L4_R")
        return replace(model, settings={"csf_thickness": settings.csf_thickness})

    monkeypatch.setattr("cauda.anatomy.build", build)
    monkeypatch.setattr("cauda.pipeline.uncertainty.sample", sample)
    return made


def question(model: SpineModel, placed: Lead, **more: Any) -> Question:
    tissues = conductivities("capogrosso2013", parse_changes(["csf=0.85"]))
    asked: dict[str, Any] = {
        "model": model,
        "tracing": Tracing("01", (), (), {}, {}),
        "lead": placed,
        "fields": Fields(replace(tissues, name="thin")),
        "pulse": PULSE,
        "montages": montages_of(MONTAGES, ["C1", "C2", "C3", "C4", "case"]),
        "per_root": 4,
        "seed": 0,
        "settings": QUICK,
    }
    return Question(**{**asked, **more})


@pytest.fixture
def found(tmp_path: Path, model: SpineModel, placed: Lead, meshes: list[Lead], built: list[float]) -> Found:
    result = recruit_cases(question(model, placed), CASES, tmp_path)
    # One mesh for what is asked, other fibers and other conductivities; one each for model and lead.
    assert len(meshes) == 3
    assert built == [1.1]
    return result


def test_each_case_does_what_its_input_must_do(found: Found) -> None:
    base = found.base.threshold_ma
    changed = {one.input: one.recruitment.threshold_ma for one in found.changed}
    assert list(changed) == ["fiber_sample", "conductivities", "csf_thickness", "lead_lateral"]
    assert (np.abs(changed["fiber_sample"] / base - 1) < 0.5).all()
    assert (changed["fiber_sample"] != base).any()
    # Twice the conductivity of all but a thin root beside the lead.
    np.testing.assert_allclose(changed["conductivities"], 2 * base, rtol=0.05)
    assert (changed["csf_thickness"] > base).all()
    left = np.array([root.side == "L" for root in found.base.roots if root])
    assert (changed["lead_lateral"][:, left] > base[:, left]).all()
    assert (changed["lead_lateral"][0, ~left] < base[0, ~left]).all()


def test_a_case_that_is_not_possible_is_told_and_left_out(found: Found) -> None:
    assert list(found.refused) == ["lead_along +80 mm"]
    assert "the sac of sub-" in found.refused["lead_along +80 mm"]


def test_what_matters_most_comes_first(found: Found) -> None:
    ranked = weights(influences(found.base, found.changed))
    assert ranked[0].input == "conductivities"
    assert ranked[0].change == pytest.approx(1.0, abs=0.05)
    assert [one.change for one in ranked] == sorted((one.change for one in ranked), reverse=True)


def test_what_was_done_is_read_and_not_done_again(
    tmp_path: Path,
    model: SpineModel,
    placed: Lead,
    meshes: list[Lead],
    built: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    asked = question(model, placed)
    with monkeypatch.context() as patch:
        patch.setattr("cauda.anatomy.build", interrupted)
        with pytest.raises(KeyboardInterrupt):
            recruit_cases(asked, CASES, tmp_path)
    there = sorted(path.name for path in tmp_path.glob("*.tsv"))
    assert there == [
        "base_recruitment.tsv",
        "conductivities_rado_scs_3_recruitment.tsv",
        "fiber_sample_seed_+1_recruitment.tsv",
    ]
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    meshes.clear()
    told: list[float] = []
    found = recruit_cases(asked, CASES, tmp_path, progress=lambda _, done: told.append(done))
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert len(meshes) == 2
    assert built == [1.1]
    assert told == sorted(told)
    again = recruit_cases(asked, CASES, tmp_path)
    assert len(meshes) == 2
    for one, other in zip(found.changed, again.changed, strict=True):
        np.testing.assert_allclose(one.recruitment.threshold_ma, other.recruitment.threshold_ma, rtol=1e-6)
    # Another question is another one.
    recruit_cases(asked, CASES[:1], tmp_path, asked={"per_root": 5})
    assert len(meshes) == 3


def test_what_is_not_possible_as_asked_for_is_an_error(
    tmp_path: Path, model: SpineModel, placed: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> object:
        raise LeadError("no mesh of this lead")

    monkeypatch.setattr("cauda.volume.mesh", refused)
    with pytest.raises(LeadError, match="no mesh of this lead"):
        recruit_cases(question(model, placed), CASES, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_other_sets_are_solved_in_the_mesh_that_is_there(
    model: SpineModel, placed: Lead, meshes: list[Lead]
) -> None:
    asked = question(model, placed)
    field = asked.fields.of(model, placed)
    found = recruit_sets(field, sample(model, 2, 0), asked.pulse, asked.montages)
    assert len(meshes) == 1
    assert len(found) == 5
    assert {one.input for one in found} == {"conductivities"}
    first = found[0].recruitment.threshold_ma
    # The block is of CSF, of which all sets have the same conductivity, but for a thin root.
    for one in found[1:]:
        np.testing.assert_allclose(one.recruitment.threshold_ma, first, rtol=0.05)
    np.testing.assert_allclose(
        first, 2 * recruit(field, sample(model, 2, 0), PULSE, MONTAGES).threshold_ma, rtol=0.05
    )
