"""Containers that were started by programs which have been replaced since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.container import Container
from inventory.gap import Gap
from inventory.model import Host

_YEAR = 365 * 86400.0
_ONE = ""


@check(
    "RUN-056",
    "Container older than its runtime's last update",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="What an update of the engine fixed stays as it was for containers that were started before it.",
    remediation=(
        "Restart the container (docker restart NAME; Compose: docker compose up -d --force-recreate) in a maintenance "
        "window. With a writable root file system, recreate it from its image rather than restart it."
    ),
    references=("NIST-800-190:4.4.1", "NIST-800-190:4.2.2", "OWASP-Docker:D02"),
)
def outlived(container: Container, view: View) -> Verdict:
    """Judges `State.StartedAt` against when the engine's programs were installed, and how long ago it is.

    Installed is st_ctime: packages give their files the time of the package's making as st_mtime. Fail: up for more
    than 365 days with a writable root file system. Manual: started before dockerd, containerd, its shim or the default
    runtime (Podman: podman, conmon, the runtime) was replaced. Pass: after all of them. Not applicable: does not run.
    Unknown: the engine is not on this machine, or its programs were not found.
    """
    if not container.running:
        return not_applicable("it does not run")
    started = seen("State.StartedAt", _moment(container.started_at))
    if not container.readonly_rootfs and view.now - container.started_at > _YEAR:
        writable = seen("HostConfig.ReadonlyRootfs", False)
        return failed("up for more than a year, and can be written to", started, writable)
    installed = view.index_of(Host, _installed, _ONE)
    if installed is None:
        installed = view.host().binaries
    newer = [seen(f"{path}: installed", _moment(at)) for path, at in installed.items() if at > container.started_at]
    if newer:
        return manual("was started before the runtime's last update", started, *newer)
    return passed("", started)


def _installed(hosts: tuple[Host, ...]) -> Mapping[str, Mapping[str, float]]:
    """The programs of the machine, where they are known: the rest of its facts never stands still."""
    known = (host.peek("binaries") for host in hosts)
    return {_ONE: found for found in known if not isinstance(found, Gap)}  # noqa: B035 - an engine has one machine


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
