"""As whom the daemon runs, and what containers inherit from that: root, user namespaces, new privileges."""

from __future__ import annotations

from checks.check import Domain, check
from checks.host.options import containers_option, option_evidence, switch
from checks.images.usage import SHOWN
from checks.securityopts import no_new_privileges
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Container, Engine


@check(
    "DMN-001",
    "Daemon runs as root",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="A flaw in the daemon is root on the host.",
    remediation="Run a rootless engine (`dockerd-rootless-setuptool.sh install`, or Podman as a user). Ports below "
    "1024, overlay networks and some storage drivers then need extra steps.",
    references=("CIS-Docker-1.6:2.1", "NIST-800-190:4.5.4", "CWE-250"),
)
def runs_as_root(engine: Engine, view: View) -> Verdict:
    """Judges `SecurityOptions` of the engine.

    F: not rootless and the policy requires it. M: not rootless. P: rootless. U: the engine's info was not read.
    Source: CIS Docker 2.1.
    """
    evidence = Evidence("SecurityOptions", ", ".join(engine.security_options) or "none")
    if engine.rootless:
        return passed("rootless", evidence)
    if view.policy.require_rootless:
        return failed("the engine runs as root, the policy wants it rootless", evidence)
    return manual("the engine runs as root", evidence, policy="host.require_rootless")


@check(
    "DMN-009",
    "No user-namespace remapping",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Root inside a container is root on the host as soon as it gets out.",
    remediation='Set `"userns-remap": "default"` in daemon.json and restart the engine. It starts with an empty '
    "store: images have to be pulled again, and volumes need other owners. Podman: `--userns=auto` per container, "
    '`userns = "auto"` in containers.conf, or a rootless engine.',
    references=("CIS-Docker-1.6:2.9", "OWASP-Docker:D01", "ATT&CK:T1611", "CWE-250"),
)
def no_remapping(engine: Engine, view: View) -> Verdict:
    """Judges `SecurityOptions` of the engine.

    F: neither `name=userns` nor rootless. P: one of them; on Podman also `userns` auto in containers.conf. U: the
    engine's info was not read, or its machine where that decides. Source: CIS Docker 2.9.
    """
    evidence = Evidence("SecurityOptions", ", ".join(engine.security_options) or "none")
    if engine.rootless or engine.security_option("userns") is not None:
        return passed("", evidence)
    if engine.flavour == "podman":
        host = view.host()
        mode = str(containers_option(host, "containers", "userns") or "")
        evidence = Evidence(f"{host.daemon_config_path}: userns", mode or "not set")
        if mode.startswith("auto"):
            return passed("", evidence)
    return failed("container root is host root", evidence)


@check(
    "DMN-013",
    "Daemon-wide no-new-privileges off",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Containers that do not ask for it can gain privileges through set-id programs.",
    remediation='Set `"no-new-privileges": true` in daemon.json and restart the engine. Containers that need sudo '
    "or ping as another user then have to ask for `security_opt: [no-new-privileges:false]`.",
    references=("CIS-Docker-1.6:2.14", "ATT&CK:T1548.001", "CWE-250"),
)
def no_new_privileges_off(engine: Engine, view: View) -> Verdict:
    """Judges the daemon option `no-new-privileges` and the containers that leave the choice to the engine.

    P: the engine lists it in `SecurityOptions`, or the option is on. F: off, and containers leave the choice to the
    engine. M: off, but every container sets it itself. U: the engine does not list it and is not on this machine, or
    containers could not be read. NA: Podman, which has no such option; RUN-021 judges each container. Source: CIS
    Docker 2.14.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman has no such default; every container decides for itself (RUN-021)")
    if engine.security_option("no-new-privileges") is not None:
        return passed("", Evidence("SecurityOptions", "name=no-new-privileges"))
    host = view.host()
    containers = view.all(Container)
    silent = [container for container in containers if no_new_privileges(container.security_opt) is None]
    evidence = option_evidence(host, "no-new-privileges")
    if switch(host, "no-new-privileges", default=False):
        return passed("", evidence)
    if not silent:
        return manual("off, but every container sets it itself", evidence)
    shown = (Evidence(f"{one.name}: HostConfig.SecurityOpt", str(list(one.security_opt)), one.key) for one in silent)
    return failed(f"off, and {len(silent)} container(s) do not set it themselves", evidence, *tuple(shown)[:SHOWN])
