"""A container engine inside of a container."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.check import Domain, check
from checks.data.programs import CONTAINER_ENGINES, ENGINE_IMAGES
from checks.evidence import capped, seen
from checks.listening import socket_seen, wide
from checks.network.exposure import published
from checks.processes import SHOWN, base, is_one_of, lives, shown
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.activity import Activity, Process
from inventory.components import repository
from inventory.container import Container
from inventory.gap import Gap

_API_PORT = 2375


@check(
    "RUN-059",
    "Docker-in-Docker",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="An engine inside usually needs a privileged container, and what it starts is seen by no check of the host.",
    remediation=(
        "Build without an engine (BuildKit rootless, Kaniko, Buildah), or with a rootless one (docker:dind-rootless), "
        "on an internal network, with TLS (DOCKER_TLS_CERTDIR=/certs). Pipelines have to be told the new address."
    ),
    references=("ATT&CK:T1611", "ATT&CK:T1610", "CWE-250"),
)
def engine_inside(container: Container, view: View) -> Verdict:
    """Manual: the image is made for it (docker:dind, kindest/node, k3s, ...), or dockerd, containerd, buildkitd, a
    kubelet or the like runs inside.

    Fail (critical): such a container is privileged and its API without TLS (2375) is published or listens beyond
    loopback. Pass: neither image nor process. Not applicable: another image and it does not run. Unknown: the image's
    name or the processes were not read; listeners count where they were.
    """
    image = _engine_image(container.image_ref)
    if not image and not lives(container):
        return not_applicable("it does not run")
    activity = view.activity(container.id) if lives(container) else None
    processes = _processes(activity, needed=not image)
    engines = [process for process in processes if is_one_of(process, CONTAINER_ENGINES)]
    if not image and not engines:
        return passed()
    evidence = [seen("Config.Image", container.image_ref)] if image else []
    evidence += capped((shown(process, processes) for process in engines), SHOWN)
    ports = [*_published_api(container), *(socket_seen(one) for one in wide(activity) if one.port == _API_PORT)]
    if container.privileged and ports:
        privileged = seen("HostConfig.Privileged", True)
        message = "an engine inside, privileged, and its API answers without TLS"
        return failed(message, privileged, *ports, *evidence, severity=Severity.CRITICAL)
    return manual("an engine runs inside" if engines else "an image to run an engine inside", *evidence)


def _engine_image(reference: str) -> bool:
    name = repository(reference)
    tag = base(reference.partition("@")[0]).partition(":")[2]
    dind = "dind" in tag and (name == "docker" or name.endswith("/docker"))
    return dind or base(name) == "dind" or any(name == image or name.endswith(f"/{image}") for image in ENGINE_IMAGES)


def _processes(activity: Activity | None, *, needed: bool) -> Sequence[Process]:
    if activity is None:
        return ()
    if needed:
        return activity.processes
    known = activity.peek("processes")
    return () if isinstance(known, Gap) else known


def _published_api(container: Container) -> Iterator[Evidence]:
    for port in published(container):
        if port.container_port == _API_PORT:
            yield Evidence(
                f"NetworkSettings.Ports[{_API_PORT}/tcp]", f"{port.host_ip or '*'}:{port.host_port or 'any'}"
            )
