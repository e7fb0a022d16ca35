"""An OCI image layout on disk, read like a repository: what `skopeo copy ... oci:DIR` and `cosign save` write."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from inventory.signatures.rules import normalised
from inventory.sources.registry import below
from inventory.sources.registry.access import Limits
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.names import (
    INDEXES,
    MANIFESTS,
    Descriptor,
    descriptor,
    descriptors,
    digest_of,
    document,
    is_digest,
    media_type,
)
from inventory.sources.registry.repository import Document

_NAME = "org.opencontainers.image.ref.name"
_KIND = "kind"
_SIGNATURES = {"dev.cosignproject.cosign/sigs": ".sig", "dev.cosignproject.cosign/atts": ".att"}
_MOST = 256  # manifests of a layout that are looked at for what they refer to


class Layout:
    """See `repository.Way`. `image` is a digest or the name of one of its images, "" for the only one."""

    def __init__(self, directory: Path, limits: Limits | None = None) -> None:
        self.name = str(directory)
        self._directory = directory
        self._limits = limits or Limits()

    @cached_property
    def entries(self) -> tuple[Descriptor, ...]:
        """What its index names. Raises `RegistryError`."""
        raw = below.read(self._directory, ("index.json",), self._limits.manifest)
        return tuple(descriptors(document(raw, f"{self.name}/index.json"), "manifests"))

    def images(self) -> tuple[Descriptor, ...]:
        """The entries that are images or indexes of images, not signatures of them. Raises `RegistryError`."""
        return tuple(
            entry
            for entry in self.entries[:_MOST]
            if entry.media_type in {*INDEXES, *MANIFESTS, ""}
            and entry.annotations.get(_KIND, "") not in _SIGNATURES
            and not entry.annotations.get(_NAME, "").endswith((".sig", ".att", ".sbom"))
            and not entry.annotations.get(_NAME, "").startswith("sha256-")
            and not entry.artifact_type
            and self._subject(entry.digest) == ""
        )

    def chosen(self, image: str, repository: str = "") -> str:
        """The digest of an image by its digest or tag; "" is the only one. Raises `RegistryError`.

        What the layout itself calls an image of another repository is none of this one.
        """
        if is_digest(image):
            return image
        found = tuple(one for one in self.images() if _is_of(one.annotations.get(_NAME, ""), repository))
        if image:
            nameless = len(found) == 1 and not found[0].annotations.get(
                _NAME, ""
            )  # of `cosign save`: it can only be that
            found = (
                found if nameless else tuple(one for one in found if _is_called(one.annotations.get(_NAME, ""), image))
            )
        if not found:
            raise RegistryError(Cause.ABSENT, f"{self.name} has no image {image}".rstrip() + self._names())
        if len({entry.digest for entry in found}) > 1:
            raise RegistryError(Cause.REFUSED, f"{self.name} has {len(found)} images; name one by tag or digest")
        return found[0].digest

    def _names(self) -> str:
        """What can be asked for instead: digests too, for `cosign save` writes no tag."""
        found = [entry.annotations.get(_NAME, "") or entry.digest for entry in self.images()]
        return f"; it has {', '.join(found[:4])}" if found else ""

    def manifest(self, reference: str) -> Document:
        """See `Way.manifest`."""
        if is_digest(reference):
            content = self._content(reference, self._limits.manifest)
            if digest_of(content, reference) != reference:
                raise RegistryError(
                    Cause.WRONG_DIGEST, f"{self.name}: {reference[:19]} holds something of another digest"
                )
            return Document(content, reference, media_type(document(content, "a manifest")))
        for entry in self.entries:
            if _is_called(entry.annotations.get(_NAME, ""), reference):
                return self.manifest(entry.digest)
        for entry in self.entries:
            suffix = _SIGNATURES.get(entry.annotations.get(_KIND, ""))
            if suffix and reference.startswith("sha256-") and reference.endswith(suffix):
                return self.manifest(entry.digest)
        raise RegistryError(
            Cause.ABSENT, f"{self.name} has no {'' if is_digest(reference) else 'tag '}{reference[:80]}"
        )

    def blob(self, digest: str) -> bytes:
        """See `Way.blob`."""
        return self._content(digest, self._limits.blob)

    def referrers(self, digest: str) -> tuple[tuple[Descriptor, ...], bool]:
        """See `Way.referrers`: entries whose manifest names that subject, and those of a fallback tag."""
        found = [entry for entry in self.entries[:_MOST] if self._subject(entry.digest) == digest]
        try:
            index = self.manifest(digest.replace(":", "-", 1))
        except RegistryError as error:
            if error.cause is not Cause.ABSENT:
                raise
        else:
            found += descriptors(document(index.content, "referrers"), "manifests")
        return tuple(found), len(self.entries) <= _MOST

    def _subject(self, digest: str) -> str:
        try:
            found = descriptor(document(self.manifest(digest).content, "a manifest").get("subject"))
        except RegistryError:
            return ""
        return found.digest if found is not None else ""

    def _content(self, digest: str, limit: int) -> bytes:
        if not is_digest(digest):
            raise RegistryError(Cause.REFUSED, "not a digest that is known here")
        algorithm, _, value = digest.partition(":")
        return below.read(self._directory, ("blobs", algorithm, value), limit)


def is_layout(directory: Path) -> bool:
    """Whether a directory is marked as a layout."""
    return all(os.path.isfile(directory / name) for name in ("oci-layout", "index.json"))


def _is_of(name: str, repository: str) -> bool:
    """Whether an image may be of a repository, "" for any: a tag alone may be of all."""
    return "/" not in name or not repository or normalised(name) == repository


def _is_called(name: str, wanted: str) -> bool:
    """Tools write the tag alone or the whole reference."""
    return bool(name) and (name == wanted or name.rpartition(":")[2] == wanted or name.rpartition("/")[2] == wanted)
