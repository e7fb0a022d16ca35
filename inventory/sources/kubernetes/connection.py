"""One cluster, reached: what the live source, the one look and the drill-down have in common."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Access
from inventory.kubernetes.derived import DERIVED
from inventory.resource import CLUSTER_KINDS, Kind
from inventory.sources.kubernetes import kubelets, plan
from inventory.sources.kubernetes.answers import Reading, not_asked
from inventory.sources.kubernetes.certificates import Certificates
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.greeting import Greeting
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.kubernetes.kubeconfig import stamps
from inventory.sources.kubernetes.plan import Wanted
from inventory.sources.kubernetes.reflector import Reflector
from inventory.sources.kubernetes.shelf import Board, Shelf
from inventory.sources.kubernetes.transport import Opened, Transport
from inventory.store import Store


class Options(msgspec.Struct, frozen=True):
    """What to read, and by which way.

    `context` "" is the current one; `kubeconfig` "" those that KUBECONFIG names; `namespaces` empty for all, or for our
    own where no more is allowed. The last two are the policy's word: certificates in Secrets, kubelets by proxy.
    """

    context: str = ""
    kubeconfig: str = ""
    namespaces: tuple[str, ...] = ()
    read_tls_secrets: bool = False
    read_kubelet_config: bool = False


class Connection:
    """The transport to one cluster and what is known of the way there. `way` opens it (default: by kubeconfig)."""

    def __init__(
        self, options: Options, answered: Callable[[], None] = lambda: None, way: Callable[[], Any] | None = None
    ) -> None:
        self.options = options
        self.access: Access | None = None
        self.api = Transport(self._open, answered, self._moved)
        self._way = way
        self.renewed: Callable[[], None] = lambda: None  # hears of other credentials than before
        self.moved: Callable[[], None] = lambda: None  # hears of a way that was read anew, maybe to another server
        self._stamps: tuple[object, ...] = ()
        self._elsewhere = False
        self._pool: Any = None
        self._headers: Mapping[str, str] | None = None
        self._certificates: dict[str, Certificates] = {}
        self._lock = threading.Lock()

    def _open(self) -> Opened:
        if self._way is not None:
            way = self._way()
        else:
            from inventory.sources.kubernetes.access import open_way

            self._stamps = stamps(self.options.kubeconfig)  # before: what is written meanwhile is a change
            way = open_way(self.options.context, self.options.kubeconfig)
        self.access = way.access
        opened: Opened = way.opened
        self._pool = opened.pool
        before, self._headers = self._headers, opened.headers
        if before is not None and before != opened.headers:
            self.renewed()
        if self._elsewhere:
            self._elsewhere = False
            self.moved()
        return opened

    def _moved(self) -> bool:
        """Whether the files that say where the server is have changed since they were read."""
        if self._way is None and self._stamps != stamps(self.options.kubeconfig):
            self._elsewhere = True
            return True
        return False

    def seen(self) -> Access:
        """How we came, with the certificate that the server showed. Raises `ApiError` before the first request."""
        access, shown = self.access, getattr(self._pool, "peer", b"")
        if access is None:
            raise ApiError(Reason.ERROR, 0, "no way to the cluster")
        return msgspec.structs.replace(access, server_certificate=_shown(shown)) if shown else access

    def own_namespace(self) -> str:
        """Our own."""
        return self.access.namespace if self.access else ""

    def reflector(self, wanted: Wanted, source: str, store: Store, board: Board, **options: Any) -> Reflector:
        """What keeps one list current."""
        path = f"GET {wanted.served.path(wanted.version, wanted.namespace)}"
        reading = Reading(wanted.served, wanted.version, source, time.time, wanted.named, self._certificates_of(wanted))
        shelf = Shelf(store, board, wanted.kind, wanted.place, path)
        return Reflector(self.api, reading, shelf, wanted.namespace, **options)

    def _certificates_of(self, wanted: Wanted) -> Any:
        if wanted.kind is not Kind.KUBE_SECRET or not self.options.read_tls_secrets:
            return not_asked
        with self._lock:
            return self._certificates.setdefault(wanted.namespace, Certificates(self.api, wanted.namespace))


def _shown(der: bytes) -> tuple[str, str, float, float] | None:
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(der)
        names = (found.subject.rfc4514_string()[:300], found.issuer.rfc4514_string()[:300])
        return (*names, found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp())
    except Exception:  # whatever a certificate makes the parser raise, it is one that cannot be read
        return None


def pending(board: Board, store: Store, source: str) -> None:
    """Before anything is known: everything is still to be read."""
    paths = {one.family.kind: f"GET {one.path(one.versions[0])}" for one in SERVED}
    for one in DERIVED:  # the gap of such a kind follows those of what it is made from
        store.set_gap(source, one.kind, Gap(Reason.PENDING, one.kind.value))
    for kind in CLUSTER_KINDS:
        if not plan.derived(kind):
            board.expect(kind, None, paths.get(kind, kind.value))


def settle(board: Board, greeting: Greeting, lists: Iterable[Wanted], options: Options) -> None:
    """After the first questions: say of each kind whether it will be read, and of the others why not."""
    coming = {one.kind for one in lists} | {Kind.CLUSTER}
    unserved: Mapping[Kind, Gap | None] = plan.unserved(greeting.discovered)
    for kind in CLUSTER_KINDS:
        if plan.derived(kind):
            continue
        gap: Gap | None = None
        if kind is Kind.KUBELET:
            gap = Gap(Reason.PENDING, kubelets.NOT_ASKED.path) if options.read_kubelet_config else kubelets.NOT_ASKED
        elif kind not in coming:
            gap = unserved.get(kind, Gap(Reason.UNSUPPORTED, kind.value, "not to be seen through the API server"))
        board.say(kind, None, gap)


def lost(board: Board, gap: Gap) -> None:
    """Nothing can be asked: what was never read says why."""
    for kind in board.gaps():
        known = board.open(kind, None)
        if known is not None and known.reason is not Reason.UNSUPPORTED:
            board.say(kind, None, Gap(gap.reason, known.path, gap.detail))
