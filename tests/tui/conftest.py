"""A place for sockets: the kernel takes 107 bytes of path, pytest's own directories may be longer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.panes import load
from tui.panes.findings.pane import FindingsPane
from tui.panes.services.pane import ServicesPane


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A short directory that goes away."""
    directory = Path(tempfile.mkdtemp(prefix="dw"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_findings_pane() -> Iterator[None]:
    """The findings pane remembers how it lists; each walk starts as the program does."""
    yield
    pane = load("findings")
    assert isinstance(pane, FindingsPane)
    FindingsPane.__init__(pane)


@pytest.fixture(autouse=True)
def own_services_pane() -> Iterator[None]:
    """So does the services pane its view."""
    yield
    pane = load("services")
    assert isinstance(pane, ServicesPane)
    ServicesPane.__init__(pane)
