from dataclasses import replace

import numpy as np
import pytest

from cauda.annotation import Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.check import check, impossible
from cauda.errors import Finding


def errors(tracing: Tracing) -> list[str]:
    return [finding.code for finding in check(tracing) if finding.severity == "error"]


def moved(tracing: Tracing, turn: Floats, shift: Floats) -> Tracing:
    """Turn and shift everything."""

    def contours(parts: tuple[Contour, ...]) -> tuple[Contour, ...]:
        return tuple(Contour(part.points_mm @ turn.T + shift, part.name) for part in parts)

    return replace(
        tracing,
        cord=contours(tracing.cord),
        dura=contours(tracing.dura),
        roots={name: points_mm @ turn.T + shift for name, points_mm in tracing.roots.items()},
        ganglia={name: turn @ center_mm + shift for name, center_mm in tracing.ganglia.items()},
    )


def about(axis: Floats, angle_deg: float) -> Floats:
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(angle_deg)
    turn: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn


def test_a_sound_spine_has_only_the_untraced_shares_as_warnings(spine: Tracing) -> None:
    findings = check(spine)
    assert {(finding.severity, finding.code) for finding in findings} == {("warning", "untraced")}
    assert len(findings) == 14


@pytest.mark.parametrize("seed", range(8))
def test_turning_by_five_degrees_and_shifting_by_500_mm_changes_no_finding(spine: Tracing, seed: int) -> None:
    rng = np.random.default_rng(seed)
    other = moved(spine, about(rng.normal(size=3), 5.0), rng.uniform(-500, 500, 3))
    assert check(other) == check(spine)


def test_a_mirrored_spine_with_sides_exchanged_has_no_error(spine: Tracing) -> None:
    mirrored = moved(spine, np.diag([-1.0, 1.0, 1.0]), np.zeros(3))
    exchanged = replace(
        mirrored,
        roots={name.opposite: points_mm for name, points_mm in mirrored.roots.items()},
        ganglia={name.opposite: center_mm for name, center_mm in mirrored.ganglia.items()},
    )
    assert errors(exchanged) == []
    assert errors(mirrored) == ["sides-swapped"]


@pytest.mark.parametrize("phase", [0, 1])
def test_a_spine_thinned_to_every_second_slice_has_no_error(spine: Tracing, phase: int) -> None:
    thinned = replace(
        spine,
        cord=spine.cord[phase::2],
        dura=spine.dura[phase::2],
        roots={name: points_mm[phase::2] for name, points_mm in spine.roots.items()},
    )
    assert errors(thinned) == []


def test_findings_are_sorted_errors_first_and_hold_those_of_the_reader(spine: Tracing) -> None:
    told = Finding("warning", "odd-label", "a.json", "said so", "mend it")
    findings = check(replace(spine, findings=(told,), cord=spine.cord[:20] + spine.cord[21:]))
    assert told in findings
    assert [finding.severity for finding in findings] == sorted(finding.severity for finding in findings)
    assert list(findings) == sorted(findings)
    assert findings[0].severity == "error"


def test_only_what_prevents_a_model_is_impossible(spine: Tracing) -> None:
    assert impossible(check(spine)) == ()
    assert impossible(check(replace(spine, cord=spine.cord[:20] + spine.cord[21:]))) == ()
    centimeters = moved(spine, np.eye(3) / 10, np.zeros(3))
    assert [finding.code for finding in impossible(check(centimeters))] == ["size"]
    assert [finding.code for finding in impossible(check(replace(spine, dura=())))] == ["no-dura"]
    assert [finding.code for finding in impossible(check(replace(spine, cord=())))] == ["no-cord"]
    unreadable = Finding("error", "unreadable", "a.json", "is not JSON", "leave it out")
    assert impossible([unreadable]) == (unreadable,)


def test_an_empty_tracing_is_checked_all_the_same() -> None:
    found = errors(Tracing("01", (), (), {}, {}))
    assert found == ["no-cord", "no-dura"]


def test_a_single_root_without_contours_is_checked_all_the_same() -> None:
    name = RootName("L4", "L")
    alone = Tracing(
        "01", (), (), {name: np.array([[0.0, 0, 0], [0, 0, -90]])}, {name: np.array([0, 0, -99.0])}
    )
    assert errors(alone) == ["no-cord", "no-dura"]
