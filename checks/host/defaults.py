"""What the daemon gives its containers and clients by default: control groups and API versions."""

from __future__ import annotations

from contextlib import suppress

from checks.check import Domain, check
from checks.host.options import option_evidence
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.gap import Unread
from inventory.model import Engine

_OLDEST_API = (1, 24, 0)
_NO_DAEMON = "Podman has no daemon option for it"


@check(
    "DMN-010",
    "Default cgroup parent changed",
    domain=Domain.HOST,
    severity=Severity.INFO,
    subject=Engine,
    why="Containers share another control group than expected, with that group's limits or with none.",
    remediation="Remove `cgroup-parent` from daemon.json unless the group's limits are wanted, and restart the engine.",
    references=("CIS-Docker-1.6:2.10", "CWE-770"),
)
def cgroup_parent(engine: Engine, view: View) -> Verdict:
    """Judges the daemon option `cgroup-parent`.

    M: set. P: not set. NA: Podman. U: the engine is not on this machine. Source: CIS Docker 2.10.
    """
    if engine.flavour == "podman":
        return not_applicable(_NO_DAEMON)
    host = view.host()
    evidence = option_evidence(host, "cgroup-parent")
    if not host.daemon_option("cgroup-parent"):
        return passed("", evidence)
    return manual("containers are placed in another control group", evidence)


@check(
    "DMN-019",
    "Very old API still accepted",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Clients that speak an old API skip the safer defaults of newer ones.",
    remediation="Upgrade the engine: 25.0 and later refuse versions before 1.24, 29 before 1.44. "
    "Old clients stop working.",
    references=("Docker-API:GET /version MinAPIVersion", "CWE-1188"),
)
def old_api(engine: Engine, view: View) -> Verdict:
    """Judges `MinAPIVersion`, which contains what DOCKER_MIN_API_VERSION in the daemon's environment says.

    M: before 1.24. P: 1.24 or later. U: the version was not read, or is no number.
    """
    version = parse_version(engine.min_api_version)
    evidence = Evidence("MinAPIVersion", engine.min_api_version or "none")
    if version is None:
        return unknown("the oldest accepted API version is no number", evidence)
    return passed("", evidence) if version.release >= _OLDEST_API else manual("accepts APIs before 1.24", evidence)


@check(
    "DMN-031",
    "Default cgroup namespace is the host's",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Every container that does not ask for its own sees the host's whole tree of control groups.",
    remediation='Remove `"default-cgroupns-mode": "host"` from daemon.json and restart the engine. Containers that '
    "read the host's tree (cadvisor) have to ask for `--cgroupns host`.",
    references=("Docker:dockerd --default-cgroupns-mode", "CWE-668"),
)
def cgroup_namespace(engine: Engine, view: View) -> Verdict:
    """Judges `name=cgroupns` of `SecurityOptions`, which the engine lists where private is the default and possible.

    F: cgroup v2 and not listed. P: listed. NA: cgroup v1, where every container sees the host's; Podman, which decides
    in containers.conf (each container's own mode is judged by RUN-012). U: the info was not read, or does not tell the
    version of cgroups.
    """
    if engine.flavour == "podman":
        return not_applicable(_NO_DAEMON)
    evidence = [Evidence("SecurityOptions", ", ".join(engine.security_options) or "none")]
    if engine.security_option("cgroupns") is not None:
        return passed("", *evidence)
    if engine.cgroup_version == "1":
        return not_applicable("cgroup v1")
    if engine.cgroup_version != "2":
        evidence.append(Evidence("CgroupVersion", engine.cgroup_version or "none"))
        return unknown("the engine does not tell its version of cgroups", *evidence)
    with suppress(Unread):  # the engine's own word suffices
        evidence.append(option_evidence(view.host(), "default-cgroupns-mode"))
    return failed("containers share the host's cgroup namespace", *evidence)
