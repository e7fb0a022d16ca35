"""Clusters as sources: which there are, found without loading what reads them, and reading them beside the engines."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from inventory.gap import Gap, Reason
from inventory.snapshot import SourceHealth, Status
from tui.options import IN_CLUSTER, SourceOptions
from tui.threads import spawn

if TYPE_CHECKING:
    from inventory.sources.kubernetes.connection import Options
    from inventory.store import Store
    from tui.session import Session, Source

NAME = "kubernetes"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - where a pod finds its account's
_CURRENT = re.compile(
    rb"""^current-context:[ \t]*(["']?)(?!~|null\b|[&*!|>])([^"'\s#{}\[\]]+)\1[ \t]*\r?$""", re.MULTILINE
)
_LARGEST = 8 << 20  # bytes of a kubeconfig that are looked at
PATIENCE = 5.0  # seconds for a cluster that nobody named to say anything at all: most often it is an old entry


class ClusterTarget(NamedTuple):
    """A cluster to read: the name that its resources carry, and the context ("" is the current one)."""

    name: str
    context: str = ""


def find(options: SourceOptions, environ: Mapping[str, str] = os.environ) -> tuple[ClusterTarget, ...]:
    """The clusters that the options mean. Costs a look at a file or two; nothing is parsed."""
    if not options.kubernetes:
        return ()
    asked = options.clusters
    if asked.contexts:
        return tuple(ClusterTarget(_name(context), context) for context in dict.fromkeys(asked.contexts))
    if asked.kubeconfig is not None or any(map(_holds_something, _files(environ))):
        return (ClusterTarget(NAME),)
    if environ.get("KUBERNETES_SERVICE_HOST") and os.path.isfile(TOKEN):
        return (ClusterTarget(NAME, IN_CLUSTER),)
    return ()


def _files(environ: Mapping[str, str]) -> list[str]:
    told = [path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    return told or [os.path.join(environ.get("HOME", ""), ".kube", "config")]


def _holds_something(path: str) -> bool:
    try:
        return os.path.isfile(path) and os.path.getsize(path) > 0
    except (OSError, ValueError):
        return False


def _name(context: str) -> str:
    """The context's own name, unless an engine may be called the same."""
    return f"{context} (cluster)" if context in ("docker", "podman", "manifests", "compose") else context


class Reading(NamedTuple):
    """A cluster that is being read, on a thread of its own, since some time (of the monotonic clock)."""

    target: ClusterTarget
    thread: threading.Thread
    since: float


def begin(options: SourceOptions, store: Store, environ: Mapping[str, str] = os.environ) -> list[Reading]:
    """Start to read every cluster that is meant."""
    found: list[Reading] = []
    for target in find(options, environ):
        thread = threading.Thread(target=_read, args=(target, options, store), daemon=True)
        thread.start()
        found.append(Reading(target, thread, time.monotonic()))
    return found


def end(reading: list[Reading], store: Store, options: SourceOptions) -> None:
    """Wait for the clusters. One that nobody asked for must not keep the engines' report waiting for long."""
    asked_for = options.clusters.asked_for
    for one in reading:
        name = one.target.name
        while one.thread.is_alive():
            one.thread.join(0.05)
            silent = store.answered_at(name) is None
            if not asked_for and silent and time.monotonic() - one.since > PATIENCE:
                place = target_of(one.target, options)
                said = f"no answer within {PATIENCE:g} s; name it (--context) to wait longer, or use --no-kubernetes"
                store.set_health(name, SourceHealth(NAME, place, Status.UNREACHABLE, said))
                break
        health = store.snapshot().sources.get(name)
        if not asked_for and health is not None and health.status is Status.UNREACHABLE:
            for source, kind in store.snapshot().gaps:  # one sentence is enough for a cluster that nobody asked for
                if source == name:
                    store.set_gap(name, kind, None)


def target_of(target: ClusterTarget, options: SourceOptions, environ: Mapping[str, str] = os.environ) -> str:
    """What a cluster is called until it says where it is."""
    name = target.context or current(options, environ)
    return f"context {name}" if name else "current context"


def current(options: SourceOptions, environ: Mapping[str, str] = os.environ) -> str:
    """The name of the current context as kubectl writes it, "" where the files must be parsed to find it."""
    named = options.clusters.kubeconfig
    for path in [os.path.expanduser(named)] if named is not None else _files(environ):
        try:
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found = _CURRENT.search(file.read(_LARGEST))
                if found is not None:
                    return found[2].decode(errors="replace")
        except (OSError, ValueError):
            continue
    return ""


def nobody_asked(target: ClusterTarget, options: SourceOptions) -> bool:
    """Whether a kubeconfig is there, but none of its contexts is current: a file that is kept for other uses."""
    if target.context or options.clusters.asked_for or current(options):
        return False
    from inventory.sources.kubernetes.kubeconfig import contexts

    return not contexts()[1]


def _read(target: ClusterTarget, options: SourceOptions, store: Store) -> None:
    try:
        if nobody_asked(target, options):
            return
        from inventory.sources.kubernetes.once import read

        read(target.name, store, cluster_options(target, options))
    except Exception as error:  # a cluster that cannot be read must not cost the engines theirs
        said = f"{type(error).__name__}: {error}"
        store.set_health(target.name, SourceHealth(NAME, target_of(target, options), Status.UNREACHABLE, said))


def cluster_options(target: ClusterTarget, options: SourceOptions) -> Options:
    """What to read of a cluster, and by which way."""
    from inventory.sources.kubernetes.connection import Options

    asked = options.clusters
    return Options(
        context=target.context,
        kubeconfig=str(asked.kubeconfig or ""),
        namespaces=asked.namespaces,
        read_tls_secrets=asked.read_tls_secrets,
        read_kubelet_config=asked.kubelet_config,
    )


def live_clusters(options: SourceOptions, session: Session, *, all_of_them: bool = True) -> list[Source]:
    """The clusters as sources of a session; without `all_of_them` not one that `nobody_asked` for."""
    found = find(options)
    chosen = [one for one in found if all_of_them or not nobody_asked(one, options)]
    return [LiveCluster(session, target, options) for target in chosen]


class LiveCluster:
    """One cluster, followed. What reads it is loaded on its own thread: the engines need not wait for that."""

    def __init__(self, session: Session, target: ClusterTarget, options: SourceOptions) -> None:
        self.name = target.name
        self.target = target_of(target, options)
        self._session = session
        self._cluster = target
        self._options = options
        self._source: Any = None
        self._stopped = False

    def start(self) -> None:
        """List, then follow."""
        self._say(Status.CONNECTING, "")
        spawn(f"open {self.name}", self._start)

    def _start(self) -> None:
        try:
            if nobody_asked(self._cluster, self._options):
                self._say(Status.UNREACHABLE, "the kubeconfig has no current context; name one (--context)")
                return
            from inventory.sources.kubernetes.live import KubernetesSource

            chosen = cluster_options(self._cluster, self._options)
            source = KubernetesSource(self.name, self._session.store, chosen, target=self.target)
        except Exception as error:  # as when it is read once
            self._say(Status.UNREACHABLE, f"{type(error).__name__}: {error}")
            return
        self._source = source
        if not self._stopped:
            source.start()

    def _say(self, status: Status, detail: str) -> None:
        self._session.store.set_health(self.name, SourceHealth(NAME, self.target, status, detail))

    def stop(self) -> None:
        """End, without waiting."""
        self._stopped = True
        if self._source is not None:
            self._source.stop()

    def refresh(self) -> None:
        """Read everything again."""
        if self._source is not None:
            self._source.refresh()

    def reader(self) -> Any:
        """What the drill-down reads with."""
        if self._source is None:
            return Gap(Reason.PENDING, "the cluster")
        return self._source.reader()
