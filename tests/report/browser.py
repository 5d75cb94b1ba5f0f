"""A headless Chromium that is driven through its debugging pipe, with the standard library alone."""

import json
import os
import select
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--remote-debugging-pipe",
    "--window-size=1200,900",
)
_PATIENCE_S = 20.0
_KEYS = {
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Tab": (9, ""),
    "ArrowLeft": (37, ""),
    "ArrowRight": (39, ""),
}


class Browser:
    """A browser with one page open; what goes wrong in the page is noted in `complaints`."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        self.complaints: list[str] = []
        self._number, self._session, self._rest = 0, "", b""
        self._events: list[dict[str, Any]] = []
        (inner_in, self._out), (self._in, inner_out) = _pipe(), _pipe()
        command = [CHROMIUM, *_FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        quiet = os.open(os.devnull, os.O_RDWR)
        ends = ((quiet, 1), (quiet, 2), (inner_in, 3), (inner_out, 4))
        actions = [(os.POSIX_SPAWN_DUP2, old, new) for old, new in ends]
        self._process = os.posix_spawn(CHROMIUM, command, os.environ, file_actions=actions, setsid=True)
        for end in (quiet, inner_in, inner_out):
            os.close(end)
        try:
            self._attach(folder)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._in)
        os.close(self._out)

    def open(self, path: Path, before: str = "") -> None:
        """Open a file and wait until it is loaded; `before` is a script that runs first."""
        self._events.clear()
        script = self._call("Page.addScriptToEvaluateOnNewDocument", source=before)["identifier"]
        self._call("Page.navigate", url=path.as_uri())
        self.wait(lambda: any(event["method"] == "Page.loadEventFired" for event in self._events))
        self._call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)

    def ask(self, expression: str) -> Any:
        """Return what an expression is in the page, as JSON."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a keyboard does."""
        for key in keys:
            code, text = _KEYS[key] if key in _KEYS else (ord(key.upper()), key)
            known = {"key": key, "windowsVirtualKeyCode": code}
            self._call("Input.dispatchKeyEvent", type="keyDown", text=text, **known)
            self._call("Input.dispatchKeyEvent", type="keyUp", **known)

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + _PATIENCE_S
        while not done():
            assert time.monotonic() < end, "the browser did not come to it"
            self._read(0.05)

    def _attach(self, folder: Path) -> None:
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self._call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        self.wait(lambda: any(event.get("id") == self._number for event in self._events))
        (answer,) = (event for event in self._events if event.get("id") == self._number)
        self._events.remove(answer)
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self, timeout_s: float) -> None:
        if not select.select([self._in], [], [], timeout_s)[0]:
            return
        data = os.read(self._in, 1 << 20)
        assert data, "the browser ended"
        *whole, self._rest = (self._rest + data).split(b"\0")
        for each in map(json.loads, whole):
            each.setdefault("method", "")
            self._events.append(each)
            if each["method"] in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
                self.complaints.append(json.dumps(each["params"]))


def _pipe() -> tuple[int, int]:
    """Return the ends of a pipe, none of them 4 or less, where the browser wants its own."""
    ends = os.pipe()
    if min(ends) > 4:
        return ends
    higher = _pipe()
    for end in ends:
        os.close(end)
    return higher
