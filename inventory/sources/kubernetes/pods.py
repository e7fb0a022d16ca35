"""Pod specs: thousands of pods come from few templates, so what they share is decoded and kept once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.part import Part
from inventory.kubernetes.podspec import PodSpec
from inventory.sources.decode import AnswerError, convert, plain, without_nulls

CONFINING = ("container.apparmor.security.beta.kubernetes.io/", "seccomp.security.alpha.kubernetes.io/",
             "container.seccomp.security.alpha.kubernetes.io/")  # fmt: skip
"""Annotations that confine a pod's containers, from before the API had fields for it."""
_TOKEN_VOLUME = re.compile(rb"\bkube-api-access-[a-z0-9]{5}\b")
_PLACE = re.compile(rb'"(?:nodeName|hostname)"\s*:\s*"[^"\\]*"')
_DAEMON = re.compile(rb'("matchFields":\[\{"key":"metadata\.name","operator":"In","values":\[)"[^"\\]*"(?=\]\}\])')
_TOKEN = b"kube-api-access-"
_MEMBERS = ((b'"nodeName":"', b'"nodeName"'), (b'"hostname":"', b'"hostname"'))
_KEPT: WeakValueDictionary[bytes, PodSpec] = WeakValueDictionary()


class _Place(Part, frozen=True):
    node_name: str = ""


class _Volumes(Part, frozen=True):
    volumes: tuple[dict[str, msgspec.Raw], ...] = ()


_place = msgspec.json.Decoder(_Place)
_spec = msgspec.json.Decoder(PodSpec)
_volumes = msgspec.json.Decoder(_Volumes)


def pod_spec(raw: bytes, annotations: Mapping[str, str], path: str) -> tuple[PodSpec | Gap, str]:
    """The spec and the node that it names. Equal specs are one object as long as anybody holds it.

    The token volume's random name and the node do not count: they differ from pod to pod and decide nothing. A
    DaemonSet's pods name their node in their affinity too.
    """
    if not raw:
        return Gap(Reason.ABSENT, path), ""
    confining = {key: value for key, value in annotations.items() if key.startswith(CONFINING)}
    common, node = _placeless(raw)
    digest = blake2b(common, digest_size=16)
    digest.update(repr(sorted(confining.items())).encode("utf-8", "surrogatepass"))
    known = _KEPT.get(digest.digest())
    if known is not None:
        return known, node
    found = _decode(common, path)
    if isinstance(found, Gap):
        return found, node
    if confining or found.annotations:  # the API has no such member, whatever a manifest may say
        found = msgspec.structs.replace(found, annotations=confining)
    _KEPT[digest.digest()] = found
    return found, node


def _placeless(raw: bytes) -> tuple[bytes, str]:
    """The spec without what differs from pod to pod, and the node's name.

    The plain way is for JSON as API servers write it, each member once and without blanks; it is five times as quick.
    """
    common, node = raw, ""
    at = raw.find(_TOKEN)
    if at >= 0:
        found = _TOKEN_VOLUME.match(raw, at)
        if found is None:
            return _placeless_otherwise(raw)
        common = raw.replace(found[0], b"kube-api-access")
        if _TOKEN in common:
            return _placeless_otherwise(raw)
    for begin, name in _MEMBERS:
        times = common.count(name)
        if times:
            at = common.find(begin) + len(begin)
            end = common.find(b'"', at)
            value = common[at:end]
            if times > 1 or at < len(begin) or end < 0 or b"\\" in value:
                return _placeless_otherwise(raw)
            node = value.decode("utf-8", "replace") if name == _MEMBERS[0][1] else node
            common = b"".join((common[: at - len(begin)], b'"nodeName":"', common[end:]))
    return (_DAEMON.sub(rb'\1""', common) if b'"matchFields"' in common else common), node


def _placeless_otherwise(raw: bytes) -> tuple[bytes, str]:
    try:
        node = _place.decode(raw).node_name
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        node = ""
    common = _TOKEN_VOLUME.sub(b"kube-api-access", _PLACE.sub(b'"nodeName":""', raw))
    return _DAEMON.sub(rb'\1""', common), node


def _decode(raw: bytes, path: str) -> PodSpec | Gap:
    try:
        return _typed(_spec.decode(raw), _volumes.decode(raw).volumes)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        document = without_nulls(plain(raw))
        return _typed(msgspec.convert(document, PodSpec), document.get("volumes") or ())
    except AnswerError as error:
        return error.gap(path)
    except (msgspec.ValidationError, RecursionError, OverflowError, ValueError, AttributeError) as error:
        return _wrong(raw, path, str(error))


def _typed(spec: PodSpec, volumes: Any) -> PodSpec:
    """With each volume's type, which is the name of the one member that it has besides its name."""
    if not spec.volumes:
        return spec
    typed = tuple(
        msgspec.structs.replace(one, type=next((key for key in raw if key != "name"), "emptyDir"))
        for one, raw in zip(spec.volumes, volumes, strict=True)
    )
    return msgspec.structs.replace(spec, volumes=typed)


def _wrong(raw: bytes, path: str, error: str) -> Gap:
    """The gap that names the member of a wrong type."""
    try:
        _, malformed = convert(without_nulls(plain(raw)), PodSpec)
    except AnswerError as problem:
        return problem.gap(path)
    where = next(iter(malformed), "")
    return Gap(Reason.MALFORMED, f"{path}.{where}" if where else path, malformed.get(where, error[:200]))
