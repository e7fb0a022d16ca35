"""Ways to log in to a container that the engine knows nothing of."""

from __future__ import annotations

from collections.abc import Sequence

from checks.check import Domain, check
from checks.data.programs import REMOTE_LOGIN
from checks.evidence import capped
from checks.listening import beyond_loopback, socket_seen, wide
from checks.processes import SHOWN, is_one_of, lives, shown
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.activity import Listener
from inventory.container import Container

_LOGIN_PORTS = frozenset({22, 23})


@check(
    "RUN-047",
    "Remote-login daemon inside",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="A second way in, with credentials of its own and past everything that the engine records.",
    remediation=(
        "Remove the daemon from the image and use `docker exec` (docker attach, docker logs) for maintenance. Whoever "
        "logs in that way needs access to the host or the engine's API instead."
    ),
    references=("CIS-Docker-1.6:5.7", "ATT&CK:T1021.004", "ATT&CK:T1133", "CWE-284"),
)
def remote_login(container: Container, view: View) -> Verdict:
    """Fail: a process of the container is a login daemon (SSH, Telnet, rlogin, FTP, VNC, RDP, web terminals).

    Manual: none goes by such a name, but something listens on port 22 or 23 beyond loopback (not where it shares the
    host's network: whose sockets those are is not told). Pass: neither. Not applicable: it does not run. Unknown: the
    processes were not read, or none of them is such a daemon by its name and what listens was not read. Nothing is run
    inside the container to find out. Source: CIS Docker 5.7.
    """
    if not lives(container):
        return not_applicable("it does not run")
    activity = view.activity(container.id)
    processes = activity.processes
    daemons = [(process, name) for process in processes if (name := is_one_of(process, REMOTE_LOGIN))]
    if daemons:
        names = sorted({name for _, name in daemons})
        evidence = capped((shown(process, processes) for process, _ in daemons), SHOWN)
        ports = _ports(wide(activity))
        return failed(f"{', '.join(names)} runs inside", *evidence, *ports, salient=", ".join(names))
    ports = _ports(beyond_loopback(activity.listeners)) if container.network_mode != "host" else []
    if ports:
        return manual("listens on a remote-login port, under another name", *ports)
    return passed()


def _ports(listeners: Sequence[Listener]) -> list[Evidence]:
    return [socket_seen(listener) for listener in listeners if listener.port in _LOGIN_PORTS]
