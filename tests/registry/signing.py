"""Images and signatures of them, made here: what the tools write, with keys of one test."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from inventory.signatures.policy import PublicKey, Rule, TrustPolicy
from lab import signing
from lab.signing import BUNDLE, EMPTY, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING, described, digest, dump

__all__ = [
    "BUNDLE", "EMPTY", "OCI_CONFIG", "OCI_INDEX", "OCI_MANIFEST", "SIMPLE_SIGNING", "described", "digest", "dump",
]  # fmt: skip


@cache
def key(name: str = "release") -> ec.EllipticCurvePrivateKey:
    """A key that lives as long as the tests."""
    assert name
    return signing.new_key()


def public(name: str = "release") -> bytes:
    """Its public half as PEM."""
    return signing.public_pem(key(name))


def policy(*names: str, match: str = "**", **more: Any) -> TrustPolicy:
    """One rule for everything that demands one of these keys."""
    signers = tuple(PublicKey(name, public(name)) for name in names or ("release",))
    return TrustPolicy(rules=(Rule((match,), number=1, require=("signature",), signed_by=signers, **more),))


@dataclass
class Store:
    """What one repository holds: manifests by tag and digest, blobs by digest."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    referrers: dict[str, bytes] = field(default_factory=dict)

    def blob(self, content: bytes) -> str:
        """Add one."""
        self.blobs[digest(content)] = content
        return digest(content)

    def manifest(self, value: object, *tags: str) -> str:
        """Add one."""
        content = dump(value)
        for name in (digest(content), *tags):
            self.manifests[name] = content
        return digest(content)

    def image(self, name: str, *tags: str, architecture: str = "amd64") -> tuple[str, str]:
        """An image without layers; digests of its manifest and of its configuration."""
        config = dump({"architecture": architecture, "os": "linux", "config": {"Labels": {"name": name}}})
        self.blob(config)
        made = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described(config, OCI_CONFIG), "layers": []}
        return self.manifest(made, *tags), digest(config)

    def index(self, children: dict[str, str], *tags: str, extra: tuple[dict[str, Any], ...] = ()) -> str:
        """An index of manifests by architecture."""
        listed = [
            described(self.manifests[child], OCI_MANIFEST, platform={"os": "linux", "architecture": architecture})
            for architecture, child in children.items()
        ]
        return self.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*listed, *extra]}, *tags)

    def sign(self, repository: str, subject: str, *names: str) -> None:
        """As cosign 2 does: a tag of the digest, a layer for each signature."""
        made = signing.tagged(repository, subject, [key(name) for name in names or ("release",)])
        for content in made.blobs:
            self.blob(content)
        self.manifests |= made.manifests | {digest(content): content for content in made.manifests.values()}

    def refer(self, subject: str, *names: str, api: bool = True) -> str:
        """As cosign 3 does: a bundle in a manifest that refers to the subject."""
        manifests = []
        for name in names or ("release",):
            content = bundle(subject, name)
            self.blob(content)
            made = signing.referrer(subject, 1, content)
            self.manifest(made)
            kind = BUNDLE if api else EMPTY
            manifests.append(described(dump(made), OCI_MANIFEST, artifactType=kind))
        return self.referring(subject, manifests, api=api)

    def referring(self, subject: str, manifests: list[dict[str, Any]], *, api: bool = True) -> str:
        """A list of referrers, by the API or by the tag that stands for it."""
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        if api:
            self.referrers[subject] = dump(index)
            return subject
        return self.manifest(index, subject.replace(":", "-"))


def bundle(subject: str, name: str = "release", predicate: str = signing.SIGNED) -> bytes:
    """A sigstore bundle by a key."""
    return signing.bundle(key(name), subject, predicate)
