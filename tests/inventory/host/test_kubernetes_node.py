"""A machine as a Kubernetes node: its processes, their flags and files, and never a key of theirs."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.components import ControlPlaneComponent, flags_of, program_in
from inventory.kubernetes.kubelet import Kubelet
from inventory.kubernetes.node_files import KubeHost
from inventory.resource import Kind, Resource
from inventory.snapshot import Status
from inventory.sources.decode import AnswerError
from inventory.sources.host.kubernetes_node import configz, is_node, kubernetes_node
from inventory.sources.host.node_source import NodeSource, read_node
from inventory.store import Store
from tests.inventory.host.rooted import Rooted

API = (
    "/usr/bin/kube-apiserver",
    "--authorization-mode=Node,RBAC",
    "--encryption-provider-config=/etc/kubernetes/enc.yaml",
)
ENCRYPTION = """
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aescbc: {keys: [{name: key1, secret: aHVudGVyMi1sYWIta2V5}]}
  - identity: {}
"""
CONFIG = """
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}
readOnlyPort: 10255
"""


@pytest.fixture
def machine(tmp_path: Path) -> Rooted:
    found = Rooted(tmp_path)
    found.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    found.write("/etc/group", "root:x:0:\n")
    found.write("/proc/sys/kernel/hostname", "cp-1\n")
    return found


def run(machine: Rooted, pid: int, *words: str) -> None:
    machine.write(f"/proc/{pid}/comm", words[0].rpartition("/")[2][:15] + "\n")
    machine.write(f"/proc/{pid}/cmdline", "\0".join(words) + "\0")


def look(machine: Rooted) -> list[Resource]:
    return list(kubernetes_node(machine, "node", 0.0))


def files(machine: Rooted) -> KubeHost:
    (found,) = (one for one in look(machine) if isinstance(one, KubeHost))
    return found


def test_a_machine_without_their_directories_is_no_node(machine: Rooted) -> None:
    assert not is_node(machine)
    machine.write("/var/lib/kubelet/config.yaml", CONFIG)
    assert is_node(machine)


def test_programs_are_read_with_their_flags_and_documents(machine: Rooted) -> None:
    run(machine, 100, *API)
    run(machine, 101, "kube-controller-manager", "--bind-address", "127.0.0.1", "--profiling=false")
    machine.write("/proc/100/root/etc/kubernetes/enc.yaml", ENCRYPTION)
    programs = [one for one in look(machine) if isinstance(one, ControlPlaneComponent)]
    assert [one.key.id for one in programs] == ["cp-1/kube-apiserver", "cp-1/kube-controller-manager"]
    assert programs[0].document("encryption-provider-config") == {
        "resources": [{"resources": ["secrets"], "providers": ["aescbc", "identity"]}]
    }
    assert programs[1].flag("bind-address") == "127.0.0.1"


def test_no_key_of_the_encryption_configuration_is_kept(machine: Rooted) -> None:
    run(machine, 100, *API)
    machine.write("/proc/100/root/etc/kubernetes/enc.yaml", ENCRYPTION)
    for one in look(machine):
        for name in one.field_names:
            assert "aHVudGVyMi1sYWIta2V5" not in repr(one.peek(name))


@pytest.mark.parametrize(
    "text", ["", "resources: 1", "resources: [{providers: [1]}]", "a: &a [*a]", "resources: [[]]", "\x00"]
)
def test_a_broken_document_is_a_gap(machine: Rooted, text: str) -> None:
    run(machine, 100, *API)
    machine.write("/proc/100/root/etc/kubernetes/enc.yaml", text)
    (program,) = (one for one in look(machine) if isinstance(one, ControlPlaneComponent))
    with pytest.raises(Unread):
        program.document("encryption-provider-config")


def test_a_document_that_is_gone_is_a_gap(machine: Rooted) -> None:
    run(machine, 100, *API)
    (program,) = (one for one in look(machine) if isinstance(one, ControlPlaneComponent))
    with pytest.raises(Unread):
        program.document("encryption-provider-config")


def test_the_kubelet_is_read_with_its_file(machine: Rooted) -> None:
    run(machine, 200, "/usr/bin/kubelet", "--config=/var/lib/kubelet/config.yaml", "--node-ip=10.0.0.1")
    machine.write("/var/lib/kubelet/config.yaml", CONFIG)
    (kubelet,) = (one for one in look(machine) if isinstance(one, Kubelet))
    assert kubelet.origin == "/var/lib/kubelet/config.yaml"
    assert kubelet.config.read_only_port == 10255
    assert files(machine).client_ca == "/etc/kubernetes/pki/ca.crt"


def test_a_kubelet_with_an_unreadable_file_has_a_gap(machine: Rooted) -> None:
    run(machine, 200, "kubelet", "--config=/var/lib/kubelet/config.yaml")
    machine.write("/var/lib/kubelet/config.yaml", "readOnlyPort: many")
    (kubelet,) = (one for one in look(machine) if isinstance(one, Kubelet))
    gap = kubelet.peek("config")
    assert isinstance(gap, Gap)
    assert "readOnlyPort" in gap.path


def test_files_are_found_where_kubeadm_puts_them(machine: Rooted) -> None:
    machine.write("/etc/kubernetes/manifests/etcd.yaml", mode=0o644)
    machine.write("/etc/kubernetes/pki/etcd/ca.key", mode=0o640)
    machine.write("/etc/cni/net.d/10.conflist")
    run(machine, 5, "etcd", "--data-dir=/var/lib/etcd")
    machine.write("/var/lib/etcd/member")
    found = files(machine)
    assert found.manifests == ("/etc/kubernetes/manifests/etcd.yaml",)
    assert found.facts("/etc/kubernetes/pki/etcd/ca.key")[0].mode == 0o640
    assert found.etcd_data == "/var/lib/etcd"


def test_a_directory_that_may_not_be_listed_makes_what_is_in_it_unknown(machine: Rooted) -> None:
    machine.write("/etc/kubernetes/pki/ca.key")
    refused = {"names /etc/kubernetes/pki": PermissionError(errno.EACCES, "denied")}
    found = files(Rooted(machine.root, refused))
    with pytest.raises(Unread):
        found.facts(*found.pki)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--a=1", "--b", "2", "--c"), {"a": ("1",), "b": ("2",), "c": ("true",)}),
        (("--a=1", "--a=2"), {"a": ("1", "2")}),
        (("-v", "4", "--", "--a=1"), {"v": ("4",)}),
        (("--a=b=c", "word"), {"a": ("b=c",)}),
        (("--", "-"), {}),
    ],
)
def test_flags_are_read_as_go_reads_them(words: tuple[str, ...], expected: dict[str, tuple[str, ...]]) -> None:
    assert flags_of(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("etcd", "--a"), ("etcd", ["--a"])),
        (("/usr/local/bin/kube-apiserver",), ("kube-apiserver", [])),
        (("hyperkube", "kube-scheduler", "--a"), ("kube-scheduler", ["--a"])),
        (("/bin/sh", "-ec", "exec etcd --a=1 # c"), ("etcd", ["--a=1"])),
        (("sh", "-c", "echo 'open"), None),
        (("sleep", "1"), None),
        ((), None),
    ],
)
def test_programs_are_recognised(words: tuple[str, ...], expected: tuple[str, list[str]] | None) -> None:
    assert program_in(words) == expected


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"kubeletconfig": 1}', b"{"])
def test_an_answer_that_is_no_configuration_is_said(raw: bytes) -> None:
    with pytest.raises(AnswerError):
        configz("n", raw, "kubernetes", 0.0)


def test_a_wrong_type_in_the_answer_is_a_gap() -> None:
    found = configz("n", b'{"kubeletconfig": {"readOnlyPort": "x"}}', "kubernetes", 0.0)
    gap = found.peek("config")
    assert isinstance(gap, Gap)
    assert gap.reason is Reason.MALFORMED


def test_the_source_fills_the_store(machine: Rooted) -> None:
    machine.write("/var/lib/kubelet/config.yaml", CONFIG)
    run(machine, 200, "kubelet", "--config=/var/lib/kubelet/config.yaml")
    store = Store()
    assert read_node(store, machine, at=1.0).status is Status.OK
    found = store.snapshot()
    assert [one.name for one in found.of(Kubelet)] == ["cp-1"]
    assert found.count(Kind.KUBE_HOST) == 1
    assert not found.gaps


def test_a_fault_is_said_and_does_no_harm(machine: Rooted, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("inventory.sources.host.node_source.kubernetes_node", broken)
    store = Store()
    assert read_node(store, machine).status is Status.DEGRADED
    assert {gap.reason for gap in store.snapshot().gaps.values()} == {Reason.ERROR}


def test_the_source_looks_again_when_it_is_asked_to(machine: Rooted) -> None:
    store = Store()
    source = NodeSource(store, machine, every=60.0)
    source.start()
    try:
        assert waited(lambda: store.snapshot().count(Kind.KUBE_HOST) == 1)
        machine.write("/etc/kubernetes/manifests/etcd.yaml")
        source.refresh()
        assert waited(lambda: any(one.manifests for one in store.snapshot().of(KubeHost)))
    finally:
        source.stop()


def waited(done: Callable[[], bool], limit: float = 10.0) -> bool:
    until = time.monotonic() + limit
    while not done() and time.monotonic() < until:
        time.sleep(0.01)
    return done()
