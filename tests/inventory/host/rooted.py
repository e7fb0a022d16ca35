"""A machine that is a directory tree of the test, and certificates to put into it."""

from __future__ import annotations

import datetime
import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inventory.engine import Engine, SwarmState
from inventory.gap import Gap
from inventory.host import Host
from inventory.resource import Kind, ResourceKey
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.engine_files import engine_files
from inventory.sources.host.files import Accounts
from inventory.sources.host.reader import LocalReader, Stat
from tests.hostile import HOSTILE

PLAIN = [text for text in HOSTILE if text.isascii() or max(text) < "\ud800"]
"""Those that UTF-8 can write."""
DAY = datetime.timedelta(days=1)
BEGINS = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
DENIED = PermissionError(errno.EACCES, "permission denied")
PEOPLE = Accounts(
    {0: "root", 1000: "ann"},
    {0: "root"},
    {},
    {0: "/root", 1: "/usr/sbin", 2: "/bin", 1000: "/home/ann", 65534: "/nonexistent"},
)
DOCKER = "/home/ann/.docker/config.json"
PODMAN = "/home/ann/.config/containers/auth.json"
SECRET = "aHVudGVyMjpodW50ZXIy"


@dataclass
class Rooted:
    """The machine as it would look with another root directory; a path in `refused` raises, or `names PATH` alone."""

    root: Path
    refused: Mapping[str, OSError] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    inner: LocalReader = field(default_factory=LocalReader)

    def write(self, path: str, content: str | bytes = b"", mode: int = 0o644) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        place.chmod(mode)

    def _at(self, question: str, path: str, root: str | None = None) -> str:
        self.asked.append(path)
        error = self.refused.get(path) or self.refused.get(f"{question} {path}")
        if error:
            raise error
        return f"{self.root if root is None else root}{path}"

    def read(self, path: str) -> bytes:
        return self.inner.read(self._at("read", path))

    def stat(self, path: str) -> Stat:
        return self.inner.stat(self._at("stat", path))

    def names(self, path: str) -> list[str]:
        return self.inner.names(self._at("names", path))

    def read_below(self, base: str, path: str) -> bytes:
        return self.inner.read_below(str(self.root), self._at("read", base + path, ""))

    def stat_below(self, base: str, path: str) -> Stat:
        return self.inner.stat_below(str(self.root), self._at("stat", base + path, ""))

    def names_below(self, base: str, path: str) -> list[str]:
        return self.inner.names_below(str(self.root), self._at("names", base + path, ""))

    def link(self, path: str) -> str:
        if path in self.links:
            return self.links[path]
        if path.startswith("/proc/"):
            raise DENIED
        return self.inner.link(f"{self.root}{path}")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not needed for files")


def pem(name: str = "lab", days: int = 90) -> bytes:
    """A certificate that is valid for so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(BEGINS).not_valid_after(BEGINS + days * DAY)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def key_pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def engine(**values: Any) -> Engine:
    facts = {
        "flavour": "docker", "rootless": False, "root_dir": "/var/lib/docker", "swarm": SwarmState("active"),
        "default_runtime": "runc", "runtimes": {"runc": "runc", "kata": "/opt/kata"},
    }  # fmt: skip
    return Engine.build(key=ResourceKey(Kind.ENGINE, "docker", "docker"), name="vm", **(facts | values))


def looked(machine: Any, *argv: str, config: Mapping[str, Any] | Gap | None = None, root: str = "") -> Host:
    found = engine_files(machine, Daemon(100, argv, root), {} if config is None else config, engine(), PEOPLE)
    return Host.build(key=ResourceKey(Kind.HOST, "docker", "docker"), name="vm", **found.values)
