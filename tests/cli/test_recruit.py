"""``cauda recruit``: what it writes and says, what it keeps, and that nothing is left where it refuses."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.recruitment.sampled import Sampled, sampled
from tests.volume.rods import meshed

from cauda import annotation, fiber, pipeline, recruitment, volume
from cauda.cli.main import main
from cauda.fiber import straight
from cauda.field.conductivity import sets
from cauda.phantom import virtual_subject
from cauda.pipeline.cases import Case, conductivity_cases
from cauda.recruitment import read, read_curves, read_influences, read_selectivities
from cauda.recruitment.outputs import beside

STEM = "sub-05_lead-octrode-like_cond-capogrosso2013"
LEAD = ["--lead", "octrode-like"]
FEW = ["--per-root", "3"]
ONE = ["--only-montages", "--montage", "C4:-1,case:+1"]
TABLES = ("recruitment", "curves", "selectivity")
WRITTEN = sorted(f"{STEM}_{table}.{ending}" for table in TABLES for ending in ("tsv", "json"))

# The middle of the block that `meshed` gives for eight contacts in a row along z.
MIDDLE_MM = np.array([9.5, 6.5, -393.5])


def few(_model: object, per_root: int, seed: int) -> Sequence[Sampled]:
    """Return straight fibers beside the lead, dorsal ones before or behind it, ventral ones farther away."""
    random = np.random.default_rng(seed)
    places = {("L3_L", "dorsal"): -1.5, ("L3_R", "dorsal"): 1.5, ("L3_L", "ventral"): -5.5}
    found = []
    for (root, part), y_mm in places.items():
        for _ in range(per_root):
            at_mm = MIDDLE_MM + np.array([random.uniform(-1, 1), y_mm, random.uniform(-1, 1)])
            found.append(sampled(straight(6.0, 21, center_mm=at_mm), root, part))
    return found


@pytest.fixture(scope="module")
def solved_model(placed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model with a lead and the field of a block made by hand."""
    folder: Path = shutil.copytree(placed, tmp_path_factory.mktemp("models") / placed.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(volume, "mesh", meshed)
        assert main(["mesh", str(folder), *LEAD]) == 0
    assert main(["solve", str(folder), *LEAD]) == 0
    return folder


@pytest.fixture
def model(solved_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return that folder without any recruitment of another test, and fibers that lie in its block."""
    monkeypatch.setattr(fiber, "sample", few)
    for path in left(solved_model):
        path.unlink()
    return solved_model


def left(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*_cond-*")) if "_field" not in path.name]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in left(folder)}


def test_it_writes_three_tables_and_says_what_came_of_it(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recruit", str(model), *LEAD, *FEW]) == 0
    output = capsys.readouterr()
    counts, first, best, *files = output.out.splitlines()
    assert counts == "sub-05: octrode-like, capogrosso2013, 9 fibers, 8 montages, biphasic 300 us"
    assert files == [str(model / f"{STEM}_{table}.tsv") for table in TABLES]
    assert sorted(contents(model)) == WRITTEN
    assert output.err == ""

    found = read(Path(files[0]))
    row = found.index("C4")
    dorsal = np.flatnonzero(found.where(part="dorsal"))
    least = dorsal[found.threshold_ma[row, dorsal].argmin()]
    nearest = f"C4 {found.roots[least]} {found.threshold_ma[row, least]:.2f}"
    assert nearest in first.removeprefix("first 10 % of a dorsal root, mA: ").split("; ")

    of_left = [
        one
        for one in read_selectivities(beside(Path(files[0]), "selectivity"))
        if (one.of, one.part, one.name, one.side) == ("root", "dorsal", "L3", "L")
    ]
    most = max(of_left, key=lambda one: one.selectivity)
    contact = most.montage.partition(":")[0]
    said = f"L3_L {most.selectivity:.2f} by {contact} at {most.amplitude_ma:.2f}"
    assert said in best.removeprefix("most selective, mA: ").split("; ")


def test_a_contact_beside_a_fiber_recruits_it_at_less_than_one_that_is_far(model: Path) -> None:
    assert main(["recruit", str(model), *LEAD, *FEW]) == 0
    found = read(model / f"{STEM}_recruitment.tsv")
    dorsal = found.where(part="dorsal")
    assert (found.threshold_ma[found.index("C4"), dorsal] < found.threshold_ma[0, dorsal]).all()
    # Ventral fibers lie farther away.
    assert found.threshold_ma[3, dorsal].max() < found.threshold_ma[3, ~dorsal].min()
    curves = read_curves(model / f"{STEM}_curves.tsv")
    assert {(str(one.root), one.part, one.fibers) for one in curves} == {
        ("L3_L", "dorsal", 3),
        ("L3_R", "dorsal", 3),
        ("L3_L", "ventral", 3),
    }


def test_montages_are_computed_besides_each_contact_or_alone(model: Path) -> None:
    bipole = ["--montage", "C4:-2,C5:2", "C3:-1,case:+1"]
    assert main(["recruit", str(model), *LEAD, *FEW, *bipole]) == 0
    names = [one.short for one in read(model / f"{STEM}_recruitment.tsv").montages]
    assert names == [f"C{number}" for number in range(1, 9)] + ["C4:-1,C5:+1"]
    assert main(["recruit", str(model), *LEAD, *FEW, *bipole, "--only-montages"]) == 0
    assert [one.short for one in read(model / f"{STEM}_recruitment.tsv").montages] == ["C4:-1,C5:+1", "C3"]


def test_a_wider_pulse_needs_less_current_and_an_anodic_one_more(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for pulse in ("monophasic,100us", "monophasic,0.4ms", "monophasic,100us,anodic"):
        assert main(["recruit", str(model), *LEAD, *FEW, *ONE, "--pulse", pulse]) == 0
        one = read(model / f"{STEM}_recruitment.tsv")
        found[pulse] = one.threshold_ma[0, one.where(part="dorsal")]
    short, long, turned = found.values()
    assert (long < short).all()
    assert (turned > short).all()
    assert "1 montage, monophasic 100 us, anodic\n" in capsys.readouterr().out


def test_muscles_are_served_by_the_roots_of_the_variant(model: Path) -> None:
    found = {}
    for variant in ("normal", "postfixed"):
        assert main(["recruit", str(model), *LEAD, *FEW, *ONE, "--variant", variant]) == 0
        rows = read_selectivities(model / f"{STEM}_selectivity.tsv")
        found[variant] = {(one.name, one.side, one.variant) for one in rows if one.of == "muscle"}
        for name in TABLES:
            about = json.loads((model / f"{STEM}_{name}.json").read_text())
            assert about["asked"]["variant"] == variant
    # L3 is half of this muscle's roots or more, and of a postfixed person's of no muscle.
    assert found["normal"] == {("adductor_longus", side, "normal") for side in "LR"}
    assert found["postfixed"] == set()


def test_bands_hold_the_other_sets_of_conductivities_unless_only_the_sample_is_asked_for(model: Path) -> None:
    # The block is of CSF, which all sets have alike.
    assert main(["solve", str(model), *LEAD, "--set", "csf=0.85", "--name", "thin"]) == 0
    stem, found = STEM.replace("capogrosso2013", "thin"), {}
    for asked in ("sets", "sample"):
        words = [*FEW, *ONE, "--conductivities", "thin", "--uncertainty", asked]
        assert main(["recruit", str(model), *LEAD, *words]) == 0
        settings = read(model / f"{stem}_recruitment.tsv").settings
        assert settings["uncertainty"] == asked
        assert settings["bands"] == ([f"conductivities {name}" for name in sets()] if asked == "sets" else [])
        curves = read_curves(model / f"{stem}_curves.tsv")
        found[asked] = {(one.root, one.part): one for one in curves if one.fiber_class == "all"}
    for key, one in found["sample"].items():
        other = found["sets"][key]
        assert other.threshold_ma[0] == one.threshold_ma[0]
        # Twice the conductivity, twice the current.
        assert other.threshold_ma[2] == pytest.approx(2 * one.threshold_ma[2], rel=0.02)
    for path in model.glob("*_cond-thin_*"):
        path.unlink()


def test_what_is_not_known_is_changed_case_by_case_and_kept_for_another_variant(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["recruit", str(model), *LEAD, *FEW, *ONE, "--uncertainty", "full"]
    assert main(words) == 1
    assert "sub-05_tracing.mrk.json: no such file, wanted for --uncertainty full" in capsys.readouterr().err
    assert left(model) == []

    cases = (Case("fiber_sample", "seed +1", seed=1), *conductivity_cases("capogrosso2013")[:1])
    whole = virtual_subject(seed=7, index=5)
    tracing = model / "sub-05_tracing.mrk.json"
    annotation.write(whole, tracing)
    monkeypatch.setattr(pipeline, "cases_of", lambda *_: cases)
    monkeypatch.setattr(volume, "mesh", meshed)
    monkeypatch.setattr("cauda.pipeline.uncertainty.sample", few)
    assert main(words) == 0
    path = model / f"{STEM}_uncertainty.tsv"
    assert capsys.readouterr().out.splitlines()[-1] == str(path)
    rows = read_influences(path)
    assert {(one.input, one.case) for one in rows} == {(one.input, one.name) for one in cases}
    ranked = json.loads(path.with_suffix(".json").read_text())["weights"]
    assert {one["input"] for one in ranked} == {"fiber_sample", "conductivities"}
    assert read(model / f"{STEM}_recruitment.tsv").settings["bands"] == [str(one) for one in cases]

    def work(*_: object, **__: object) -> object:
        raise AssertionError("a case was computed again")

    monkeypatch.setattr(volume, "mesh", work)
    monkeypatch.setattr("cauda.pipeline.uncertainty.sample", work)
    assert main([*words, "--variant", "postfixed"]) == 0
    tracing.unlink()
    shutil.rmtree(model / f"{STEM}_recruitment.cases")
    shutil.rmtree(model / "fields")


def test_block_is_looked_for_where_that_is_asked_for(model: Path) -> None:
    for times in ("0", "10"):
        assert main(["recruit", str(model), *LEAD, *FEW, *ONE, "--block", times]) == 0
        about = json.loads((model / f"{STEM}_recruitment.json").read_text())
        assert about["settings"]["block"] == float(times)


def test_tables_of_the_same_input_are_kept_and_of_another_are_not(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["recruit", str(model), *LEAD, *FEW, *ONE]
    assert main(words) == 0
    first, before = capsys.readouterr().out, contents(model)
    stamps = {path: path.stat().st_mtime_ns for path in left(model)}
    assert main(words) == 0
    assert capsys.readouterr().out == first.replace(" 300 us\n", " 300 us (kept)\n")
    assert {path: path.stat().st_mtime_ns for path in left(model)} == stamps
    for changed in (["--anew"], ["--seed", "1"], ["--per-root", "2"], ["--pulse", "biphasic,200us"]):
        assert main([*words, *changed]) == 0
        assert "(kept)" not in capsys.readouterr().out
        assert (contents(model) == before) == (changed == ["--anew"])


def test_a_run_of_another_name_lies_beside_the_first(model: Path) -> None:
    assert main(["recruit", str(model), *LEAD, *FEW, *ONE]) == 0
    before = contents(model)
    assert (
        main(["recruit", str(model), *LEAD, *FEW, *ONE, "--pulse", "biphasic,400us", "--name", "w400"]) == 0
    )
    after = contents(model)
    assert {name: after[name] for name in before} == before
    assert sorted(set(after) - set(before)) == [name.replace(STEM, f"{STEM}_desc-w400") for name in WRITTEN]


def test_a_field_by_its_name_and_a_tsv_by_its_own_are_found(model: Path, tmp_path: Path) -> None:
    for words in (["--set", "csf=1.5", "--name", "salty"], []):
        assert main(["solve", str(model), *LEAD, *words]) == 0
    assert main(["recruit", str(model), *LEAD, *FEW, *ONE, "--conductivities", "salty"]) == 0
    assert (model / f"{STEM.replace('capogrosso2013', 'salty')}_recruitment.tsv").is_file()
    own = tmp_path / "salty.tsv"
    assert main(["recruit", str(model), *LEAD, *FEW, *ONE, "--conductivities", str(own)]) == 0
    for path in model.glob("*_cond-salty_*"):
        path.unlink()


def test_what_was_done_before_an_interruption_is_not_done_again(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["recruit", str(model), *LEAD, *FEW, *ONE, "--uncertainty", "sample"]

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recruitment, "curves_of", interrupted)
        assert main(words) == 130
    (parts,) = left(model)
    assert parts.name == f"{STEM}_recruitment.parts"
    assert len(list(parts.iterdir())) == 1
    with monkeypatch.context() as patch:
        # Thresholds are there: none is searched.
        patch.setattr("cauda.recruitment.recruiting.thresholds", interrupted)
        assert main(words) == 0
    assert sorted(contents(model)) == WRITTEN
    assert "9 fibers, 1 montage, biphasic 300 us\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--montage", "C9:-1,case:1"], "montage 'C9:-1,case:+1': no electrode 'C9', wanted some of C1"),
        (["--montage", "C5:-1"], "montage 'C5:-1': the currents sum to -1 mA, wanted 0"),
        (["--montage", "C5:-1,case:+1", "C5=-1"], "wanted NAME:MA such as C5:-1,case:+1"),
        (["--only-montages"], "--only-montages: found no --montage, wanted one or more"),
        (["--pulse", "biphasic,0us"], "pulse 'biphasic,0us': pulse width: found 0.0, wanted more than 0 us"),
        (["--pulse", "square,300us"], "pulse 'square,300us': pulse shape: found 'square', wanted one of"),
        (["--pulse", "biphasic"], "pulse 'biphasic': wanted SHAPE,WIDTH such as biphasic,300us"),
        (["--per-root", "0"], "--per-root: found 0, wanted a whole number, 1 or more"),
        (["--seed", "-1"], "--seed: found -1, wanted a whole number, 0 or more"),
        (["--block", "0.5"], "block: found 0.5, wanted 0 or more than 1"),
        (["--name", "a/b"], "--name: found 'a/b', wanted letters"),
        (["--lead", "absent"], "lead 'absent': not placed in sub-05, wanted octrode-like"),
        (
            ["--conductivities", "duke_lempka"],
            "sub-05_lead-octrode-like_cond-duke_lempka_field.h5: no such file; solve it first: cauda solve",
        ),
        (["--conductivities", "duke_lempka"], "(those there: capogrosso2013)"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work_in_one_line_and_nothing_is_left(
    words: list[str],
    said: str,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(*_: object) -> object:
        raise AssertionError("fibers were sampled")

    monkeypatch.setattr(fiber, "sample", work)
    assert main(["recruit", str(model), *LEAD, *words]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("cauda: error: ")
    assert said in output.err
    assert output.err.count("\n") == 1
    assert contents(model) == {}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("sub-05_model.json", "lead 'octrode-like': placed before the model was built anew"),
        (
            "sub-05_lead-octrode-like.json",
            f"{STEM}_field.h5: was solved for another model or lead (sub-05_lead-octrode-like.json is not",
        ),
        (
            "sub-05_lead-octrode-like_mesh.vtu",
            "sub-05_lead-octrode-like_mesh.vtu has changed since it was solved; solve again: cauda solve",
        ),
        (f"{STEM}_field.h5", f"{STEM}_field.h5: is not the field that its .json tells of; solve again"),
    ],
)
def test_a_field_of_another_model_lead_or_mesh_is_refused(
    file: str, said: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder: Path = shutil.copytree(model, tmp_path / model.name)
    with (folder / file).open("ab") as changed:
        changed.write(b"\n")
    assert main(["recruit", str(folder), *LEAD, *FEW]) == 1
    assert said in capsys.readouterr().err
    assert contents(folder) == {}


@pytest.mark.parametrize("text", [None, "[]", "{}", '{"files": 1, "sources": []}'])
def test_a_field_whose_json_is_absent_or_damaged_is_refused(
    text: str | None, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder: Path = shutil.copytree(model, tmp_path / model.name)
    about = folder / f"{STEM}_field.json"
    about.unlink()
    if text is not None:
        about.write_text(text)
    assert main(["recruit", str(folder), *LEAD, *FEW]) == 1
    assert capsys.readouterr().err.startswith(f"cauda: error: {STEM}_field.json: ")


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["recruit", "--help"])
    assert ended.value.code == 0
    assert "--montage C5:-1,case:+1" in capsys.readouterr().out
