"""What holds for the repository as a whole: nothing private in it, and its texts tell the truth."""

import ast
import csv
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

import cauda
from cauda.cli.main import parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TABLES = sorted((ROOT / "docs" / "validation").glob("*.tsv"))


def test_no_tracked_file_names_a_package_index_or_a_path_of_somebodys_machine() -> None:
    index = re.compile(
        r"--(extra-)?index[-]url|files[.]pythonhosted|pypi[.]org/simple|registry *= *[\"']?http"
    )
    machine = re.compile(r"(?<![\w.~])/(?:root|home|Users|work|mnt|opt)/\w")
    files = _tracked()
    assert len(files) > 20
    found = [
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path in files
        for pattern in (index, machine)
        if b"\0" not in path.read_bytes() and (hit := pattern.search(path.read_text("utf-8")))
    ]
    assert found == []


def test_every_locked_requirement_is_pinned_and_has_a_hash() -> None:
    lines = (ROOT / "requirements.lock").read_text().replace("\\\n", " ").splitlines()
    requirements = [line for line in lines if not line.lstrip().startswith("#")]
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+", requirement), (
            requirement
        )


def test_the_lock_holds_everything_that_the_project_asks_for() -> None:
    project = _pyproject()["project"]
    # The other extras are programs to compare with, which no user and no test must have.
    extras = [name for extra in ("dev", "docs") for name in project["optional-dependencies"][extra]]
    asked = [*project["dependencies"], *extras, *_pyproject()["build-system"]["requires"]]
    wanted = {re.split(r"[<>=\[ ;]", requirement)[0] for requirement in asked}
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert wanted - locked == set()


def test_every_module_has_its_layer() -> None:
    (contract,) = _pyproject()["tool"]["importlinter"]["contracts"]
    layers = [name for layer in contract["layers"] for name in layer.split(" | ")]
    present = {path.stem for path in (ROOT / "src" / "cauda").iterdir() if path.suffix in {"", ".py"}}
    modules = {name for name in present if not name.startswith("__")}
    assert contract["exhaustive"] is True
    assert contract["exhaustive_ignores"] == ["__main__"]
    assert modules - {name.strip("()") for name in layers} == set()
    assert {name for name in layers if not name.startswith("(")} - modules == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_texts_exists(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in _commands(page):
        words = shlex.split(command, comments=True)
        if words[0] == "make":
            assert words[1] in targets, command
        elif words[0] == "cauda":
            parser().parse_args(words[1:])
        else:
            assert words[:2] in (["pip", "install"],), command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_that_the_texts_import_exists(page: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("cauda"):
                exec(compile(ast.Module([node], []), page.name, "exec"), {})


def test_the_readme_shows_commands_that_the_test_above_sees() -> None:
    commands = _commands(ROOT / "README.md")
    for verb in ("make demo", "cauda phantom", "cauda check", "cauda build", "cauda report"):
        assert any(command.startswith(verb) for command in commands), verb


def test_every_local_link_and_picture_of_the_readme_exists() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / "README.md").read_text())
    assert "docs/images/model.png" in targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_version_is_the_same_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {cauda.__version__}\n" in citation
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert "## [Unreleased]" in changelog or released[0] == cauda.__version__


def test_every_stage_has_tests_and_a_page() -> None:
    folders = {path.parent.name for path in (ROOT / "src" / "cauda").glob("*/__init__.py")}
    assert folders >= {"annotation", "check", "anatomy", "phantom", "report"}
    assert [name for name in folders if not list((ROOT / "tests" / name).glob("test_*.py"))] == []
    without_page = {"cli", "tables"}  # cli: commands.md; the tables by the stages
    pages = {page.stem for page in PAGES}
    assert [name for name in folders - without_page if name not in pages] == []


def test_the_reference_lists_every_public_module() -> None:
    listed = set(re.findall(r"automodule:: ([\w.]+)", (ROOT / "docs" / "api.md").read_text()))
    source = ROOT / "src" / "cauda"
    stages = {f"cauda.{path.parent.name}" for path in source.glob("*/__init__.py")} - {"cauda.cli"}
    modules = {f"cauda.{path.stem}" for path in source.glob("*.py") if not path.stem.startswith("__")}
    assert listed == stages | modules


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_every_figure_of_the_validation_page_is_measured_and_a_missed_bar_is_marked(table: Path) -> None:
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert list(rows[0]) == ["figure", "unit", "cauda", "bar", "published", "source"]
    for row in rows:
        value, _, mark = row["cauda"].partition(" ")
        sign, bound = row["bar"].removeprefix("|x| ").split(" ")
        number = abs(float(value)) if row["bar"].startswith("|x|") else float(value)
        meets = {
            "<": number < float(bound),
            "<=": number <= float(bound),
            ">=": number >= float(bound),
            "=": number == float(bound),
        }[sign]
        assert mark == ("" if meets else "(missed)"), row["figure"]
        assert (row["published"] == "-") == (row["source"] == "-"), row["figure"]
        assert row["source"] == "-" or row["source"].startswith("10."), row["figure"]


def test_the_validation_page_shows_every_table() -> None:
    shown = re.findall(r":file: validation/(\w+)[.]tsv", (ROOT / "docs" / "validation.md").read_text())
    assert sorted(shown) == [table.stem for table in TABLES]


def _tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _commands(page: Path) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]
