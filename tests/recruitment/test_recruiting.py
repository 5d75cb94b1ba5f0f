from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.recruitment.sampled import Sampled, sampled

from cauda.arrays import Floats
from cauda.errors import CaudaError, FieldError, RecruitmentError
from cauda.fiber import Pulse, Settings, Waveform, point_source_mv_per_ma, straight, thresholds
from cauda.field.field_type import Field
from cauda.recruitment import Options, recruit, recruit_in, recruiting
from cauda.recruitment.potential import potentials
from cauda.recruitment.recruiting import pulse_document, verifier

PULSE = Pulse(200)
QUICK = Options(Settings(block=0))


def test_each_contact_is_a_cathode_and_the_thresholds_are_those_of_its_potential(field: Field) -> None:
    fibers = _fibers()
    found = recruit(field, fibers, PULSE)
    assert [one.short for one in found.montages] == ["C1", "C2", "C3"]
    own = [one.fiber for one in fibers]
    along_them = potentials(field, own)
    wanted = thresholds(own, [one[1] for one in along_them], PULSE)
    np.testing.assert_array_equal(found.threshold_ma[1], wanted.amplitude_ma)
    np.testing.assert_array_equal(found.latency_ms[1], wanted.latency_ms)
    np.testing.assert_array_equal(found.block_ma[1], wanted.block_ma)
    at = [one.nodes_mm[node] for one, node in zip(fibers, wanted.node, strict=True)]
    np.testing.assert_allclose(found.initiation_mm[1], at)


def test_mirrored_fibers_have_the_same_thresholds_and_nearer_ones_lower(field: Field) -> None:
    left, right, far = recruit(field, _fibers(), PULSE, "C2:-1,case:+1").threshold_ma[0]
    assert left == pytest.approx(right, rel=1e-3)
    assert far > 1.5 * right


def test_a_montage_is_the_sum_of_its_contacts(field: Field) -> None:
    fibers = _fibers()
    found = recruit(field, fibers, PULSE, ["C1:-2,C3:+2", "C2:-0.5,C1:0.25,C3:0.25"], options=QUICK)
    own = [one.fiber for one in fibers]
    summed = [one[0] - one[2] for one in potentials(field, own)]
    wanted = thresholds(own, summed, PULSE, settings=QUICK.settings)
    np.testing.assert_allclose(found.threshold_ma[0], wanted.amplitude_ma, rtol=1e-5)
    assert [str(one) for one in found.montages] == ["C1:-1,C3:+1", "C1:+0.5,C2:-1,C3:+0.5"]


def test_a_fiber_between_the_contacts_of_a_pair_is_not_driven() -> None:
    sources = [point_source_mv_per_ma([x, 0.0, 0.0], sigma_s_per_m=0.3) for x in (-2.0, 2.0)]
    between = sampled(straight(6.0, 31), "L4_L")
    found = recruit_in(_stacked(sources), ["C1", "C2"], [between], PULSE, "C1:-1,C2:+1", options=QUICK)
    assert found.threshold_ma.tolist() == [[np.inf]]


def test_a_pulse_that_is_anodic_first_turns_the_currents_around(field: Field) -> None:
    fibers = _fibers()
    anodic = recruit(field, fibers, Pulse(200, "monophasic", polarity=1), "C2:-1,case:+1", options=QUICK)
    turned = recruit(field, fibers, Pulse(200, "monophasic"), "C2:+1,case:-1", options=QUICK)
    cathodic = recruit(field, fibers, Pulse(200, "monophasic"), "C2:-1,case:+1", options=QUICK)
    np.testing.assert_allclose(anodic.threshold_ma, turned.threshold_ma, rtol=2e-3)
    assert (cathodic.threshold_ma < anodic.threshold_ma).all()


def test_progress_rises_to_the_end(field: Field) -> None:
    told: list[float] = []
    recruit(field, _fibers(), PULSE, options=QUICK, progress=lambda _, done: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) == 3


def test_what_was_kept_is_not_computed_again_but_for_other_montages_or_fibers(
    field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Options(QUICK.settings, tmp_path)
    first = recruit(field, _fibers(), PULSE, "C1:-1,case:+1", options=keep)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(recruiting, "thresholds", _refused)
    again = recruit(field, _fibers(), PULSE, "C1:-1,case:+1", options=keep)
    np.testing.assert_array_equal(first.threshold_ma, again.threshold_ma)
    assert first.measures == again.measures
    for fibers, pulse, montage in (
        (_fibers()[:2], PULSE, "C1:-1,case:+1"),
        (_fibers(), Pulse(210), "C1:-1,case:+1"),
        (_fibers(), PULSE, "C2:-1,case:+1"),
    ):
        with pytest.raises(AssertionError, match="computed"):
            recruit(field, fibers, pulse, montage, options=keep)
    next(tmp_path.iterdir()).write_bytes(b"half")
    with pytest.raises(RecruitmentError, match="remove it and start again"):
        recruit(field, _fibers(), PULSE, "C1:-1,case:+1", options=keep)


def test_it_is_told_how_many_fibers_fire_from_an_end_or_not_at_all(field: Field) -> None:
    short = sampled(straight(6.0, 7, center_mm=(1.0, -1.0, 0.0)), "L4_R")
    how = Options(Settings(block=0, limit_ma=0.01))
    none = recruit(field, [short], PULSE, "C2:-1,case:+1", options=how)
    assert none.measures["no_threshold"] == {"C2:-1,case:+1": 1}
    assert np.isnan(none.initiation_mm[0, 0])
    found = recruit(field, [short], PULSE, "C1:-1,case:+1", options=QUICK)
    assert found.measures["start_at_a_sealed_end"] == {"C1:-1,case:+1": 1}


def test_a_function_of_points_does_as_well_as_a_field() -> None:
    sources = [point_source_mv_per_ma([0.0, 2.0, z], sigma_s_per_m=0.3) for z in (-3.0, 3.0)]
    found = recruit_in(_stacked(sources), ["C1", "C2"], _fibers(), PULSE, options=QUICK)
    assert [one.short for one in found.montages] == ["C1", "C2"]
    np.testing.assert_allclose(found.threshold_ma[0], found.threshold_ma[1], rtol=1e-3)
    with pytest.raises(RecruitmentError, match="mv_per_ma: found shape"):
        recruit_in(_stacked(sources[:1]), ["C1", "C2"], _fibers(), PULSE, options=QUICK)
    with pytest.raises(FieldError, match="no electrode 'C3'"):
        recruit_in(_stacked(sources), ["C1", "C2"], _fibers(), PULSE, "C3:-1,case:+1")


def test_full_thresholds_are_given_for_rows_of_currents(field: Field) -> None:
    fibers = [one.fiber for one in _fibers()]
    told: list[float] = []
    verify = verifier(
        fibers,
        potentials(field, fibers),
        PULSE,
        settings=QUICK.settings,
        progress=lambda _, done: told.append(done),
    )
    values, block = verify(-np.eye(3)[:2])
    wanted = recruit(field, _fibers(), PULSE, options=QUICK).threshold_ma[:2]
    np.testing.assert_array_equal(values, wanted)
    assert np.asarray(block).shape == (2, 3)
    assert told == [0.5, 1.0]


@pytest.mark.parametrize(
    ("montage", "told"),
    [
        ("C9:-1,case:+1", "no electrode 'C9'"),
        ("C1:-1", "the currents sum to -1 mA, wanted 0"),
        ("C1-1", "wanted NAME:MA"),
    ],
)
def test_a_montage_that_is_none_is_refused(montage: str, told: str, field: Field) -> None:
    with pytest.raises(FieldError, match=told):
        recruit(field, _fibers(), PULSE, montage)


def test_no_fibers_and_fibers_of_another_model_are_refused(field: Field) -> None:
    with pytest.raises(RecruitmentError, match="fibers: found none"):
        recruit(field, [], PULSE)
    elsewhere = sampled(straight(6.0, 21, center_mm=(0.0, 0.0, 300.0)), "L4_R")
    with pytest.raises(CaudaError, match="wanted fibers of the model that the field was solved for"):
        recruit(field, [elsewhere], PULSE)


def test_any_waveform_is_told_in_the_settings() -> None:
    assert pulse_document(Waveform(np.array([0, 0.1]), np.array([-1.0]))) == {
        "edges_ms": [0.0, 0.1],
        "levels": [-1.0],
    }
    assert pulse_document(PULSE)["shape"] == "biphasic"


def _fibers() -> list[Sampled]:
    places = {"L4_L": (-1.0, -1.0), "L4_R": (1.0, -1.0), "L5_R": (1.0, -3.0)}
    return [sampled(straight(6.0, 31, center_mm=(*at, 0.0)), root) for root, at in places.items()]


def _refused(*_: object, **__: object) -> None:
    raise AssertionError("computed")


def _stacked(sources: Sequence[Callable[[Floats], Floats]]) -> Callable[[Floats], Floats]:
    def potential(points_mm: Floats) -> Floats:
        return np.stack([source(points_mm) for source in sources])

    return potential
