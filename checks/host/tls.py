"""Certificates and keys of the daemon and of its registries: who may change or read them, and how long they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from checks.check import Domain, check
from checks.host.ownership import absent, beyond, denied, stats
from checks.sockets import socket_of_endpoint
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import Certificate, Engine, FileFacts, Host

_CERTIFICATE, _KEY, _DIRECTORY = 0o444, 0o400, 0o644
_OWNER_WRITES = 0o200
_SOON = 30 * 86400.0
_REGISTRY_DIRECTORY = "/certs.d"
_ROOT = frozenset({0})
_USER_SOCKET = re.compile(r"/run/user/(?P<uid>[0-9]{1,10})/")


@check(
    "DMN-024",
    "Registry certificate files too open",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Who swaps a registry's CA lets a fake registry in; who reads the client's key is this host to the registry.",
    remediation="`chown -R root:root /etc/docker/certs.d; chmod 444 /etc/docker/certs.d/*/*.crt "
    "/etc/docker/certs.d/*/*.cert; chmod 400 /etc/docker/certs.d/*/*.key`.",
    references=("CIS-Docker-1.6:3.7", "CIS-Docker-1.6:3.8", "CWE-732"),
)
def registry_certificates(engine: Engine, view: View) -> Verdict:
    """Judges every file in /etc/docker/certs.d and /etc/containers/certs.d, and the directories around them.

    F: not root:root (a rootless engine's: neither root's nor its user's), a certificate beyond 0444, a `*.key` beyond
    0400, a directory beyond 0755; low where nothing but the owner's own right to write is too much. P: neither. NA:
    there is none. U: the engine is remote, a directory may not be listed, or as whom a rootless engine runs is not
    known and the files are not root's. Source: CIS Docker 3.7, 3.8.
    """
    host = view.host()
    files = [facts for path in host.registry_certificates if (facts := host.files.get(path))]
    owners = _owners(engine, host)
    found = _faults(((one, _allowed(one)) for one in files), owners)
    if found:
        return _too_open(found, owners, Severity.MEDIUM, stats)
    hidden = [path for path in denied(host) if _REGISTRY_DIRECTORY in path]
    if hidden or not files:
        return absent(host, hidden, "no certificates of registries")
    _known(files, owners)
    return passed("", *stats(files))


@check(
    "DMN-025",
    "Daemon TLS files too open",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Who reads the key is the daemon to its clients; who changes the CA decides which clients are let in.",
    remediation="`chown root:root FILE` for each; `chmod 444` the CA and the certificate, `chmod 400` the key.",
    references=(
        "CIS-Docker-1.6:3.9", "CIS-Docker-1.6:3.10", "CIS-Docker-1.6:3.11", "CIS-Docker-1.6:3.12",
        "CIS-Docker-1.6:3.13", "CIS-Docker-1.6:3.14", "ATT&CK:T1552.004", "CWE-732",
    ),
)  # fmt: skip
def daemon_tls_files(engine: Engine, view: View) -> Verdict:
    """Judges the files of the daemon's options `tlscacert`, `tlscert` and `tlskey`, or their defaults with TLS on.

    F: not root:root (a rootless engine's: neither root's nor its user's), CA or certificate beyond 0444, key beyond
    0400; low where nothing but the owner's own right to write is too much. P: neither. NA: the daemon uses no TLS. U:
    the engine is remote, a file could not be examined, or as whom a rootless engine runs is not known and the files are
    not root's. Source: CIS Docker 3.9-3.14.
    """
    host = view.host()
    if not host.tls_files:
        return not_applicable("the daemon uses no TLS")
    facts = {role: host.files.get(path) for role, path in host.tls_files.items()}
    known = [(one, _KEY if role == "tlskey" else _CERTIFICATE) for role, one in facts.items() if one]
    roles = {path: role for role, path in host.tls_files.items()}
    owners = _owners(engine, host)
    found = _faults(known, owners)
    if found:
        return _too_open(found, owners, Severity.HIGH, lambda files: _by_role(files, roles))
    for role, path in host.tls_files.items():
        if facts[role] is None and host.file(path) is None:
            raise Unread(Gap(Reason.ABSENT, path, f"no such file, although it is the daemon's {role}"))
    _known([one for one, _ in known], owners)
    return passed("", *_by_role([one for one, _ in known], roles))


@check(
    "DMN-030",
    "Daemon certificate near expiry",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Remote clients start to fail, or somebody tells them not to verify any more.",
    remediation="Issue a new certificate with the same names, replace the file and restart the engine. With "
    "live-restore on containers survive that.",
    references=("CIS-Docker-1.6:2.7", "CWE-298"),
)
def daemon_certificate(engine: Engine, view: View) -> Verdict:
    """Judges the validity of the certificates in the daemon's `tlscert` and `tlscacert`.

    Of a chain the certificate that ends first counts, of several CAs the one that ends last. F: ended, not begun, or
    less than 30 days left. P: later. NA: the daemon uses no TLS. U: the engine is remote, or a file could not be read.
    """
    host = view.host()
    paths = {role: path for role, path in host.tls_files.items() if role != "tlskey"}
    if not paths:
        return not_applicable("the daemon uses no TLS")
    evidence: list[Evidence] = []
    bad: dict[str, Evidence] = {}
    unread: Unread | None = None
    for role, path in paths.items():
        try:
            certificates = host.certificates_in(path)
        except Unread as gap:
            unread = gap
            continue
        one = (max if role == "tlscacert" else min)(certificates, key=_end)
        evidence.append(Evidence(f"{role} {path}", f"{one.subject}: {_day(one.not_before)} to {_day(one.not_after)}"))
        if fault := _fault(one, view.now):
            bad[f"{role} {fault}"] = evidence[-1]
    if bad:
        return failed(", ".join(bad), *bad.values())
    if unread is not None:
        raise unread
    return passed("", *evidence)


def _fault(certificate: Certificate, now: float) -> str:
    if certificate.not_before > now:
        return f"is not valid before {_day(certificate.not_before)}"
    if certificate.not_after - now >= _SOON:
        return ""
    return f"{'ended' if certificate.not_after < now else 'ends'} on {_day(certificate.not_after)}"


def _end(certificate: Certificate) -> float:
    return certificate.not_after


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _allowed(facts: FileFacts) -> int:
    if facts.kind == "directory":
        return _DIRECTORY
    return _KEY if facts.path.endswith(".key") else _CERTIFICATE


def _owners(engine: Engine, host: Host) -> frozenset[int] | None:
    """Whose the files may be: root's and, of a rootless engine, its user's; None where that user is not known.

    /run/user/UID is made for that user by the login manager; else the data root is the daemon's own.
    """
    if not engine.rootless:
        return _ROOT
    runtime = _USER_SOCKET.match(socket_of_endpoint(engine.target))
    if runtime:
        return _ROOT | {int(runtime["uid"])}
    root = host.files.get(engine.root_dir.rstrip("/"))
    return None if root is None else _ROOT | {root.uid}


def _known(files: Iterable[FileFacts], owners: frozenset[int] | None) -> None:
    if owners is None and any(one.uid for one in files):
        raise Unread(Gap(Reason.ABSENT, "the daemon's user", "whose the files of a rootless engine should be"))


def _faults(files: Iterable[tuple[FileFacts, int]], owners: frozenset[int] | None) -> list[tuple[FileFacts, int]]:
    return [(one, allowed) for one, allowed in files if _strange(one, owners) or beyond(one, allowed)]


def _strange(facts: FileFacts, owners: frozenset[int] | None) -> bool:
    """The group matters where there is one owner only: what it may do, the mode says."""
    if owners is None:
        return False
    return facts.uid not in owners or bool(owners == _ROOT and facts.gid)


def _by_role(files: Iterable[FileFacts], roles: Mapping[str, str]) -> list[Evidence]:
    """Owner, group and mode of each, with what it is to the daemon: `stat /etc/docker/ca.pem (tlscacert)`."""
    judged = list(files)
    return [
        Evidence(f"{each.path} ({roles[one.path]})", each.value)
        for one, each in zip(judged, stats(judged), strict=True)
    ]


def _too_open(
    found: list[tuple[FileFacts, int]],
    owners: frozenset[int] | None,
    severity: Severity,
    shown: Callable[[list[FileFacts]], list[Evidence]],
) -> Verdict:
    """Low where nothing is wrong but that the owner may write what only the owner could replace anyway."""
    files = [one for one, _ in found]
    harmless = all(beyond(one, allowed) == _OWNER_WRITES and not _strange(one, owners) for one, allowed in found)
    worst = Severity.LOW if harmless else severity
    return failed(f"{len(files)} too open or not the daemon's own", *shown(files), severity=worst)
