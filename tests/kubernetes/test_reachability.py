"""Who reaches whom: against an evaluator that does it the slow way, in the recorded cluster, and in sick ones."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.kubernetes.reach.answer import Reachability
from inventory.kubernetes.reach.result import Reach
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import Pod
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes.kinds import BY_API
from inventory.sources.kubernetes.objects import translate
from tests.kubernetes.brute_force import reaches
from tests.kubernetes.captured import NOW, SOURCE

Json = dict[str, Any]
GROUPS = {"NetworkPolicy": "networking.k8s.io/v1", "ReplicaSet": "apps/v1"}
NAMESPACES = ("a", "b")
NODES = {"n1": "10.0.0.1", "n2": "10.0.0.2"}
VALUES = st.sampled_from(("x", "y"))
KEYS = st.sampled_from(("app", "tier"))
PROTOCOLS = st.sampled_from(("TCP", "UDP", "SCTP"))
PORTS = (80, 81, 443, 8080)


def resource(kind: str, document: Json) -> KubeResource:
    document = {"apiVersion": GROUPS.get(kind, "v1"), "kind": kind, **document}
    family = BY_API[GROUPS[kind].partition("/")[0] if kind in GROUPS else "", kind].family
    return translate(family, json.dumps(document).encode(), SOURCE, NOW)


def snapshot_of(cluster: Json) -> Snapshot:
    found = [resource("Pod", one) for one in cluster["pods"]]
    found += [resource("NetworkPolicy", one) for one in cluster["policies"]]
    found += [
        resource("Namespace", {"metadata": {"name": name, "labels": {**labels, "kubernetes.io/metadata.name": name}}})
        for name, labels in cluster["namespaces"].items()
    ]
    found += [
        resource("Node", {"metadata": {"name": n}, "status": {"addresses": [{"type": "InternalIP", "address": ip}]}})
        for n, ip in NODES.items()
    ]
    found += [resource("ReplicaSet", {"metadata": {"name": "one", "namespace": name}}) for name in NAMESPACES]
    by_kind: dict[Any, dict[Any, KubeResource]] = {}
    for one in found:
        by_kind.setdefault(one.key.kind, {})[one.key] = one
    return Snapshot(1, NOW, by_kind)


labels = st.dictionaries(KEYS, VALUES, max_size=2)
expressions = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "key": KEYS,
                "operator": st.sampled_from(("In", "NotIn")),
                "values": st.lists(VALUES, min_size=1, max_size=2),
            }
        ),
        st.fixed_dictionaries({"key": KEYS, "operator": st.sampled_from(("Exists", "DoesNotExist"))}),
    ),
    min_size=1,
    max_size=2,
)
selectors = st.fixed_dictionaries({}, optional={"matchLabels": labels, "matchExpressions": expressions})
namespace_selectors = st.one_of(
    selectors, st.sampled_from(NAMESPACES).map(lambda name: {"matchLabels": {"kubernetes.io/metadata.name": name}})
)
blocks = st.sampled_from(
    (
        {"cidr": "0.0.0.0/0"},
        {"cidr": "0.0.0.0/0", "except": ["10.1.0.0/16"]},
        {"cidr": "10.1.1.0/24"},
        {"cidr": "10.1.0.0/16", "except": ["10.1.1.0/24", "10.1.2.3/32"]},
        {"cidr": "10.0.0.1/32"},
        {"cidr": "::/0"},
        {"cidr": "fd00::/8", "except": ["fd00:1::/32"]},
    )
)
peers = st.one_of(
    st.fixed_dictionaries({"podSelector": selectors}),
    st.fixed_dictionaries({"namespaceSelector": namespace_selectors}),
    st.fixed_dictionaries({"podSelector": selectors, "namespaceSelector": namespace_selectors}),
    st.fixed_dictionaries({"ipBlock": blocks}),
    st.fixed_dictionaries({"ipBlock": blocks}),
)
policy_ports = st.one_of(
    st.fixed_dictionaries({}, optional={"protocol": PROTOCOLS}),
    st.fixed_dictionaries({"port": st.sampled_from((*PORTS, "web", "dns"))}, optional={"protocol": PROTOCOLS}),
    st.fixed_dictionaries(
        {"port": st.sampled_from((80, 81)), "endPort": st.sampled_from((81, 443, 9000))},
        optional={"protocol": PROTOCOLS},
    ),
)


def rules(side: str) -> st.SearchStrategy[list[Json]]:
    one = st.fixed_dictionaries(
        {side: st.lists(peers, max_size=1)}, optional={"ports": st.lists(policy_ports, max_size=1)}
    )
    return st.lists(one, max_size=2)


policies: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({"namespace": st.sampled_from(NAMESPACES)}),
        "spec": st.fixed_dictionaries(
            {"podSelector": st.one_of(st.just({}), selectors)},
            optional={
                "ingress": rules("from"),
                "egress": rules("to"),
                "policyTypes": st.lists(st.sampled_from(("Ingress", "Egress")), max_size=2, unique=True),
            },
        ),
    }
)
container_ports = st.sampled_from(
    (
        [{"containerPort": 80, "name": "web"}, {"containerPort": 443, "name": "dns", "protocol": "UDP"}],
        [{"containerPort": 80, "name": "web"}, {"containerPort": 443, "name": "dns", "protocol": "UDP"}],
        [{"containerPort": 8080, "name": "web"}, {"containerPort": 81, "name": "dns"}],
        [],
    )
)


@st.composite
def pods(draw: st.DrawFn, at: int) -> Json:
    node = draw(st.sampled_from(tuple(NODES)))
    host = draw(st.booleans()) and draw(st.booleans())
    own = [f"10.1.{at % 3}.{at}", f"fd00:{at % 3}::{at}"]
    found = [NODES[node]] if host else draw(st.sampled_from((own, own[:1], own[1:])))
    spec: Json = {
        "nodeName": node,
        "containers": [{"name": "c", "ports": draw(container_ports)}],
    }
    if host:
        spec["hostNetwork"] = True
    return {
        "metadata": {
            "name": f"p{at}",
            "namespace": draw(st.sampled_from((*NAMESPACES, "a"))),
            "labels": draw(labels),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "one", "controller": True}],
        },
        "spec": spec,
        "status": {"phase": "Running", "podIPs": [{"ip": ip} for ip in found], "podIP": found[0]},
    }


@st.composite
def clusters(draw: st.DrawFn) -> Json:
    found = draw(st.lists(policies, max_size=4))
    for at, policy in enumerate(found):
        policy["metadata"] = {**policy["metadata"], "name": f"np{at}"}
    return {
        "namespaces": {name: draw(labels) for name in NAMESPACES},
        "policies": found,
        "pods": [draw(pods(at)) for at in range(1, draw(st.integers(2, 5)) + 1)],
    }


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters(), st.data())
def test_every_connection_is_judged_as_the_documentation_says(cluster: Json, data: st.DataObject) -> None:
    state = snapshot_of(cluster)
    answers = Reachability(state, SOURCE)
    found = {pod.name: pod for pod in state.of(Pod)}
    for source in cluster["pods"]:
        for destination in cluster["pods"]:
            here, there = found[source["metadata"]["name"]], found[destination["metadata"]["name"]]
            bounds = answers.between(answers.end(here), answers.end(there))
            assert bounds.sure
            for protocol in ("TCP", "UDP", "SCTP"):
                for port in (*PORTS, 5000):
                    expected = reaches(cluster, source, destination, protocol, port)
                    case = (source["metadata"], destination["metadata"], protocol, port)
                    assert bounds.certain.holds(protocol, port) is expected, case
            protocol, port = data.draw(PROTOCOLS), data.draw(st.sampled_from(PORTS))
            decision = answers.allowed(here, there, protocol, port)
            expected = reaches(cluster, source, destination, protocol, port)
            assert decision.reach is (Reach.ALLOWED if expected else Reach.DENIED), decision.why


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters())
def test_the_condensed_answer_says_the_same_of_every_pod(cluster: Json) -> None:
    state = snapshot_of(cluster)
    answers = Reachability(state, SOURCE)
    found = {pod.name: pod for pod in state.of(Pod)}
    pods_of_class = {key: one for one in answers.classes for key in one.pods}
    for mine in cluster["pods"]:
        own = found[mine["metadata"]["name"]]
        for inward in (True, False):
            lines = answers.reaching(own) if inward else answers.reachable(own)
            for other in cluster["pods"]:
                them = found[other["metadata"]["name"]]
                if other is mine or them.pod_spec.host_network:
                    continue
                alike = pods_of_class[them.key]
                ends = (alike.endpoint, answers.end(own)) if inward else (answers.end(own), alike.endpoint)
                bounds = answers.between(*ends, apart=True)
                listed = [line for line in lines if line.namespace == them.namespace and alike.workload in line.who]
                if own.pod_spec.host_network and own.node_name == them.node_name:
                    continue  # told by the line of the node
                pair = (other, mine) if inward else (mine, other)
                for protocol, port in itertools.product(("TCP", "UDP"), PORTS):
                    expected = reaches(cluster, *pair, protocol, port)
                    assert bounds.certain.holds(protocol, port) is expected
                    assert not expected or any(line.ports.certain.holds(protocol, port) for line in listed)
