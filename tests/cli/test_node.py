"""A machine that is a node of a cluster: read beside whatever else is looked at, and not where it is not asked for."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from inventory.resource import Kind
from inventory.snapshot import Status
from inventory.sources.host import kubernetes_node
from inventory.store import Store
from tests.cli.running import Cli, engine
from tests.inventory.host.rooted import Rooted
from tui import node
from tui.boot import Boot
from tui.options import ExplorerOptions, Settings, SourceOptions
from tui.panes.services.pane import of_clusters
from tui.session import Session

CONFIG = "kind: KubeletConfiguration\nauthentication: {anonymous: {enabled: true}}\nreadOnlyPort: 10255\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rooted:
    found = Rooted(tmp_path / "root")
    found.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    found.write("/etc/group", "root:x:0:\n")
    found.write("/proc/sys/kernel/hostname", "cp-1\n")
    found.write("/var/lib/kubelet/config.yaml", CONFIG)
    for pid, words in {
        100: ("/usr/bin/kube-apiserver", "--authorization-mode=AlwaysAllow", "--profiling=true"),
        200: ("/usr/bin/kubelet", "--config=/var/lib/kubelet/config.yaml"),
    }.items():
        found.write(f"/proc/{pid}/comm", words[0].rpartition("/")[2][:15] + "\n")
        found.write(f"/proc/{pid}/cmdline", "\0".join(words) + "\0")
    monkeypatch.setattr(node, "MARKS", (str(tmp_path / "root/var/lib/kubelet"), str(tmp_path / "root/etc/kubernetes")))
    monkeypatch.setattr(node, "reader", lambda: found)
    return found


def scanned(cli: Cli, *words: str) -> dict[str, Any]:
    ran = cli("scan", "--format", "json", "--fail-on", "none", *words)
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def of_node(report: dict[str, Any]) -> set[tuple[str, str]]:
    found = report["results"]
    return {(one["resource"]["kind"], one["verdict"]) for one in found if one["resource"]["source"] == "node"}


def test_the_marks_are_those_of_the_source() -> None:
    assert node.MARKS == kubernetes_node.MARKS


def test_a_node_is_read_beside_an_engine(cli: Cli, machine: Rooted, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine(cli.folder) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        report = scanned(cli)
    assert {(one["kind"], one["status"]) for one in report["sources"]} == {("docker", "ok"), ("host", "ok")}
    assert {("kubelet", "fail"), ("control-plane-component", "fail")} <= of_node(report)


def test_a_node_alone_is_something_to_look_at(cli: Cli, machine: Rooted) -> None:
    report = scanned(cli)
    assert "this machine" in {one["target"] for one in report["sources"] if one["status"] == "ok"}
    assert ("kubelet", "fail") in of_node(report)
    assert scanned(cli, "--no-docker")["summary"]["resources"]["kubelet"] == 1


@pytest.mark.parametrize("words", [("--demo",), ("--manifests", "pod.yaml")])
def test_files_and_recordings_are_not_of_this_machine(cli: Cli, machine: Rooted, words: tuple[str, ...]) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n"
    (cli.folder / "pod.yaml").write_text(pod, encoding="utf-8")
    assert "host" not in {one["kind"] for one in scanned(cli, *words)["sources"]}


def test_engines_alone(cli: Cli, machine: Rooted) -> None:
    with engine(cli.folder) as fake:
        assert [one["kind"] for one in scanned(cli, "--host", fake.url)["sources"]] == ["docker"]


def test_elsewhere_it_costs_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(os.path, "exists", lambda path: looked.append(path))
    monkeypatch.delitem(sys.modules, "inventory.sources.host.node_source", raising=False)
    assert node.begin(SourceOptions(), store := Store()) is None
    assert node.source(SourceOptions(), store) == []
    assert looked == [*node.MARKS, *node.MARKS]
    assert not store.snapshot().sources
    assert not store.snapshot().gaps
    assert "inventory.sources.host.node_source" not in sys.modules


def test_a_machine_that_does_not_answer_is_not_waited_for(machine: Rooted, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()

    def hanging() -> Any:
        held.wait(10)
        return machine

    monkeypatch.setattr(node, "reader", hanging)
    store = Store()
    node.end(node.begin(SourceOptions(), store), store, patience=0.2)
    found = store.snapshot()
    held.set()
    assert found.sources["node"].status is Status.DEGRADED
    assert {kind for _, kind in found.gaps} == {Kind.KUBE_HOST, Kind.KUBELET, Kind.CONTROL_PLANE}


def test_the_explorer_follows_it_and_keeps_the_swarm(machine: Rooted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nothing")
    session = Session(lambda: None)
    boot = Boot.of(ExplorerOptions(SourceOptions(), Settings()), session)
    (source,) = (one for one in boot.sources if one.name == "node")
    source.start()
    try:
        until = time.monotonic() + 10
        while not session.store.snapshot().count(Kind.KUBE_HOST) and time.monotonic() < until:
            time.sleep(0.02)
        found = session.store.snapshot()
        assert found.has_kubernetes
        assert not found.has_clusters
        assert not of_clusters(found)
        first = session.store.answered_at("node") or 0.0
        while (session.store.answered_at("node") or 0.0) == first and time.monotonic() < until:
            time.sleep(0.1)
        assert (session.store.answered_at("node") or 0.0) > first  # or it would count as silent before the next look
    finally:
        source.stop()
    assert "this machine" not in boot.target
