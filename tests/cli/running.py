"""Running the command line: in this process for speed, or as the installed program for what only a process shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.fake_engine import Answer, FakeEngine
from lab.synthetic import container_id, routes
from tui.cli import main

ROOT = str(Path(__file__).parents[2])
MAIN = "import sys; from tui.cli import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Ran:
    """Exit status and what was written."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line on standard error; fails if there are more or none."""
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        return self.err.removesuffix("\n")


@dataclass
class Cli:
    """Runs commands in a folder of its own, where no engine and no configuration is found."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path) -> Ran:
        self.capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        captured = self.capsys.readouterr()
        return Ran(status, captured.out, captured.err)


def process(*words: str, cwd: Path, env: Mapping[str, str] | None = None, code: str = MAIN) -> Ran:
    """In a new interpreter, with nothing of the tests' own environment that would change what is found."""
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "LANG": "C.UTF-8", "PYTHONPATH": ROOT, **(env or {})}
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def engine_routes(containers: int = 3) -> dict[str, Answer]:
    """A small host, with what a capture asks of each container besides."""
    found = routes(containers)
    for number in range(containers):
        name = f"/containers/{container_id(number)}"
        found[f"{name}/logs"] = Answer(
            b"\x01\0\0\0\0\0\0\x06hello\n", 200, {"Content-Type": "application/octet-stream"}
        )
        found[f"{name}/changes"] = Answer.json(None)
        found[f"{name}/top"] = Answer.json({"Titles": ["PID"], "Processes": [["1"]]})
        found[f"{name}/stats"] = Answer.json({"read": "2026-01-01T00:00:00Z"})
    return found


@contextmanager
def engine(folder: Path, containers: int = 3) -> Iterator[FakeEngine]:
    """A listening fake engine."""
    with FakeEngine(folder / "docker.sock", engine_routes(containers)) as fake:
        yield fake
