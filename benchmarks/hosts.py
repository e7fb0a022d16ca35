"""The engines that are measured against: a synthetic one of any size, and a real one where it can run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab import plan
from lab.engine import Lab, LabError
from lab.images import archive

ROOT = Path(__file__).resolve().parents[1]
DECKWATCH = Path(sys.executable).parent / "deckwatch"


class Synthetic:
    """The other end of `benchmarks.fake_host`."""

    def __init__(self, socket_path: Path, count: int) -> None:
        self.count = count
        self.path = socket_path
        self.url = f"unix://{socket_path}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fake_host", str(socket_path), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        self._answer()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have it do something; what it says to that."""
        if self._process.stdin is None:
            raise RuntimeError("the synthetic host has no standard input")
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise RuntimeError("the synthetic host ended unexpectedly")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def synthetic(count: int, *, silent: bool = False) -> Iterator[Synthetic]:
    """A host of `count` containers behind a unix socket; a silent one reads requests and never answers."""
    with tempfile.TemporaryDirectory(prefix="dw-bench-") as directory:
        host = Synthetic(Path(directory) / "engine.sock", count)
        try:
            if silent:
                host.ask("silence")
            yield host
        finally:
            host.close()


@contextmanager
def real() -> Iterator[Lab]:
    """A private engine with one small image. Raises `LabError` where none can run."""
    temporary = tempfile.TemporaryDirectory(prefix="dw-bench-lab-", ignore_cleanup_errors=True)
    with temporary as directory, Lab(Path(directory) / "lab") as lab:
        image = next(spec for spec in plan.images() if spec.name == plan.DEFAULT_IMAGE)
        content = archive([image], datetime.now(UTC))
        status, body = lab.client.raw("POST", "/images/load", content, {"Content-Type": "application/x-tar"})
        if status >= 400:
            raise LabError(f"loading an image: {status} {body[:200]!r}")
        yield lab


def deckwatch(url: str) -> list[str]:
    """The command line of the explorer on an engine."""
    return [str(DECKWATCH), "--host", url]
