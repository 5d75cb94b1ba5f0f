"""Sub-03 as published and as transformed has no error; spoiled, it has the one that it was spoiled with.

The dataset: doi 10.1038/s41597-024-03919-4, markers doi 10.6084/m9.figshare.26403442 (CC BY 4.0).
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cauda import annotation
from cauda.arrays import Floats
from cauda.check import check
from cauda.errors import Finding

pytestmark = pytest.mark.shared

Files = Mapping[str, Any]


@pytest.fixture(scope="module")
def published(markers_sub_03: Path) -> Files:
    return {file.name: json.loads(file.read_text()) for file in markers_sub_03.glob("*.json")}


def places(document: Any) -> Floats:
    points = document["markups"][0]["controlPoints"]
    return np.array([point["position"] for point in points])


def with_places(document: Any, points_lps_mm: Floats, **changes: Any) -> Any:
    """Replace the positions of the first points and leave out the others."""
    markup = document["markups"][0]
    points = [
        {**point, "position": position}
        for point, position in zip(markup["controlPoints"], points_lps_mm.tolist(), strict=False)
    ]
    return {**document, "markups": [{**markup, "controlPoints": points, **changes}]}


def transformed(files: Files, change: Callable[[Floats], Floats], **changes: Any) -> Files:
    return {
        name: with_places(document, change(places(document)), **changes) for name, document in files.items()
    }


def findings(files: Files, folder: Path) -> tuple[Finding, ...]:
    for name, document in files.items():
        (folder / name).write_text(json.dumps(document))
    return check(annotation.survey(folder))


def errors(files: Files, folder: Path) -> list[tuple[str, str]]:
    found = findings(files, folder)
    return [(finding.code, finding.file) for finding in found if finding.severity == "error"]


def about(axis: list[float], angle_deg: float) -> Floats:
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(angle_deg)
    turn: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn


def exchanged(files: Files, one: str, two: str) -> Files:
    """Exchange two parts of the names of files."""
    other = {one: two, two: one}
    return {re.sub(f"{one}|{two}", lambda found: other[found[0]], name): files[name] for name in files}


def test_as_published_there_are_warnings_of_the_known_defects_alone(published: Files, tmp_path: Path) -> None:
    found = findings(published, tmp_path)
    assert {finding.severity for finding in found} == {"warning"}
    assert {finding.code for finding in found} == {"odd-label", "roots-near", "untraced"}
    assert sum(finding.code == "untraced" for finding in found) == 14
    # closest roots 0.86 mm apart, S2's ganglion 143 mm below the last traced point: reference of the dataset
    assert any("S1_R and S2_R are only 0.86 mm apart" in finding.what for finding in found)
    assert any("143 of 206 mm" in finding.what for finding in found)


def test_mirrored_with_sides_exchanged(published: Files, tmp_path: Path) -> None:
    mirrored = transformed(published, lambda points: points * [-1, 1, 1])
    assert errors(exchanged(mirrored, "_L.json", "_R.json"), tmp_path) == []


@pytest.mark.parametrize("angle_deg", [5, -5])
@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
def test_tilted_by_five_degrees(
    published: Files, tmp_path: Path, axis: list[float], angle_deg: float
) -> None:
    turn = about(axis, angle_deg)
    assert errors(transformed(published, lambda points: points @ turn.T), tmp_path) == []


def test_given_in_ras(published: Files, tmp_path: Path) -> None:
    in_ras = transformed(published, lambda points: points * [-1, -1, 1], coordinateSystem="RAS")
    assert errors(in_ras, tmp_path) == []


def test_shifted_by_half_a_meter(published: Files, tmp_path: Path) -> None:
    assert errors(transformed(published, lambda points: points + 500.0), tmp_path) == []


def test_shuffled_numbers_and_root_points(published: Files, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shuffled = dict(transformed({n: d for n, d in published.items() if "roots" in n}, rng.permutation))
    for kind in ("cord", "dura"):
        names = [name for name in published if f"_{kind}_" in name]
        shuffled |= {
            name: published[str(other)] for name, other in zip(names, rng.permutation(names), strict=True)
        }
    shuffled |= {name: document for name, document in published.items() if "ganglions" in name}
    assert errors(shuffled, tmp_path) == []


def test_without_a_root_and_its_ganglion(published: Files, tmp_path: Path) -> None:
    fewer = {name: document for name, document in published.items() if "L4_L" not in name}
    found = findings(fewer, tmp_path)
    assert {finding.severity for finding in found} == {"warning"}
    assert [finding.file for finding in found if finding.code == "root-absent"] == ["L4_L_root"]


@pytest.mark.parametrize("phase", [0, 1])
@pytest.mark.parametrize("parts", [("cord", "dura"), ("roots",), ("cord", "dura", "roots")])
def test_thinned_to_every_second_slice(
    published: Files, tmp_path: Path, parts: tuple[str, ...], phase: int
) -> None:
    thinned = dict(published)
    for part in set(parts) & {"cord", "dura"}:
        names = [name for name in published if f"_{part}_" in name]
        for name in sorted(names, key=lambda name: places(published[name])[:, 2].mean())[phase::2]:
            del thinned[name]
    if "roots" in parts:
        for name in [name for name in published if "roots" in name]:
            points = places(published[name])
            thinned[name] = with_places(published[name], points[points[:, 2].argsort()][phase::2])
    assert errors(thinned, tmp_path) == []


def without(part: str) -> Callable[[Files], Files]:
    return lambda files: {name: document for name, document in files.items() if part not in name}


def copied(source: str, target: str) -> Callable[[Files], Files]:
    return lambda files: {**files, target: files[source]}


def swapped(one: str, two: str) -> Callable[[Files], Files]:
    return lambda files: exchanged(files, one, two)


def in_centimeters(files: Files) -> Files:
    return transformed(files, lambda points: points / 10)


def said_to_be_ras(files: Files) -> Files:
    return transformed(files, lambda points: points, coordinateSystem="RAS")


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (without("roots_L4_L"), [("ganglion-alone", "ganglions_L4_L")]),
        (without("ganglions_S1_R"), [("root-alone", "nerveroots_S1_R")]),
        (in_centimeters, [("size", "sub-03")]),
        (said_to_be_ras, [("sides-swapped", "nerveroots_L1_L")]),
        (swapped("roots_S1_R", "roots_S2_R"), [("level-order", "nerveroots_S2_R")]),
        (swapped("ganglions_L2_L", "ganglions_L3_L"), [("level-order", "ganglions_L3_L")]),
        (copied("sub-03_dura_3.json", "sub_03_dura_3.json"), [("doubled", "sub_03_dura_3")]),
        (copied("sub-03_dura_3.json", "sub-03_dura_81.json"), [("same-height", "dura_81")]),
        (without("cord_8."), [("missing-file", "cord_8")]),
        (without("dura_30."), [("missing-file", "dura_30"), ("slice-gap", "dura_31")]),
    ],
)
def test_what_is_spoiled_is_found_and_nothing_else(
    published: Files, tmp_path: Path, spoil: Callable[[Files], Files], wanted: list[tuple[str, str]]
) -> None:
    found = errors(spoil(published), tmp_path)
    assert [code for code, _ in found] == [code for code, _ in wanted]
    assert all(name in file for (_, file), (_, name) in zip(found, wanted, strict=True))
