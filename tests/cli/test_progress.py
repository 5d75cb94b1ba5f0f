"""Progress on a terminal, in the log, and nowhere else."""

import contextlib
import io
import logging
import sys

import pytest

from cauda.cli.progress import progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    """Make standard error a terminal of 40 columns; no fixture, since pytest changes it after those."""
    stream = _Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "40")
    return stream


def test_without_a_terminal_there_is_nothing_to_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress() as show:
        assert show is None


def test_a_terminal_shows_one_line_rewritten_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _terminal(monkeypatch)
    with progress() as show:
        assert show is not None
        show("cord", 0.25)
        show("a step whose name is far too long for the terminal", 1.0)
        first, second = terminal.getvalue().split("\r")[1:]
    assert first.rstrip() == "[#####...............] cord"
    assert second.startswith("[####################] a step")
    assert len(first) == len(second) == 39
    assert "\n" not in terminal.getvalue()


def test_the_line_is_wiped_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _terminal(monkeypatch)
    with contextlib.suppress(ValueError), progress() as show:
        assert show is not None
        show("cord", 0.5)
        raise ValueError
    assert terminal.getvalue().endswith("\r" + " " * 39 + "\r")


def test_a_fraction_out_of_range_fills_the_bar_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _terminal(monkeypatch)
    with progress() as show:
        assert show is not None
        show("done", 1.5)
        show("begun", -0.5)
    assert "[####################] done" in terminal.getvalue()
    assert "[....................] begun" in terminal.getvalue()


def test_with_the_log_on_the_steps_go_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = _terminal(monkeypatch)
    with caplog.at_level(logging.INFO, "cauda"), progress() as show:
        assert show is not None
        show("cord", 0.25)
    assert caplog.messages == [" 25 % cord"]
    assert terminal.getvalue() == ""
