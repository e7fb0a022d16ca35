"""What a Compose file asks for is not said to run."""

from __future__ import annotations

from pathlib import Path

from checks.engine import Engine
from checks.policy import Policy
from inventory.resource import Kind
from inventory.sources.manifests.read import fill, read
from inventory.store import Store
from tests.checks.cases import check_of


def test_a_service_of_a_file_has_no_state(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services:\n  web:\n    image: nginx\n    privileged: true\n", encoding="utf-8")
    store = Store()
    fill(store, read([str(path)]), str(path))
    snapshot = store.snapshot()
    (key,) = snapshot.by_kind[Kind.CONTAINER]
    judgement = Engine([check_of("RUN-001")], Policy()).evaluate(snapshot).of(key)
    assert judgement is not None
    (result,) = judgement.results
    assert result.message == "runs with every privilege the host has"
    assert not any("State" in one.path for one in result.evidence)
