"""A signature as it was found and judged, and what an image's registry says of where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Layout(StrEnum):
    """How a signature is stored."""

    COSIGN_TAG = "cosign-tag"  # tag sha256-HEX.sig, simple signing payloads
    SIGSTORE_BUNDLE = "sigstore-bundle"  # OCI 1.1 referrer or fallback tag, DSSE
    NOTATION = "notation"  # OCI 1.1 referrer, JWS or COSE
    GPG_SIMPLE = "gpg-simple"  # lookaside, signed OpenPGP message


class Material(msgspec.Struct, frozen=True):
    """Something that may be a signature or an attestation, untouched as it lay there.

    `place` is for people (`registry.example/app:sha256-12.sig, layer 1`, a path). `promised` is the digest by which a
    manifest names `content`, "" for files; it has NOT been compared. `annotations` are those of the descriptor.
    """

    layout: Layout
    place: str
    content: bytes
    media_type: str = ""
    promised: str = ""
    annotations: Mapping[str, str] = msgspec.field(default_factory=dict)


class Subject(msgspec.Struct, frozen=True):
    """What should be signed: `repository` with its registry, and digests that may be signed, the most general first.

    An image pulled by an index has the index's digest and that of its own platform's manifest.
    """

    repository: str
    digests: tuple[str, ...]


class Mark(StrEnum):
    """What is known of one signature, or of all of an image."""

    VERIFIED = "verified"  # by an authority that the policy names
    FAILED = "failed"  # found, and not good by the policy: `reason`
    UNSIGNED = "unsigned"  # looked everywhere, found none
    UNSUPPORTED = "unsupported"  # found, and nothing here can judge it
    UNKNOWN = "unknown"  # could not be looked at, or no policy says whose signature counts


REASONS = (
    "annotation_mismatch", "identity_mismatch", "digest_mismatch", "no_matching_key", "bad_signature",
    "blob_digest_mismatch", "malformed", "untrusted_certificate", "expired_certificate", "expired_signature",
    "set_invalid", "untrusted_log", "log_entry_mismatch", "sct_invalid", "no_timestamp", "unsupported_key",
    "unsupported_format",
)  # fmt: skip
"""Why a signature fails; of several signatures' reasons the one that stands first here tells most."""


class Step(msgspec.Struct, frozen=True):
    """One link of the chain from the running image to the policy: what was compared, with what, and whether it holds.

    `what`: image, manifest, payload, signature, key, certificate, transparency log, time, identity, policy.
    `holds` None: could not be or need not be judged.
    """

    what: str
    value: str
    holds: bool | None = True


class Signature(msgspec.Struct, frozen=True):
    """One signature with its chain. `signer` is the key's or identity's name in the policy, else what it says itself.

    `key_id` is sha256 of the SubjectPublicKeyInfo (hex) or the OpenPGP fingerprint; `at` when it was made (epoch
    seconds, 0.0 where nothing says so); `detail` is one sentence for people.
    """

    layout: Layout
    place: str
    mark: Mark
    reason: str = ""
    detail: str = ""
    signer: str = ""
    issuer: str = ""
    key_id: str = ""
    algorithm: str = ""
    digest: str = ""
    at: float = 0.0
    annotations: Mapping[str, str] = msgspec.field(default_factory=dict)
    steps: tuple[Step, ...] = ()


class Attestation(msgspec.Struct, frozen=True):
    """A statement about an image: an SBOM, a provenance. `mark` as for signatures, by the same authorities."""

    predicate_type: str
    place: str
    mark: Mark = Mark.UNKNOWN
    signer: str = ""
    builder: str = ""
    at: float = 0.0
    detail: str = ""


class Provenance(msgspec.Struct, frozen=True):
    """Everything known of where one image comes from.

    `repository` and `digest` are what was looked up; "" where the image has no registry digest. `leads_here`: whether
    the manifest of that digest leads to this very image (None: not looked at). `rule` is what the policy says of the
    repository, in words, "" where no rule does. `looked` are the places that were asked, `missed` those that could not
    be, with the reason. `by` names the authority of the first good signature.
    """

    digest: str
    repository: str = ""
    platform_digest: str = ""
    mark: Mark = Mark.UNKNOWN
    reason: str = ""
    detail: str = ""
    by: str = ""
    rule: str = ""
    demanded: bool = False  # whether the rule demands a signature
    leads_here: bool | None = None
    signatures: tuple[Signature, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    looked: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    at: float = 0.0
