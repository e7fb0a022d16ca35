"""Everything attached to one manifest: cosign's tags, referrers with bundles and Notation envelopes, plain claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inventory.signatures.model import Attestation, Layout, Mark, Material
from inventory.sources.registry.access import Limits
from inventory.sources.registry.faults import HOST_IS_SICK, Cause, RegistryError
from inventory.sources.registry.names import (
    INDEXES,
    MANIFESTS,
    Descriptor,
    descriptor,
    descriptors,
    digest_of,
    document,
    text,
)
from inventory.sources.registry.repository import Document, Way

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle"
NOTATION = "application/vnd.cncf.notary.signature"
ENVELOPES = ("application/jose+json", "application/cose")
IN_TOTO = "application/vnd.in-toto+json"
_OPEN_FIRST = (BUNDLE, NOTATION, "application/vnd.dev.cosign")
_MAY_BE_ONE = ("", "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json", IN_TOTO, DSSE)
_CLAIMS = 32
_REFERENCE_TYPE = "vnd.docker.reference.type"
_REFERENCE_DIGEST = "vnd.docker.reference.digest"
_PREDICATE = "in-toto.io/predicate-type"
_FINAL = HOST_IS_SICK | {Cause.DENIED, Cause.STOPPED}
"""Causes after which asking the same repository something else is in vain."""


class Gathered:
    """What one place holds about an image; `looked` and `missed` are words for people. `parts` are of an index."""

    def __init__(self) -> None:
        self.materials: list[Material] = []
        self.claims: list[Attestation] = []
        self.parts: list[tuple[str, Attestation]] = []
        self.looked: list[str] = []
        self.missed: list[str] = []
        self.causes: list[Cause] = []

    def fail(self, error: RegistryError) -> bool:
        """Note what could not be looked at; whether there is no use in asking on."""
        if error.message not in self.missed:
            self.missed.append(error.message)
            self.causes.append(error.cause)
        return error.cause in _FINAL


def gather(way: Way, digest: str, limits: Limits, found: Gathered) -> bool:
    """Add what is attached to a manifest; False where the place does not answer any more."""
    tag = digest.replace(":", "-", 1)
    for suffix in (".sig", ".att"):
        place = f"{way.name}:{tag[:19]}{suffix}"
        try:
            manifest = way.manifest(tag + suffix)
        except RegistryError as error:
            if error.cause is not Cause.ABSENT:
                if found.fail(error):
                    return False
            elif suffix == ".sig":
                found.looked.append(f"{place}: none")
            continue
        count = _take(way, manifest, place, limits, found)
        found.looked.append(f"{place}: {count} found")
    return _referrers(way, digest, limits, found)


def _referrers(way: Way, digest: str, limits: Limits, found: Gathered) -> bool:
    place = f"{way.name}: referrers of {digest[:19]}"
    try:
        listed, whole = way.referrers(digest)
    except RegistryError as error:
        return not found.fail(error)
    each = {one.digest: one for one in listed}
    fit = sorted((one for one in each.values() if _may_be_signature(one)), key=_rank)
    others = [one for one in each.values() if not _may_be_signature(one)]
    found.claims += [_claim(way, one) for one in others[:_CLAIMS]]
    count = 0
    for one in fit[: limits.manifests]:
        try:
            manifest = way.manifest(one.digest)
        except RegistryError as error:
            if found.fail(error):
                return False
            continue
        count += _take(way, manifest, f"{way.name}@{one.digest[:19]}", limits, found)
    found.looked.append(f"{place}: {count} found" if count else f"{place}: none")
    if len(fit) > limits.manifests or not whole:
        seen = f"{min(len(fit), limits.manifests)} of {len(fit)}" if whole else "only the first"
        found.missed.append(f"{place}: {seen} opened, there are too many")
        found.causes.append(Cause.TOO_LARGE)
    return True


def _may_be_signature(one: Descriptor) -> bool:
    """By the type the descriptor claims; where it says nothing useful the manifest must be opened."""
    if one.media_type not in {*MANIFESTS, *INDEXES, ""}:
        return False
    return one.artifact_type in _MAY_BE_ONE or one.artifact_type.startswith(_OPEN_FIRST)


def _rank(one: Descriptor) -> int:
    return 0 if one.artifact_type.startswith(_OPEN_FIRST) else 1


def _claim(way: Way, one: Descriptor) -> Attestation:
    """Something attached that nobody signed in a way known here, such as a bare SBOM."""
    return Attestation(
        one.artifact_type or one.media_type, f"{way.name}@{one.digest[:19]}", Mark.UNSIGNED, detail="not signed"
    )


def _take(way: Way, manifest: Document, place: str, limits: Limits, found: Gathered) -> int:
    """The layers of a signature's manifest; how many there were."""
    try:
        content = document(manifest.content, place)
    except RegistryError as error:
        found.fail(error)
        return 0
    config = descriptor(content.get("config"))
    kind = text(content, "artifactType") or (config.media_type if config else "")
    layers = list(descriptors(content, "layers"))
    count = 0
    for number, layer in enumerate(layers, 1):
        layout = _layout(layer.media_type, kind)
        if layout is None:
            continue
        if len(found.materials) >= limits.signatures:
            words = f"{place}: {number - 1} of {len(layers)} layers read, there are too many signatures"
            found.fail(RegistryError(Cause.TOO_LARGE, words))
            break
        where = f"{place}, layer {number}" if len(layers) > 1 else place
        try:
            raw = way.blob(layer.digest)
        except RegistryError as error:
            missing = RegistryError(error.cause, f"{where}: {error.message}")
            if found.fail(error if error.cause in _FINAL else missing):
                break
            continue
        found.materials.append(Material(layout, where, raw, layer.media_type, layer.digest, layer.annotations))
        count += 1
    return count


def _layout(media_type: str, kind: str) -> Layout | None:
    if media_type in {SIMPLE_SIGNING, DSSE}:
        return Layout.COSIGN_TAG
    if media_type.startswith(BUNDLE):
        return Layout.SIGSTORE_BUNDLE
    return Layout.NOTATION if kind == NOTATION and media_type in ENVELOPES else None


def built_in(
    way: Way, index: Mapping[str, Any], digest: str, subject: str, limits: Limits, found: Gathered
) -> None:  # fmt: skip
    """Attestations that BuildKit put into the index (of that digest) itself, about one of its manifests."""
    for one in descriptors(index, "manifests"):
        notes = one.annotations
        if notes.get(_REFERENCE_TYPE) != "attestation-manifest" or notes.get(_REFERENCE_DIGEST) != subject:
            continue
        place = f"{way.name}@{one.digest[:19]}"
        try:
            content = document(way.manifest(one.digest).content, place)
            found.parts += [(digest, said) for said in _statements(way, content, subject, place, limits)]
        except RegistryError as error:
            found.fail(error)
        return


def _statements(
    way: Way, manifest: Mapping[str, Any], subject: str, place: str, limits: Limits
) -> Iterator[Attestation]:
    for layer in list(descriptors(manifest, "layers"))[:_CLAIMS]:
        if layer.media_type != IN_TOTO:
            continue
        kind = layer.annotations.get(_PREDICATE, "")
        if layer.size > limits.blob:
            yield Attestation(kind, place, Mark.UNSIGNED, detail="too large to be read here")
            continue
        raw = way.blob(layer.digest)
        if digest_of(raw, layer.digest) != layer.digest:
            yield Attestation(kind, place, Mark.FAILED, detail="not what its digest says")
            continue
        yield _statement(document(raw, place), kind, subject, place)


def _statement(content: Mapping[str, Any], kind: str, subject: str, place: str) -> Attestation:
    about = content.get("subject")
    wanted = subject.partition(":")[2]
    named = [one.get("digest") for one in about if isinstance(one, dict)] if isinstance(about, list) else []
    if not any(isinstance(digest, dict) and wanted in digest.values() for digest in named):
        return Attestation(kind, place, Mark.FAILED, detail="it is about something else")
    builder = _builder(content.get("predicate"))
    said = text(content, "predicateType") or kind
    return Attestation(said, place, Mark.UNSIGNED, builder=builder, detail="part of the index, not signed by itself")


def _builder(predicate: object) -> str:
    """`builder.id` of SLSA provenance 0.2 or 1."""
    if not isinstance(predicate, dict):
        return ""
    details = predicate.get("runDetails")
    for holder in (predicate, details if isinstance(details, dict) else {}):
        builder = holder.get("builder")
        if isinstance(builder, dict) and text(builder, "id"):
            return text(builder, "id")
    return ""
