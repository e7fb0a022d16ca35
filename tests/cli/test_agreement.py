"""Names that are written down twice, because the second place must not import the first."""

from __future__ import annotations

import tomllib
from pathlib import Path

from checks.verdict import Severity
from tui.cli.dispatch import COMMANDS, load
from tui.cli.parser import SEVERITIES
from tui.options import THEMES
from tui.version import NAME, VERSION

ROOT = Path(__file__).parents[2]


def test_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["name"], project["version"]) == (NAME, VERSION)
    assert project["scripts"] == {"deckwatch": "tui.cli:main"}
    assert f"[{VERSION}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_severities() -> None:
    assert tuple(severity.word for severity in reversed(Severity)) == SEVERITIES


def test_the_themes() -> None:
    from widgets.style import PALETTES

    assert set(PALETTES) == set(THEMES)


def test_every_command_has_its_module() -> None:
    for name in ("", *COMMANDS):
        assert callable(load(name).run)


def test_nothing_is_started_with_the_module_switch() -> None:
    for package in ("tui", "widgets", "checks", "inventory"):
        assert not (ROOT / package / "__main__.py").exists()
