"""What policy.json and registries.d of a host mean: containers-policy.json(5), containers-registries.d(5). Pure.

Podman, Buildah, Skopeo and CRI-O keep to them; the Docker engine reads neither.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from inventory.gap import Gap
from inventory.signatures.policy import Authority, GpgKeys, PublicKey, Rule, TrustPolicy
from inventory.signatures.rules import normalised

ANYTHING, REJECT, SIGNED, SIGSTORE = "insecureAcceptAnything", "reject", "signedBy", "sigstoreSigned"
TYPES = (ANYTHING, REJECT, SIGNED, SIGSTORE)
_IDENTITIES: Mapping[object, tuple[str, ...]] = {
    "matchExact": (), "matchRepoDigestOrExact": (), "matchRepository": (), "exactReference": ("dockerReference",),
    "exactRepository": ("dockerRepository",), "remapIdentity": ("prefix", "signedPrefix"),
}  # fmt: skip
_OWN_NAME = frozenset({"matchRepoDigestOrExact", "matchRepository"})
_KEY_TYPES = ("GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs")
_KEYS = ("keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki")
_LOG = ("rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas")
_MEMBERS: Mapping[object, tuple[str, ...]] = {
    ANYTHING: ("type",), REJECT: ("type",), SIGNED: ("type", "keyType", "signedIdentity", *_KEYS[:4]),
    SIGSTORE: ("type", "signedIdentity", *_KEYS, *_LOG),
}  # fmt: skip
_MOST_SCOPES, _MOST_KEYS, _MOST_MISTAKES, _LONGEST = 1000, 32, 20, 1024


class Requirement(msgspec.Struct, frozen=True):
    """One requirement: all of a list must hold, of its keys any one. `keys` are paths, `inline` keys in the file.

    `identity` is what the name in a signature is compared with, `other` the name it is compared with there. `logged`:
    a transparency log must have promised the signature as well.
    """

    type: str
    keys: tuple[str, ...] = ()
    inline: tuple[bytes, ...] = ()
    keyless: bool = False  # a certificate authority and an identity (fulcio, pki) instead of a key
    identity: str = "matchRepoDigestOrExact"
    other: str = ""
    logged: bool = False

    def __str__(self) -> str:
        """As people read it."""
        if self.type not in {SIGNED, SIGSTORE}:
            return self.type
        by = [*self.keys, *(["a key in the file"] if self.inline else []), *(["certificates"] if self.keyless else [])]
        return f"{self.type} by {' or '.join(by)}" if by else self.type


Requirements = tuple[Requirement, ...]


class Registry(msgspec.Struct, frozen=True):
    """What registries.d says of one scope; None and "" where it says nothing. `path` is the file."""

    lookaside: str = ""
    sigstore_attachments: bool | None = None
    path: str = ""


class KeyFile(msgspec.Struct, frozen=True):
    """A file that a requirement names: what is in it, or why it is of no use. `mode` 0: not told."""

    path: str
    content: bytes = b""
    mistake: str = ""
    unread: Gap | None = None
    mode: int = 0


class HostPolicy(msgspec.Struct, frozen=True):
    """A policy.json, with the files beside it; `path` is "" on a host that has none, `mode` 0 where it was not told.

    `scopes` are those of the transport docker, `others` the names of other transports. `mistakes` make the whole file
    unusable: who keeps to it then pulls nothing. `registries` has the default under "".
    """

    path: str = ""
    mode: int = 0
    default: Requirements = ()
    scopes: Mapping[str, Requirements] = msgspec.field(default_factory=dict)
    others: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    registries: Mapping[str, Registry] = msgspec.field(default_factory=dict)
    keys: Mapping[str, KeyFile] = msgspec.field(default_factory=dict)

    @property
    def lists(self) -> Iterator[tuple[str, Requirements]]:
        """Each scope with its requirements, the default last."""
        yield from ((scope or "docker", found) for scope, found in self.scopes.items())
        yield "default", self.default

    def applies(self, repository: str, tag: str = "") -> tuple[str, Requirements]:
        """The one scope that decides about a repository, and what it demands."""
        for scope in namespaces(repository, tag):
            if scope in self.scopes:
                return scope or "docker", self.scopes[scope]
        return "default", self.default

    def sigstore_attachments(self, repository: str) -> bool:
        """Whether signatures beside the image in its registry are looked at; they are not unless a file says so."""
        said = (
            self.registries[scope].sigstore_attachments for scope in _places(repository) if scope in self.registries
        )
        return next((each for each in said if each is not None), False)

    def lookaside(self, repository: str) -> str:
        """Where GPG signatures of a repository lie, "" where nothing says so."""
        said = (self.registries[scope].lookaside for scope in _places(repository) if scope in self.registries)
        return next(filter(None, said), "")


NO_HOST_POLICY = HostPolicy()


def accepts_anything(requirements: Requirements) -> bool:
    """Whether an image passes whatever it is."""
    return bool(requirements) and all(each.type == ANYTHING for each in requirements)


def rejects(requirements: Requirements) -> bool:
    """Whether no image passes."""
    return any(each.type == REJECT for each in requirements)


def demands_signature(requirements: Requirements) -> bool:
    """Whether a signature is needed to pass."""
    return any(each.type in {SIGNED, SIGSTORE} for each in requirements)


def namespaces(repository: str, tag: str = "") -> Iterator[str]:
    """Scopes that may decide about a repository, the most specific first; "" is the transport's own default."""
    if tag:
        yield f"{repository}:{tag}"
    yield repository
    above = repository
    while "/" in above:
        above = above.rpartition("/")[0]
        yield above
    host = above.partition(":")[0] if not above.startswith("[") else above
    while "." in host:
        host = host.partition(".")[2]
        yield f"*.{host}"
    yield ""


def _places(repository: str) -> Iterator[str]:
    return namespaces(repository)


# -- reading ---------------------------------------------------------------------------------------------------------


def parse(document: object, path: str) -> HostPolicy:
    """A decoded policy.json. Never raises; what is wrong with it is among its `mistakes`, as it is for who uses it."""
    if not isinstance(document, Mapping):
        return HostPolicy(path, mistakes=("is no JSON object",))
    wrong: list[str] = [
        f"unknown member {str(name)[:80]!r}" for name in document if name not in ("default", "transports")
    ]
    if "default" not in document:
        wrong.append("has no default")
    default = _requirements(document.get("default", []), "default", wrong)
    transports = document.get("transports", {})
    scopes: dict[str, Requirements] = {}
    others: list[str] = []
    if not isinstance(transports, Mapping):
        wrong.append("transports is no object")
        transports = {}
    for name, listed in transports.items():
        if name != "docker":
            others.append(str(name)[:80])
        elif not isinstance(listed, Mapping) or len(listed) > _MOST_SCOPES:
            wrong.append("transports.docker is no object, or a very large one")
        else:
            scopes = {
                str(scope)[:_LONGEST]: _requirements(each, f"transports.docker.{str(scope)[:80]}", wrong)
                for scope, each in listed.items()
            }
    return HostPolicy(
        path,
        default=default,
        scopes=scopes,
        others=tuple(others[:_MOST_KEYS]),
        mistakes=tuple(wrong[:_MOST_MISTAKES]),
    )


def _requirements(listed: object, place: str, wrong: list[str]) -> Requirements:
    if not isinstance(listed, list) or not listed:
        wrong.append(f"{place} is no list of requirements")
        return ()
    return tuple(found for each in listed[:_MOST_KEYS] if (found := _requirement(each, place, wrong)) is not None)


def _requirement(listed: object, place: str, wrong: list[str]) -> Requirement | None:
    kind = listed.get("type") if isinstance(listed, Mapping) else None
    if not isinstance(listed, Mapping) or kind not in TYPES:
        wrong.append(f"{place}: unknown type {_quoted(kind)}")
        return None
    wrong += [f"{place}: unknown member {_quoted(name)}" for name in listed if name not in _MEMBERS[kind]]
    if kind in {ANYTHING, REJECT}:
        return Requirement(str(kind))
    given = [name for name in _KEYS if name in listed]
    if len(given) != 1:
        wrong.append(f"{place}: {kind} names no key" if not given else f"{place}: {' and '.join(given)} stand together")
    keys = [*([listed["keyPath"]] if "keyPath" in listed else []), *_list(listed.get("keyPaths"))]
    inline = [*([listed["keyData"]] if "keyData" in listed else []), *_list(listed.get("keyDatas"))]
    data = tuple(_decoded(each) for each in inline[:_MOST_KEYS])
    if kind == SIGNED and listed.get("keyType") not in _KEY_TYPES:
        wrong.append(f"{place}: unknown keyType {_quoted(listed.get('keyType'))}")
    if not all(isinstance(key, str) for key in keys) or not all(data):
        wrong.append(f"{place}: a key is neither a path nor base64")
    identity, other = _identity(listed.get("signedIdentity"), place, wrong)
    paths = tuple(key[:_LONGEST] for key in keys[:_MOST_KEYS] if isinstance(key, str))
    keyless = "fulcio" in given or "pki" in given
    logged = any(name in listed for name in _LOG)
    return Requirement(str(kind), paths, tuple(filter(None, data)), keyless, identity, other, logged)


def _identity(listed: object, place: str, wrong: list[str]) -> tuple[str, str]:
    if listed is None:
        return "matchRepoDigestOrExact", ""
    kind = listed.get("type") if isinstance(listed, Mapping) else None
    if not isinstance(listed, Mapping) or not isinstance(kind, str) or kind not in _IDENTITIES:
        wrong.append(f"{place}: unknown signedIdentity {_quoted(kind)}")
        return "matchRepoDigestOrExact", ""
    needed = _IDENTITIES[kind]
    wrong += [
        f"{place}: signedIdentity {kind} has no {name}" for name in needed if not isinstance(listed.get(name), str)
    ]
    wrong += [f"{place}: unknown member {_quoted(name)}" for name in listed if name not in ("type", *needed)]
    return str(kind), str(listed.get(needed[-1], ""))[:_LONGEST] if needed else ""


def _quoted(value: object) -> str:
    return repr(str(value)[:80])


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


def registries(documents: Iterable[tuple[str, object]]) -> dict[str, Registry]:
    """Scopes of all files of registries.d, "" is the default; of two files that name one scope the first counts."""
    found: dict[str, Registry] = {}
    for path, document in documents:
        if not isinstance(document, Mapping):
            continue
        if isinstance(document.get("default-docker"), Mapping):
            found.setdefault("", _registry(document["default-docker"], path))
        listed = document.get("docker")
        for scope, each in list(listed.items())[:_MOST_SCOPES] if isinstance(listed, Mapping) else ():
            if isinstance(each, Mapping):
                found.setdefault(str(scope)[:_LONGEST], _registry(each, path))
    return found


def _registry(listed: Mapping[Any, Any], path: str) -> Registry:
    place = listed.get("lookaside", listed.get("sigstore"))  # the second is its name of old
    said = listed.get("use-sigstore-attachments")
    return Registry(place[:_LONGEST] if isinstance(place, str) else "", said if isinstance(said, bool) else None, path)


# -- beside the site's own policy -------------------------------------------------------------------------------------


def authorities(host: HostPolicy, repository: str) -> tuple[Authority, ...]:
    """Whose signatures the host's policy accepts of a repository, as far as one of them alone is enough."""
    return _accepted(host, host.applies(repository)[1], repository)


def _accepted(host: HostPolicy, requirements: Requirements, repository: str) -> tuple[Authority, ...]:
    if len(requirements) != 1 or host.mistakes:
        return ()
    (only,) = requirements
    if only.logged or only.identity not in _OWN_NAME:  # two proofs at once, or another's name: no rule says that
        return ()
    contents = [(path, host.keys[path].content) for path in only.keys if path in host.keys]
    usable = [(path, content) for path, content in contents if content and not host.keys[path].mistake]
    usable += [(f"{host.path}: keyData", content) for content in only.inline]
    if only.type == SIGNED:
        lookaside = host.lookaside(repository)
        return tuple(GpgKeys(name, content, lookaside) for name, content in usable)
    return tuple(PublicKey(name, content) for name, content in usable) if only.type == SIGSTORE else ()


def with_host(policy: TrustPolicy, host: HostPolicy) -> TrustPolicy:
    """The site's policy, with whom the host's trusts besides where `use_host_policy` is "keys"."""
    if policy.host_policy != "keys" or not host.path or host.mistakes:
        return policy
    kept = next((each for each in _JOINED if each[0] is policy and each[1] is host), None)
    if kept is None:
        kept = policy, host, msgspec.structs.replace(policy, host_rules=tuple(_rules(host)))
        _JOINED[:] = [kept, *_JOINED[: _MOST_JOINED - 1]]
    return kept[2]


_JOINED: list[tuple[TrustPolicy, HostPolicy, TrustPolicy]] = []  # what was made last: every image asks for the same
_MOST_JOINED = 4


def _rules(host: HostPolicy) -> Iterator[Rule]:
    """One for each scope but those of a single tag; one that nobody's signature satisfies hides the wider ones."""
    scopes = sorted(filter(None, host.scopes), key=lambda scope: (scope.startswith("*."), -len(scope)))
    for scope in (*scopes, ""):
        repository = scope_repository(scope)
        if repository:
            alone = () if normalised(repository) != repository else (repository,)  # a namespace of Docker Hub is none
            match: tuple[str, ...] = (*alone, f"{repository}/**")
        elif "/" in scope:  # one tag or digest alone
            continue
        elif scope.startswith("*."):
            match = (f"{scope}/**", f"{scope}:*/**")
        else:
            match = (f"{scope}/**" if scope else "**",)
        trusted = _accepted(host, host.scopes.get(scope, host.default), repository or scope)
        yield Rule(match, require=("signature",) if trusted else (), signed_by=trusted, of_host=host.path)


def scope_repository(scope: str) -> str:
    """The repository or namespace that a scope of policy.json names, "" where it names more, or less, than one.

    It stands there in full: `docker.io/library` is a namespace, not the official image of that name.
    """
    registry, _, path = scope.partition("/")
    last = path.rpartition("/")[2]
    return f"{registry.lower()}/{path}" if path and "*" not in scope and "@" not in last and ":" not in last else ""
