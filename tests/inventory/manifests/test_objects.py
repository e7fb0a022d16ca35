"""From documents to resources: the recorded cluster as files, and what files cannot tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.derived import DERIVED
from inventory.kubernetes.exposure import Ingress, KubeService
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import Deployment, Pod
from inventory.resource import CLUSTER_KINDS, Kind, ResourceKey
from inventory.snapshot import Snapshot, Status
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.manifests.read import NAME, Read, fill, read
from inventory.store import Store
from tests.kubernetes import captured

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/web:1
          securityContext:
            privileged: true
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"


def files(folder: Path, **texts: str) -> Read:
    """What the files of these names hold."""
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read([str(folder)])


def stored(found: Read) -> Snapshot:
    store = Store()
    fill(store, found, "target")
    return store.snapshot()


def one(found: Read) -> KubeResource:
    assert [str(note) for note in found.notes] == []
    (resource,) = found.found.values()
    return resource


# -- the recorded cluster --------------------------------------------------------------------------------------------


def recorded_lists() -> list[dict[str, Any]]:
    lists = []
    for kind in SERVED:
        try:
            lists.append(json.loads(captured.answer(kind)))
        except FileNotFoundError:
            continue
    return lists


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_recorded_cluster_is_the_same_as_files(tmp_path: Path, form: str) -> None:
    lists = recorded_lists()
    if form == "json":
        text = "\n".join(json.dumps(one, indent=1) for one in lists)
    else:
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text = yaml.dump_all(lists, Dumper=dumper, sort_keys=False, width=1 << 20)
    path = tmp_path / f"all.{form}"
    path.write_text(text, encoding="utf-8")
    found = read([str(path)], at=captured.NOW)
    assert [note for note in found.notes if note.broken] == []
    theirs = {resource.key._replace(source=NAME): resource for resource in captured.objects()}
    assert found.found.keys() == theirs.keys()
    for key, ours in found.found.items():
        for field in {*ours.field_names} - {"key", "manifest", "gaps"}:
            mine = ours.peek(field)
            if not isinstance(mine, Gap) or mine.reason is not Reason.UNSUPPORTED:
                assert _plain(mine) == _plain(theirs[key].peek(field)), (key, field)
    _lines_are_right(found, text.splitlines())


def _plain(value: Any) -> Any:
    """Specs are shared where their bytes are equal, and otherwise compare as different."""
    return msgspec.structs.astuple(value) if isinstance(value, PodSpec) else value


def _lines_are_right(found: Read, text: list[str]) -> None:
    """Where a path ends with a name, that name is in the line."""
    checked = 0
    for resource in found.found.values():
        assert resource.manifest is not None
        for path, line in resource.manifest.lines.items():
            name = path.rpartition(".")[2]
            if "[" not in name and not path.endswith("]") and "." not in path.partition("s.")[2]:
                assert name in text[line - 1], (resource.key, path, line)
                checked += 1
    assert checked > 5000


# -- what a file says, and what it does not --------------------------------------------------------------------------


def test_what_only_a_server_knows_is_a_gap(tmp_path: Path) -> None:
    web = one(files(tmp_path, web_yaml=WEB))
    assert isinstance(web, Deployment)
    assert web.key == ResourceKey(Kind.DEPLOYMENT, NAME, "default/web")
    assert {name: gap.reason for name, gap in web.gaps.items()} == dict.fromkeys(
        ("status", "created"), Reason.UNSUPPORTED
    )
    assert (web.managers, web.uid, web.resource_version) == ((), "", "")  # nobody has written it to a server yet
    assert web.manifest is not None
    assert web.manifest.file.endswith("web.yaml")
    assert web.manifest.line_of("spec.template.spec.containers[0].securityContext.privileged") == 14
    assert web.manifest.line_of("spec.template.spec.containers[0].securityContext.capabilities.drop") == 13
    assert web.manifest.line_of("status.replicas") == 1


def test_what_a_file_says_of_the_server_counts(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, creationTimestamp: '2026-01-01T00:00:00Z'}\n"
        "spec: {nodeName: n1, containers: []}\nstatus: {phase: Running}\n"
    )
    pod = one(files(tmp_path, a_yaml=text))
    assert isinstance(pod, Pod)
    assert (pod.node_name, pod.status.phase, pod.created) == ("n1", "Running", 1767225600.0)
    bare = one(files(tmp_path / "b", a_yaml="apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n"))
    with pytest.raises(Unread, match="nodeName"):
        _ = bare.node_name  # type: ignore[attr-defined]


def test_a_kind_that_is_not_there_is_a_gap_and_one_that_is_there_is_complete(tmp_path: Path) -> None:
    snapshot = stored(files(tmp_path, web_yaml=f"{WEB}---\n{SERVICE}"))
    assert [web.name for web in snapshot.require(Deployment, NAME)] == ["web"]
    assert [web.name for web in snapshot.require(KubeService, NAME)] == ["web"]
    gaps = {kind: gap for (_, kind), gap in snapshot.gaps.items()}
    derived = {one.kind for one in DERIVED}
    assert gaps.keys() | derived == {*CLUSTER_KINDS} - {Kind.DEPLOYMENT, Kind.KUBE_SERVICE} | derived
    assert {gap.reason for gap in gaps.values()} == {Reason.UNSUPPORTED}
    assert "the cluster may have some" in str(gaps[Kind.NETWORKPOLICY])
    assert snapshot.has_clusters
    assert snapshot.sources[NAME].status is Status.OK


def test_what_may_be_missing_is_not_called_absent(tmp_path: Path) -> None:
    found = files(tmp_path, a_yaml=f"{SERVICE}---\nkind: Service\na: [\n---\n{WEB}", b_yaml="a: {")
    snapshot = stored(found)
    assert [note.kinds for note in found.broken] == [frozenset({Kind.KUBE_SERVICE}), None]
    with pytest.raises(Unread, match=r"there may be some in .*b\.yaml:1: is not YAML"):
        snapshot.require(Deployment, NAME)
    assert snapshot.gaps[NAME, Kind.KUBE_SERVICE].detail.endswith("(while parsing a flow node)")
    assert snapshot.sources[NAME].status is Status.DEGRADED
    only_services = stored(files(tmp_path / "c", a_yaml=f"{WEB}---\nkind: Service\na: [\n"))
    assert [web.name for web in only_services.require(Deployment, NAME)] == ["web"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("kind: Service\nmetadata: {name: a}\n", "apiVersion not set"),
        ("apiVersion: v1\nmetadata: {name: a}\n", "kind not set"),
        ("apiVersion: 1\nkind: Service\n", "apiVersion and kind must be text"),
        ("apiVersion: v1\nkind: Service\n", "Service: an object without a name"),
        ("apiVersion: v1\nkind: Service\nmetadata: 5\n", "Service: an object without a name"),
        ("apiVersion: v1\nkind: List\nitems: 5\n", "List: items is no list of objects"),
        ("apiVersion: v1\nkind: List\nitems: [5]\n", "List: an item is no object"),
    ],
)
def test_broken_objects(tmp_path: Path, document: str, said: str) -> None:
    found = files(tmp_path, a_yaml=f"{document}---\n{WEB}")
    assert [note.message for note in found.broken] == [said]
    assert [resource.name for resource in found.found.values()] == ["web"]


@pytest.mark.parametrize(
    ("name", "document", "said"),
    [
        ("a_yaml", "a: 1\n", "holds no Kubernetes object (no apiVersion and kind)"),
        ("a_yaml", "- a\n", "holds no Kubernetes object"),
        ("values_yaml", "image: x\n", "is a file of a Helm chart"),
        ("kustomization_yaml", "resources: [web.yaml]\n", "is a kustomization: build it"),
        ("k_yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "is a kustomization"),
        ("a_yaml", "apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: a}\n", "Foo of example.com/v1 is of no"),
    ],
)
def test_what_is_left_out_is_said(tmp_path: Path, name: str, document: str, said: str) -> None:
    found = files(tmp_path, **{name: document, "web_yaml": WEB})
    assert [note.broken for note in found.notes] == [False]
    assert found.notes[0].message.startswith(said)
    assert stored(found).sources[NAME].status is Status.OK
    assert "left out: " in stored(found).sources[NAME].detail


def test_lists_of_all_sorts(tmp_path: Path) -> None:
    item = "{metadata: {name: %s}, spec: {template: {spec: {containers: []}}}}"
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: DeploymentList\n"
        f"  items:\n  - {item % 'a'}\n  - {item % 'b'}\n- {{apiVersion: v1, kind: List}}\n"
        "- {apiVersion: v1, kind: ServiceList, metadata: {}, items: null}\n"
    )
    found = files(tmp_path, a_yaml=text)
    assert found.notes == []
    assert [(key.id, made.manifest.line if made.manifest else 0) for key, made in found.found.items()] == [
        ("default/a", 7), ("default/b", 8),
    ]  # fmt: skip
    assert {made.api_version for made in found.found.values()} == {"apps/v1"}


def test_namespaces(tmp_path: Path) -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, namespace: x}\nrules: []\n"
    (tmp_path / "a.yaml").write_text(
        f"{WEB}---\n{SERVICE.replace('name: web}', 'name: web, namespace: own}')}---\n{role}"
    )
    found = read([str(tmp_path)], namespace="team")
    assert [key.id for key in found.found] == ["team/web", "own/web", "r"]


def test_groups_from_before_and_versions_that_nobody_knows(tmp_path: Path) -> None:
    ingress = (
        "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i}\n"
        "spec: {backend: {serviceName: web, servicePort: 80}}\n"
    )
    old = WEB.replace("apps/v1", "extensions/v1beta1")
    found = list(files(tmp_path, a_yaml=f"{old}---\n{ingress}").found.values())
    assert isinstance(found[0], Deployment)
    assert found[0].api_version == "extensions/v1beta1"
    assert found[0].pod_spec.containers[0].image == "registry.example/web:1"
    assert isinstance(found[1], Ingress)
    with pytest.raises(Unread, match="as extensions/v1beta1 says it"):
        _ = found[1].spec


def test_objects_of_one_name(tmp_path: Path) -> None:
    found = files(tmp_path, dev__web_yaml=WEB, prod__web_yaml=WEB.replace("web:1", "web:2"), z__web_yaml=SERVICE)
    images = {
        key.id: made.pod_spec.containers[0].image for key, made in found.found.items() if isinstance(made, Deployment)
    }
    first = next(key for key in images if key != "default/web")
    assert images == {first: "registry.example/web:1", "default/web": "registry.example/web:2"}
    assert first.endswith("dev/web.yaml:1)")
    assert "Deployment default/web is defined again; before in" in found.notes[0].message
    twice = files(tmp_path / "same", a_yaml=WEB, b_yaml=WEB)
    assert len(twice.found) == 1
    assert "Deployment default/web is the same as in" in twice.notes[0].message


def test_helm(tmp_path: Path) -> None:
    rendered = one(files(tmp_path, out_yaml=f"---\n# Source: shop/templates/web.yaml\n{WEB}"))
    assert rendered.manifest is not None
    assert (rendered.manifest.template, rendered.manifest.line) == ("shop/templates/web.yaml", 3)
    chart = files(
        tmp_path / "chart",
        Chart_yaml="apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        templates__web_yaml=WEB.replace("name: web\n", 'name: "{{ .Release.Name }}"\n', 1),
        templates__plain_yaml=SERVICE,
        values_yaml="a: 1\n",
    )
    assert [key.kind for key in chart.found] == [Kind.KUBE_SERVICE]
    assert sorted((note.file.rpartition("/")[2], note.broken) for note in chart.notes) == [
        ("Chart.yaml", False), ("values.yaml", False), ("web.yaml", True),
    ]  # fmt: skip


def test_patches_of_a_kustomization_are_no_objects(tmp_path: Path) -> None:
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"
    kustomization = "resources: [web.yaml]\npatches:\n- path: p/more.yaml\npatchesStrategicMerge: [other.yaml]\n"
    found = files(tmp_path, kustomization_yaml=kustomization, p__more_yaml=patch, other_yaml=patch, web_yaml=WEB)
    (web,) = found.found.values()
    assert isinstance(web, Deployment)
    assert web.pod_spec.containers
    assert sorted(note.message for note in found.notes)[1:] == ["is a patch of a kustomization, no whole object"] * 2


def test_wrong_types_cost_one_field(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: on, labels: {a: yes}}\nspec: {ports: x}\n"
    found = files(tmp_path, a_yaml=text)
    assert "Service: an object without a name" in found.notes[0].message  # `name: on` is true, as for the server
    service = one(files(tmp_path / "b", a_yaml=text.replace("name: on", "name: ok")))
    assert service.gaps["labels"].reason is Reason.MALFORMED
    assert service.gaps["spec"].path.startswith("spec")


def test_a_tls_secret_keeps_no_value(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2-and-more}\n"
    secret = one(files(tmp_path, a_yaml=text))
    told = repr([secret.peek(name) for name in secret.field_names if name != "gaps"])
    assert "hunter2" not in told
    assert secret.manifest is not None
    assert "stringData.password" in secret.manifest.lines


def test_five_hundred_deployments_take_a_moment(tmp_path: Path) -> None:
    text = "---\n".join(WEB.replace("name: web\n", f"name: web-{number}\n", 1) for number in range(500))
    found = files(tmp_path, a_yaml=text)
    assert len(found.found) == 500
    specs = {id(made.pod_spec) for made in found.found.values() if isinstance(made, Deployment)}
    assert len(specs) == 1  # shared, so that each pod check runs once
    assert len(msgspec.json.encode(list(found.found))) > 500
