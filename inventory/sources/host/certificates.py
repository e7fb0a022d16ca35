"""Certificates of the daemon, of registries and of this swarm node. Keys are never opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from inventory.engine_files import CERTIFICATE_DIRECTORIES, Certificate, CertificateFile
from inventory.gap import Gap, Reason
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.homes import Homes
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader, Stat

NODE_CERTIFICATE = "swarm/certificates/swarm-node.crt"
_TLS_DEFAULTS = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
_TRUE = frozenset({"1", "t", "true"})
_LARGEST = 1 << 20
_USERS_DIRECTORY = ".config/docker/certs.d"


class _Look(NamedTuple):
    """How directories are looked at: their names, and what each is."""

    names: Callable[[str], list[str] | Gap]
    stat: Callable[[str], Stat | Gap]


def tls_files(reader: HostReader, daemon: Daemon, config: Mapping[str, Any] | Gap, home: str) -> dict[str, str] | Gap:
    """The files of the daemon's own TLS by option: given on its command line, in daemon.json, or by default.

    dockerd(8): with TLS on and nothing given they are ca.pem, cert.pem and key.pem in ~/.docker; `tlsverify` at all
    turns TLS on. A gap where daemon.json is needed and could not be read.
    """
    options = {} if isinstance(config, Gap) else config
    given = {role: daemon.option(role) or _text(options.get(role)) for role in _TLS_DEFAULTS}
    verifies = _given(daemon, "tlsverify") or "tlsverify" in options
    if verifies or _on(daemon, "tls") or options.get("tls") is True:
        for role, name in _TLS_DEFAULTS.items():
            path = f"{home}/.docker/{name}" if home and (verifies or role != "tlscacert") else ""
            given[role] = given[role] or (path if path and _maybe(reader, daemon.root + path) else "")
    found = {role: path for role, path in given.items() if path}
    if isinstance(config, Gap) and len(found) < len(_TLS_DEFAULTS):
        return config
    return {role: _absolute(reader, daemon, path) for role, path in found.items()}


def _maybe(reader: HostReader, path: str) -> bool:
    """Whether a file may be there: only what is certainly missing is not."""
    seen = told(partial(reader.stat, path), path)
    return not isinstance(seen, Gap) or seen.reason is not Reason.UNSUPPORTED


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _given(daemon: Daemon, name: str) -> bool:
    return any(word == f"--{name}" or word.startswith(f"--{name}=") for word in daemon.argv)


def _on(daemon: Daemon, name: str) -> bool:
    return any(word == f"--{name}" or word in {f"--{name}={value}" for value in _TRUE} for word in daemon.argv)


def _absolute(reader: HostReader, daemon: Daemon, path: str) -> str:
    """A relative path is the daemon's own; where its directory may not be known the path stays and is not found."""
    if path.startswith("/"):
        return path
    directory = told(partial(reader.link, f"/proc/{daemon.pid}/cwd"), "cwd")
    place = directory if isinstance(directory, str) else f"/proc/{daemon.pid}/cwd"
    return f"{place.rstrip('/')}/{path}"


def registry_files(reader: HostReader, root: str, home: str) -> tuple[list[str] | Gap, list[str]]:
    """Everything in the directories of registry certificates, and the directories that may not be listed.

    `root` goes before each path to read it; `home` is that of a rootless engine's user, "" otherwise.
    """
    found: list[str] = []
    denied: list[str] = []
    system = _Look(
        lambda path: told(partial(reader.names, root + path), path),
        lambda path: told(partial(reader.stat, root + path), path),
    )
    places = [(system, place) for place in CERTIFICATE_DIRECTORIES]
    if home:
        places.append((_own(Homes(reader, root), home), f"{home}/{_USERS_DIRECTORY}"))
    for look, place in places:
        hosts = _listed(look, place, denied)
        if isinstance(hosts, Gap):
            return hosts, denied
        for host in hosts:
            seen = look.stat(host)
            directory = isinstance(seen, Stat) and seen.kind == "directory"
            inside = _listed(look, host, denied) if directory else []
            if isinstance(inside, Gap):
                return inside, denied
            found += [host, *inside]
    return found, denied


def _own(homes: Homes, home: str) -> _Look:
    """No link in a user's directories is followed."""
    return _Look(
        lambda path: homes.names(home, path.removeprefix(f"{home}/")),
        lambda path: homes.stat(home, path.removeprefix(f"{home}/")),
    )


def _listed(look: _Look, directory: str, denied: list[str]) -> list[str] | Gap:
    names = look.names(directory)
    if not isinstance(names, Gap):
        return [f"{directory}/{name}" for name in names]
    if names.reason is Reason.DENIED:
        denied.append(directory)
    return [] if names.reason in {Reason.DENIED, Reason.UNSUPPORTED} else names


def certificate_files(reader: HostReader, root: str, paths: Iterable[str]) -> Iterator[CertificateFile]:
    """The certificates in some PEM files."""
    for path in paths:
        raw = told(partial(reader.read, root + path), path)
        found = raw if isinstance(raw, Gap) else certificates(raw, path)
        yield CertificateFile(path, unread=found) if isinstance(found, Gap) else CertificateFile(path, found)


def certificates(raw: bytes, path: str) -> tuple[Certificate, ...] | Gap:
    """The certificates in PEM text, in its order."""
    if len(raw) > _LARGEST:
        return Gap(Reason.MALFORMED, path, "larger than any chain of certificates")
    from cryptography import x509  # late: it takes 65 ms to load and few hosts have certificates

    try:
        return tuple(_certificate(found) for found in x509.load_pem_x509_certificates(raw))
    except Exception as error:  # its parser raises whatever it meets in a hostile file
        return Gap(Reason.MALFORMED, path, f"no certificate in PEM: {type(error).__name__}")


def _certificate(found: Any) -> Certificate:
    begins, ends = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
    return Certificate(found.subject.rfc4514_string(), begins, ends)
