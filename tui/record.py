"""Recording live engines into one file."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.container import Container
from inventory.image_analysis import ImageAnalysis
from inventory.kubernetes.workloads import Pod
from inventory.snapshot import SourceHealth, Status
from inventory.sources.bundle import details
from inventory.sources.bundle.archive import write
from inventory.sources.bundle.cluster import recording_way
from inventory.sources.bundle.manifest import CLUSTER, SourceEntry
from inventory.sources.bundle.recorder import Recording, RecordingTransport
from inventory.sources.docker.endpoint import transport
from inventory.sources.docker.read import read
from inventory.sources.docker.session import connect
from inventory.sources.docker.transport import ApiError
from inventory.sources.host.activity import look_below
from inventory.sources.host.host import host_below
from inventory.sources.host.reader import HostReader
from inventory.sources.host.recording import Recorder
from inventory.sources.kubernetes.kubeconfig import without_user
from inventory.store import Store
from tui.cli.problem import Exit, Problem
from tui.clusters import ClusterTarget, Reading, cluster_options, end, find, nobody_asked, target_of
from tui.collect import READ, Target, engines, look_into, nothing_read, read_all
from tui.options import SourceOptions
from tui.version import NAME, VERSION

if TYPE_CHECKING:
    from checks.policy import Policy


def record(
    options: SourceOptions, path: Path, policy: Policy, *, include_secrets: bool, narrate: Callable[[str], None]
) -> str:
    """Read everything, write the bundle, and say in one line what is in it; raises `Problem` if nothing was read.

    What is known of images goes along, and of those that the options mean whatever a look finds, by this policy.
    """
    recording, store = Recording(), Store()
    clusters = find(options)
    reading = [_begin(one, options, store, recording) for one in clusters]
    found = engines(options, bool(clusters), narrate)
    read_all(found, lambda target: _record(target, store, recording))
    end(reading, store, options)
    look_into(found, store, options, policy, narrate)
    snapshot = store.snapshot()
    for analysis in snapshot.of(ImageAnalysis):
        recording.note_analysis(analysis)
    health = snapshot.sources
    if not any(source.status in READ for source in health.values()):
        tried = (f"{source.target}: {source.detail}" for source in health.values())
        raise Problem(nothing_read(tried, bool(found), bool(clusters)), Exit.NO_SOURCE)
    for source in health.values():
        if source.status is not Status.OK:
            narrate(f"{source.target}: {source.status.value}: {source.detail}")
    entries = tuple(SourceEntry(target.name, "docker", target.endpoint.url) for target in found)
    entries += tuple(
        SourceEntry(one.name, CLUSTER, without_user(health[one.name].target)) for one in clusters if one.name in health
    )
    bundle = recording.bundle(f"{NAME} {VERSION}", os.uname().nodename, entries, include_secrets=include_secrets)
    try:
        write(path, bundle)
    except OSError as error:
        raise Problem(f"cannot write {path}: {error.strerror or error}") from None
    secrets = "SECRETS INCLUDED" if include_secrets else "what looks like a secret replaced"
    return f"wrote {path}: {len(bundle.bodies)} answers, {path.stat().st_size / 1024:.0f} KiB, {secrets}"


def _record(target: Target, store: Store, recording: Recording) -> None:
    try:
        through = RecordingTransport(transport(target.endpoint), target.name, recording)
    except ApiError:
        read(target.endpoint, store, name=target.name)  # says what is wrong with it
        return
    heard: list[Recorder] = []  # over SSH the host is gone through several times; the last time has it all

    def listen(reader: HostReader) -> HostReader:
        heard.append(Recorder(reader))
        return heard[-1]

    below = host_below(target.endpoint, through=listen)
    look = look_below(target.endpoint, heard[-1]) if heard else None
    health = read(target.endpoint, store, name=target.name, via=through, host=below, look=look)
    if health.status in READ:
        if heard:
            recording.note_host(target.name, heard[-1].document())
        session = connect(through, deadline=10.0)
        details.read_details(session, store.snapshot().of(Container, target.name))


def _begin(target: ClusterTarget, options: SourceOptions, store: Store, recording: Recording) -> Reading:
    thread = threading.Thread(target=_cluster, args=(target, options, store, recording), daemon=True)
    thread.start()
    return Reading(target, thread, time.monotonic())


def _cluster(target: ClusterTarget, options: SourceOptions, store: Store, recording: Recording) -> None:
    """Read a cluster; a failure is in its health, and costs the engines nothing."""
    try:
        if nobody_asked(target, options):
            return
        from inventory.sources.bundle.cluster_details import read_details
        from inventory.sources.kubernetes.access import open_way
        from inventory.sources.kubernetes.connection import Connection
        from inventory.sources.kubernetes.once import read as read_cluster

        chosen = cluster_options(target, options)
        way = recording_way(lambda: open_way(chosen.context, chosen.kubeconfig), target.name, recording)
        health = read_cluster(target.name, store, chosen, way=way)
        if health.status in READ:
            read_details(Connection(chosen, way=way).api, store.snapshot().of(Pod, target.name))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        store.set_health(target.name, SourceHealth(CLUSTER, target_of(target, options), Status.UNREACHABLE, said))
