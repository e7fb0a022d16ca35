"""What is in an image of a real engine: the same as in the file that it was loaded from, under each of its names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.engine import Lab
from tests.cli.conftest import cli
from tests.cli.running import Cli
from tests.lab.engines import private_engine

__all__ = ["cli"]
MINI = Path(__file__).parents[1] / "data" / "contents" / "mini-docker20.tar"
MANIFEST = "trust/mini:v1"


@pytest.fixture(scope="module")
def loaded() -> Iterator[Lab]:
    """An engine with one image in it."""
    with private_engine() as lab:
        headers = {"Content-Type": "application/x-tar"}
        lab.client.raw("POST", "/images/load?quiet=1", MINI.read_bytes(), headers)
        yield lab


def components(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["components"]
    return found


def test_the_same_as_of_its_file(loaded: Lab, cli: Cli) -> None:
    (image,) = loaded.client.get("/images/json")
    digest = image["Id"].removeprefix("sha256:")
    host = f"unix://{loaded.paths.socket}"
    of_file = cli("sbom", MINI)
    assert of_file.status == 0
    for name in (MANIFEST, digest, digest[:12]):
        ran = cli("sbom", name, "--host", host)
        assert ran.status == 0, ran.err
        assert "incomplete" not in ran.err
        assert components(ran.out) == components(of_file.out), name
        said = json.loads(ran.out)["metadata"]
        assert said["component"]["name"] == MANIFEST
        assert said["component"]["version"] == image["Id"]
        assert said["timestamp"].startswith("20")


def test_one_that_is_not_there(loaded: Lab, cli: Cli) -> None:
    ran = cli("sbom", "trust/mini:v2", "--host", f"unix://{loaded.paths.socket}")
    assert (ran.status, ran.out) == (2, "")
    assert "did you mean trust/mini:v1?" in ran.err
