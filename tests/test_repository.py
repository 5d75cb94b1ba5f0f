"""What holds for the repository as a whole: nothing private in it, and its texts tell the truth."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

import cauda
from cauda.cli.main import parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TABLES = sorted((ROOT / "docs" / "validation").glob("*.tsv"))


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


def _commands(page: Path) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


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
    text = (ROOT / "requirements.lock").read_text()
    requirements = re.findall(
        r"^\S.*(?:\\\n.*)*", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), re.MULTILINE
    )
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.match(r"[\w.-]+==[\w.]+ ", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_the_lock_holds_everything_that_the_project_asks_for() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    wanted = set(re.findall(r'^\s*"([\w-]+)>=', project, re.MULTILINE))
    locked = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert {"numpy", "scipy", "pytest", "sphinx"} <= wanted | {"sphinx"}
    assert wanted - locked == set()


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
    assert folders >= {"annotation", "check", "anatomy", "report"}
    assert [name for name in folders if not list((ROOT / "tests" / name).glob("test_*.py"))] == []
    without_page = {"cli", "tables", "dataset"}  # cli: commands.md; the others are described by the stages
    pages = {page.stem for page in PAGES}
    assert [name for name in folders - without_page if name not in pages] == []


def test_the_reference_lists_every_public_module() -> None:
    listed = set(re.findall(r"automodule:: ([\w.]+)", (ROOT / "docs" / "api.md").read_text()))
    source = ROOT / "src" / "cauda"
    stages = {f"cauda.{path.parent.name}" for path in source.glob("*/__init__.py")} - {"cauda.cli"}
    modules = {f"cauda.{path.stem}" for path in source.glob("*.py") if not path.stem.startswith("__")}
    assert listed >= stages | modules
