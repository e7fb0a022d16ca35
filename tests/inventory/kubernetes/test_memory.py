"""No secret of a cluster is anywhere in a process that has read it, and no credential of ours in what it keeps."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.apiserver import ApiServer, recorded

ROOT = Path(__file__).parents[3]
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PUBLIC = {"tls.crt", "ca.crt", "namespace"}
TOLD = {b"FAKE-admin"}
"""What a Deployment has in its environment, too, where it is a finding."""
READ = """
import gc, sys, time
from inventory.resource import Kind
from inventory.sources.kubernetes.connection import Options
from inventory.sources.kubernetes.live import KubernetesSource
from inventory.sources.kubernetes.once import read
from inventory.store import Store

def dump(name, roots):
    # everything that can be reached; what the collector does not track hangs on something that it does
    known, pending = set(), list(roots)
    with open(name, "wb") as file:
        while pending:
            one = pending.pop()
            if id(one) in known or one is known or one is pending:
                continue
            known.add(id(one))
            if isinstance(one, str):
                file.write(one.encode("utf-8", "replace") + b"\\n")
            elif isinstance(one, (bytes, bytearray)):
                file.write(bytes(one) + b"\\n")
            pending += gc.get_referents(one)

options = Options(context="admin", kubeconfig=sys.argv[1], read_tls_secrets=True)
store = Store()
told = read("once", store, options)
assert told.status.value in ("ok", "degraded"), told
source = KubernetesSource("live", store, options)
source.start()
until = time.monotonic() + 40
while time.monotonic() < until:
    found = store.snapshot()
    if found.count(Kind.KUBE_SECRET) and ("live", Kind.KUBE_SECRET) not in found.gaps and ("live", Kind.POD) not in found.gaps:
        break
    time.sleep(0.1)
found = store.snapshot()
assert sum(key.source == "live" for key in found.by_kind[Kind.KUBE_SECRET]) > 10, found.gaps
print("ready", flush=True)
sys.stdin.readline()
gc.collect()
dump(sys.argv[2], [store])
del found
dump(sys.argv[3], [one for one in gc.get_objects() if one is not globals()])
source.stop()
"""  # noqa: E501 - a program of its own


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    cluster = recorded()
    applied = {"apiVersion": "v1", "kind": "Secret", "stringData": {"password": "FAKE-applied-as-text"}}
    cluster.put(
        "secrets",
        {
            "metadata": {"name": "by-kubectl", "namespace": "prod", "annotations": {APPLIED: json.dumps(applied)}},
            "type": "Opaque",
            "data": {"password": base64.b64encode(b"FAKE-applied-as-data").decode()},
        },
    )
    with ApiServer(cluster) as running:
        yield running


def test_no_secret_is_in_memory(server: ApiServer, tmp_path: Path) -> None:
    config = server.kubeconfig(tmp_path / "config")
    kept, everything = tmp_path / "kept", tmp_path / "everything"
    with subprocess.Popen(
        [sys.executable, "-c", READ, config, kept, everything],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.stdin.write("\n")
        running.stdin.close()
        assert running.wait(60) == 0
    dumped = everything.read_bytes()
    assert b"by-kubectl" in dumped  # the object itself is known
    assert b"checkout-api" in dumped
    values = sorted(_values(server))
    assert len(values) > 20
    assert not [one for one in values if one in dumped]
    credentials = config.read_bytes()
    tokens = [line.partition(b"token:")[2].strip() for line in credentials.splitlines() if b"token:" in line]
    keys = [line.partition(b"client-key-data:")[2].strip() for line in credentials.splitlines() if b"key-data:" in line]
    assert tokens
    assert not [one for one in (*tokens, *keys) if one and one in kept.read_bytes()]


def _values(server: ApiServer) -> Iterator[bytes]:
    """Every value of every Secret, as it is stored and as it is meant; short ones say nothing."""
    yield b"FAKE-applied-as-text"
    for name in server.cluster.names("secrets"):
        for key, value in (server.cluster.get("secrets", name).get("data") or {}).items():
            plain = base64.b64decode(value)
            if key not in PUBLIC and len(plain) >= 6 and plain not in TOLD:
                yield from (value.encode(), plain)
