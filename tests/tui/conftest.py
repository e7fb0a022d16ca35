"""A place for sockets: the kernel takes 107 bytes of path, pytest's own directories may be longer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.panes import load


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A short directory that goes away."""
    directory = Path(tempfile.mkdtemp(prefix="dw"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_findings_pane() -> Iterator[None]:
    """The findings pane remembers whether it groups; each walk starts as the program does."""
    yield
    load("findings").grouped = True  # type: ignore[attr-defined]  # FindingsPane's own
