"""What kubelets are configured to do (CIS Kubernetes Benchmark 1.12, sections 4.2 and 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checks.check import Domain, check
from checks.kubernetes.ciphers import OLD_VERSIONS, weak_suites
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.kubelet import Kubelet, KubeletConfiguration

_FILE = "in /var/lib/kubelet/config.yaml, then `systemctl restart kubelet` (pods go on running)"
Member = Callable[[KubeletConfiguration], object]


class _Setting:
    """One option: by flag, else by configuration, else by the default, which depends on where the kubelet looks.

    A kubelet without a configuration file has the defaults of its flags, which are older and weaker.
    """

    def __init__(self, path: str, flag: str, member: Member, default: object, flag_default: object = None) -> None:
        self.path = path
        self.flag = flag
        self._member = member
        self._default = default
        self._flag_default = default if flag_default is None else flag_default

    def read(self, kubelet: Kubelet) -> tuple[object, Evidence]:
        """The value that counts (flags as text, lower case), and where it stands."""
        given = kubelet.flags.get(self.flag) if self.flag else None
        if given:
            return given[-1].lower(), Evidence(f"kubelet --{self.flag}", given[-1])
        value = self._member(kubelet.config)
        if value is None or value in ("", ()):
            default = self._default if kubelet.origin else self._flag_default
            told = "not set" if default in ("", ()) else f"not set, the default is {_text(default)}"
            return default, Evidence(f"{kubelet.origin or 'kubelet flags'}: {self.path}", told)
        return value, Evidence(f"{kubelet.origin}: {self.path}", _text(value))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _on(value: object) -> bool:
    return value is True or value in ("true", "t", "1")


Rule = Callable[[Kubelet], Verdict]


def _kubelet_check(
    id: str,  # noqa: A002 - as in `check`
    title: str,
    *,
    severity: Severity,
    condition: str,
    why: str,
    remediation: str,
    cis: str,
    references: Iterable[str] = (),
) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        def judge(kubelet: Kubelet, view: View) -> Verdict:
            return rule(kubelet)

        judge.__doc__ = f"{condition} A flag goes before the file; U: either could not be read." + (
            f" Source: CIS Kubernetes {cis}." if cis else ""
        )
        judge.__module__ = rule.__module__
        check(
            id,
            title,
            domain=Domain.ORCHESTRATION,
            severity=severity,
            subject=Kubelet,
            why=why,
            remediation=remediation,
            references=(*((f"CIS-Kubernetes-1.12:{cis}",) if cis else ()), *references),
        )(judge)
        return rule

    return register


_ANONYMOUS = _Setting(
    "authentication.anonymous.enabled", "anonymous-auth", lambda it: it.authentication.anonymous.enabled, False, True
)
_MODE = _Setting("authorization.mode", "authorization-mode", lambda it: it.authorization.mode, "Webhook", "AlwaysAllow")
_CLIENT_CA = _Setting(
    "authentication.x509.clientCAFile", "client-ca-file", lambda it: it.authentication.x509.client_ca_file, ""
)
_READ_ONLY = _Setting("readOnlyPort", "read-only-port", lambda it: it.read_only_port, 0, 10255)
_IDLE = _Setting(
    "streamingConnectionIdleTimeout", "streaming-connection-idle-timeout",
    lambda it: it.streaming_connection_idle_timeout, "4h",
)  # fmt: skip
_CHAINS = _Setting(
    "makeIPTablesUtilChains", "make-iptables-util-chains", lambda it: it.make_ip_tables_util_chains, True
)
_HOSTNAME = _Setting("hostnameOverride", "hostname-override", lambda it: "", "")
_EVENTS = _Setting("eventRecordQPS", "event-qps", lambda it: it.event_record_qps, 50)
_CERTIFICATE = _Setting("tlsCertFile", "tls-cert-file", lambda it: it.tls_cert_file, "")
_KEY = _Setting("tlsPrivateKeyFile", "tls-private-key-file", lambda it: it.tls_private_key_file, "")
_BOOTSTRAP = _Setting("serverTLSBootstrap", "rotate-server-certificates", lambda it: it.server_tls_bootstrap, False)
_ROTATE = _Setting("rotateCertificates", "rotate-certificates", lambda it: it.rotate_certificates, True, False)
_SUITES = _Setting("tlsCipherSuites", "tls-cipher-suites", lambda it: it.tls_cipher_suites, ())
_VERSION = _Setting("tlsMinVersion", "tls-min-version", lambda it: it.tls_min_version, "VersionTLS12")
_PIDS = _Setting("podPidsLimit", "pod-max-pids", lambda it: it.pod_pids_limit, -1)
_SECCOMP = _Setting("seccompDefault", "seccomp-default", lambda it: it.seccomp_default, False)
_KERNEL = _Setting("protectKernelDefaults", "protect-kernel-defaults", lambda it: it.protect_kernel_defaults, False)


def _switch(kubelet: Kubelet, setting: _Setting, wanted: bool, fault: str) -> Verdict:
    value, evidence = setting.read(kubelet)
    return passed("", evidence) if _on(value) is wanted else failed(fault, evidence)


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


@_kubelet_check(
    "ORC-455",
    "Kubelet lets anonymous requests in",
    severity=Severity.CRITICAL,
    condition="F: `authentication.anonymous.enabled` is true, the default without a configuration file. P: not.",
    why="Whoever reaches port 10250 may run commands in every pod of the node, unless authorization stops it.",
    remediation=f"Set `authentication: {{anonymous: {{enabled: false}}}}` {_FILE}.",
    cis="4.2.1",
    references=("OWASP-K8s:K06", "ATT&CK:T1609", "CWE-306"),
)
def anonymous(kubelet: Kubelet) -> Verdict:
    return _switch(kubelet, _ANONYMOUS, False, "anonymous requests are let in")


@_kubelet_check(
    "ORC-456",
    "Kubelet allows everything to everybody",
    severity=Severity.CRITICAL,
    condition="F: `authorization.mode` is AlwaysAllow, the default without a configuration file. P: it is Webhook.",
    why="Any credential that it accepts may run commands in every pod of the node.",
    remediation=f"Set `authorization: {{mode: Webhook}}` {_FILE}.",
    cis="4.2.2",
    references=("OWASP-K8s:K06", "CWE-862"),
)
def authorization(kubelet: Kubelet) -> Verdict:
    value, evidence = _MODE.read(kubelet)
    return passed("", evidence) if str(value).lower() == "webhook" else failed("everything is allowed", evidence)


@_kubelet_check(
    "ORC-457",
    "Kubelet does not know its clients' CA",
    severity=Severity.HIGH,
    condition="F: `authentication.x509.clientCAFile` is not set. P: it is.",
    why="It cannot tell the API server from anybody else.",
    remediation=f"Set `authentication: {{x509: {{clientCAFile: /etc/kubernetes/pki/ca.crt}}}}` {_FILE}.",
    cis="4.2.3",
    references=("CWE-287",),
)
def client_authority(kubelet: Kubelet) -> Verdict:
    value, evidence = _CLIENT_CA.read(kubelet)
    return passed("", evidence) if value else failed("no client CA is set", evidence)


@_kubelet_check(
    "ORC-458",
    "Kubelet's read-only port is open",
    severity=Severity.HIGH,
    condition="F: `readOnlyPort` is not 0; without a configuration file the default is 10255. P: it is 0.",
    why="It tells everybody, without login, of every pod on the node and its environment.",
    remediation=f"Set `readOnlyPort: 0` {_FILE}. Old monitoring that reads 10255 must use 10250 with a token.",
    cis="4.2.4",
    references=("OWASP-K8s:K06", "ATT&CK:T1613", "CWE-306"),
)
def read_only_port(kubelet: Kubelet) -> Verdict:
    value, evidence = _READ_ONLY.read(kubelet)
    return passed("", evidence) if _number(value) == 0 else failed(f"port {_text(value)} needs no login", evidence)


@_kubelet_check(
    "ORC-459",
    "Kubelet never ends idle sessions",
    severity=Severity.LOW,
    condition="F: `streamingConnectionIdleTimeout` is 0. P: it is not (the default is 4 h).",
    why="Forgotten exec and port-forward sessions stay open for ever.",
    remediation=f"Set `streamingConnectionIdleTimeout: 4h` {_FILE}.",
    cis="4.2.5",
    references=("CWE-613",),
)
def idle_timeout(kubelet: Kubelet) -> Verdict:
    value, evidence = _IDLE.read(kubelet)
    never = str(value).strip() in ("0", "0s", "0m", "0h", "0m0s", "0h0m0s")
    return failed("idle sessions are never ended", evidence) if never else passed("", evidence)


@_kubelet_check(
    "ORC-460",
    "Kubelet does not keep its packet filter chains",
    severity=Severity.LOW,
    condition="F: `makeIPTablesUtilChains` is false. P: it is not (the default is true).",
    why="Chains that services rely on may then contradict those of other programs.",
    remediation=f"Set `makeIPTablesUtilChains: true` {_FILE}.",
    cis="4.2.6",
    references=("CWE-16",),
)
def util_chains(kubelet: Kubelet) -> Verdict:
    return _switch(kubelet, _CHAINS, True, "the chains are not kept")


@_kubelet_check(
    "ORC-461",
    "Kubelet goes by another name than its machine",
    severity=Severity.INFO,
    condition="F: `--hostname-override` is set. P: it is not.",
    why="Certificates and audit records then name something that the machine's own logs do not.",
    remediation="Remove `--hostname-override` from the kubelet's flags; the node registers anew under its own name.",
    cis="4.2.7",
    references=("CWE-290",),
)
def hostname(kubelet: Kubelet) -> Verdict:
    value, evidence = _HOSTNAME.read(kubelet)
    return failed("the name is overridden", evidence) if value else passed("", evidence)


@_kubelet_check(
    "ORC-462",
    "Kubelet's events are not limited",
    severity=Severity.LOW,
    condition="M: `eventRecordQPS` is 0, which is no limit. F: it is below 0. P: it is above 0 (the default is 50).",
    why="A node in trouble floods the API server; too low a limit loses the events that tell why.",
    remediation=f"Set `eventRecordQPS: 50` {_FILE}.",
    cis="4.2.8",
    references=("CWE-770",),
)
def event_rate(kubelet: Kubelet) -> Verdict:
    value, evidence = _EVENTS.read(kubelet)
    number = _number(value)
    if number is None:
        raise Unread(Gap(Reason.MALFORMED, _EVENTS.path, "no number"))
    if number == 0:
        return manual("events are not limited", evidence)
    return passed("", evidence) if number > 0 else failed("a negative limit", evidence)


@_kubelet_check(
    "ORC-463",
    "Kubelet signs its own certificate",
    severity=Severity.MEDIUM,
    condition="F: neither `tlsCertFile` with `tlsPrivateKeyFile` nor `serverTLSBootstrap` is set. P: one of them is.",
    why="The API server cannot check whom it sends exec sessions and logs' requests to.",
    remediation=f"Set `serverTLSBootstrap: true` {_FILE}, and approve the certificate requests.",
    cis="4.2.9",
    references=("CWE-295",),
)
def certificate(kubelet: Kubelet) -> Verdict:
    found = [setting.read(kubelet) for setting in (_CERTIFICATE, _KEY, _BOOTSTRAP)]
    evidence = [one for _, one in found]
    if (found[0][0] and found[1][0]) or _on(found[2][0]):
        return passed("", *evidence)
    return failed("serves a certificate that it signed itself", *evidence)


@_kubelet_check(
    "ORC-464",
    "Kubelet does not renew its client certificate",
    severity=Severity.MEDIUM,
    condition="F: `rotateCertificates` is false (the default without a configuration file). P: it is true.",
    why="The node drops out of the cluster when its certificate ends, or certificates are made to last for years.",
    remediation=f"Set `rotateCertificates: true` {_FILE}.",
    cis="4.2.10",
    references=("CWE-324",),
)
def rotation(kubelet: Kubelet) -> Verdict:
    return _switch(kubelet, _ROTATE, True, "the client certificate is not renewed")


@_kubelet_check(
    "ORC-465",
    "Kubelet does not renew its serving certificate",
    severity=Severity.LOW,
    condition="F: `serverTLSBootstrap` is not true, or the gate RotateKubeletServerCertificate is false. P: else.",
    why="Its serving certificate ends one day, or nobody can check it.",
    remediation=f"Set `serverTLSBootstrap: true` {_FILE}, and approve the certificate requests.",
    cis="4.2.11",
    references=("CWE-324",),
)
def server_rotation(kubelet: Kubelet) -> Verdict:
    value, evidence = _BOOTSTRAP.read(kubelet)
    if kubelet.config.feature_gates.get("RotateKubeletServerCertificate") is False:
        path = f"{kubelet.origin}: featureGates.RotateKubeletServerCertificate"
        return failed("the feature gate is off", evidence, Evidence(path, "false"))
    return passed("", evidence) if _on(value) else failed("the serving certificate is not renewed", evidence)


@_kubelet_check(
    "ORC-466",
    "Kubelet allows weak TLS",
    severity=Severity.MEDIUM,
    condition="F: `tlsMinVersion` is below TLS 1.2, or `tlsCipherSuites` names suites without forward secrecy or "
    "authenticated encryption. M: no suites are named, so Go's defaults count. P: neither.",
    why="Recorded exec sessions and logs can be read later.",
    remediation="Set `tlsMinVersion: VersionTLS12` and `tlsCipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "
    f"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]` {_FILE}.",
    cis="4.2.12",
    references=("NIST-800-52r2", "CWE-327"),
)
def tls_suites(kubelet: Kubelet) -> Verdict:
    version, told = _VERSION.read(kubelet)
    found, named = _SUITES.read(kubelet)
    if str(version).lower() in {old.lower() for old in OLD_VERSIONS}:
        return failed(f"accepts {version}", told, named)
    suites = found if isinstance(found, tuple) else tuple(word.strip().upper() for word in str(found).split(","))
    weak = weak_suites(str(suite) for suite in suites)
    if weak:
        return failed(f"accepts {', '.join(weak)}", told, named)
    if suites or str(version).lower() == "versiontls13":
        return passed("", told, named)
    return manual("the suites are those of the Go release that it was built with", told, named)


@_kubelet_check(
    "ORC-467",
    "Pods may start any number of processes",
    severity=Severity.MEDIUM,
    condition="F: `podPidsLimit` is not above 0 (the default is -1, no limit). P: it is.",
    why="One pod can use up the node's process ids: nothing starts any more, a shell neither.",
    remediation=f"Set `podPidsLimit: 4096` {_FILE}. A pod that needs more fails to fork.",
    cis="4.2.13",
    references=("ATT&CK:T1499", "CWE-770"),
)
def pid_limit(kubelet: Kubelet) -> Verdict:
    value, evidence = _PIDS.read(kubelet)
    number = _number(value)
    return passed("", evidence) if number is not None and number > 0 else failed("no limit", evidence)


@_kubelet_check(
    "ORC-468",
    "Kubelet leaves pods without a seccomp profile",
    severity=Severity.LOW,
    condition="F: `seccompDefault` is not true. P: it is.",
    why="Pods that do not ask for a profile may make every system call.",
    remediation=f"Set `seccompDefault: true` {_FILE}. Pods that need more ask for another profile.",
    cis="4.2.14",
    references=("NSA-CISA:seccomp", "CWE-693"),
)
def seccomp(kubelet: Kubelet) -> Verdict:
    return _switch(kubelet, _SECCOMP, True, "pods run without a seccomp profile unless they ask for one")


@_kubelet_check(
    "ORC-469",
    "Kubelet changes kernel parameters by itself",
    severity=Severity.LOW,
    condition="F: `protectKernelDefaults` is not true. P: it is.",
    why="It then sets what differs from its wishes, whatever the machine was hardened to.",
    remediation=f"Set `protectKernelDefaults: true` {_FILE}, after vm.overcommit_memory=1, kernel.panic=10 and "
    "kernel.panic_on_oops=1 are set, or it does not start.",
    cis="",
    references=("NIST-800-190:4.5.1", "CWE-16"),
)
def kernel_defaults(kubelet: Kubelet) -> Verdict:
    return _switch(kubelet, _KERNEL, True, "kernel parameters are changed where they differ")
