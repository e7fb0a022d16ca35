"""Who reaches whom in the recorded cluster, and what is said where facts are missing or others decide."""

from __future__ import annotations

import time
from typing import cast

import pytest

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.cluster import KubeNode
from inventory.kubernetes.cni import enforcer, plugins
from inventory.kubernetes.reach.answer import Reachability, reachability
from inventory.kubernetes.reach.ports import ALL, ANY, NOTHING, Bounds, ports
from inventory.kubernetes.reach.result import Line, Reach
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import DaemonSet, Pod, PodBearer, PodStatus
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes.objects import custom
from tests.checks.builders import changed
from tests.checks.kubernetes.objects import pod, written
from tests.kubernetes.captured import NOW, SOURCE, one, snapshot

DENY = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: %s, namespace: prod}, spec: %s}"
GAP = Gap(Reason.DENIED, "GET /api/v1/namespaces")


def found(name: str) -> Pod:
    return cast("Pod", one(Kind.POD, name))


def cluster(*objects: Resource, gaps: dict[Kind, Gap] | None = None) -> Snapshot:
    by_kind: dict[Kind, dict[ResourceKey, Resource]] = {}
    for each in objects:
        by_kind.setdefault(each.key.kind, {})[each.key] = each
    return Snapshot(1, NOW, by_kind, {}, {(SOURCE, kind): gap for kind, gap in (gaps or {}).items()})


def policy(spec: str, name: str = "np") -> KubeResource:
    return written(DENY % (name, spec))


def running(name: str, labels: dict[str, str] | None = None, ip: str = "10.1.0.9", namespace: str = "prod") -> Pod:
    subject = cast("Pod", pod(name=name, namespace=namespace, labels=labels or {}))
    return changed(subject, status=PodStatus(phase="Running", pod_ip=ip)) if ip else subject


POSTGRES, CHECKOUT = found("prod/postgres-0"), found("prod/checkout-api-78dfbdd85c-2j5l7")
STOREFRONT, INGRESS = (
    found("prod/storefront-6b874c95c6-gf6l4"),
    found("ingress-nginx/ingress-nginx-controller-569677656b-sj5gp"),
)
DNS = found("kube-system/coredns-799f6ddd7b-6fdn8")
WEB, TOOLBOX = found("staging/web-5cd9dddc66-4t62x"), found("staging/toolbox")


@pytest.mark.parametrize(
    ("source", "destination", "protocol", "port", "reach", "why"),
    [
        (INGRESS, STOREFRONT, "TCP", 8080, Reach.ALLOWED, "allowed by NetworkPolicy prod/storefront"),
        (INGRESS, STOREFRONT, "TCP", 8081, Reach.DENIED, "on its way in: isolated by NetworkPolicy prod/default-deny"),
        (STOREFRONT, CHECKOUT, "TCP", 8080, Reach.DENIED, "on its way in: isolated by NetworkPolicy prod/default-deny"),
        (CHECKOUT, POSTGRES, "TCP", 5432, Reach.DENIED, "on its way out"),
        (STOREFRONT, DNS, "UDP", 53, Reach.ALLOWED, "allowed by NetworkPolicy prod/allow-dns"),
        (STOREFRONT, DNS, "TCP", 9153, Reach.DENIED, "on its way out"),
        (WEB, TOOLBOX, "TCP", 22, Reach.ALLOWED, "allowed by NetworkPolicy staging/allow-all"),
        (TOOLBOX, POSTGRES, "TCP", 5432, Reach.DENIED, "on its way in"),
        (POSTGRES, POSTGRES, "TCP", 1, Reach.ALLOWED, "no policy keeps a pod from itself"),
        (found("prod/migrate-2026-11-qls95"), WEB, "TCP", 80, Reach.DENIED, "the pod has ended"),
        (found("monitoring/node-exporter-9rjkv"), STOREFRONT, "TCP", 1, Reach.DENIED, "on its way in"),
        (found("monitoring/node-exporter-mh5m2"), STOREFRONT, "TCP", 1, Reach.ALLOWED, "its own node"),
        (one(Kind.KUBE_NODE, "worker-2"), STOREFRONT, "TCP", 1, Reach.ALLOWED, "its own node"),
        ("198.51.100.7", found("legacy/ftp-8597d9df77-wnnw5"), "TCP", 21, Reach.ALLOWED, "legacy/from-anywhere"),
        ("10.9.9.9", found("legacy/ftp-8597d9df77-wnnw5"), "TCP", 21, Reach.DENIED, "legacy/from-anywhere"),
        ("10.244.12.37", found("legacy/ftp-8597d9df77-wnnw5"), "TCP", 21, Reach.DENIED, "legacy/from-anywhere"),
        (STOREFRONT, "203.0.113.9", "TCP", 443, Reach.DENIED, "on its way out"),
        (DNS, "203.0.113.9", "UDP", 53, Reach.ALLOWED, "no policy isolates either end"),
    ],
)  # fmt: skip
def test_connections_of_the_recorded_cluster(
    source: PodBearer | KubeNode | str, destination: Pod, protocol: str, port: int, reach: Reach, why: str
) -> None:
    decision = reachability(snapshot(), SOURCE).allowed(source, destination, protocol, port)
    assert decision.reach is reach, decision.why
    assert why in decision.why


def words(lines: tuple[Line, ...]) -> list[str]:
    def name(line: Line) -> str:
        if line.outside:
            return line.outside
        if line.own_node:
            return "own node"
        return f"{line.namespace} {'all' if line.everyone else ','.join(key.id.split('/')[-1] for key in line.who)}"

    return [f"{name(line)}: {line.ports}" for line in lines]


def test_the_condensed_answer() -> None:
    answers = reachability(snapshot(), SOURCE)
    assert words(answers.reaching(STOREFRONT)) == ["own node: any port", "ingress-nginx all: TCP 8080"]
    assert words(answers.reachable(STOREFRONT)) == ["own node: any port", "kube-system all: TCP 53; UDP 53"]
    assert words(answers.reaching(found("legacy/ftp-8597d9df77-wnnw5"))) == [
        "0.0.0.0/0 except 10.0.0.0/8: any port",
        "own node: any port",
        # Without pods they have no addresses, of which the rule speaks.
        "staging nightly-suspended,scaled-to-zero: unknown: any port",
    ]
    assert words(answers.reaching(found("monitoring/grafana-55cb8576f-nrqxs"))) == [
        "own node: any port",
        "monitoring prometheus-k8s: TCP 3000",
    ]
    open_to_all = words(answers.reaching(WEB))
    assert open_to_all[0] == "any address: any port"
    assert "staging all: any port" in open_to_all
    assert not any(line.startswith("prod") for line in open_to_all)
    assert answers.caveats == ()
    assert answers.plugin.name == "Calico"


def test_a_matrix_is_workload_by_workload() -> None:
    matrix = reachability(snapshot(), SOURCE).matrix("monitoring")
    names = [member.workload.id.split("/")[1] for member in matrix.members]
    grafana, prometheus, loki = (names.index(name) for name in ("grafana", "prometheus-k8s", "loki"))
    assert str(matrix.cell(prometheus, grafana).certain) == "TCP 3000"
    assert str(matrix.cell(grafana, prometheus).certain) == "TCP 9090"
    assert str(matrix.cell(prometheus, prometheus).certain) == "TCP 8080, 9090"
    assert not matrix.cell(loki, grafana).possible
    assert matrix.cell(loki, loki) == ALL
    assert len(matrix.members[prometheus].pods) == 2


def test_labels_of_namespaces_that_may_not_be_read_are_not_guessed() -> None:
    rule = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {%s}}}]}]}"
    known, other = policy(rule % "kubernetes.io/metadata.name: ci"), policy(rule % "team: ci")
    for given, namespace, expected in (
        (known, "ci", Reach.ALLOWED),
        (known, "cd", Reach.DENIED),
        (other, "ci", Reach.UNKNOWN),
    ):
        source, destination = running("a", namespace=namespace), running("b", ip="10.1.0.10")
        answers = Reachability(cluster(source, destination, given, gaps={Kind.NAMESPACE: GAP}), SOURCE)
        assert answers.allowed(source, destination, "TCP", 80).reach is expected


def test_named_ports_are_the_destination_pods_own() -> None:
    rule = policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: dns, protocol: UDP}]}]}")
    source = running("a")
    spec = "{hostNetwork: %s, containers: [{name: c, ports: [{name: dns, containerPort: 5353, protocol: UDP}]}]}"
    there = changed(cast("Pod", pod(spec % "false", name="b")), status=PodStatus(pod_ip="10.1.0.10"))
    host = changed(cast("Pod", pod(spec % "true", name="h")), status=PodStatus(pod_ip="10.0.0.1"), node_name="n1")
    placed = changed(source, node_name="n2")
    answers = Reachability(cluster(placed, there, host, rule), SOURCE)
    assert str(answers.between(answers.end(placed), answers.end(there))) == "UDP 5353"
    assert answers.allowed(placed, host, "UDP", 5353).reach is Reach.DENIED  # seen as its node
    assert answers.allowed(placed, "203.0.113.1", "UDP", 5353).reach is Reach.DENIED
    unread = changed(there, pod_spec=GAP)
    assert answers.allowed(placed, unread, "UDP", 5353).reach is Reach.UNKNOWN
    assert answers.allowed(placed, unread, "TCP", 5353).reach is Reach.DENIED


def test_an_address_that_is_not_known_yet_is_not_guessed() -> None:
    rule = policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}]}")
    pending, destination = running("a", ip=""), running("b", ip="10.1.0.10")
    answers = Reachability(cluster(pending, destination, rule), SOURCE)
    assert answers.allowed(pending, destination, "TCP", 80).reach is Reach.UNKNOWN
    assert answers.between(answers.end(pending), answers.end(destination)) == Bounds(NOTHING, ANY)
    assert answers.allowed(running("c", ip="10.2.0.1"), destination, "TCP", 80).reach is Reach.DENIED


@pytest.mark.parametrize(
    "spec",
    [
        "{podSelector: 7}",
        "{podSelector: {matchExpressions: [{key: a, operator: Like, values: [b]}]}}",
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: not-a-network}}]}]}",
        "{podSelector: {}, ingress: [{from: [{}]}]}",
        "{podSelector: {}, ingress: [{ports: [{port: 90, endPort: 70}]}]}",
        "{podSelector: {}, ingress: [{ports: [{port: 90, protocol: GRE}]}]}",
        "{podSelector: {}, ingress: [{ports: [{port: 900000}]}]}",
        "{podSelector: {}, ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
    ],
)
def test_what_a_server_would_refuse_is_unknown_and_never_allowed(spec: str) -> None:
    source, destination = running("a"), running("b", ip="10.1.0.10")
    answers = Reachability(cluster(source, destination, policy(spec)), SOURCE)
    assert answers.allowed(source, destination, "TCP", 80).reach is Reach.UNKNOWN
    allowing = policy("{podSelector: {}, ingress: [{ports: [{port: 80}]}], egress: [{}]}", "sound")
    answers = Reachability(cluster(source, destination, policy(spec), allowing), SOURCE)
    assert answers.allowed(source, destination, "TCP", 80).reach is Reach.ALLOWED


def test_policies_of_other_kinds_make_it_unknown_and_are_named() -> None:
    raw = b'{"metadata": {"name": "l7", "namespace": "prod"}, "spec": {}}'
    cilium = custom(raw, SOURCE, NOW, "cilium.io/v2", "CiliumNetworkPolicy")
    source, destination = running("a", namespace="ci"), running("b", ip="10.1.0.10")
    answers = Reachability(cluster(source, destination, cilium), SOURCE)
    decision = answers.allowed(source, destination, "TCP", 80)
    assert decision.reach is Reach.UNKNOWN
    assert "CiliumNetworkPolicy prod/l7" in decision.why
    assert answers.allowed(source, running("c", namespace="ci"), "TCP", 80)
    assert any("CiliumNetworkPolicy prod/l7" in each for each in answers.caveats)
    assert any(line.outside and not line.ports.sure for line in answers.reaching(destination))
    wide = custom(
        b'{"metadata": {"name": "all"}}', SOURCE, NOW, "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"
    )
    answers = Reachability(cluster(source, destination, wide), SOURCE)
    assert answers.allowed(source, running("c", namespace="ci"), "TCP", 80).reach is Reach.UNKNOWN


def test_a_plugin_that_does_not_enforce_denies_nothing() -> None:
    flannel = written(
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: kube-flannel-ds, namespace: kube-flannel},"
        " spec: {template: {spec: {hostNetwork: true,"
        " containers: [{name: f, image: 'ghcr.io/flannel-io/flannel:v0.26.1'}]}}}}"
    )
    source, destination = running("a"), running("b", ip="10.1.0.10")
    answers = Reachability(cluster(source, destination, policy("{podSelector: {}}"), flannel), SOURCE)
    decision = answers.allowed(source, destination, "TCP", 80)
    assert decision
    assert "flannel does not enforce" in decision.why
    assert any("flannel does not enforce" in each for each in answers.caveats)


def test_dns_on_the_own_node_is_not_stopped() -> None:
    cache = written(
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: node-local-dns, namespace: kube-system},"
        " spec: {template: {spec: {hostNetwork: true, containers: [{name: c,"
        " image: 'registry.k8s.io/dns/k8s-dns-node-cache:1.23.1',"
        " args: ['-localip', '169.254.20.10,10.96.0.10']}]}}}}"
    )
    source = running("a")
    deny = policy("{podSelector: {}, policyTypes: [Egress]}")
    assert not Reachability(cluster(source, deny), SOURCE).allowed(source, "169.254.20.10", "UDP", 53)
    assert Reachability(cluster(source, deny, cache), SOURCE).allowed(source, "169.254.20.10", "UDP", 53)


def test_without_pods_or_policies_there_is_no_answer() -> None:
    for kind in (Kind.POD, Kind.NETWORKPOLICY):
        with pytest.raises(Unread):
            reachability(cluster(gaps={kind: GAP}), SOURCE)


@pytest.mark.parametrize(
    ("image", "args", "name", "enforces"),
    [
        ("docker.io/calico/node:v3.28.0", "", "Calico", True),
        ("quay.io/cilium/cilium:v1.16.0@sha256:aa", "", "Cilium", True),
        ("docker.io/kindest/kindnetd:v20230511-dc714da8", "", "kindnet", False),
        ("docker.io/kindest/kindnetd:v20241212-9f82dd49", "", "kindnet", True),
        ("docker.io/kindest/kindnetd:mine", "", "kindnet", None),
        ("ghcr.io/flannel-io/flannel:v0.26.1", "", "flannel", False),
        ("docker.io/rancher/mirrored-flannelcni-flannel:v0.20.2", "", "flannel", False),
        ("602401143452.dkr.ecr.eu-west-1.amazonaws.com/amazon-k8s-cni:v1.18.0", "", "Amazon VPC CNI", False),
        ("docker.io/cloudnativelabs/kube-router:v2.1", "--run-firewall=false", "kube-router", False),
        ("docker.io/cloudnativelabs/kube-router:v2.1", "--run-router=true", "kube-router", True),
        ("registry.example/app:1", "", "", None),
        ("registry.example:5000/not-flannel-at-all", "", "", None),
    ],
)
def test_network_plugins_are_told_by_their_images(image: str, args: str, name: str, enforces: bool | None) -> None:
    each = written(
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: x, namespace: kube-system},"
        f" spec: {{template: {{spec: {{containers: [{{name: c, image: '{image}', args: ['{args}']}}]}}}}}}}}"
    )
    told = enforcer(plugins((cast("DaemonSet", each),)))
    assert (told.name, told.enforces) == (name, enforces)


def test_an_agent_that_enforces_counts_beside_what_routes() -> None:
    def daemons(*images: str, args: str = "") -> DaemonSet:
        containers = ", ".join(
            f"{{name: c{at}, image: '{image}', args: ['{args}']}}" for at, image in enumerate(images)
        )
        return cast(
            "DaemonSet",
            written(
                "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: x, namespace: kube-system},"
                f" spec: {{template: {{spec: {{containers: [{containers}]}}}}}}}}"
            ),
        )

    aws = "602401143452.dkr.ecr.us-east-1.amazonaws.com/amazon-k8s-cni:v1.18.0", "x/aws-network-policy-agent:v1.1"
    assert enforcer(plugins((daemons(*aws, args="--enable-network-policy=true"),))).enforces is True
    assert enforcer(plugins((daemons(*aws, args="--enable-network-policy=false"),))).enforces is False
    canal = enforcer(plugins((daemons("calico/node:v3.27.0", "flannel/flannel:v0.24.0"),)))
    assert (canal.name, canal.enforces) == ("Calico", True)
    assert plugins((changed(daemons("calico/node:v3"), pod_spec=GAP),)) == ()


def test_port_sets_read_well() -> None:
    assert str(ports([("TCP", 80, 80), ("TCP", 81, 90), ("UDP", 53, 53)])) == "TCP 80-90; UDP 53"
    assert str(ANY) == "any port"
    assert str(NOTHING) == "no port"
    assert str(ports([("TCP", 1, 65535)])) == "any TCP port"
    assert str(Bounds(NOTHING, ANY)) == "unknown: any port"


def test_thousands_of_pods_are_a_few_classes() -> None:
    """What a screen asks of 5,000 pods under 500 policies; the limit is a hundredth of what pod by pod would take."""
    policies = [
        policy(
            f"{{podSelector: {{matchLabels: {{app: a{n}}}}}, ingress: [{{from: [{{podSelector: {{}}}}]}}]}}", f"np{n}"
        )
        for n in range(500)
    ]
    base = running("x")
    pods = [
        changed(
            base, key=base.key._replace(id=f"prod/p{n}"), name=f"p{n}", pod_labels={"app": f"a{n % 50}", "n": str(n)}
        )
        for n in range(5000)
    ]
    state = cluster(*pods, *policies)
    started = time.process_time()
    answers = Reachability(state, SOURCE)
    lines = answers.reaching(pods[0])
    assert time.process_time() - started < 10
    assert len(lines) == 2


def test_pods_of_one_workload_are_told_apart_where_a_policy_does() -> None:
    maker = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "controller": True}]
    replicas = written("{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web, namespace: prod}}")

    def member(name: str, ip: str, port: int = 80, node: str = "", **labels: str) -> Pod:
        spec = f"containers: [{{name: c, ports: [{{name: web, containerPort: {port}}}]}}]"
        made = pod(spec, name=name, labels={"app": "web", **labels}, ownerReferences=maker)
        return cast("Pod", changed(made, status=PodStatus(phase="Running", pod_ip=ip), node_name=node))

    def classes(*members: Pod, spec: str) -> int:
        return len(Reachability(cluster(replicas, policy(spec), *members), SOURCE).classes)

    first = member("a", "10.1.0.1")
    block = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.3.0/24]}}]}]}"
    labelled = "{podSelector: {matchLabels: {tier: x}}}"
    named = "{podSelector: {}, ingress: [{ports: [{port: web}]}]}"
    assert classes(first, member("b", "10.1.0.2", node="n2", other="y"), spec=block) == 1
    assert classes(first, member("b", "10.1.3.2"), spec=block) == 2
    assert classes(first, member("b", "10.2.0.2"), spec=block) == 2
    assert classes(first, member("b", "fd00::2"), spec=labelled) == 2
    assert classes(first, member("b", "10.1.0.2", tier="x"), spec=labelled) == 2
    assert classes(first, member("b", "10.1.0.2", port=81), spec=named) == 2
