"""A host made of captured answers, judged by the real engine, without a thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from checks.catalogue import catalogue
from checks.engine import Engine as CheckEngine
from checks.policy import Policy
from inventory.activity import Activity, Change, Listener, Process, Session
from inventory.components import derive
from inventory.container import Container
from inventory.endpoint import PeerCertificate, TlsEndpoint
from inventory.host import DiskFacts, Host
from inventory.image import Image
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event, SourceHealth, Status
from inventory.sources.decode import AnswerError, items
from inventory.sources.docker import translate
from inventory.store import Store
from tests.checks.builders import DATA, NOW, SOURCE, captured, engine, patched
from tests.tui.analyses import in_every_state
from tui.picture import Picture, Stats

__all__ = ["NOW", "SOURCE", "by_name", "filled", "judged", "made", "world"]

MONITORS = {"prom": "prom/prometheus:v2.54.1", "graf": "grafana/grafana:11.2.0", "fluent": "fluent/fluent-bit:3.1"}


def _answers(pattern: str) -> Iterable[bytes]:
    for path in sorted((DATA / "docker-api").glob(pattern)):
        yield path.read_bytes()


def _containers() -> list[Container]:
    found: dict[ResourceKey, Container] = {}
    for raw in _answers("inspect-*.json"):
        container = translate.container(raw, SOURCE, NOW)
        found.setdefault(container.key, container)
    for number, (name, image) in enumerate(MONITORS.items()):
        raw = patched("docker-api/inspect-plain.json", Name=f"/{name}", Id=f"{number:064x}", Config__Image=image)
        container = translate.container(raw, SOURCE, NOW)
        found[container.key] = container
    return list(found.values())


def _images() -> list[Resource]:
    found: dict[ResourceKey, Resource] = {}
    for raw in items(captured("docker-api/images.json")):
        listed = translate.image_from_list(raw, SOURCE, NOW)
        found[listed.key] = listed
    for path in sorted((DATA / "docker-api").glob("image-inspect-*.json")):
        history = (path.parent / path.name.replace("inspect", "history")).read_bytes()
        image = translate.image(path.read_bytes(), history, SOURCE, NOW)
        found[image.key] = image
    return list(found.values())


def _networks() -> list[Resource]:
    found: dict[ResourceKey, Resource] = {}
    for raw in (*items(captured("docker-api/networks.json")), *_answers("network-*.json")):
        network = translate.network(raw, SOURCE, NOW)
        found[network.key] = network
    return list(found.values())


def _many(file: str, make: Callable[[bytes, str, float], Resource]) -> list[Resource]:
    return [make(raw, SOURCE, NOW) for raw in items(captured(f"docker-api/{file}.json"))]


def host() -> Host:
    """The machine below, with a disk that is nearly full."""
    disk = DiskFacts("data root", "/var/lib/docker", "/", 100 << 30, 7 << 30, 1_000_000, 900_000)
    return Host.build(
        key=ResourceKey(Kind.HOST, SOURCE, "host"),
        name="web-07",
        uptime=3_600_000.0,
        load=(3.1, 2.0, 1.0),
        ncpu=2,
        memory_total=8 << 30,
        memory_available=2 << 30,
        clock_synchronised=True,
        disks=(disk,),
    )


def made() -> dict[Kind, list[Resource]]:
    """Every resource, new objects at each call."""
    return {
        Kind.CONTAINER: list(_containers()),
        Kind.IMAGE: _images(),
        Kind.NETWORK: _networks(),
        Kind.SERVICE: _many("services-status", translate.service),
        Kind.TASK: _many("tasks", translate.task),
        Kind.NODE: _many("nodes", translate.node),
        Kind.SECRET: _many("secrets", translate.secret),
        Kind.CONFIG: _many("configs", translate.config),
        Kind.SWARM: [translate.swarm(captured("docker-api/swarm.json"), SOURCE, NOW)],
        Kind.ENGINE: [engine()],
        Kind.HOST: [host()],
        Kind.ACTIVITY: list(_activities()),
        Kind.ENDPOINT: [endpoint()],
        Kind.IMAGE_ANALYSIS: [in_every_state(image, number, NOW) for number, image in enumerate(_analysed())],
    }


def _analysed() -> list[Image]:
    """The images that somebody has looked into: all but one."""
    return [image for image in _images() if isinstance(image, Image)][:-1]


def endpoint() -> TlsEndpoint:
    """A published port that speaks TLS, with a certificate that is about to expire."""
    web = next(one for one in _containers() if one.name == "plain")
    leaf = PeerCertificate(
        "CN=shop.example", "CN=Shop CA", "1f", NOW - 80 * 86400, NOW + 10 * 86400, ("DNS:shop.example",), "RSA", 2048,
        "sha256", False,
    )  # fmt: skip
    return TlsEndpoint.build(
        key=ResourceKey(Kind.ENDPOINT, SOURCE, "127.0.0.1:8443"),
        name="127.0.0.1:8443",
        observed_at=NOW,
        address="127.0.0.1",
        port=8443,
        host_ip="0.0.0.0",
        containers=(web.key,),
        container_port=443,
        speaks="tls",
        said="",
        server_name="shop.example",
        version="TLSv1.2",
        cipher="ECDHE-RSA-AES256-GCM-SHA384",
        accepts=("TLSv1.1",),
        weak=("AES128-SHA",),
        not_offered=(),
        certificates=(leaf,),
        trusted=False,
        distrust="unable to get local issuer certificate",
        named=True,
    )


def _activities() -> Iterator[Activity]:
    """What the running containers do: one process each, a socket, a changed file; and somebody is inside of one."""
    for container in _containers():
        if container.running and container.pid:
            yield Activity.build(
                key=ResourceKey(Kind.ACTIVITY, SOURCE, container.id),
                name=container.name,
                observed_at=NOW,
                processes=(Process(container.pid, 1, "sleep", ("sleep", "100000"), 0, 0, "/bin/sleep", NOW, False),),
                listeners=(Listener("tcp", "0.0.0.0", 80, 0),),
                changes=(Change("/var/lib/app/data", "added", "file", 0o644, 10, NOW),),
                changes_complete=True,
                sessions=(Session("e" * 64, ("sh",), "", False, True, 4711),) * (container.name == "plain"),
                size_rw=10,
            )


def events(containers: Iterable[Resource]) -> list[Event]:
    """A few things that happened, the last of them a death."""
    named = [(resource.key.id, resource.name) for resource in containers][:6]
    told = [
        Event(NOW - 600 + number, SOURCE, "container", key, name, "start") for number, (key, name) in enumerate(named)
    ]
    key, name = named[0]
    return [*told, Event(NOW - 60, SOURCE, "container", key, name, "die", "exitCode=137")]


def filled(resources: dict[Kind, list[Resource]] | None = None, happened: Iterable[Event] | None = None) -> Store:
    """A store that holds these resources (all captured ones by default), at `NOW`."""
    resources = made() if resources is None else resources
    store = Store(clock=lambda: NOW)
    for kind, found in resources.items():
        store.replace(SOURCE, kind, found)
    store.replace(SOURCE, Kind.COMPONENT, derive(store.snapshot(), SOURCE))
    store.add_events(events(resources[Kind.CONTAINER]) if happened is None else happened)
    store.set_health(SOURCE, SourceHealth("docker", "unix:///var/run/docker.sock", Status.OK, version="20.10.24"))
    store.answered(SOURCE)
    return store


def judged(store: Store, policy: Policy | None = None) -> Picture:
    """What the screen would be given: everything judged, figures for the running containers."""
    snapshot = store.snapshot()
    evaluation = CheckEngine(catalogue(), policy).evaluate(snapshot)
    running = [container for container in snapshot.of(Container) if container.peek("state") == "running"]
    stats = {
        container.key: Stats(3.1 + number, (88 + number) << 20, 0, 14 + number)
        for number, container in enumerate(running[:-1])
    }
    first = next(iter(evaluation.results()))
    return Picture(snapshot, evaluation, stats, {(first.key, first.check.id): NOW - 90})


@cache
def world() -> Picture:
    """The captured host, judged once for all tests that only look at it."""
    return judged(filled())


def by_name(picture: Picture, kind: Kind, name: str) -> ResourceKey:
    """The key of a resource."""
    return next(key for key, resource in picture.snapshot.by_kind[kind].items() if resource.name == name)


def renamed(name: str, number: int, **changes: object) -> Container:
    """The captured `plain` container under a name and an id of its own."""
    document = json.loads(patched("docker-api/inspect-plain.json", **changes))
    document |= {"Name": f"/{name}", "Id": f"{number:064x}"}
    try:
        return translate.container(json.dumps(document).encode("utf-8", "surrogatepass"), SOURCE, NOW)
    except AnswerError:
        return translate.container(json.dumps(document).encode(), SOURCE, NOW)
