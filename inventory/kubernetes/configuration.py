"""ConfigMaps, Secrets without their values, events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.kubernetes.part import ObjectReference
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind


class SecretFinding(msgspec.Struct, frozen=True):
    """A value that looks like a secret: its key, the rule that says so, and the value masked."""

    key: str
    rule: str
    masked: str
    by_value: bool  # whether the value itself gave it away, not only the key's name


class ConfigMap(KubeResource):
    """`v1` ConfigMap. Values are looked through once, when they are read, and not kept.

    `sizes` gives the bytes of each key. `skipped` are keys whose value was too large to look through. `data` holds the
    values of the few ConfigMaps of kube-system and kube-public that configure the cluster itself.
    """

    kind: ClassVar[Kind] = Kind.CONFIGMAP
    api_kind: ClassVar[str] = "ConfigMap"

    sizes: Mapping[str, int]
    suspicious: tuple[SecretFinding, ...]
    skipped: tuple[str, ...]
    data: Mapping[str, str]


class TlsCertificate(msgspec.Struct, frozen=True):
    """The first certificate of a `tls.crt`: times in epoch seconds; `key_bits` with `key_type` RSA, EC, Ed25519.

    `error` says why it could not be read as a certificate, and then nothing else counts.
    """

    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: float = 0.0
    not_after: float = 0.0
    key_type: str = ""
    key_bits: int = 0
    signature: str = ""
    self_signed: bool = False
    error: str = ""


class KubeSecret(KubeResource):
    """`v1` Secret without its values, which are not asked for. `count` is how many keys it has.

    `certificate`, of the type kubernetes.io/tls alone, was asked for only where the policy says so; None for others.
    """

    kind: ClassVar[Kind] = Kind.KUBE_SECRET
    api_kind: ClassVar[str] = "Secret"

    type: str
    count: int
    certificate: TlsCertificate | None


class KubeEvent(KubeResource):
    """`v1` Event: something that happened to `involved`. Read beside what it is about; never judged by itself."""

    kind: ClassVar[Kind] = Kind.EVENT
    api_kind: ClassVar[str] = "Event"

    involved: ObjectReference
    type: str  # Normal, Warning
    reason: str
    message: str
    count: int
    first_seen: float
    last_seen: float
    reporter: str
