"""`deckwatch fix`: one container, one form, nothing run."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.running import Cli


def test_a_command_line(cli: Cli) -> None:
    ran = cli("fix", "writable-rootfs", "--demo")
    assert ran.status == 0 and not ran.err
    assert "docker run --detach \\\n  --name writable-rootfs \\\n" in ran.out
    assert "\n  --read-only \\\n" in ran.out
    assert ran.out.endswith("\n")


def test_a_compose_file(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "fixed.yaml"
    assert cli("fix", "writable-rootfs", "--demo", "--format", "compose", "-o", target).status == 0
    assert yaml.safe_load(target.read_text())["services"]["writable-rootfs"]["read_only"] is True


@pytest.mark.parametrize("name", ["no-such-thing", "root-usr", "\x1b[31m", "", "*"])
def test_a_container_that_is_not_there(cli: Cli, name: str) -> None:
    ran = cli("fix", name, "--demo")
    assert ran.status == 2
    assert "no container is called" in ran.line
    assert ran.line.isprintable()
    assert ("root-user" in ran.line) is (name == "root-usr")


def test_a_service_needs_a_task(cli: Cli) -> None:
    ran = cli("fix", "root-user", "--demo", "--format", "service")
    assert ran.status == 2
    assert "no task of a Swarm service" in ran.line


def test_without_a_name(cli: Cli) -> None:
    assert cli("fix", "--demo").status == 2
