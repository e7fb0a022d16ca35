"""How the daemon is set up: logging, firewall, registries, storage, limits, restarts, filters, features."""

from __future__ import annotations

import ipaddress

from checks.check import Domain, check
from checks.host.options import containers_option, option_evidence, switch
from checks.images.usage import SHOWN
from checks.network.segments import NOBODY, default_network, icc_evidence, networks_by_name, segments
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Container, Engine, Host, Network
from inventory.secrets import mask_text

_LEGACY_DRIVERS = frozenset({"aufs", "devicemapper", "overlay", "vfs"})
_CURRENT_DRIVERS = frozenset({"overlay2", "btrfs", "zfs", "overlayfs", "fuse-overlayfs", "stargz", "windowsfilter"})
_QUIET = frozenset({"error", "fatal", "panic"})
_WARNINGS = {
    "API is accessible on": "DMN-007",
    "bridge-nf-call": "DMN-004",
    "No swap limit support": "RUN-028",
    "No memory limit support": "RUN-028",
    "No pids": "RUN-030",
    "No cpu": "RUN-029",
    "No seccomp": "DMN-016",
    "insecure registr": "DMN-005",
    "devicemapper": "DMN-006",
}


@check(
    "DMN-002",
    "Inter-container traffic allowed on the default bridge",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="All containers on the default bridge reach each other's ports.",
    remediation='Set `"icc": false` in daemon.json and restart the engine; containers that talk to each other '
    "belong on a network of their own. Containers on the default bridge that relied on it lose each other.",
    references=("CIS-Docker-1.6:2.2", "NIST-800-190:4.3.3", "ATT&CK:T1046", "CWE-653"),
)
def icc(engine: Engine, view: View) -> Verdict:
    """Judges the option com.docker.network.bridge.enable_icc of the network "bridge", which is the effective value.

    F: on (low when at most one running container is attached), as it always is on Podman's network "podman". P: off.
    NA: there is no such network. U: networks or containers could not be listed. Source: CIS Docker 2.2.
    """
    default = default_network(engine)
    bridge = view.index_of(Network, networks_by_name, default)
    if bridge is None or bridge.driver != "bridge":
        return not_applicable("the engine has no default bridge")
    if not bridge.icc:
        return passed("", icc_evidence(bridge))
    members = (view.index_of(Container, segments, default) or NOBODY).running
    shown = [Evidence("Containers", member.name, member.key) for member in members[:SHOWN]]
    severity = Severity.MEDIUM if len(members) > 1 else Severity.LOW
    return failed(f"{len(members)} running container(s) share it", icc_evidence(bridge), *shown, severity=severity)


@check(
    "DMN-003",
    "Daemon log level / debug",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Too little log hides what happened; debug mode logs secrets and opens /debug on the API.",
    remediation='Remove `debug` and set `"log-level": "info"` in daemon.json, then `systemctl reload docker`.',
    references=("CIS-Docker-1.6:2.3", "CWE-532", "CWE-778"),
)
def log_level(engine: Engine, view: View) -> Verdict:
    """Judges `Debug` of the engine's info and the daemon option `log-level`.

    F: debug (medium), or log level error or fatal. P: info or warn. U: not in debug mode and the engine is not on this
    machine. Source: CIS Docker 2.3.
    """
    if engine.debug:
        return failed("debug mode is on", Evidence("Debug", "true"), severity=Severity.MEDIUM)
    host = view.host()
    level = str(host.daemon_option("log-level") or "info").lower()
    evidence = option_evidence(host, "log-level")
    if level == "debug":
        return failed("debug messages are logged", evidence, severity=Severity.MEDIUM)
    return failed(f"logs only {level} messages", evidence) if level in _QUIET else passed("", evidence)


@check(
    "DMN-004",
    "Daemon does not manage the firewall",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Without the engine's rules published ports are not filtered and networks not isolated from each other.",
    remediation='Remove `"iptables": false` from daemon.json and restart the engine. Where your own rules replace '
    "the engine's, accept this finding in the policy and say which.",
    references=("CIS-Docker-1.6:2.4", "NIST-800-190:4.4.2", "CWE-693"),
)
def no_firewall(engine: Engine, view: View) -> Verdict:
    """Judges the daemon options `iptables`, `ip6tables` and `INFO.FirewallBackend`.

    F: `iptables` is false. M: the nftables backend, or `ip6tables` set to false. P: managed. U: the engine is not on
    this machine. NA: Podman, whose network stack always sets its rules. Source: CIS Docker 2.4.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman's network stack (netavark, CNI or pasta) has no such option")
    host = view.host()
    if not switch(host, "iptables", default=True):
        return failed("the engine sets no firewall rules", option_evidence(host, "iptables"))
    backend = engine.peek("firewall_backend")
    if isinstance(backend, str) and "nftables" in backend:
        return manual(
            "rules are kept in nftables: DOCKER-USER does not exist there", Evidence("FirewallBackend", backend)
        )
    if not switch(host, "ip6tables", default=True):
        return manual("the engine sets no IPv6 rules", option_evidence(host, "ip6tables"))
    return passed("", option_evidence(host, "iptables"))


@check(
    "DMN-005",
    "Insecure registries configured",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Images from there can be replaced on the wire.",
    remediation="Remove the entry from `insecure-registries` (and `http:` from `registry-mirrors`) and put the "
    "registry's CA into /etc/docker/certs.d/HOST/ca.crt. Pulls fail until the certificate is trusted.",
    references=("CIS-Docker-1.6:2.5", "NIST-800-190:4.2.1", "ATT&CK:T1557", "CWE-319"),
)
def insecure_registries(engine: Engine, view: View) -> Verdict:
    """Judges `RegistryConfig` of the engine's info.

    F: a host with `Secure` false, an insecure range, or a mirror over http, other than loopback. P: none. U: the info
    was not read. Source: CIS Docker 2.5.
    """
    found = [
        Evidence("RegistryConfig.InsecureRegistryCIDRs", cidr)
        for cidr in engine.insecure_registry_cidrs
        if not _loopback_range(cidr)
    ]
    found += [
        Evidence(f"RegistryConfig.IndexConfigs[{host}].Secure", "false")
        for host in engine.insecure_registries
        if not host.startswith(("127.", "localhost", "[::1]"))
    ]
    plain = [mirror for mirror in engine.mirrors if mirror.startswith("http:")]
    found += [Evidence("RegistryConfig.Mirrors", mask_text(mirror)) for mirror in plain]
    return failed(f"{len(found)} source(s) without verified TLS", *found) if found else passed()


@check(
    "DMN-006",
    "Legacy storage driver",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="The driver is unmaintained, slow or known to lose data.",
    remediation='Set `"storage-driver": "overlay2"` in daemon.json and restart the engine. Images and containers '
    "of the old driver are not visible any more: push or export what is needed first.",
    references=("CIS-Docker-1.6:2.6", "CWE-1104"),
)
def storage_driver(engine: Engine, view: View) -> Verdict:
    """Judges `Driver` and `DriverStatus`.

    F: aufs, devicemapper (medium on loop files), vfs, or Docker's overlay. P: overlay2, overlayfs, fuse-overlayfs,
    btrfs, zfs; Podman's overlay. M: any other. U: the info was not read. Source: CIS Docker 2.6.
    """
    evidence = Evidence("Driver", engine.driver)
    if engine.driver in _CURRENT_DRIVERS or (engine.driver == "overlay" and engine.flavour == "podman"):
        return passed("", evidence)
    if engine.driver not in _LEGACY_DRIVERS:
        return manual(f"storage driver {engine.driver!r} is not known here", evidence)
    loop = [Evidence(f"DriverStatus[{name}]", value) for name, value in engine.driver_status if "loop file" in name]
    severity = Severity.MEDIUM if loop else Severity.LOW
    return failed(f"{engine.driver} is a legacy driver", evidence, *loop, severity=severity)


@check(
    "DMN-008",
    "No default ulimits",
    domain=Domain.HOST,
    severity=Severity.INFO,
    subject=Engine,
    why="Containers inherit the daemon's own, usually unlimited, numbers of files and processes.",
    remediation='Set `"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 65536}}` in '
    "daemon.json (and `nproc` alike). Programs that need more files have to ask for them.",
    references=("CIS-Docker-1.6:2.8", "CWE-770"),
)
def default_ulimits(engine: Engine, view: View) -> Verdict:
    """Judges the daemon option `default-ulimits`.

    M: nofile or nproc is not set. P: both are; on Podman in `default_ulimits` of containers.conf. U: the engine is not
    on this machine. Source: CIS Docker 2.8.
    """
    host = view.host()
    if engine.flavour == "podman":
        return _podmans_ulimits(host)
    value = host.daemon_option("default-ulimits") or host.daemon_option("default-ulimit")
    evidence = option_evidence(host, "default-ulimits")
    missing = [name for name in ("nofile", "nproc") if name not in str(value)]
    return manual(f"no default for {' and '.join(missing)}", evidence) if missing else passed("", evidence)


def _podmans_ulimits(host: Host) -> Verdict:
    value = containers_option(host, "containers", "default_ulimits")
    names = {str(one).partition("=")[0] for one in value} if isinstance(value, list) else set()
    missing = [name for name in ("nofile", "nproc") if name not in names]
    evidence = Evidence(f"{host.daemon_config_path}: default_ulimits", str(value or "not set")[:200])
    return manual(f"no default for {' and '.join(missing)}", evidence) if missing else passed("", evidence)


@check(
    "DMN-014",
    "Live restore off",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="A restart of the engine kills all containers, so its security updates wait.",
    remediation='Set `"live-restore": true` in daemon.json and `systemctl reload docker`. It excludes Swarm.',
    references=("CIS-Docker-1.6:2.15",),
)
def live_restore(engine: Engine, view: View) -> Verdict:
    """Judges `LiveRestoreEnabled`.

    F: false. P: true. NA: a swarm node (the two exclude each other), or Podman, whose containers need no daemon.
    U: the info was not read. Source: CIS Docker 2.15.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman's containers do not depend on a daemon")
    if engine.swarm.state not in {"", "inactive"}:
        return not_applicable("live restore does not work together with Swarm")
    evidence = Evidence("LiveRestoreEnabled", str(engine.live_restore).lower())
    return passed("", evidence) if engine.live_restore else failed("off", evidence)


@check(
    "DMN-015",
    "Userland proxy on",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="One more root process per published port, which also hides the client's address.",
    remediation='Set `"userland-proxy": false` in daemon.json and restart the engine. Connections from the host to '
    "::1 and hairpin connections may behave differently.",
    references=("CIS-Docker-1.6:2.16", "CWE-1188"),
)
def userland_proxy(engine: Engine, view: View) -> Verdict:
    """Judges the daemon option `userland-proxy` and the running docker-proxy processes.

    F: not false, or such processes run. P: false and none runs. NA: Podman. U: the engine is not on this machine.
    Source: CIS Docker 2.16.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman has no such option")
    host = view.host()
    evidence = option_evidence(host, "userland-proxy")
    if switch(host, "userland-proxy", default=True):
        return failed("on", evidence)
    running = [process for process in host.processes if process.comm == "docker-proxy"]
    if running:
        return failed(f"off, but {len(running)} docker-proxy process(es) run", evidence)
    return passed("", evidence)


@check(
    "DMN-016",
    "Daemon default seccomp profile",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Without a default filter every container may make every system call.",
    remediation="Remove `seccomp-profile` from daemon.json to get the built-in profile, and run a kernel with "
    "CONFIG_SECCOMP_FILTER. Give the one container that needs more a profile of its own.",
    references=("CIS-Docker-1.6:2.17", "CWE-693"),
)
def default_seccomp(engine: Engine, view: View) -> Verdict:
    """Judges `name=seccomp,profile=...` of `SecurityOptions`.

    F: not listed, or profile unconfined. M: a file. P: default or builtin. U: the info was not read. Source: CIS 2.17.
    """
    seccomp = engine.security_option("seccomp")
    evidence = Evidence("SecurityOptions", ", ".join(engine.security_options) or "none")
    if seccomp is None:
        return failed("the engine filters no system call", evidence)
    profile = seccomp.get("profile", "default")
    if profile == "unconfined":
        return failed("the default profile is unconfined", evidence)
    return passed("", evidence) if profile in {"default", "builtin", ""} else manual(f"own profile {profile}", evidence)


@check(
    "DMN-017",
    "Experimental features on",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Untested features run with root rights.",
    remediation='Remove `"experimental": true` from daemon.json and restart the engine. Metrics and checkpoint '
    "features of older engines need it.",
    references=("CIS-Docker-1.6:2.18",),
)
def experimental(engine: Engine, view: View) -> Verdict:
    """Judges `ExperimentalBuild`. F: true. P: false. NA: Podman, which always writes true and has no such switch.
    U: the info was not read. Source: CIS Docker 2.18."""
    if engine.flavour == "podman":
        return not_applicable("Podman has no experimental mode")
    evidence = Evidence("ExperimentalBuild", str(engine.experimental).lower())
    return failed("on", evidence) if engine.experimental else passed("", evidence)


@check(
    "DMN-032",
    "Daemon warnings",
    domain=Domain.HOST,
    severity=Severity.INFO,
    subject=Engine,
    why="The daemon itself says what is wrong with its host.",
    remediation="Follow each warning; the check named beside it explains it. `docker info` shows the same list.",
    references=("Docker-API:GET /info Warnings",),
)
def warnings(engine: Engine, view: View) -> Verdict:
    """Judges `Warnings` of the engine's info. M: each, with the check that judges the same. P: none. U: not read."""
    if not engine.warnings:
        return passed()
    found = [Evidence("Warnings", f"{mask_text(' '.join(text.split()))}{_judged_by(text)}") for text in engine.warnings]
    return manual(f"{len(found)} warning(s) from the daemon", *found)


def _judged_by(warning: str) -> str:
    found = next((check_id for words, check_id in _WARNINGS.items() if words.lower() in warning.lower()), "")
    return f" [{found}]" if found else ""


def _loopback_range(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr, strict=False).is_loopback
    except ValueError:
        return False
