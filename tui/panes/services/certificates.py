"""Certificates: TLS Secrets of the cluster, whom they name, when they end, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from inventory.gap import Gap
from inventory.kubernetes.configuration import KubeSecret, TlsCertificate
from inventory.kubernetes.exposure import Gateway, Ingress
from inventory.kubernetes.resource import object_key
from inventory.kubernetes.workloads import CronJob, DaemonSet, Deployment, StatefulSet
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.format import DAY, age, stamp
from tui.panes.services.population import Population
from tui.panes.services.view import KubeEntry, KubeView, namespace_cell, rule, sec
from tui.panes.services.words import NEVER, SHORT, cell, said
from tui.picture import Picture
from tui.verdicts import link_text
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

TLS = "kubernetes.io/tls"
NOT_READ = "not read: set [kubernetes] read_tls_secrets"
SOON = 30 * DAY
_USERS = (Ingress, Gateway, Deployment, StatefulSet, DaemonSet, CronJob)


class CertificatesView(KubeView):
    """One row per Secret that holds a certificate, as far as that is known."""

    name = "Certificates"
    short = "Certs"
    families = (KubeSecret,)
    order: ClassVar[tuple[str, bool]] = ("ends", False)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("ns", "NAMESPACE", 10, weight=1, limit=24, cut="middle"),
        Column("name", "SECRET", 13, weight=2, limit=44, cut="middle"),
        Column("ends", "ENDS", 12, weight=1, limit=46),
        Column("names", "NAMES", 16, weight=3, limit=70),
        Column("key", "KEY", 8, priority=2),
        Column("issuer", "ISSUER", 12, weight=2, limit=44, priority=4),
        Column("used", "USED BY", 10, weight=2, limit=50, priority=1),
    )

    def __init__(self) -> None:
        super().__init__()
        self._users: tuple[tuple[object, ...], Mapping[ResourceKey, tuple[ResourceKey, ...]]] = ((), {})

    def size(self, picture: Picture) -> int:
        """Few Secrets hold certificates."""
        found = self._used(picture.everything.snapshot)
        return sum(1 for one in picture.snapshot.of(KubeSecret) if _holds(one) or one.key in found)

    def include(self, resource: Any, pods: Population) -> bool:
        """Those of the TLS type, and those whose type is not known but which are used as one."""
        return _holds(resource) or (isinstance(resource.peek("type"), Gap) and resource.key in self._users[1])

    def _entries(self, picture: Picture, now: float) -> list[Any]:
        self._used(picture.everything.snapshot)
        return super()._entries(picture, now)

    def _used(self, snapshot: Snapshot) -> Mapping[ResourceKey, tuple[ResourceKey, ...]]:
        state = tuple(snapshot.by_kind.get(family.kind) for family in _USERS)
        if len(self._users[0]) != len(state) or any(a is not b for a, b in zip(self._users[0], state, strict=True)):
            self._users = (state, users(snapshot))
        return self._users[1]

    def beside(self, resource: Any, pods: Population, picture: Picture) -> tuple[ResourceKey, ...]:
        """Who uses it."""
        return self._users[1].get(resource.key, ())

    def moments(self, resource: Any, beside: Any) -> tuple[float, ...]:
        """Days left go by."""
        return ()

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        secret, found = entry.resource, entry.resource.peek("certificate")
        known = found if isinstance(found, TlsCertificate) and not found.error else None
        users_ = entry.beside
        words = " ".join(f"{SHORT.get(each.kind, each.kind)}/{each.id.rpartition('/')[2]}" for each in users_)
        weak = known is not None and known.key_type == "RSA" and known.key_bits < 2048
        none = Cell.of("-", "dim")
        issuer = known.issuer if known is not None else ""
        return (
            sec(entry),
            namespace_cell(entry),
            cell(secret.name),
            ends_cell(found, entry.made),
            cell(" ".join(known.names) or known.subject) if known else none,
            cell(f"{known.key_type} {known.key_bits}", "error" if weak else "normal") if known else none,
            (cell("itself" if known.self_signed else issuer)) if known else none,
            cell(words) if words else Cell.of("nobody seen", "dim"),
        )

    def value(self, entry: KubeEntry, column: str) -> Any:
        """The one that ends first, then those that could not be read."""
        if column == "ends":
            found = entry.resource.peek("certificate")
            return found.not_after if isinstance(found, TlsCertificate) and not found.error else NEVER
        return super().value(entry, column)

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """Names, issuer, and whether it has ended."""
        texts = [each.text for each in entry.cells]
        return super().fields(entry) | {
            "state": texts[3], "net": texts[4], "key": texts[5], "issuer": texts[6], "used": texts[7],
        }  # fmt: skip

    def telling(self, picture: Picture) -> Cell:
        """How many have ended or soon will."""
        now = picture.snapshot.taken_at
        found = [one.peek("certificate") for one in picture.snapshot.of(KubeSecret) if _holds(one)]
        ended = sum(1 for one in found if isinstance(one, TlsCertificate) and 0 < one.not_after < now)
        soon = sum(1 for one in found if isinstance(one, TlsCertificate) and now <= one.not_after < now + SOON)
        unread = sum(1 for one in found if not isinstance(one, TlsCertificate))
        parts = [(ended, "expired", "error"), (soon, "within 30 d", "error"), (unread, "not read", "unknown")]
        told: list[Cell | str] = [Cell.of(f"{count} {word}  ", role) for count, word, role in parts if count]  # type: ignore[arg-type]  # roles
        return Cell.join(*told)

    def none(self, picture: Picture) -> str:
        """No Secret of that type."""
        return "no Secret of the type kubernetes.io/tls here"

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """The certificate in full, and its users to follow."""
        lines, found = [rule(width)], entry.resource.peek("certificate")
        if isinstance(found, TlsCertificate) and not found.error:
            lines.append(line(f" subject  {safe(found.subject, 300)}"))
            lines.append(line(f" issuer   {safe(found.issuer, 300)}"))
            lines.append(
                line(
                    f" valid    {stamp(found.not_before)} to {stamp(found.not_after)}   signed {safe(found.signature)}"
                )
            )
            lines += [line(f"   {safe(name, 260)}") for name in found.names[:20]]
        elif isinstance(found, TlsCertificate):
            lines.append(line(f" {safe(found.error, 300)}", "error"))
        else:
            lines.append(line(f" {NOT_READ}" if found is None else f" {safe(str(found), 300)}; {NOT_READ}", "unknown"))
        for each in entry.beside:
            lines.append(
                TextLine(Cell.of(f" used by {link_text(each, picture.everything.snapshot)}", "accent"), meta=each)
            )
        return lines


def ends_cell(found: TlsCertificate | Gap | None, now: float) -> Cell:
    """How long it is still good."""
    if not isinstance(found, TlsCertificate):
        return Cell.of(NOT_READ, "unknown")
    if found.error:
        return cell(found.error, "error")
    left = found.not_after - now
    if left < 0:
        return Cell.of(f"expired {age(-left)}", "error")
    role: Role = "error" if left < SOON else "normal"
    return Cell.of(f"in {age(left)}", role)


def users(snapshot: Snapshot) -> Mapping[ResourceKey, tuple[ResourceKey, ...]]:
    """Who names a Secret: for TLS, or as a volume of its pods."""
    found: dict[ResourceKey, list[ResourceKey]] = {}

    def note(by: ResourceKey, namespace: str, name: str) -> None:
        if name:
            found.setdefault(object_key(Kind.KUBE_SECRET, by.source, namespace, name), []).append(by)

    for ingress in snapshot.of(Ingress):
        for one in ingress.spec.tls if "spec" not in ingress.gaps else ():
            note(ingress.key, said(ingress, "namespace"), one.secret_name)
    for gateway in snapshot.of(Gateway):
        for listener in gateway.spec.listeners if "spec" not in gateway.gaps else ():
            for ref in listener.tls.certificate_refs if listener.tls is not None else ():
                note(gateway.key, ref.namespace or said(gateway, "namespace"), ref.name)
    for family in _USERS[2:]:
        for workload in snapshot.of(family):
            for volume in workload.pod_spec.volumes if "pod_spec" not in workload.gaps else ():
                if volume.secret is not None:
                    note(workload.key, said(workload, "namespace"), volume.secret.secret_name)
    return {key: tuple(dict.fromkeys(by)) for key, by in found.items()}


def _holds(secret: KubeSecret) -> bool:
    return bool(secret.peek("type") == TLS)
