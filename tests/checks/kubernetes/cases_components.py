"""Cases of the control plane's flags: the recorded programs, and the same with flags as they should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.components import ControlPlaneComponent, components_of, flags_of
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.kubernetes.captured import SOURCE, snapshot

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip


def _recorded() -> dict[str, ControlPlaneComponent]:
    from inventory.kubernetes.workloads import Pod

    return {one.component: one for one in components_of(snapshot().of(Pod), SOURCE)}


PROGRAMS = _recorded()
API, MANAGER, SCHEDULER, ETCD = (
    PROGRAMS[name] for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
)


def _with(program: ControlPlaneComponent, *words: str, documents: Mapping[str, Any] | None = None) -> Any:
    """The recorded program with more flags, which go before its own."""
    flags = {**program.flags, **flags_of(words)}
    return changed(program, flags=flags, documents=documents or {})


def _case(check: str, program: Any, expected: Outcome, note: str, others: tuple[Any, ...] = ()) -> Case:
    return Case(check, program, expected, others=others, note=note)


def _switch(check: str, program: Any, good: tuple[str, ...], bad: tuple[str, ...] = ()) -> list[Case]:
    return [
        _case(check, _with(program, *bad), FAIL, "as recorded" if not bad else " ".join(bad)),
        _case(check, _with(program, *good), PASS, " ".join(good)),
        _case(check, SCHEDULER if program is not SCHEDULER else API, NA, "another program"),
    ]


_RBAC = {"authorizers": [{"type": "Node"}, {"type": "RBAC"}]}
_FILE = ("--authorization-config=/etc/kubernetes/authz.yaml",)
_ENCRYPTED = ("--encryption-provider-config=/etc/kubernetes/enc.yaml",)
_AUTHN = ("--authentication-config=/etc/kubernetes/authn.yaml",)
_LOG = "--audit-log-path=/var/log/audit.log"
_GONE = Gap(Reason.DENIED, "/etc/kubernetes/enc.yaml")


def _encryption(*providers: str, resources: tuple[str, ...] = ("secrets",)) -> dict[str, Any]:
    document = {"resources": [{"resources": list(resources), "providers": list(providers)}]}
    return {"encryption-provider-config": document}


CASES = [
    *_switch("ORC-401", API, ("--anonymous-auth=false",)),
    _case("ORC-401", _with(API, "--anonymous_auth=false"), PASS, "written with an underscore"),
    _case("ORC-401", _with(API, *_AUTHN), UNKNOWN, "by a file elsewhere"),
    _case(
        "ORC-401",
        _with(API, *_AUTHN, documents={"authentication-config": {"anonymous": {"enabled": False}}}),
        PASS,
        "off in the file",
    ),
    _case(
        "ORC-401",
        _with(
            API,
            *_AUTHN,
            documents={"authentication-config": {"anonymous": {"enabled": True, "conditions": [{"path": "/livez"}]}}},
        ),
        MANUAL,
        "some paths",
    ),
    _case("ORC-401", _with(API, *_AUTHN, documents={"authentication-config": {}}), FAIL, "nothing in the file"),
    *_switch("ORC-402", API, (), ("--token-auth-file=/tokens.csv",)),
    *_switch("ORC-403", API, ("--enable-admission-plugins=NodeRestriction,DenyServiceExternalIPs",)),
    *_switch("ORC-404", API, ("--kubelet-client-certificate=/a.crt", "--kubelet-client-key=/a.key")),
    _case("ORC-404", _with(API, "--kubelet-client-certificate=/a.crt"), FAIL, "half of it"),
    *_switch("ORC-405", API, ("--kubelet-certificate-authority=/ca.crt",)),
    _case("ORC-406", API, PASS, "as recorded"),
    _case("ORC-406", _with(API, "--authorization-mode=Node,AlwaysAllow"), FAIL, "beside another"),
    _case("ORC-406", changed(API, flags={}), FAIL, "by default"),
    _case("ORC-406", _with(API, *_FILE, documents={"authorization-config": _RBAC}), PASS, "by a file"),
    _case("ORC-406", _with(API, *_FILE), UNKNOWN, "by a file elsewhere"),
    *_switch("ORC-407", API, (), ("--authorization-mode=RBAC",)),
    *_switch("ORC-408", API, (), ("--authorization-mode=Node,ABAC",)),
    *_switch("ORC-409", API, ("--enable-admission-plugins=EventRateLimit", "--admission-control-config-file=/a.yaml")),
    _case("ORC-409", _with(API, "--enable-admission-plugins=EventRateLimit"), FAIL, "without its configuration"),
    *_switch("ORC-410", API, (), ("--enable-admission-plugins=AlwaysAdmit",)),
    *_switch("ORC-411", API, ("--enable-admission-plugins=AlwaysPullImages",)),
    _case(
        "ORC-411",
        _with(API, "--enable-admission-plugins=AlwaysPullImages", "--disable-admission-plugins=AlwaysPullImages"),
        FAIL,
        "on and off",
    ),
    *_switch("ORC-412", API, (), ("--disable-admission-plugins=ServiceAccount",)),
    *_switch("ORC-413", API, (), ("--disable-admission-plugins=NamespaceLifecycle",)),
    *_switch("ORC-414", API, (), ("--enable-admission-plugins=PodSecurity",)),
    *_switch("ORC-415", API, ("--profiling=false",)),
    *_switch("ORC-416", API, (_LOG,)),
    _case("ORC-416", _with(API, "--audit-webhook-config-file=/hook.yaml"), PASS, "to a webhook"),
    *_switch("ORC-417", API, (_LOG, "--audit-log-maxage=30"), (_LOG, "--audit-log-maxage=7")),
    _case("ORC-417", API, NA, "no log"),
    *_switch("ORC-418", API, (_LOG, "--audit-log-maxbackup=10"), (_LOG,)),
    *_switch("ORC-419", API, (_LOG, "--audit-log-maxsize=100"), (_LOG, "--audit-log-maxsize=many")),
    _case("ORC-420", API, PASS, "by default"),
    _case("ORC-420", _with(API, "--request-timeout=5m0s"), PASS, "five minutes"),
    _case("ORC-420", _with(API, "--request-timeout=1h"), MANUAL, "an hour"),
    _case("ORC-420", _with(API, "--request-timeout=long"), FAIL, "no duration"),
    *_switch("ORC-421", API, (), ("--service-account-lookup=false",)),
    *_switch("ORC-422", API, ("--service-account-key-file=/sa.pub",)),
    *_switch("ORC-423", API, ("--etcd-certfile=/e.crt", "--etcd-keyfile=/e.key")),
    *_switch("ORC-424", API, ("--tls-cert-file=/s.crt", "--tls-private-key-file=/s.key")),
    *_switch("ORC-425", API, ("--client-ca-file=/ca.crt",)),
    *_switch("ORC-426", API, ("--etcd-cafile=/e-ca.crt",)),
    *_switch("ORC-427", API, _ENCRYPTED),
    _case("ORC-428", API, NA, "as recorded"),
    _case("ORC-428", _with(API, *_ENCRYPTED), UNKNOWN, "on the node"),
    _case("ORC-428", _with(API, *_ENCRYPTED, documents={"encryption-provider-config": _GONE}), UNKNOWN, "denied"),
    _case("ORC-428", _with(API, *_ENCRYPTED, documents=_encryption("kms", "identity")), PASS, "kms first"),
    _case("ORC-428", _with(API, *_ENCRYPTED, documents=_encryption("identity", "kms")), FAIL, "identity first"),
    _case(
        "ORC-428",
        _with(API, *_ENCRYPTED, documents=_encryption("kms", resources=("configmaps",))),
        FAIL,
        "not for secrets",
    ),
    _case("ORC-429", API, MANUAL, "as recorded"),
    _case("ORC-429", _with(API, "--tls-min-version=VersionTLS10"), FAIL, "old"),
    _case("ORC-429", _with(API, "--tls-cipher-suites=TLS_RSA_WITH_AES_128_GCM_SHA256"), FAIL, "no forward secrecy"),
    _case("ORC-429", _with(API, "--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), FAIL, "no AEAD"),
    _case(
        "ORC-429",
        _with(API, "--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"),
        PASS,
        "sound",
    ),
    *_switch("ORC-430", API, ("--service-account-extend-token-expiration=false",)),
    _case("ORC-431", API, NA, "as recorded: 1.36"),
    _case("ORC-431", changed(API, image="registry.example/kube-apiserver:v1.19.3"), FAIL, "1.19 by default"),
    _case("ORC-431", _with(API, "--insecure-port=0"), PASS, "closed"),
    _case("ORC-431", _with(API, "--insecure-bind-address=0.0.0.0"), FAIL, "bound"),
    _case("ORC-431", changed(API, image="registry.example/apiserver"), UNKNOWN, "no version"),
    _case("ORC-435", MANAGER, MANUAL, "as recorded"),
    _case("ORC-435", _with(MANAGER, "--terminated-pod-gc-threshold=1000"), PASS, "1000"),
    _case("ORC-435", _with(MANAGER, "--terminated-pod-gc-threshold=0"), FAIL, "never"),
    *_switch("ORC-436", MANAGER, ("--profiling=false",)),
    *_switch("ORC-437", MANAGER, ("--use-service-account-credentials",)),
    *_switch("ORC-438", MANAGER, ("--service-account-private-key-file=/sa.key",)),
    *_switch("ORC-439", MANAGER, ("--root-ca-file=/ca.crt",)),
    *_switch("ORC-440", MANAGER, (), ("--feature-gates=A=true,RotateKubeletServerCertificate=false",)),
    *_switch("ORC-441", MANAGER, (), ("--bind-address=10.0.0.1",)),
    _case("ORC-441", changed(MANAGER, flags={}), FAIL, "by default"),
    *_switch("ORC-442", SCHEDULER, ("--profiling=false",)),
    _case("ORC-442", _with(SCHEDULER, "--config=/s.yaml"), UNKNOWN, "by a file elsewhere"),
    _case(
        "ORC-442",
        _with(SCHEDULER, "--config=/s.yaml", documents={"config": {"enableProfiling": False}}),
        PASS,
        "by a file",
    ),
    _case("ORC-442", _with(SCHEDULER, "--config=/s.yaml", documents={"config": {}}), FAIL, "nothing in the file"),
    *_switch("ORC-443", SCHEDULER, ("--bind-address=127.0.0.1",)),
    *_switch("ORC-445", ETCD, ("--cert-file=/e.crt", "--key-file=/e.key")),
    _case("ORC-446", ETCD, PASS, "as recorded"),
    Case("ORC-446", changed(ETCD, flags={}), FAIL, Severity.CRITICAL, others=(), note="by default"),
    *_switch("ORC-447", ETCD, (), ("--auto-tls",)),
    _case("ORC-448", ETCD, NA, "one member"),
    *_switch(
        "ORC-448",
        _with(ETCD, "--initial-cluster=a=https://10.0.0.1:2380,b=https://10.0.0.2:2380"),
        ("--peer-cert-file=/p.crt", "--peer-key-file=/p.key"),
    ),
    *_switch(
        "ORC-449",
        _with(ETCD, "--initial-cluster=a=https://10.0.0.1:2380,b=https://10.0.0.2:2380"),
        ("--peer-client-cert-auth=true",),
    ),
    *_switch("ORC-450", ETCD, (), ("--peer-auto-tls=true",)),
    _case("ORC-451", _with(ETCD, "--trusted-ca-file=/ca.crt"), FAIL, "same", (_with(API, "--client-ca-file=/ca.crt"),)),
    _case("ORC-451", _with(ETCD, "--trusted-ca-file=/e.crt"), PASS, "own", (_with(API, "--client-ca-file=/ca.crt"),)),
    _case("ORC-451", _with(ETCD, "--trusted-ca-file=/e.crt"), MANUAL, "no API server seen"),
    _case("ORC-451", ETCD, UNKNOWN, "as recorded"),
]
