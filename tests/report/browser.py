"""A real browser without a screen, driven through its DevTools pipe: what a page asks for, says and becomes."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

REQUIRE = "DECKWATCH_REQUIRE_ENGINE"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # as root there is none; the page is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-pipe",
)
_PATIENCE = 60.0  # seconds, for a busy machine


def program() -> str:
    """The browser; skips the test where there is none, and fails it where there has to be one."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        said = f"no browser: none of {', '.join(_NAMES)} is installed"
        if os.environ.get(REQUIRE) == "1":
            pytest.fail(said)
        pytest.skip(said)
    return found


class Browser:
    """One page. `requests` are the addresses that it asked for, `complaints` what it wrote to the console."""

    def __init__(self, folder: Path) -> None:
        command, self._to = _pipe()
        self._from, answers = _pipe()

        def wire() -> None:  # the pipe's two ends are fixed: it reads from 3 and writes to 4
            os.dup2(command, 3)
            os.dup2(answers, 4)

        self._process = subprocess.Popen(
            [program(), *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(folder)},  # killed in the end, it leaves a directory behind
            close_fds=False,
            preexec_fn=wire,
        )
        os.close(command)
        os.close(answers)
        self._buffer = b""
        self._number = 0
        self._session = ""
        self._loaded = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def open(self, address: str) -> None:
        """Load a page as if it were the first, and wait until it has loaded."""
        self._call("Page.navigate", url="about:blank")
        self._until_loaded(self._loaded + 1)
        self.requests.clear()
        self.complaints.clear()
        self._call("Page.navigate", url=address)
        self._until_loaded(self._loaded + 1)
        self.value("document.readyState")  # what it had to say before this it has said by now

    def value(self, expression: str) -> Any:
        """What an expression is worth on the page."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Any other command of the protocol."""
        return self._call(method, **parameters)

    def _until_loaded(self, times: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self._loaded < times:
            self._note(self._read(deadline))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + _PATIENCE
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                found: dict[str, Any] = answer["result"]
                return found
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        method, parameters = event.get("method", ""), event.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.complaints.append(json.dumps(parameters))

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._from, 1 << 16)
            assert piece, "the browser has ended"
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are out of the way of descriptors 3 and 4."""
    ends = os.pipe()
    reader, writer = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends)
    for end in ends:
        os.close(end)
    return reader, writer
