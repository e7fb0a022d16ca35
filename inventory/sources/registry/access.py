"""What asking registries may use: whom to trust on the wire, which credentials there are, and how long it may take."""

from __future__ import annotations

import ipaddress
import os
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from inventory.gap import Gap
from inventory.sources.registry.names import HUB, address, is_loopback

if TYPE_CHECKING:
    from inventory.engine import Engine
    from inventory.sources.registry.client import Client

Stopped = Callable[[], bool]
"""Whether the person does not want it any more."""
_CERTIFICATES = ("/etc/docker/certs.d", "/etc/containers/certs.d")
_LOOKASIDES = "/etc/containers/registries.d"
_SIGNATURES = "/var/lib/containers/sigstore"
_MIRRORS = 4


class Limits(msgspec.Struct, frozen=True):
    """Seconds, bytes and counts. `total` is for all that is asked about one image."""

    connect: float = 3.0
    read: float = 15.0
    total: float = 60.0
    helper: float = 10.0
    manifest: int = 4 << 20
    blob: int = 1 << 20
    token: int = 256 << 10
    manifests: int = 64  # opened for one digest
    signatures: int = 64  # taken of one image: as many as are judged, of a blob each
    redirects: int = 5
    pages: int = 4
    registries: int = 4  # asked at the same time
    sick: float = 60.0  # how long a host that failed is left alone
    tags: float = 300.0  # how long the answer to a tag is kept


@dataclass(frozen=True)
class Access:
    """How registries may be asked from here. Holds no credentials, only where they are.

    `insecure` are hosts, `insecure_networks` CIDRs that the engine asks without verified TLS. `mirrors` are its URLs
    for Docker Hub. `cache` None: nothing is kept on disk; `fresh`: no kept answer about a tag is believed.
    """

    insecure: frozenset[str] = frozenset()
    insecure_networks: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    certificates: tuple[Path, ...] = ()
    credentials: tuple[Path, ...] = ()
    lookasides: tuple[Path, ...] = ()
    default_lookasides: tuple[Path, ...] = ()
    cache: Path | None = None
    fresh: bool = False
    plain_http: bool = False  # the person allows it for every registry
    limits: Limits = field(default_factory=Limits)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def here(
        cls,
        engine: Engine | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        fresh: bool = False,
        plain_http: bool = False,
        limits: Limits | None = None,
    ) -> Access:
        """Of this process, its user and the engine."""
        around = os.environ if environ is None else environ
        return _here(
            frozenset(_said(engine, "insecure_registries")),
            _said(engine, "insecure_registry_cidrs"),
            _said(engine, "mirrors")[:_MIRRORS],
            tuple(sorted(around.items())),
            fresh,
            plain_http,
            limits or Limits(),
        )

    @cached_property
    def client(self) -> Client:
        """The one client of this access: it remembers tokens and hosts that do not answer."""
        from inventory.sources.registry.client import Client

        return Client(self)

    def insecure_because(self, host: str) -> str:
        """Why the engine does not insist on verified TLS for a host, "" where it does."""
        if is_loopback(host):
            return "it is on this machine"
        if host in self.insecure or host.lower() in self.insecure:
            return "the engine lists it as insecure"
        try:
            place = ipaddress.ip_address(address(host))
        except ValueError:
            return ""
        for network in self.insecure_networks:
            if _within(place, network):
                return f"the engine lists {network} as insecure"
        return ""

    def mirrors_of(self, host: str) -> tuple[tuple[str, str], ...]:
        """Scheme and host of the engine's mirrors; it has some for Docker Hub only."""
        if host != HUB:
            return ()
        found = []
        for mirror in self.mirrors:
            try:
                parts = urllib.parse.urlsplit(mirror)
            except ValueError:
                continue
            place = parts.netloc.rpartition("@")[2]
            if parts.scheme in {"http", "https"} and place:
                found.append((parts.scheme, place))
        return tuple(found)


@lru_cache(maxsize=8)
def _here(
    insecure: frozenset[str],
    networks: tuple[str, ...],
    mirrors: tuple[str, ...],
    environ: tuple[tuple[str, str], ...],
    fresh: bool,
    plain_http: bool,
    limits: Limits,
) -> Access:
    """One for one engine: what its client remembers of tokens and sick hosts serves all images."""
    around = dict(environ)
    home = Path(around.get("HOME") or "/nonexistent")
    certificates = (".config/docker/certs.d", ".docker/certs.d", ".config/containers/certs.d")
    return Access(
        insecure,
        networks,
        mirrors,
        (*map(Path, _CERTIFICATES), *(home / name for name in certificates)),
        _credential_files(around, home),
        (home / ".config/containers/registries.d", Path(_LOOKASIDES)),
        (home / ".local/share/containers/sigstore", Path(_SIGNATURES)),
        _cache_home(around, home),
        fresh,
        plain_http,
        limits,
        around,
    )


def _within(place: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return place in ipaddress.ip_network(network, strict=False)
    except (ValueError, TypeError):
        return False


def _said(engine: Engine | None, name: str) -> tuple[str, ...]:
    found = engine.peek(name) if engine is not None else ()
    return () if isinstance(found, Gap) else tuple(found)


def _credential_files(environ: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """Docker's, then Podman's: DOCKER_CONFIG, REGISTRY_AUTH_FILE and XDG_RUNTIME_DIR are honoured."""
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/containers/{os.getuid()}"
    docker, podman = environ.get("DOCKER_CONFIG"), environ.get("REGISTRY_AUTH_FILE")
    places = [
        (Path(docker) if docker else home / ".docker") / "config.json",
        Path(podman) if podman else None,
        Path(runtime) / "containers/auth.json" if environ.get("XDG_RUNTIME_DIR") else Path(runtime) / "auth.json",
        home / ".config/containers/auth.json",
    ]
    return tuple(place for place in places if place is not None)


def _cache_home(environ: Mapping[str, str], home: Path) -> Path:
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else home / ".cache") / "deckwatch" / "registry"
