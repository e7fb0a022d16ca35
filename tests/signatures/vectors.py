"""The signature vectors: folders as a registry would serve them, read the way a registry is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from inventory.signatures.model import Layout, Material, Subject
from inventory.signatures.parsing import moment
from inventory.signatures.policy import Authority, GpgKeys, Identity, NotationTrust, PublicKey, Rule, TrustPolicy

FOLDER = Path(__file__).parents[1] / "data" / "signature-vectors"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/case.json"))
NOW = 1795478400.0  # 2026-11-24
_BUNDLE = "application/vnd.dev.sigstore.bundle"


class Case:
    """One vector: who should have signed what, and what lies there."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = FOLDER / name
        said = json.loads((self.folder / "case.json").read_bytes())
        self.verdict: str = said["expected"]["verdict"]
        self.reason: str = said["expected"]["reason"]
        self.subject = Subject(said["image"]["reference"], (said["image"]["digest"],))
        wanted = said["policy"]
        self.now = moment(wanted.get("now", "")) or NOW
        keyless = wanted.get("keyless", {})
        root = _key_file(keyless["trusted_root"]) if keyless else b""
        self.policy = TrustPolicy(root=root)
        self.rule = Rule(
            match=("**",),
            number=1,
            require=("signature",),
            signed_by=tuple(_authorities(wanted)),
            signed_as={"repo": "repository", "ignore": "any"}.get(
                wanted.get("identity", "repo"), wanted.get("identity", "repo")
            ),
            annotations=tuple(wanted.get("annotations", {}).items()),
        )
        self.materials = tuple(self._materials())

    def _materials(self) -> Iterator[Material]:
        digest = self.subject.digests[0].partition(":")[2]
        yield from _lookaside(self.folder, self.subject)
        index = json.loads((self.folder / "registry" / "index.json").read_bytes())["manifests"]
        if f"sha256-{digest}.sig" in index:
            yield from self._layers(index, f"sha256-{digest}.sig", Layout.COSIGN_TAG)
        if f"sha256-{digest}" in index:
            for one in self._manifest(index, f"sha256-{digest}")["manifests"]:
                manifest = self._manifest(index, one["digest"])
                notation = manifest["config"]["mediaType"] == "application/vnd.cncf.notary.signature"
                yield from self._layers(index, one["digest"], Layout.NOTATION if notation else Layout.SIGSTORE_BUNDLE)

    def _manifest(self, index: dict[str, Any], reference: str) -> dict[str, Any]:
        """By digest: an index and its image share a file name where the vectors were written."""
        wanted = index[reference]["digest"].partition(":")[2]
        for path in (self.folder / "registry").glob("*.json"):
            raw = path.read_bytes()
            if hashlib.sha256(raw).hexdigest() == wanted:
                found: dict[str, Any] = json.loads(raw)
                return found
        raise LookupError(f"{self.name}: no manifest {reference}")

    def _layers(self, index: dict[str, Any], reference: str, layout: Layout) -> Iterator[Material]:
        yield from layers(self.folder, self._manifest(index, reference), reference, layout)


def layers(folder: Path, manifest: dict[str, Any], reference: str, layout: Layout) -> Iterator[Material]:
    """What a manifest names, as it lies there."""
    for number, layer in enumerate(manifest["layers"], 1):
        blob = folder / "registry" / "blobs" / layer["digest"].replace(":", "-")
        yield Material(
            layout=layout,
            place=f"{reference}, layer {number}",
            content=blob.read_bytes(),
            media_type=layer["mediaType"],
            promised=layer["digest"],
            annotations=layer.get("annotations", {}),
        )


def _lookaside(folder: Path, subject: Subject) -> Iterator[Material]:
    path = subject.repository.partition("/")[2]
    for found in sorted((folder / "lookaside" / f"{path}@{subject.digests[0].replace(':', '=')}").glob("signature-*")):
        yield Material(layout=Layout.GPG_SIMPLE, place=found.name, content=found.read_bytes())


def _authorities(wanted: dict[str, Any]) -> Iterator[Authority]:
    for name in wanted.get("keys", ()):
        yield PublicKey(name, _key_file(name))
    if keyless := wanted.get("keyless"):
        yield Identity(keyless["issuer"], keyless["identity"])
    for name in wanted.get("gpg_keys", ()):
        yield GpgKeys(name, _key_file(name))
    if notation := wanted.get("notation"):
        roots = tuple(_key_file(name) for name in notation["roots"])
        for identity in notation["trusted_identities"]:
            yield NotationTrust("lab", roots, "" if identity == "*" else identity)


@cache
def _key_file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


@cache
def case(name: str) -> Case:
    """One vector, read once."""
    return Case(name)
