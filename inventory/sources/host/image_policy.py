"""The host's own policy of image signatures: policy.json, registries.d, and the key files that it names.

containers-policy.json(5): the user's file in ~/.config/containers alone where there is one, else the system's in
/etc/containers; registries.d is chosen in the same way. Every host may have one: Podman, Buildah, Skopeo and CRI-O
keep to it, whatever engine is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import msgspec

from inventory.gap import Gap, Reason
from inventory.signatures.host_policy import NO_HOST_POLICY, SIGNED, HostPolicy, KeyFile, parse, registries
from inventory.signatures.key_files import (
    MAX_CERTIFICATES,
    MAX_KEY,
    MAX_KEYRING,
    certificates_mistake,
    keyring_mistake,
    public_key_mistake,
)
from inventory.sources.host.homes import Homes
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

_SYSTEM, _USERS = "/etc/containers", ".config/containers"
_MOST_FILES, _MOST_KEYS, _LARGEST = 64, 64, 1 << 20
_NOT_LOOKED = "outside of the home of the user whose policy names it: not opened"


class _Place(NamedTuple):
    """Who reads, where the engine's view of the files begins, and whose home counts."""

    reader: HostReader
    homes: Homes
    root: str
    home: str

    def read(self, path: str) -> bytes | Gap:
        """A file; below the home no link is followed."""
        if self.within(path):
            return self.homes.read(self.home, path[len(self.home) + 1 :])
        return told(partial(self.reader.read, self.root + path), path)

    def names(self, path: str) -> list[str] | Gap:
        """The names in a directory."""
        if self.within(path):
            return self.homes.names(self.home, path[len(self.home) + 1 :])
        return told(partial(self.reader.names, self.root + path), path)

    def mode(self, path: str) -> int:
        """Its permission bits, 0 where they are not told."""
        if self.within(path):
            found = self.homes.stat(self.home, path[len(self.home) + 1 :])
        else:
            found = told(partial(self.reader.stat, self.root + path), path)
        return 0 if isinstance(found, Gap) else found.mode

    def within(self, path: str) -> bool:
        """Whether a path is below the home."""
        return bool(self.home) and path.startswith(f"{self.home}/") and ".." not in path.split("/")


def image_policy(reader: HostReader, root: str, home: str) -> HostPolicy | Gap:
    """The policy of who runs the engine; a gap where it may not be read, or is no JSON.

    `root` is where the engine's own view of the files begins, `home` the home of who runs it, "" where that is unknown.
    """
    place = _Place(reader, Homes(reader, root), root, home.rstrip("/"))
    directories = ([f"{place.home}/{_USERS}"] if place.home else []) + [_SYSTEM]
    for directory in directories:
        path = f"{directory}/policy.json"
        raw = place.read(path)
        if not isinstance(raw, Gap):
            return _whole(place, path, raw, directories)
        if raw.reason is not Reason.UNSUPPORTED:
            return raw
    return NO_HOST_POLICY


def _whole(place: _Place, path: str, raw: bytes, directories: list[str]) -> HostPolicy:
    try:
        document = msgspec.json.decode(raw[:_LARGEST], type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return HostPolicy(path, mistakes=("is no JSON object",))
    policy = parse(document, path)
    return msgspec.structs.replace(
        policy,
        mode=place.mode(path),
        registries=registries(_registries(place, directories)),
        keys=dict(_keys(place, policy)),
    )


def _registries(place: _Place, directories: list[str]) -> Iterator[tuple[str, object]]:
    """The files of the first registries.d that is there; one that says nothing that can be understood is left out."""
    for directory in directories:
        names = place.names(f"{directory}/registries.d")
        if isinstance(names, Gap):
            if names.reason is not Reason.UNSUPPORTED:
                return
            continue
        from inventory.sources.host.kubeconfigs import parsed  # late, as YAML is: most hosts have no such file

        for name in [name for name in names if name.endswith(".yaml")][:_MOST_FILES]:
            path = f"{directory}/registries.d/{name}"
            raw = place.read(path)
            document = raw if isinstance(raw, Gap) else parsed(raw, path)
            if not isinstance(document, Gap):
                yield path, document
        return


def _keys(place: _Place, policy: HostPolicy) -> Iterator[tuple[str, KeyFile]]:
    """Each file that a requirement names, once. A user's policy must not make who looks open files of others."""
    users = place.within(policy.path)
    seen: dict[str, str] = {}
    for _, requirements in policy.lists:
        for each in requirements:
            seen.update(dict.fromkeys(each.keys, each.type))
    for path, kind in list(seen.items())[:_MOST_KEYS]:
        if not path.startswith("/"):
            yield path, KeyFile(path, mistake="is relative to wherever a program was started")
            continue
        if users and not place.within(path):
            yield path, KeyFile(path, unread=Gap(Reason.UNSUPPORTED, path, _NOT_LOOKED))
        else:
            yield path, msgspec.structs.replace(_key(path, kind, place.read(path)), mode=place.mode(path))


def _key(path: str, kind: str, raw: bytes | Gap) -> KeyFile:
    if isinstance(raw, Gap):
        gone = raw.reason is Reason.UNSUPPORTED
        return KeyFile(path, mistake="does not exist") if gone else KeyFile(path, unread=raw)
    limit = MAX_KEYRING if kind == SIGNED else max(MAX_KEY, MAX_CERTIFICATES)
    if len(raw) > limit:
        return KeyFile(path, mistake="is larger than any key")
    wrong = keyring_mistake(raw) if kind == SIGNED else public_key_mistake(raw)
    if wrong and kind == SIGNED and raw.lstrip().startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK"):
        return KeyFile(path)  # Podman and Skopeo read armoured keys too; gpgv does not, so they are of no use here
    if wrong and kind != SIGNED and not certificates_mistake(raw):
        wrong = "holds certificates, where a public key is expected"
    return KeyFile(path, b"" if wrong else raw, wrong)
