"""The keys, certificates and timeouts of kube-apiserver (CIS Kubernetes Benchmark 1.12, section 1.2, second half)."""

from __future__ import annotations

import re

from checks.kubernetes.ciphers import OLD_VERSIONS, weak_suites
from checks.kubernetes.component_flags import flag_check, must_be, must_set, shown
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.components import API_SERVER, ControlPlaneComponent

_FILE = "in /etc/kubernetes/manifests/kube-apiserver.yaml; the API server restarts"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|ns|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_LONGEST = 300.0
_ENCRYPTING = frozenset({"aescbc", "aesgcm", "secretbox", "kms"})


def seconds(text: str) -> float | None:
    """A duration as Go writes it (`1m0s`), in seconds; None if it is none."""
    parts = _DURATION.findall(text)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


@flag_check(
    "ORC-420",
    "Requests may take very long",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="M: `--request-timeout` is above 300 s. P: it is not (the default is 60 s). F: it is no duration.",
    why="Slow clients hold the server's resources.",
    remediation=f"Set `--request-timeout=300s` or less {_FILE}.",
    cis="1.2.20",
    references=("CWE-400",),
)
def request_timeout(program: ControlPlaneComponent) -> Verdict:
    value, evidence = program.flag("request-timeout"), shown(program, "request-timeout", "not set, the default is 1m0s")
    if value is None:
        return passed("", evidence)
    told = seconds(value)
    if told is None:
        return failed("--request-timeout is no duration", evidence)
    return manual("requests may take more than 300 s", evidence) if told > _LONGEST else passed("", evidence)


@flag_check(
    "ORC-421",
    "Tokens of deleted service accounts stay valid",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--service-account-lookup` is false. P: it is not.",
    why="A stolen token works on although its account was deleted.",
    remediation=f"Remove `--service-account-lookup=false` {_FILE}.",
    cis="1.2.21",
    references=("CWE-613",),
)
def account_lookup(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "service-account-lookup", wanted=True, default=True)


@flag_check(
    "ORC-422",
    "Service account tokens checked with the server's own key",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--service-account-key-file` is not set. P: it is.",
    why="Without a key pair of their own, tokens cannot be made invalid without changing the server's key.",
    remediation=f"Set `--service-account-key-file` to the public key {_FILE}.",
    cis="1.2.22",
    references=("CWE-320",),
)
def account_key(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "service-account-key-file")


@flag_check(
    "ORC-423",
    "API server has no certificate for etcd",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: `--etcd-certfile` or `--etcd-keyfile` is not set. P: both are.",
    why="Then etcd lets in whoever reaches it, or the connection is in the clear.",
    remediation=f"Set both to a client certificate of etcd's CA {_FILE}.",
    cis="1.2.23",
    references=("CWE-306", "CWE-319"),
)
def etcd_certificate(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "etcd-certfile", "etcd-keyfile")


@flag_check(
    "ORC-424",
    "API server makes its own certificate",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: `--tls-cert-file` or `--tls-private-key-file` is not set. P: both are.",
    why="Clients cannot tell it from an attacker's and learn to skip the check.",
    remediation=f"Set both to a certificate that the clients' CA signed {_FILE}.",
    cis="1.2.24",
    references=("CWE-295", "NIST-800-52r2"),
)
def serving_certificate(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "tls-cert-file", "tls-private-key-file")


@flag_check(
    "ORC-425",
    "API server does not know its clients' CA",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: `--client-ca-file` is not set. P: it is.",
    why="Certificates of kubelets and controllers cannot be checked, so weaker credentials are used.",
    remediation=f"Set `--client-ca-file` {_FILE}.",
    cis="1.2.25",
    references=("CWE-287",),
)
def client_authority(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "client-ca-file")


@flag_check(
    "ORC-426",
    "API server does not check etcd's certificate",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: `--etcd-cafile` is not set. P: it is.",
    why="All of the cluster's state goes to whoever answers on etcd's address.",
    remediation=f"Set `--etcd-cafile` {_FILE}.",
    cis="1.2.26",
    references=("CWE-295",),
)
def etcd_authority(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "etcd-cafile")


@flag_check(
    "ORC-427",
    "Secrets are not encrypted in etcd",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--encryption-provider-config` is not set. P: it is; whether it encrypts is another check.",
    why="A backup or a disk of etcd then holds every secret in the clear.",
    remediation=f"Write an EncryptionConfiguration, set `--encryption-provider-config` {_FILE}, then write all "
    "secrets again: `kubectl get secrets -A -o json | kubectl replace -f -`.",
    cis="1.2.27",
    references=("OWASP-K8s:K03", "CWE-311"),
)
def encryption(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "encryption-provider-config")


@flag_check(
    "ORC-428",
    "Encryption of secrets begins with no encryption",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: the first provider for secrets is not aescbc, aesgcm, secretbox or kms, or there is none. P: it is. "
    "NA: no configuration is set. U: the file is on another machine.",
    why="New secrets are written by the first provider: identity writes them in the clear.",
    remediation="Put the encrypting provider first and `identity: {}` last, restart the API server, write every secret "
    "again.",
    cis="1.2.28",
    references=("OWASP-K8s:K03", "CWE-311"),
)
def encryption_first(program: ControlPlaneComponent) -> Verdict:
    path = program.flag("encryption-provider-config")
    if not path:
        return not_applicable("no encryption is configured")
    document = program.document("encryption-provider-config")
    for one in document.get("resources") or ():
        named, providers = one.get("resources") or (), one.get("providers") or ()
        if not isinstance(named, list) or not isinstance(providers, list):
            raise Unread(Gap(Reason.MALFORMED, path, "resources is not a list"))
        if {"secrets", "*.", "*.*"} & {str(name) for name in named}:
            evidence = Evidence(f"{path}: providers", ", ".join(str(name) for name in providers) or "none")
            if providers and providers[0] in _ENCRYPTING:
                return passed("", evidence)
            return failed("new secrets are written in the clear", evidence)
    return failed("no provider is for secrets", Evidence(f"{path}: resources", "no secrets"))


@flag_check(
    "ORC-429",
    "API server allows weak TLS",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--tls-min-version` is below TLS 1.2, or `--tls-cipher-suites` names suites without forward secrecy "
    "or authenticated encryption. P: neither. M: no suites are named, so Go's defaults count (sound since Go 1.22).",
    why="Recorded traffic can be read later, or changed on its way.",
    remediation="Set `--tls-min-version=VersionTLS12` and `--tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,"
    f"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` {_FILE}.",
    cis="1.2.29",
    references=("NIST-800-52r2", "CWE-327"),
)
def tls_suites(program: ControlPlaneComponent) -> Verdict:
    version = program.flag("tls-min-version")
    suites = program.words("tls-cipher-suites")
    evidence = [
        shown(program, "tls-min-version", "not set, the default is VersionTLS12"),
        shown(program, "tls-cipher-suites"),
    ]
    if version in OLD_VERSIONS:
        return failed(f"accepts {version}", *evidence)
    weak = weak_suites(suites)
    if weak:
        return failed(f"accepts {', '.join(weak)}", *evidence)
    if suites or version == "VersionTLS13":
        return passed("", *evidence)
    return manual("the suites are those of the Go release that it was built with", *evidence)


@flag_check(
    "ORC-430",
    "Service account tokens live for a year",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="F: `--service-account-extend-token-expiration` is not false. P: it is.",
    why="Tokens of pods that ask for one hour stay valid for a year.",
    remediation=f"Set `--service-account-extend-token-expiration=false` {_FILE}, once no client caches tokens for good "
    "(metric serviceaccount_stale_tokens_total).",
    cis="1.2.30",
    references=("CWE-613",),
)
def long_tokens(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "service-account-extend-token-expiration", wanted=False, default=True)


@flag_check(
    "ORC-431",
    "API server's insecure port",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: `--insecure-port` is not 0, or `--insecure-bind-address` is set, where the version still knows them "
    "(before 1.24; before 1.20 the port is on unless it is 0). P: neither. NA: the version has no such port.",
    why="Whoever reaches it is cluster-admin without any credential.",
    remediation=f"Set `--insecure-port=0`, remove `--insecure-bind-address` {_FILE}; better, upgrade.",
    cis="",
    references=("ATT&CK:T1133", "CWE-306"),
)
def insecure_port(program: ControlPlaneComponent) -> Verdict:
    port, address = program.flag("insecure-port"), program.flag("insecure-bind-address")
    version = program.version
    if port is None and address is None:
        if version is None:
            raise Unread(Gap(Reason.ABSENT, "version", "neither the flag nor the version is told"))
        if version >= (1, 20):
            return not_applicable("this version has no insecure port")
    evidence = [
        shown(program, "insecure-port", "not set, the default is 8080"),
        shown(program, "insecure-bind-address"),
    ]
    if port == "0":
        return passed("", *evidence)
    return failed("listens without authentication", *evidence)
