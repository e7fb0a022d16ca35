"""Why pods and workloads are not well: against the recorded server's own columns, then state by state."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec
import pytest
import yaml

from inventory.gap import Unread
from inventory.kubernetes.cluster import KubeNode
from inventory.kubernetes.configuration import KubeEvent
from inventory.kubernetes.policies import PodDisruptionBudget
from inventory.kubernetes.reasons import about, ready_of, restarts, restarts_of, state, troubles
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.states import printed
from inventory.kubernetes.times import epoch, for_people
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind, ResourceKey
from inventory.sources.kubernetes.objects import translate
from tests.checks.kubernetes.objects import written
from tests.kubernetes import captured

AT = epoch("2026-11-23T11:58:00Z")
TABLE = json.loads((captured.DATA / "GET_api_v1_pods__includeObject=None.Table.json").read_bytes())
WARNINGS = (captured.DATA / "GET_api_v1_events__fieldSelector=type=Warning_limit=150.json").read_bytes()
EVENTS = [
    translate(KubeEvent, raw, "kubernetes", AT)
    for raw in msgspec.json.decode(
        msgspec.json.decode(WARNINGS, type=dict[str, msgspec.Raw])["items"], type=list[msgspec.Raw]
    )
]
PODS = {pod.name: pod for pod in captured.objects() if isinstance(pod, Pod)}


def bearer(kind: Kind, name: str) -> PodBearer:
    return cast(PodBearer, captured.one(kind, name))


def texts(one: PodBearer, **known: Any) -> str:
    return " | ".join(f"{found.word}: {found.text}" for found in troubles(one, AT, **known))


@pytest.mark.parametrize("cells", [row["cells"] for row in TABLE["rows"]], ids=lambda cells: cells[0])
def test_columns_are_those_of_the_server(cells: list[Any]) -> None:
    line = printed(PODS[cells[0]])
    assert (f"{line.ready}/{line.total}", line.status) == (cells[1], cells[2])
    assert str(line.restarts.number) == str(cells[3]).partition(" ")[0]
    assert ("ago" in str(cells[3])) is bool(line.restarts.number and line.restarts.last)


def made(status: str, spec: str = "containers: [{name: app}]", **meta: Any) -> Pod:
    """A pod in this state (YAML)."""
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "n", **meta},
        "spec": yaml.safe_load(spec),
        "status": yaml.safe_load(status),
    }
    return cast(Pod, written(yaml.safe_dump(document)))


INIT = "{initContainers: [{name: a}, {name: b}, {name: side, restartPolicy: Always}], containers: [{name: app}]}"
GONE = {"deletionTimestamp": "2026-11-23T10:58:00Z", "finalizers": ["x.example/keep"]}
DONE = "{name: a, state: {terminated: {exitCode: 0, reason: Completed}}}"
STATES = [
    ("{phase: Pending}", "", {}, "Pending", "0/1"),
    ("{phase: Running, reason: Frozen}", "", {}, "Frozen", "0/1"),
    ("{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]}", "", {},
     "SchedulingGated", "0/1"),
    ("{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}", "", {},
     "ContainerCreating", "0/1"),
    ("{phase: Failed, containerStatuses: [{name: app, state: {terminated: {exitCode: 3}}}]}", "", {}, "ExitCode:3",
     "0/1"),
    ("{phase: Failed, containerStatuses: [{name: app, state: {terminated: {exitCode: 1, signal: 9}}}]}", "", {},
     "Signal:9", "0/1"),
    ("{phase: Failed, containerStatuses: [{name: app, state: {terminated: {exitCode: 137, reason: OOMKilled}}}]}", "",
     {}, "OOMKilled", "0/1"),
    (f"{{phase: Pending, initContainerStatuses: [{DONE}, {{name: b, state: {{running: {{}}}}}}]}}", INIT, {},
     "Init:1/3", "0/2"),
    ("{phase: Pending, initContainerStatuses: [{name: a, state: {waiting: {reason: PodInitializing}}}]}", INIT, {},
     "Init:0/3", "0/2"),
    ("{phase: Pending, initContainerStatuses: [{name: a, restartCount: 4, state: {terminated: {exitCode: 2}}}]}",
     INIT, {}, "Init:ExitCode:2", "0/2"),
    ("{phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 2, signal: 6}}}]}", INIT, {},
     "Init:Signal:6", "0/2"),
    ("{phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 2, reason: Error}}}]}", INIT,
     {}, "Init:Error", "0/2"),
    ("{phase: Pending, initContainerStatuses: [{name: a, state: {waiting: {reason: ErrImagePull}}}]}", INIT, {},
     "Init:ErrImagePull", "0/2"),
    (f"{{phase: Running, initContainerStatuses: [{DONE}, {{name: side, started: true, ready: true, state: "
     "{running: {}}}], containerStatuses: [{name: app, ready: true, state: {running: {}}}]}", INIT, {}, "Running",
     "2/2"),
    (f"{{phase: Running, initContainerStatuses: [{DONE}, {{name: side, started: false, state: {{running: {{}}}}}}]}}",
     INIT, {}, "Init:1/3", "0/2"),
    ("{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, state: "
     "{terminated: {exitCode: 0, reason: Completed}}}, {name: b, ready: true, state: {running: {}}}]}",
     "containers: [{name: app}, {name: b}]", {}, "Running", "1/2"),
    ("{phase: Running, containerStatuses: [{name: app, state: {terminated: {exitCode: 0, reason: Completed}}}, "
     "{name: b, ready: true, state: {running: {}}}]}", "containers: [{name: app}, {name: b}]", {}, "NotReady", "1/2"),
    ("{phase: Running}", "", GONE, "Terminating", "0/1"),
    ("{phase: Running, reason: NodeLost}", "", GONE, "Unknown", "0/1"),
    ("{phase: Succeeded}", "", GONE, "Succeeded", "0/1"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "spec", "meta", "word", "ready"), STATES)
def test_state(status: str, spec: str, meta: dict[str, Any], word: str, ready: str) -> None:
    line = printed(made(status, spec or "containers: [{name: app}]", **meta))
    assert (line.status, f"{line.ready}/{line.total}") == (word, ready)


def test_an_initialized_pod_counts_restarts_of_sidecars_alone() -> None:
    ran = "restartCount: 5, state: {terminated: {exitCode: 0}}"
    pod = made(
        f"{{phase: Running, initContainerStatuses: [{{name: a, {ran}}}, {{name: side, restartCount: 2, started: true,"
        " state: {running: {}}}], containerStatuses: [{name: app, restartCount: 1, state: {running: {}}}]}",
        INIT,
    )
    assert restarts(pod).number == 3


WHY = [
    ("prod/payments-7d89c76d5-jglnm", "CrashLoopBackOff: container payments crashes again and again (17 restarts); "
     "last it ended with exit code 137 (SIGKILL), over its memory limit of"),
    ("prod/image-resizer-6646997678-chqpr", "pull access denied, repository does not exist"),
    ("staging/config-broken-6d855985ff-svb4z", 'app cannot be started: secret "app-config-missing" not found'),
    ("prod/recommender-6c7b644b75-mvzg6", "Unschedulable: no node can take it: 0/4 nodes are available"),
    ("staging/batch-report-x7k2p", "Evicted: it was evicted: The node was low on resource: memory."),
    ("legacy/stuck-terminating", "it waits for finalizers: example.com/never-removed"),
    ("staging/init-fails-6dffb48f85-47w5c", "init container wait-db crashes again and again (9 restarts)"),
    ("staging/flaky-import-7ntnk", "container import ended with exit code"),
    ("prod/notifications-65db589756-v5z9d", "container app runs but is not ready: Liveness probe failed: Get"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said"), WHY)
def test_why_a_recorded_pod_is_not_well(name: str, said: str) -> None:
    assert said in texts(bearer(Kind.POD, name), events=EVENTS)


def test_what_is_well_has_no_trouble() -> None:
    for pod in PODS.values():
        if printed(pod).status in ("Running", "Completed") and pod.name not in ("stuck-terminating",):
            grave = [one.word for one in troubles(pod, AT + 90_000) if one.grave]
            assert grave in ([], ["NotReady"]), pod.name


def test_a_pod_on_a_node_that_is_not_ready_says_so() -> None:
    node = captured.one(Kind.KUBE_NODE, "worker-2")
    broken = next(one for one in captured.objects() if isinstance(one, KubeNode) and one.spec.unschedulable)
    pod = next(pod for pod in PODS.values() if pod.node_name == broken.name)
    assert isinstance(node, KubeNode)
    assert f"its node {broken.name} is not ready (NodeStatusUnknown)" in texts(pod, node=broken)
    assert "NodeNotReady" not in texts(pod, node=node)


def test_a_budget_without_room_matters_on_a_cordoned_node() -> None:
    node = next(one for one in captured.objects() if isinstance(one, KubeNode) and one.spec.unschedulable)
    budgets = [one for one in captured.objects() if isinstance(one, PodDisruptionBudget)]
    blocked = next(one for one in budgets if not one.status.disruptions_allowed)
    assert blocked.spec.selector is not None
    labels = dict(blocked.spec.selector.match_labels)
    status = "{phase: Running}"
    pod = made(status, labels=labels, namespace=blocked.namespace)
    assert f"budget {blocked.name} allows no eviction" in texts(pod, node=node, budgets=budgets)
    assert "budget" not in texts(
        made(status, labels={"x": "y"}, namespace=blocked.namespace), node=node, budgets=budgets
    )


def event(reason: str, message: str, age: float = 60.0) -> KubeEvent:
    return KubeEvent.build(
        key=ResourceKey(Kind.EVENT, "kubernetes", "n/e"), name="e", namespace="n",
        involved=EVENTS[0].involved.__class__(kind="Pod", name="p", namespace="n"), type="Warning", reason=reason,
        message=message, count=1, first_seen=AT - age, last_seen=AT - age, reporter="kubelet",
    )  # fmt: skip


def test_mount_failures_come_from_events_that_are_recent() -> None:
    pod = made("{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}")
    failure = event("FailedMount", 'MountVolume.SetUp failed for volume "data"')
    assert 'a volume cannot be mounted: MountVolume.SetUp failed for volume "data"' in texts(pod, events=[failure])
    assert texts(pod, events=[event("FailedMount", "x", age=7200.0)]) == ""
    assert about(pod, [failure, *EVENTS]) == (failure,)
    evict = event("EvictionFailed", "Cannot evict pod as it would violate the pod's disruption budget.")
    assert "a disruption budget does not let it be evicted" in texts(pod, events=[evict])


WORKLOADS = [
    (Kind.DEPLOYMENT, "prod/payments", (0, 2), "0 of 2 pods are ready"),
    (Kind.DEPLOYMENT, "staging/scaled-to-zero", (0, 0), ""),
    (Kind.DAEMONSET, "legacy/log-scraper", (3, 4), "3 of 4 pods are ready"),
    (Kind.STATEFULSET, "prod/postgres", (2, 2), ""),
    (Kind.JOB, "prod/migrate-2026-11", (1, 1), ""),
    (Kind.JOB, "staging/flaky-import", (0, 1), "BackoffLimitExceeded: the job failed: Job has reached the specified"),
    (Kind.CRONJOB, "prod/db-backup", None, ""),
    (Kind.REPLICATIONCONTROLLER, "legacy/old-rc", (1, 1), ""),
]


@pytest.mark.parametrize(("kind", "name", "ready", "said"), WORKLOADS)
def test_recorded_workloads(kind: Kind, name: str, ready: tuple[int, int] | None, said: str) -> None:
    one = bearer(kind, name)
    assert ready_of(one) == ready
    found = texts(one, events=EVENTS)
    assert said in found
    assert said or not found


def test_a_workload_tells_the_troubles_of_its_pods_once() -> None:
    pods = [pod for name, pod in PODS.items() if name.startswith("payments-")]
    found = texts(bearer(Kind.DEPLOYMENT, "prod/payments"), pods=pods)
    assert "CrashLoopBackOff: 2 of 2 pods: container payments crashes again" in found
    assert found.count("crashes") == 1
    assert restarts_of(pods).number == 34
    assert restarts_of(()) == (0, 0.0)


def workload(kind: str, status: str, spec: str = "{}") -> PodBearer:
    version = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": "w", "namespace": "n"},
                "spec": yaml.safe_load(spec), "status": yaml.safe_load(status)}  # fmt: skip
    return cast(PodBearer, written(yaml.safe_dump(document)))


CONDITIONS = [
    ("Deployment", "{readyReplicas: 1, conditions: [{type: Progressing, status: 'False', reason: "
     "ProgressDeadlineExceeded, message: ReplicaSet w-1 has timed out progressing.}]}",
     "ProgressDeadlineExceeded: its rollout does not get on: ReplicaSet w-1 has timed out"),
    ("Deployment", "{readyReplicas: 1, conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, "
     "message: 'pods \"w-x\" is forbidden: exceeded quota: small'}]}", 'pods cannot be made: pods "w-x" is'),
    ("StatefulSet", "{readyReplicas: 0}", "0 of 1 pods are ready; unless its pods start in parallel"),
    ("DaemonSet", "{desiredNumberScheduled: 1, numberReady: 1, numberMisscheduled: 2}", "2 of its pods run on nodes"),
    ("Job", "{conditions: [{type: Failed, status: 'True', reason: DeadlineExceeded, message: too long}]}",
     "DeadlineExceeded: the job failed: too long"),
    ("Job", "{conditions: [{type: Suspended, status: 'True', reason: JobSuspended}]}", "it is suspended"),
    ("CronJob", "{lastScheduleTime: '2026-11-20T00:00:00Z', lastSuccessfulTime: '2026-11-10T00:00:00Z'}",
     "its run of 3 d ago did not succeed"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "said"), CONDITIONS)
def test_conditions_of_workloads(kind: str, status: str, said: str) -> None:
    assert said in texts(workload(kind, status))


def test_a_paused_rollout_is_told_but_not_grave() -> None:
    found = troubles(workload("Deployment", "{readyReplicas: 1}", "{paused: true}"), AT)
    assert [(one.word, one.grave) for one in found] == [("Paused", False)]


def test_hostile_and_wrong_text_does_no_harm() -> None:
    pod = made(
        "{phase: Running, containerStatuses: [{name: app, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff,"
        " message: 'x'}}, lastState: {terminated: {exitCode: 9999, signal: 4000, finishedAt: 'yesterday'}}}]}"
    )
    assert "last it ended with signal 4000" in texts(pod)
    long = made("{phase: Failed, message: 'a\\n  b %s'}" % ("z" * 9000))
    assert max(len(one.text) for one in troubles(long, AT)) < 1000


def test_what_was_not_read_raises() -> None:
    bare = Pod.build(key=ResourceKey(Kind.POD, "kubernetes", "n/p"), name="p")
    with pytest.raises(Unread):
        state(bare)
    with pytest.raises(Unread):
        troubles(bare, AT)


def test_times() -> None:
    assert epoch("") == epoch("0001-01-01T00:00:00Z") == epoch("nonsense") == epoch("2026-11-23") == 0.0
    assert [for_people(one) for one in (-5, 59, 120, 7200, 172_800)] == ["0 s", "59 s", "2 min", "2 h", "2 d"]


def test_every_recorded_object_can_be_asked() -> None:
    for one in captured.objects():
        if isinstance(one, PodBearer):
            troubles(one, AT, EVENTS)
            ready_of(one)
        assert isinstance(one, KubeResource)
