"""Cases of the checks of NetworkPolicies, of the network plugin, of encryption and of the cloud's metadata."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Access, Cluster, NodeSpec
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.kubernetes.objects import custom
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import others, pod, recorded, written
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip
DENIED = Gap(Reason.DENIED, "GET /apis/networking.k8s.io/v1/networkpolicies")
FORBIDDEN = {(SOURCE, Kind.NETWORKPOLICY): DENIED}
NAMESPACE = written("{apiVersion: v1, kind: Namespace, metadata: {name: prod}}")
CLUSTER = Cluster.build(
    key=ResourceKey(Kind.CLUSTER, SOURCE, SOURCE), name=SOURCE, git_version="v1.36.2", platform="linux/amd64",
    access=Access("c", "c", "u", "", "https://localhost", "none"), username="u", groups=(), resources=(), stale=(),
    namespaces=(),
)  # fmt: skip


def policy(spec: str, name: str = "np") -> Resource:
    return written(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,"
        f" metadata: {{name: {name}, namespace: prod}}, spec: {spec}}}"
    )


def daemons(image: str) -> Resource:
    return written(
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: net, namespace: kube-system}, spec: {template: {spec: "
        f"{{hostNetwork: true, containers: [{{name: c, image: '{image}'}}]}}}}}}}}"
    )


def foreign(api_version: str, kind: str, namespace: str = "prod", spec: bytes = b"{}") -> Resource:
    raw = b'{"metadata": {"name": "x", "namespace": "%s"}, "spec": %s}' % (namespace.encode(), spec)
    return custom(raw, SOURCE, NOW, api_version, kind)


def node(provider: str) -> Resource:
    return changed(recorded(Kind.KUBE_NODE, "worker-1"), spec=NodeSpec(provider_id=provider))


def istio(mode: str, namespace: str = "prod", selector: bytes = b"") -> Resource:
    spec = b'{"mtls": {"mode": "%s"}%s}' % (mode.encode(), selector)
    return foreign("security.istio.io/v1", "PeerAuthentication", namespace, spec)


POD = pod(labels={"app": "shop"})
DENY_ALL = policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
OPEN = policy("{podSelector: {}, ingress: [{}], egress: [{}], policyTypes: [Ingress, Egress]}")
FLANNEL = daemons("ghcr.io/flannel-io/flannel:v0.26.1")
CILIUM = foreign("cilium.io/v2", "CiliumNetworkPolicy")
RECORDED_NODE = recorded(Kind.KUBE_NODE, "worker-1")


def of(kind: Kind, name: str, check: str, expected: Outcome, severity: Severity | None = None) -> Case:
    subject = recorded(kind, name)
    return Case(check, subject, expected, severity, others=others(subject), now=NOW)


CASES = [
    of(Kind.DEPLOYMENT, "prod/storefront", "NET-040", PASS),
    of(Kind.DEPLOYMENT, "legacy/ftp", "NET-040", FAIL, Severity.MEDIUM),
    of(Kind.STATEFULSET, "monitoring/loki", "NET-040", FAIL),
    of(Kind.DAEMONSET, "monitoring/node-exporter", "NET-040", NA),
    of(Kind.DEPLOYMENT, "kube-system/coredns", "NET-040", NA),
    Case("NET-040", POD, FAIL, others=(policy("{podSelector: {}}"),), note="ingress only"),
    Case("NET-040", POD, PASS, others=(policy("{podSelector: {}, egress: [{}]}"),), note="egress by its rules"),
    Case("NET-040", POD, FAIL, others=(policy("{podSelector: {matchLabels: {app: other}}}"),), note="another's"),
    Case("NET-040", POD, MANUAL, others=(CILIUM,), note="of another kind"),
    Case("NET-040", POD, NA, others=(FLANNEL,), note="not enforced"),
    Case("NET-040", POD, UNKNOWN, others=(), gaps=FORBIDDEN, note="forbidden"),
    Case("NET-040", POD, UNKNOWN, others=(policy("{podSelector: 7}"),), note="malformed policy"),
    of(Kind.NAMESPACE, "prod", "NET-041", PASS),
    of(Kind.NAMESPACE, "staging", "NET-041", FAIL, Severity.MEDIUM),
    of(Kind.NAMESPACE, "legacy", "NET-041", FAIL, Severity.MEDIUM),
    of(Kind.NAMESPACE, "empty", "NET-041", NA),
    of(Kind.NAMESPACE, "kube-system", "NET-041", NA),
    Case("NET-041", NAMESPACE, PASS, others=(POD, DENY_ALL)),
    Case("NET-041", NAMESPACE, FAIL, Severity.LOW, others=(POD, policy("{podSelector: {}}")), note="ingress only"),
    Case(
        "NET-041", NAMESPACE, FAIL, Severity.LOW, note="egress is open",
        others=(POD, policy("{podSelector: {}, egress: [{}], policyTypes: [Ingress, Egress]}")),
    ),
    Case(
        "NET-041", NAMESPACE, FAIL, Severity.LOW, note="egress is opened by a second policy",
        others=(POD, DENY_ALL, policy("{podSelector: {}, egress: [{}], policyTypes: [Egress]}", "more")),
    ),
    Case(
        "NET-041", NAMESPACE, PASS, note="egress is opened for some pods",
        others=(POD, DENY_ALL, policy(
            "{podSelector: {matchLabels: {a: b}}, egress: [{}], policyTypes: [Egress]}", "more")),
    ),
    Case(
        "NET-041", NAMESPACE, FAIL, Severity.MEDIUM, note="everybody by address",
        others=(POD, DENY_ALL, policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]}", "more")),
    ),
    Case(
        "NET-041", NAMESPACE, PASS, note="everybody, on one port",
        others=(POD, DENY_ALL, policy("{podSelector: {}, ingress: [{ports: [{port: 80}]}]}", "more")),
    ),
    Case("NET-041", NAMESPACE, MANUAL, others=(POD, CILIUM), note="of another kind"),
    Case("NET-041", NAMESPACE, UNKNOWN, others=(POD,), gaps=FORBIDDEN, note="forbidden"),
    Case(
        "NET-041", NAMESPACE, FAIL, note="a workload without pods",
        others=(written("{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: prod}}"),),
    ),
    Case("NET-042", CLUSTER, PASS, others=others(CLUSTER)),
    Case("NET-042", CLUSTER, FAIL, Severity.MEDIUM, others=(FLANNEL, DENY_ALL)),
    Case("NET-042", CLUSTER, MANUAL, others=(FLANNEL,), note="no policies"),
    Case("NET-042", CLUSTER, MANUAL, others=(DENY_ALL, RECORDED_NODE), note="nothing known"),
    Case("NET-042", CLUSTER, MANUAL, others=(daemons("kindest/kindnetd:mine"),), note="depends"),
    Case("NET-042", CLUSTER, UNKNOWN, others=(), gaps={(SOURCE, Kind.DAEMONSET): DENIED}, note="forbidden"),
    of(Kind.NETWORKPOLICY, "prod/storefront", "NET-043", PASS),
    of(Kind.NETWORKPOLICY, "prod/allow-dns", "NET-043", PASS),
    Case("NET-043", policy("{podSelector: {matchLabels: {app: gone}}}"), MANUAL, others=(POD,)),
    Case("NET-043", policy("{podSelector: {}}"), MANUAL, others=(), note="empty namespace"),
    Case(
        "NET-043", policy("{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]}"), MANUAL,
        others=(POD,), note="a peer",
    ),
    Case(
        "NET-043", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}}]}]}"),
        MANUAL, others=(POD, NAMESPACE), note="a namespace",
    ),
    Case(
        "NET-043", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}}]}]}"),
        PASS, others=(POD,), note="no namespaces among the files",
    ),
    Case(
        "NET-043", policy("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"), PASS, others=(POD,),
        note="by address",
    ),
    Case("NET-051", NAMESPACE, FAIL, Severity.MEDIUM, others=(POD, istio("PERMISSIVE"))),
    Case("NET-051", NAMESPACE, PASS, others=(POD, istio("STRICT"))),
    Case("NET-051", NAMESPACE, PASS, others=(POD, istio("STRICT", "istio-system")), note="mesh-wide"),
    Case("NET-051", NAMESPACE, MANUAL, others=(POD,)),
    Case("NET-051", NAMESPACE, NA, others=()),
    Case(
        "NET-051", NAMESPACE, FAIL, note="some pods",
        others=(POD, istio("STRICT", "istio-system"), istio("DISABLE", selector=b', "selector": {"matchLabels": {}}')),
    ),
    Case(
        "NET-051", changed(NAMESPACE, annotations={"linkerd.io/inject": "enabled"}), PASS, others=(POD,), note="mesh",
    ),
    Case("NET-052", NAMESPACE, FAIL, Severity.MEDIUM, others=(POD, node("aws:///eu-west-1a/i-1"), OPEN)),
    Case("NET-052", NAMESPACE, PASS, others=(POD, node("aws:///eu-west-1a/i-1"), DENY_ALL)),
    Case("NET-052", NAMESPACE, MANUAL, others=(POD, node("gce://p/z/n"))),
    Case(
        "NET-052", NAMESPACE, MANUAL, note="a block that holds it",
        others=(
            POD, node("azure:///x"), policy("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 169.254.0.0/16}}]}]}"),
        ),
    ),
    Case(
        "NET-052", NAMESPACE, PASS, note="a block without it",
        others=(
            POD, node("azure:///x"),
            policy("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]}"),
        ),
    ),
    Case("NET-052", NAMESPACE, NA, others=(POD, RECORDED_NODE), note="no cloud"),
]  # fmt: skip
