"""The command: its verbs, exit status, and what it says when something is wrong."""

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from cauda import __version__
from cauda.cli import main as cli
from cauda.errors import AnnotationError


class _Verb:
    """A verb that does what a test tells it to."""

    NAME = "try"
    HELP = "do what a test says"

    def __init__(self, work: Callable[[], int]) -> None:
        self.work = work

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--path")

    def run(self, _args: argparse.Namespace) -> int:
        return self.work()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command with a single verb ``try`` that does the given work."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))  # restored after the test

    def _run(work: Callable[[], int], *argv: str) -> int:
        monkeypatch.setattr(cli, "VERBS", (_Verb(work),))
        return cli.main(argv or ["try"])

    return _run


def _raise(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("argv", [[], ["sculpt"], ["--loud"]])
def test_wrong_usage_ends_with_status_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(argv)
    assert end.value.code == 2
    assert "usage: cauda" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"cauda {__version__}\n"


@pytest.mark.parametrize("verb", cli.VERBS, ids=lambda verb: str(verb.NAME))
def test_the_help_of_each_verb_has_an_example(verb: cli.Verb, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([verb.NAME, "--help"])
    assert end.value.code == 0
    usage, *rest = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(f"usage: cauda {verb.NAME}")
    assert any(f"cauda {verb.NAME} " in paragraph for paragraph in rest)


def test_the_example_in_the_help_is_made_of_real_commands() -> None:
    lines = [line.split() for line in (cli.parser().epilog or "").splitlines()]
    commands = [words[1:] for words in lines if words[:1] == ["cauda"] and words[1] != "VERB"]
    assert [words[0] for words in commands] == [verb.NAME for verb in cli.VERBS]
    for words in commands:
        cli.parser().parse_args(words)


def test_help_imports_no_stage_and_no_array_library() -> None:
    done = _python(
        "import sys\n"
        "from cauda.cli.main import parser\n"
        "parser().format_help()\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'nibabel'}))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('cauda.')))\n"
    )
    libraries, modules = done.stdout.splitlines()
    assert libraries == ""
    assert {name.split(".")[1] for name in modules.split()} == {"cli", "errors"}


def test_the_status_of_the_verb_is_that_of_the_command(run: Callable[..., int]) -> None:
    assert run(lambda: 0) == 0
    assert run(lambda: 1) == 1


def test_refused_input_is_one_line_and_status_1(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(_raise(AnnotationError("a.json: found\nNaN, wanted mm"))) == 1
    captured = capsys.readouterr()
    assert captured.err == "cauda: error: a.json: found NaN, wanted mm\n"
    assert captured.out == ""


def test_a_file_that_is_absent_is_named(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        with open("absent.json"):  # noqa: PTH123 - any way to open gives this error
            return 0

    assert run(work) == 1
    assert capsys.readouterr().err == "cauda: error: absent.json: No such file or directory\n"


def test_an_interrupt_is_one_line_and_status_130(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(_raise(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "cauda: interrupted\n"


def test_a_defect_is_one_line_and_status_70(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(_raise(KeyError("radius"))) == 70
    error = capsys.readouterr().err
    assert error.startswith("cauda: error: KeyError: 'radius'")
    assert "-v" in error
    assert error.count("\n") == 1


def test_a_defect_shows_its_traceback_with_v(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(_raise(KeyError("radius")), "-v", "try") == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    code = (
        "import sys\n"
        "from cauda.cli import main as cli\n"
        "class Verb:\n"
        "    NAME, HELP = 'try', ''\n"
        "    def add_arguments(self, parser): pass\n"
        "    def run(self, args):\n"
        "        for _ in range(100_000): print('finding')\n"
        "        return 0\n"
        "cli.VERBS = (Verb(),)\n"
        "raise SystemExit(cli.main(['try']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "finding\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.parametrize("argv", [("-v", "try"), ("try", "-v"), ("--verbose", "try", "--path", "x")])
def test_v_logs_the_steps_before_or_after_the_verb(
    argv: tuple[str, ...], run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        logging.getLogger("cauda.anatomy").info("fitted 66 contours")
        return 0

    assert run(work, *argv) == 0
    assert "fitted 66 contours" in capsys.readouterr().err
    assert run(work, "try") == 0
    assert capsys.readouterr().err == ""


def test_the_log_is_as_before_afterwards(run: Callable[..., int]) -> None:
    log = logging.getLogger("cauda")
    before = (log.level, list(log.handlers))
    run(lambda: 0, "-v", "try")
    assert (log.level, list(log.handlers)) == before


def test_linear_algebra_runs_on_one_thread_unless_the_user_says_otherwise(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    run(lambda: 0)
    assert (os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("1", "3")


def test_python_m_cauda_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cauda", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"cauda {__version__}\n")
