"""kubeconfigs as people have them: several files, dangling names, relative paths, and what is not YAML at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from inventory.sources.kubernetes.kubeconfig import KubeconfigError, contexts, in_cluster, load, places

KUBECTL = shutil.which("kubectl")


def config(path: Path, current: str = "", **parts: Any) -> Path:
    """A file with contexts, clusters and users by name."""
    inner = {"contexts": "context", "clusters": "cluster", "users": "user"}
    document: dict[str, Any] = {"apiVersion": "v1", "kind": "Config"}
    if current:
        document["current-context"] = current
    for family, entries in parts.items():
        document[family] = [{"name": name, inner[family]: entry} for name, entry in entries.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture
def several(tmp_path: Path) -> dict[str, str]:
    """Three files that contradict each other, one that is missing, and an empty name in between."""
    one = config(
        tmp_path / "one" / "config",
        contexts={"a": {"cluster": "east", "user": "ann", "namespace": "shop"}, "lost": {"cluster": "gone"}},
        clusters={"east": {"server": "https://east:6443", "certificate-authority": "ca.pem"}},
        users={"ann": {"client-certificate": "../ann.pem", "client-key": "/keys/ann.key"}},
    )
    two = config(
        tmp_path / "two" / "config",
        "b",
        contexts={"a": {"cluster": "west", "user": "bob"}, "b": {"cluster": "west", "user": "bob"}},
        clusters={"east": {"server": "https://never"}, "west": {"server": "https://west", "proxy-url": "http://p:1"}},
        users={"bob": {"tokenFile": "bob.token"}, "ann": {"token": "never"}},
    )
    three = config(
        tmp_path / "three" / "config",
        "a",
        contexts={"c": {"cluster": "west", "user": "nobody"}},
        users={"carl": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "bin/plugin"}}},
    )
    found = os.pathsep.join(map(str, (one, tmp_path / "none", "", two, three)))
    return {"KUBECONFIG": found, "HOME": str(tmp_path)}


def test_the_first_file_that_names_a_thing_wins(several: dict[str, str]) -> None:
    found = load(environ=several)
    assert (found.current, found.problems) == ("b", ())
    listed = {one.name: one for one in found.listed()}
    assert list(listed) == ["a", "b", "c", "lost"]
    assert (listed["a"].server, listed["a"].user, listed["a"].namespace) == ("https://east:6443", "ann", "shop")
    assert listed["b"].server == "https://west"


def test_relative_paths_belong_to_the_file_they_stand_in(several: dict[str, str], tmp_path: Path) -> None:
    found = load(environ=several)
    assert found.clusters["east"]["certificate-authority"] == str(tmp_path / "one/ca.pem")
    assert Path(found.users["ann"]["client-certificate"]).resolve() == tmp_path / "ann.pem"
    assert found.users["ann"]["client-key"] == "/keys/ann.key"
    assert found.users["bob"]["tokenFile"] == str(tmp_path / "two/bob.token")
    assert found.users["carl"]["exec"]["command"] == str(tmp_path / "three/bin/plugin")


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl to compare with")
def test_kubectl_reads_the_same(several: dict[str, str]) -> None:
    assert KUBECTL is not None
    argv = [KUBECTL, "config", "view", "--raw", "-o", "json"]
    said = json.loads(subprocess.run(argv, env={**os.environ, **several}, capture_output=True, check=True).stdout)
    ours = load(environ=several)
    assert said["current-context"] == ours.current
    theirs = {one["name"]: {k: v for k, v in one["context"].items() if v} for one in said["contexts"]}
    assert theirs == ours.contexts
    servers = {one["name"]: one["cluster"]["server"] for one in said["clusters"]}
    assert servers == {name: one["server"] for name, one in ours.clusters.items()}
    for one in said["users"]:
        for name in ("client-certificate", "client-key", "tokenFile", "token"):
            mine, said_ = ours.users[one["name"]].get(name), one["user"].get(name)
            assert (mine and Path(mine).name) == (said_ and Path(said_).name)  # shown relative to their file


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lost", "names the cluster 'gone', which no file defines"),
        ("c", "names the user 'nobody', which no file defines"),
        ("never", "no context 'never'"),
    ],
)
def test_names_that_lead_nowhere(several: dict[str, str], name: str, sentence: str) -> None:
    found = load(environ=several)
    with pytest.raises(KubeconfigError, match=sentence):
        found.resolve(name)


def test_an_unreadable_file_is_told_and_the_others_count(several: dict[str, str], tmp_path: Path) -> None:
    broken, binary, strange = (tmp_path / name for name in ("broken", "binary", "strange"))
    broken.write_text("contexts: [a\nusers: token: SECRET", encoding="utf-8")
    binary.write_bytes(b"\x00\xff\xfe" * 10)
    strange.write_text("- just\n- a list", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    names = os.pathsep.join(map(str, (broken, binary, strange, tmp_path / "pipe", tmp_path)))
    found = load(environ={**several, "KUBECONFIG": f"{names}{os.pathsep}{several['KUBECONFIG']}"})
    assert found.current == "b"
    assert [one.partition(": ")[2] for one in found.problems] == [
        "not YAML in line 2", "not YAML", "not a kubeconfig", "not a regular file", "not a regular file",
    ]  # fmt: skip
    assert "SECRET" not in str(found.problems)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "contexts: null",
        "contexts: {a: b}",
        "contexts: [1, null, {name: 3}, {name: x}]",
        "current-context: [1]",
    ],
)
def test_odd_files_have_no_contexts_that_can_be_opened(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    found = load(str(path))
    assert all(one.problem for one in found.listed())
    with pytest.raises(KubeconfigError):
        found.resolve()


def test_where_files_are_looked_for(tmp_path: Path) -> None:
    assert places("", {"HOME": "/home/ann"}) == (Path("/home/ann/.kube/config"),)
    assert places("", {"HOME": "/home/ann", "KUBECONFIG": "/a::/b:/a"}) == (Path("/a"), Path("/b"))
    assert places("/c", {"KUBECONFIG": "/a"}) == (Path("/c"),)
    with pytest.raises(KubeconfigError, match="no such file"):
        load(str(tmp_path / "none")).resolve()


def test_a_pods_account_counts_where_there_is_no_file(tmp_path: Path) -> None:
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path)}
    assert in_cluster(environ, tmp_path) is None
    (tmp_path / "token").write_text("t", encoding="utf-8")
    (tmp_path / "namespace").write_text("shop\n", encoding="utf-8")
    pod = in_cluster(environ, tmp_path)
    assert pod is not None
    assert (pod.server, pod.namespace) == ("https://[fd00::1]:443", "shop")
    assert contexts(environ={"HOME": str(tmp_path)}) == ((), "")


def test_listing_contexts_needs_neither_the_package_nor_the_network(several: dict[str, str]) -> None:
    code = (
        "import sys\n"
        "from inventory.sources.kubernetes.kubeconfig import contexts\n"
        "assert len(contexts()[0]) == 4\n"
        "assert not {'kubernetes', 'urllib3', 'ssl', 'socket'} & set(sys.modules), sorted(sys.modules)\n"
    )
    environ = {**os.environ, **several, "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)


@pytest.mark.parametrize("form", ["<<: [*x{0}, *x{0}]", "a: *x{0}, b: *x{0}"])
def test_a_file_that_expands_without_end_is_refused_as_by_kubectl(tmp_path: Path, form: str) -> None:
    lines = ["x0: &x0 {a: [1, 2, 3, 4, 5, 6, 7, 8]}"]
    lines += [f"x{at}: &x{at} {{{form.format(at - 1)}, c{at}: 1}}" for at in range(1, 40)]
    path = tmp_path / "config"
    path.write_text("\n".join(lines), encoding="utf-8")
    began = time.monotonic()
    config = load(str(path))
    assert time.monotonic() - began < 5
    assert not config.contexts
    if "<<" not in form:
        assert config.problems


def test_of_a_member_that_is_there_twice_the_last_counts_and_dates_are_text(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("current-context: a\ncurrent-context: b\ncontexts: [{name: b, context: {namespace: 2026-01-02}}]")
    config = load(str(path))
    assert (config.current, config.listed()[0].namespace) == ("b", "2026-01-02")
