"""``cauda search``: what it writes and says, what it keeps, and what it refuses."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.recruitment.sampled import Sampled, sampled
from tests.volume.rods import meshed, rod

from cauda import volume
from cauda.cli.main import main
from cauda.fiber import straight
from cauda.lead import Lead
from cauda.recruitment import read_search
from cauda.volume import Extent
from cauda.volume.mesh import VolumeMesh

STEM = "sub-05_lead-octrode-like_cond-capogrosso2013_search"
WORDS = ["--lead", "octrode-like", "--roots", "L3_R", "--per-root", "3", "--pulse", "biphasic,200us"]
SOME = ["--along-mm", "0,-2", "--lateral-mm=1"]
MIDDLE_MM = rod([f"C{number}" for number in range(1, 9)]).points_mm.mean(axis=0)


def few(_model: object, per_root: int, seed: int) -> Sequence[Sampled]:
    """Return straight fibers beside the lead, left ones on its left."""
    random, found = np.random.default_rng(seed), []
    for root, x_mm in (("L3_L", -0.7), ("L3_R", 0.7)):
        for _ in range(per_root):
            at_mm = MIDDLE_MM + np.array([x_mm + random.uniform(-0.4, 0.4), 0.9, random.uniform(-1, 1)])
            found.append(sampled(straight(6.0, 21, center_mm=at_mm), root))
    return found


@pytest.fixture(scope="module")
def solved(placed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model with a lead and the field of a block made by hand."""
    folder: Path = shutil.copytree(placed, tmp_path_factory.mktemp("models") / placed.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(volume, "mesh", meshed)
        assert main(["mesh", str(folder), *WORDS[:2]]) == 0
    assert main(["solve", str(folder), *WORDS[:2]]) == 0
    return folder


@pytest.fixture
def places(solved: Path, monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Put a block in the place of each mesh, moved as the lead is; return where those were."""
    made: list[np.ndarray] = []
    home = json.loads((solved / "sub-05_lead-octrode-like.json").read_text())["contacts"][0]["center_mm"]

    def moved(
        _model: object, lead: Lead, *, size: str, extent: Extent, progress: object = None
    ) -> VolumeMesh:
        assert (size, extent, progress) == ("coarse", Extent(150.0, 0.0), None)
        shift_mm = lead.contacts[0].center_mm - np.array(home)
        made.append(shift_mm)
        mesh = rod([contact.name for contact in lead.contacts])
        return replace(mesh, points_mm=mesh.points_mm + shift_mm)

    monkeypatch.setattr(volume, "mesh", moved)
    monkeypatch.setattr("cauda.pipeline.place_search.sample", few)
    return made


def test_it_writes_what_was_tried_says_what_is_best_and_meshes_each_place_once(
    solved: Path, places: list[np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", str(solved), *WORDS, *SOME]) == 0
    first = capsys.readouterr().out
    assert first.startswith("sub-05: octrode-like, 3 places\n")
    trials, document = read_search(solved / f"{STEM}.tsv")
    assert len(places) == len(document["places"]) == len(list((solved / "fields").iterdir())) == 3
    assert document["best_place"] == {"along_mm": document["best_place"]["along_mm"], "lateral_mm": 1.0}
    assert {str(one.root) for one in trials} == {"L3_R"}
    best = [one for one in trials if np.isfinite(one.fresh)]
    assert {one.kind for one in best} >= {"contact", "pair"}
    for one in best:
        assert f"{one.kind} {one.montage}: {one.selectivity:.2f} from {one.amplitude_ma:.2f} mA on" in first
    (there,) = [one for one in document["places"] if one["lateral_mm"] == 1.0]
    assert f"cauda place {solved} --lead octrode-like --top={there['top']} --lateral-mm=1\n" in first

    # The same is kept; of another root the fields are.
    stamp = (solved / f"{STEM}.tsv").stat().st_mtime_ns
    assert main(["search", str(solved), *WORDS, *SOME]) == 0
    assert capsys.readouterr().out == first.replace("3 places\n", "3 places (kept)\n")
    assert (solved / f"{STEM}.tsv").stat().st_mtime_ns == stamp
    assert main(["search", str(solved), *WORDS, "--along-mm=0,-2", "--lateral-mm=", "--roots", "L3_L"]) == 0
    assert len(places) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--roots", "L9_R"], "L9_R"),
        (["--roots", ","], "wanted one or more roots"),
        (["--along-mm", "two"], "--along-mm: found 'two', wanted mm such as 4,2,0,-2"),
        (["--along-mm", ""], "one or more shifts along the spine"),
        (["--lateral-mm", "1,1"], "lateral: wanted shifts in mm, each once"),
        (["--pulse", "square,300us"], "pulse 'square,300us': pulse shape: found 'square', wanted one of"),
        (["--per-root", "0"], "--per-root: found 0, wanted a whole number, 1 or more"),
        (["--conductivities", "duke_lempka"], "no such file; solve it first: cauda solve"),
        (["--roots", "S1_L"], "root: found 'S1_L', wanted one of L3_L, L3_R"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_before_anything_is_meshed(
    words: list[str],
    said: str,
    solved: Path,
    places: list[np.ndarray],
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sorted(path.name for path in solved.iterdir())
    assert main(["search", str(solved), *WORDS, *words]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert places == []
    assert sorted(path.name for path in solved.iterdir()) == before
