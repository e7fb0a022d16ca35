"""Rights read over the wire: the same subjects as from the recording, or said to be forbidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.verdict import Outcome
from inventory.gap import Reason
from inventory.kubernetes.subjects import Subject
from inventory.kubernetes.workloads import Deployment
from inventory.resource import Kind
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes import once
from inventory.sources.kubernetes.connection import Options
from inventory.store import Store
from tests.kubernetes.apiserver import ApiServer
from tests.kubernetes.captured import SOURCE
from tests.kubernetes.rbac_facts import recorded_subjects


def _read(path: Path, context: str) -> Snapshot:
    store = Store()
    with ApiServer() as server:
        once.read(SOURCE, store, Options(context=context, kubeconfig=str(server.kubeconfig(path / "config"))))
    return store.snapshot()


def test_an_administrator_sees_every_subject(tmp_path: Path) -> None:
    snapshot = _read(tmp_path, "admin")
    found = {one.key.id: one for one in snapshot.of(Subject)}
    known = recorded_subjects()
    assert found.keys() == known.keys()
    assert all(
        one.grants == known[name].grants and one.memberships == known[name].memberships for name, one in found.items()
    )


@pytest.mark.parametrize("context", ["viewer"])
def test_who_may_not_read_roles_is_told_so(tmp_path: Path, context: str) -> None:
    snapshot = _read(tmp_path, context)
    assert snapshot.count(Kind.SUBJECT) == 0
    assert snapshot.gaps[SOURCE, Kind.SUBJECT].reason is Reason.DENIED
    check = next(one for one in catalogue() if one.id == "ORC-218")
    found = Engine((check,)).evaluate(snapshot)
    outcomes = set()
    for one in snapshot.of(Deployment):
        judgement = found.of(one.key)
        assert judgement is not None
        outcomes |= {result.outcome for result in (*judgement.results, *judgement.passed)}
    assert outcomes == {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}
