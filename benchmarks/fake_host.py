"""An engine of any size in a process of its own: `python -m benchmarks.fake_host SOCKET CONTAINERS`.

Commands come in as JSON lines on standard input, each is answered with one JSON line. Its work is not the measured
program's, and what it was asked can be counted.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.fake_engine import Answer, FakeEngine, Manner
from lab.synthetic import inspection, list_entry, routes

_LIST = "/containers/json"


class FakeHost:
    """A synthetic host that can change, fall silent and speak again."""

    def __init__(self, socket_path: Path, count: int) -> None:
        self.engine = FakeEngine(socket_path, routes(count))
        self._entries = [list_entry(number) for number in range(count)]
        self._inspections = [inspection(number) for number in range(count)]
        self.commands: Mapping[str, Callable[..., Any]] = {
            "counts": self.counts,
            "silence": self.silence,
            "speak": self.speak,
            "rename": self.rename,
            "stop": self.stop,
            "start": self.start,
            "churn": self.churn,
        }

    def counts(self) -> dict[str, Any]:
        """Requests so far, their methods, and how many follow the events."""
        engine = self.engine
        return {
            "requests": len(engine.requests),
            "methods": sorted(engine.methods),
            "followers": engine.followers(),
            "latest": [request.path for request in engine.requests[-20:]],
        }

    def silence(self) -> dict[str, Any]:
        """Accept and read requests, answer none; event streams stay open without a word."""
        self.engine.everything = Answer(manner=Manner.SILENT)
        return {"at": time.monotonic()}

    def speak(self) -> dict[str, Any]:
        """Answer again."""
        self.engine.everything = None
        return {"at": time.monotonic()}

    def rename(self, number: int, name: str) -> dict[str, Any]:
        """Give a container another name."""
        old = self._inspections[number]["Name"]
        self._entries[number]["Names"] = [f"/{name}"]
        self._inspections[number]["Name"] = f"/{name}"
        return self._publish(number, "rename", oldName=old)

    def stop(self, number: int) -> dict[str, Any]:
        """Let a container exit with 0."""
        self._entries[number] |= {"State": "exited", "Status": "Exited (0) 1 second ago"}
        state = {"Status": "exited", "Running": False, "Pid": 0, "ExitCode": 0}
        self._inspections[number]["State"] = {**self._inspections[number]["State"], **state}
        return self._publish(number, "die", exitCode="0")

    def start(self, number: int) -> dict[str, Any]:
        """Let it run again."""
        self._entries[number] |= {"State": "running", "Status": "Up 1 second"}
        state = {"Status": "running", "Running": True, "Pid": 4242, "ExitCode": 0}
        self._inspections[number]["State"] = {**self._inspections[number]["State"], **state}
        return self._publish(number, "start")

    def churn(self, rate: float, seconds: float) -> dict[str, Any]:
        """Reconfigure `rate` containers each second, for so long: every one has to be read and judged again."""
        threading.Thread(target=self._churn, args=(rate, seconds), daemon=True).start()
        return {"at": time.monotonic()}

    def _churn(self, rate: float, seconds: float) -> None:
        for turn in range(int(rate * seconds)):
            number = turn * 7 % len(self._inspections)
            document = self._inspections[number]
            document["HostConfig"] = {**document["HostConfig"], "Memory": (64 + turn % 64) << 20}
            self._publish(number, "update", listed=False)
            time.sleep(1 / rate)

    def _publish(self, number: int, action: str, listed: bool = True, **attributes: str) -> dict[str, Any]:
        identity, document = self._entries[number]["Id"], self._inspections[number]
        self.engine.routes[f"/containers/{identity}/json"] = Answer.json(document)
        if listed:
            self.engine.routes[_LIST] = Answer.json(self._entries)
        actor = {"ID": identity, "Attributes": {"name": document["Name"].lstrip("/"), **attributes}}
        now = time.time_ns()
        event = {"Type": "container", "Action": action, "status": action, "id": identity, "Actor": actor}
        at = time.monotonic()
        self.engine.emit({**event, "scope": "local", "time": now // 10**9, "timeNano": now})
        return {"at": at}


def main(socket_path: str, count: str) -> None:
    """Serve until standard input ends."""
    host = FakeHost(Path(socket_path), int(count))
    with host.engine:
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            answer = host.commands[order.pop("do")](**order)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
