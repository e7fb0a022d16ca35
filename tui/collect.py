"""One look at everything: sources are read once into a store, judged once, and made a report. Starts no process."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from inventory.snapshot import SourceHealth, Status
from inventory.store import Store
from tui import node
from tui.cli.problem import Exit, Problem
from tui.clusters import begin, end
from tui.options import SourceOptions
from tui.version import NAME, VERSION

if TYPE_CHECKING:
    from checks.policy import Policy
    from checks.report.report import Filters, Report
    from inventory.sources.bundle.replay import Replay
    from inventory.sources.docker.endpoint import Endpoint
    from inventory.sources.docker.endpoints import Attempt

Narrate = Callable[[str], None]
LookInto = Callable[[list["Target"], Store], None]
READ = (Status.OK, Status.DEGRADED)
_NOTES = 20  # lines about files; more tell nobody anything
_LOOK_AROUND = "; to look around without one add --demo"
_NOT_CHOSEN = "the kubeconfig has no current context; name one (--context)"
_NO_CLUSTER = "no kubeconfig in KUBECONFIG or ~/.kube/config, and this is no pod"


class Target(Struct, frozen=True):
    """An engine to read: the name its resources carry, and where it is."""

    name: str
    endpoint: Endpoint


def scan(options: SourceOptions, policy: Policy, filters: Filters | None, narrate: Narrate) -> Report:
    """Read and judge; raises `Problem` when no source could be read."""
    started, clock = time.time(), time.perf_counter()
    gc.disable()  # one look and out: what is made is kept, and looking for cycles in it costs a tenth of the time
    store = collect(options, narrate, lambda found, store: look_into(found, store, options, policy, narrate))
    # Loading these while the engine answers costs more than it saves: the threads wait for each other.
    from checks.catalogue import catalogue, without_clusters
    from checks.engine import Engine
    from checks.report.report import Tool, report

    snapshot = store.snapshot()
    checks = catalogue() if snapshot.has_kubernetes else without_clusters()
    evaluation = Engine(checks, policy).evaluate(snapshot)
    return report(Tool(NAME, VERSION), started, time.perf_counter() - clock, snapshot, evaluation, filters, policy)


def collect(options: SourceOptions, narrate: Narrate, more: LookInto | None = None) -> Store:
    """Everything that the sources tell; raises `Problem` when none could be read. `more` is done with live engines."""
    if options.bundle is not None or options.demo:
        return recorded(options)
    if options.manifests:
        return from_files(options, narrate)
    store = Store()
    reading = begin(options, store)  # before the engines: a cluster takes longer to answer, and neither waits
    here = node.begin(options, store)
    found = engines(options, bool(reading or here), narrate)
    read_all(found, lambda target: _read_live(target, store))
    end(reading, store, options)
    node.end(here, store)
    if options.probe:
        from tui.probing import look, look_at_clusters

        for target in found:
            look(store, target.name, target.endpoint.url, options.names)
        look_at_clusters(store)
    if more is not None and found:
        more(found, store)
    health = store.snapshot().sources.values()
    if not any(source.status in READ for source in health):
        tried = (f"{source.target}: {source.detail}" for source in health)
        raise Problem(nothing_read(tried, bool(found), bool(reading)), Exit.NO_SOURCE)
    for source in health:
        if source.status is not Status.OK:
            narrate(f"{source.target}: {source.status.value}: {source.detail}")
    return store


def look_into(found: list[Target], store: Store, options: SourceOptions, policy: Policy, narrate: Narrate) -> None:
    """Into images, where anything is known of them or is to be found out."""
    from tui import deep

    if deep.worthwhile(options.analysis):
        endpoints = {target.name: target.endpoint for target in found}
        deep.look_into(options.analysis, policy, store, endpoints.get, narrate)


def from_files(options: SourceOptions, narrate: Narrate) -> Store:
    """What files say; raises `Problem` where they hold nothing to judge."""
    from inventory.sources.manifests.read import fill, read

    found = read(options.manifests, namespace=next(iter(options.clusters.namespaces), "default"))
    told = found.told()
    lines = [str(note) if note.broken or note.judged else f"{note} (left out)" for note in told[:_NOTES]]
    if len(told) > _NOTES:
        lines.append(f"and {len(told) - _NOTES} more of the files")
    target = " ".join(options.manifests)
    if found.is_empty:
        raise Problem(f"nothing to judge in {target}{'' if told else ': no manifests there'}", Exit.NO_SOURCE, lines)
    for line in lines:
        narrate(line)
    store = Store()
    fill(store, found, target)
    return store


def engines(options: SourceOptions, others: bool, narrate: Narrate) -> list[Target]:
    """The container engines to read; none is a `Problem` unless there is something else to look at."""
    if not options.docker:
        if not others:
            raise Problem(f"no cluster found: {_NO_CLUSTER}; to look around without one add --demo", Exit.NO_SOURCE)
        return []
    try:
        return targets(options)
    except Problem as problem:
        if not others or options.hosts or problem.status is not Exit.NO_SOURCE:
            raise
        narrate(str(problem).removesuffix(_LOOK_AROUND))
        return []


def targets(options: SourceOptions) -> list[Target]:
    """The engines that the options mean; raises `Problem` if one makes no sense or there is none."""
    from inventory.sources.docker.endpoints import EndpointError, find

    found: list[Target] = []
    for name, host in meant(options).items():
        try:
            answer = find(host)
        except EndpointError as error:
            raise Problem(str(error)) from None
        if answer.endpoint is None:
            raise Problem(nothing_read(_tried(answer.tried)), Exit.NO_SOURCE)
        found.append(Target(name, answer.endpoint))
    return found


def meant(options: SourceOptions) -> dict[str, str | None]:
    """The engines that were asked for by the names of their sources, else all of a machine that has several.

    None is whatever engine the machine has.
    """
    from inventory.sources.docker.endpoints import EndpointError, find_several

    if len(options.hosts) > 1:
        return {host: host for host in options.hosts}
    if options.hosts:
        return {"docker": options.hosts[0]}
    try:
        return dict(find_several()) or {"docker": None}
    except EndpointError:
        return {"docker": None}  # whoever looks for the one says it


def nothing_read(tried: Iterable[str], engines: bool = True, clusters: bool = False) -> str:
    """The line for a person who has nothing to look at."""
    what = " or ".join(name for name, there in (("container engine", engines), ("cluster", clusters)) if there)
    return f"no {what} could be read: {'; '.join(tried) or _NOT_CHOSEN}{_LOOK_AROUND}"


def _tried(attempts: Iterable[Attempt]) -> list[str]:
    from inventory.gap import Reason

    attempts = list(attempts)
    absent = [attempt.endpoint.url.removeprefix("unix://") for attempt in attempts if attempt.reason is Reason.ABSENT]
    said = [str(attempt) for attempt in attempts if attempt.reason is not Reason.ABSENT]
    return [*said, f"no socket at {', '.join(absent)}"] if absent else said


def read_all(found: list[Target], read: Callable[[Target], None]) -> None:
    """Read every engine, several at the same time."""
    if len(found) == 1:
        read(found[0])
        return
    threads = [threading.Thread(target=read, args=(target,), daemon=True) for target in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _read_live(target: Target, store: Store) -> None:
    from inventory.sources.docker.read import read
    from inventory.sources.host.activity import look_below
    from inventory.sources.host.host import host_below

    below, look = host_below(target.endpoint), look_below(target.endpoint)
    read(target.endpoint, store, name=target.name, host=below, look=look)


def recorded(options: SourceOptions) -> Store:
    """What a bundle holds, as of the time when it was recorded; raises `Problem` if it cannot be opened."""
    from inventory.sources.bundle.manifest import BundleError
    from inventory.sources.bundle.replay import open_bundle, open_demo

    try:
        replay = open_bundle(options.bundle) if options.bundle is not None else open_demo()
    except BundleError as error:
        raise Problem(str(error)) from None
    store = Store(clock=lambda: replay.time)
    fill(store, replay, str(options.bundle or "demo"))
    if not any(source.status in READ for source in store.snapshot().sources.values()):
        raise Problem(f"{options.bundle or 'the demo'}: holds no answers of an engine", Exit.NO_SOURCE)
    return store


def fill(store: Store, replay: Replay, target: str) -> None:
    """Read a recording into a store, with the code that reads a live engine."""
    from inventory.sources.bundle.manifest import CLUSTER
    from inventory.sources.docker.endpoint import Endpoint
    from inventory.sources.docker.read import read
    from inventory.sources.host.activity import look_below
    from inventory.sources.host.host import host_below

    when = datetime.fromtimestamp(replay.time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    for source in replay.sources:
        said = f"recorded {when} on {replay.host} from {source.target}"
        if source.kind == CLUSTER:
            store.set_health(source.name, _as_recording(_fill_cluster(store, replay, source.name), target, said))
            continue
        endpoint = Endpoint(source.target, "recording")
        reader = replay.host_reader(source.name)
        health = read(
            endpoint,
            store,
            name=source.name,
            via=replay.transport(source.name),
            host=host_below(endpoint, reader) if reader else None,
            look=look_below(endpoint, reader) if reader else None,
            clock=lambda: replay.time,
        )
        store.put(replay.analyses(source.name))
        store.set_health(source.name, _as_recording(health, target, said))


def _fill_cluster(store: Store, replay: Replay, name: str) -> SourceHealth:
    from inventory.sources.bundle.cluster import replayed_way
    from inventory.sources.kubernetes.once import read

    return read(name, store, way=replayed_way(replay, name))


def _as_recording(health: SourceHealth, target: str, said: str) -> SourceHealth:
    return structs.replace(
        health, kind="bundle", target=target, detail=f"{said}; {health.detail}" if health.detail else said
    )
