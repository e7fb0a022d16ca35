"""kubeconfigs: who may read them and what is in them, and never a secret of theirs."""

from __future__ import annotations

import base64
import errno
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from inventory.gap import Gap, Reason
from inventory.machine import KubeConfig
from inventory.sources.bundle.manifest import SourceEntry
from inventory.sources.bundle.recorder import Recording
from inventory.sources.bundle.replay import Replay as Bundle
from inventory.sources.host.files import Accounts
from inventory.sources.host.kubeconfigs import LARGEST, facts, is_kubeconfig, skeleton
from inventory.sources.host.reader import LocalReader, Stat
from inventory.sources.host.recording import Recorder
from tests.inventory.host.machines import look, machine

CONFIG = """\
apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: lab
  cluster:
    server: https://10.0.0.5:6443
    insecure-skip-tls-verify: true
- name: other
  cluster: {server: "https://10.0.0.6:6443", certificate-authority-data: QUFBQQ==}
contexts:
- name: lab
  context: {cluster: lab, user: ann}
users:
- name: ann
  user: {token: hunter2-lab-token}
- name: bob
  user: {username: bob, password: hunter2-lab-word, client-key-data: aHVudGVyMi1sYWIta2V5}
- name: eve
  user: {exec: {command: aws, env: [{name: SECRET, value: hunter2-lab-env}]}}
"""
PATH = "/home/ann/.kube/config"
BOMB = "a: &a [x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


def configs(tmp_path: Path, content: str | bytes, mode: int = 0o600) -> KubeConfig:
    reader = machine(tmp_path)
    reader.write(PATH, content, mode)
    (found,) = look(reader)["kubeconfigs"]
    assert isinstance(found, KubeConfig)
    return found


def test_what_is_told_of_one(tmp_path: Path) -> None:
    found = configs(tmp_path, CONFIG, 0o644)
    assert (found.file.path, found.file.mode) == (PATH, 0o644)
    assert found.contexts == ("lab",)
    assert found.insecure == ("lab",)
    assert found.static == ("ann: token", "bob: password")
    assert found.unread is None


def test_its_secrets_are_not_kept(tmp_path: Path) -> None:
    found = configs(tmp_path, CONFIG)
    assert b"hunter2" not in msgspec.json.encode(found)
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "content",
    [
        "hunter2: [unclosed",
        b"\x00\x01\xff\xfe",
        "- a list",
        "plain hunter2",
        "",
        BOMB,
        "a: &a\n  <<: *a\n",
        "[" * 5000,
        "{a: " * 5000,
        "x: " + "y" * LARGEST,
        "!!python/object/apply:os.system ['true']",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_kubeconfig_is_a_gap_that_does_not_quote_it(tmp_path: Path, content: str | bytes) -> None:
    found = configs(tmp_path, content)
    assert isinstance(found.unread, Gap)
    assert found.unread.reason is Reason.MALFORMED
    assert "hunter2" not in str(found.unread)
    assert (found.contexts, found.insecure, found.static) == ((), (), ())


@pytest.mark.parametrize(
    "content",
    [
        "users: 7",
        "users: [7, {name: a}, {user: x}, null]",
        "users: {name: a, user: {token: x}}",
        "clusters: [{name: a, cluster: null}]",
        "1: 2",
    ],
)
def test_an_odd_one_tells_nothing(tmp_path: Path, content: str) -> None:
    found = configs(tmp_path, content)
    assert found.unread is None
    assert (found.insecure, found.static) == ((), ())


def test_where_they_are_looked_for(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    expected = ["/root/.kube/config", PATH, "/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml"]
    for path in (*expected, "/etc/kubernetes/notes.txt", "/var/mail/.kube/config"):
        reader.write(path, "{}")
    assert [one.file.path for one in look(reader)["kubeconfigs"]] == expected
    assert all(is_kubeconfig(path) for path in expected)


def test_closed_homes_and_files_are_told_apart(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    reader.write(PATH, CONFIG)
    reader.closed = ["/root", "/etc/kubernetes"]
    found = look(reader)
    assert [gap.path for gap in found["kubeconfigs_unread"]] == ["/etc/kubernetes", "/root/.kube/config"]
    assert found["kubeconfigs"][0].static


def test_a_pipe_in_its_place_does_not_hold_anybody_up(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    (tmp_path / "home/ann/.kube").mkdir(parents=True)
    os.mkfifo(tmp_path / PATH.lstrip("/"))
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.kube").write_text("a file where the directory belongs")
    found = look(reader)
    assert (found["kubeconfigs"], found["kubeconfigs_unread"]) == ((), ())


@pytest.mark.parametrize(
    "content", [CONFIG, "hunter2: [unclosed", BOMB, "x: hunter2" + "y" * LARGEST, "[]", "users: 7"]
)
@pytest.mark.parametrize("include_secrets", [True, False])
def test_no_recording_holds_their_secrets_and_each_is_judged_the_same(
    tmp_path: Path, content: str, include_secrets: bool
) -> None:
    reader = machine(tmp_path)
    reader.write(PATH, content)
    reader.write("/etc/kubernetes/admin.conf", content)
    recorder = Recorder(reader)
    found = look(recorder)
    recording = Recording(clock=lambda: 7.0)
    recording.note_host("docker", recorder.document())
    bundle = recording.bundle(
        "t", "h", (SourceEntry("docker", "docker", "unix:///x"),), include_secrets=include_secrets
    )
    heard = json.loads(next(iter(bundle.bodies.values())))
    kept = b"".join(
        base64.b64decode(one) for question, one in heard.items() if "kube" in question and one and "read" in question
    )
    assert b"hunter2" not in kept
    assert b"10.0.0.5" not in kept
    replayed: Any = Bundle(bundle.manifest, bundle.bodies).host_reader("docker")
    assert look(replayed) == found


def test_a_skeleton_of_a_skeleton_is_itself() -> None:
    once = skeleton(CONFIG.encode())
    assert skeleton(once) == once


def test_homes_on_another_machine_are_left_alone() -> None:
    """A server that does not answer would hold whoever looks."""
    mounts = b"36 35 98:0 / /home/far rw,noatime shared:1 - nfs4 server:/export rw\n"
    asked: list[str] = []

    class Reader(LocalReader):
        def read(self, path: str) -> bytes:
            return mounts if path == "/proc/self/mountinfo" else super().read(path)

        def stat(self, path: str) -> Stat:
            asked.append(path)
            raise FileNotFoundError(2, "no such file", path)

        def stat_below(self, base: str, path: str) -> Stat:
            return self.stat(base + path)

        def link(self, path: str) -> str:
            asked.append(path)
            raise OSError(errno.EINVAL, "no link", path)

        def names(self, path: str) -> list[str]:
            return []

    people = Accounts({1000: "far"}, {}, {}, {1000: "/home/far", 0: "/root"})
    found = facts(Reader(), people)
    assert "/root/.kube/config" in asked
    assert not [path for path in asked if path.startswith("/home/far")]
    assert [gap.path for gap in found["kubeconfigs_unread"]] == ["/home/far/.kube/config"]
