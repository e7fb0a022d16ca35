"""Looking into the lab's images: what the truth file says is found, nothing else, and again from what was kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab import truth
from lab.engine import Lab
from tests.engine.test_cli_engine import run
from tests.registry.real import needs_registry

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300), needs_registry]

RECORDS = Path(__file__).parents[1] / "data" / "osv" / "db"
DEEP = frozenset({
    "IMG-008", "IMG-009", "IMG-014", "IMG-015", "IMG-018", "IMG-020", "IMG-030", "IMG-031", "IMG-034",
    "IMG-042", "IMG-048",
})  # fmt: skip
UNASKED = frozenset({"IMG-008", "IMG-018", "IMG-042", "IMG-048"})
"""Of these most images have a verdict without a look: no registry knows them, or their build tells."""
SIGNED, ATTESTED, STRANGE, UNSIGNED = (
    f"127.0.0.1:5000/team/{name}" for name in ("app:1.2.0", "api:3.1.0", "worker:2.3.0", "batch:0.9.1")
)
Results = list[dict[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a vulnerability database in it."""
    folder = tmp_path_factory.mktemp("home")
    assert run(folder, "vulndb", "import", RECORDS).returncode == 0
    return folder


@pytest.fixture(scope="module")
def looked(lab: Lab, home: Path) -> Results:
    return _scan(lab, home, "--deep", "all")


def _run(lab: Lab, home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """On the lab's host, where its registry is, with the configuration that comes with the lab."""
    engine = ("--host", lab.docker_host, "--no-kubernetes", "--config", lab.paths.configuration)
    return run(home, *words, *engine, before=lab.inside())


def _scan(lab: Lab, home: Path, *words: str) -> Results:
    done = _run(lab, home, "scan", "--only", "images", "--format", "json", *words)
    assert done.returncode in (0, 1), done.stderr
    results: Results = json.loads(done.stdout)["results"]
    return results


def _failed(results: Results) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one in results:
        if one["verdict"] == "fail" and one["check"] in DEEP:
            found.setdefault(one["resource"]["name"], set()).add(one["check"])
    return {name: frozenset(checks) for name, checks in found.items()}


def test_what_is_in_the_layers_is_found_and_nothing_else(looked: Results) -> None:
    found = _failed(looked)
    assert found == {name: truth.deep(name) for name in found}
    assert set(truth.deep_images()) == set(found)


def test_a_key_that_was_deleted_is_named_with_its_layer_and_never_shown(looked: Results) -> None:
    (one,) = [one for one in looked if one["check"] == "IMG-014" and one["verdict"] == "fail"]
    assert one["severity"] == "critical"
    assert "/root/.ssh/id_ed25519" in json.dumps(one["evidence"])
    body = (Path(truth.__file__).parent / "data" / "images" / "made-up-key").read_text().splitlines()
    assert not any(line in json.dumps(looked) for line in body[1:-1])


def test_the_next_scan_knows_it_without_looking_again(lab: Lab, home: Path, looked: Results) -> None:
    assert _failed(_scan(lab, home)) == _failed(looked)


def test_without_a_look_nothing_is_said_to_be_fine(lab: Lab, tmp_path: Path, looked: Results) -> None:
    del looked  # another home: there is no cache
    results = _scan(lab, tmp_path, "--all")
    told = {one["verdict"] for one in results if one["check"] in DEEP - UNASKED and _an_image(one)}
    assert told == {"unknown"}


def test_whoever_signed_is_named_and_what_it_says_with_it(looked: Results) -> None:
    said = {one["resource"]["name"]: one["message"] for one in looked if one["check"] == "IMG-008"}
    assert SIGNED not in said
    assert "no trusted key made the signature" in said[STRANGE]
    assert "not signed, and its rule demands a signature" in said[UNSIGNED]


def test_a_signature_is_verified_in_either_layout(lab: Lab, home: Path) -> None:
    results = _scan(lab, home, "--all")
    told = {(one["check"], one["resource"]["name"]): one["verdict"] for one in results if _an_image(one)}
    assert told["IMG-008", SIGNED] == told["IMG-008", ATTESTED] == "pass"
    assert told["IMG-048", ATTESTED] == told["IMG-009", ATTESTED] == "pass"
    assert {told["IMG-042", name] for name in (SIGNED, ATTESTED, STRANGE, UNSIGNED)} == {"pass"}


def _an_image(one: dict[str, Any]) -> bool:
    return bool(one["resource"]["kind"] == "image")
