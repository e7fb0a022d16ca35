"""What an image holds, as plain data: made once per image, kept by digest, written into recordings as it is."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Distribution(msgspec.Struct, frozen=True):
    """os-release(5). `support_end` is its SUPPORT_END (ISO date) or "". All "" where the image has no os-release."""

    id: str = ""
    version_id: str = ""
    pretty_name: str = ""
    codename: str = ""
    id_like: str = ""
    support_end: str = ""
    variant: str = ""


class Package(msgspec.Struct, frozen=True):
    """An installed package. `type` is that of its package URL: deb, apk, rpm, pypi, npm, golang, maven, gem, cargo.

    `version` is complete, with epoch and release where the format has them. `path` is the file that records it, with a
    leading slash; `layer` the diffID of the layer that brought this record, "" where nobody can tell. `source` and
    `source_version` name the source package (deb Source, apk origin, rpm SOURCERPM), "" where it has the same name and
    version. `owner` is the distribution package that owns `path`, "" where none does. `purl` is not kept: it is made.
    `module` is rpm's modularity label (`name:stream:version:context`), "" where it has none.
    """

    type: str
    name: str
    version: str
    path: str
    layer: str = ""
    source: str = ""
    source_version: str = ""
    architecture: str = ""
    licenses: tuple[str, ...] = ()
    owner: str = ""
    module: str = ""


class Layer(msgspec.Struct, frozen=True):
    """One layer, lowest first: bytes and files that it added, changed (were there already) and removed (whiteouts).

    `size` counts the file contents that it brings, in bytes; `wasted` those of lower layers that it hides. `created_by`
    is the build step out of the image's configuration, "" where it has no history. `largest` are its biggest files.
    """

    diff_id: str
    size: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    wasted: int = 0
    created_by: str = ""
    largest: tuple[FileFact, ...] = ()


class FileFact(msgspec.Struct, frozen=True):
    """A file of an image: `path` with a leading slash, `mode` with all permission bits, `size` in bytes."""

    path: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    layer: str = ""


class SecretFile(msgspec.Struct, frozen=True):
    """A file that holds a secret (`kind` content) or is named as if (`kind` name).

    `masked` is what was found, masked by `inventory.secrets`; `removed_in` the diffID of the layer that deletes or
    replaces the file, which does not take it out of the image; `digest` the salted-free sha256 prefix of 12 characters
    of the secret itself, "" for a name.
    """

    path: str
    layer: str
    size: int
    rule: str
    kind: str
    masked: str = ""
    removed_in: str = ""
    digest: str = ""


class Account(msgspec.Struct, frozen=True):
    """A line of /etc/passwd with what /etc/shadow says: `password` is empty, locked, hash, none (no shadow line)."""

    name: str
    uid: int
    gid: int
    home: str = ""
    shell: str = ""
    password: str = "none"  # noqa: S105 - a state, not a password


class Group(msgspec.Struct, frozen=True):
    """A line of /etc/group."""

    name: str
    gid: int


class Cache(msgspec.Struct, frozen=True):
    """A package manager's cache that was left: a directory, its bytes and files."""

    path: str
    size: int
    files: int
    layer: str = ""


class Executable(msgspec.Struct, frozen=True):
    """A program that a list names: `rule` is the name list's or the hash list's entry, `sha256` hex or ""."""

    path: str
    layer: str
    rule: str
    sha256: str = ""


class Contents(msgspec.Struct, frozen=True):
    """Everything found in one image. `how`: overlay (layer directories), export (engine's stream), layout (OCI layout).

    `problems` say, a sentence each, what could not be read or was refused; where there are any, `complete` is false and
    nothing may be concluded from what is missing. `tools` are programs of the final file system by class (shell,
    package manager, compiler, network, interpreter, debugger). `files` and `size` (bytes) are what is visible in the
    end, directories not counted. `digest` is the image's id. Times in epoch seconds.
    `schema` changes when what is looked for changes: an older result is read again. `created`, `architecture` and `os`
    are those of a file's configuration, 0.0 and "" where it does not say; an engine's image has them itself.
    """

    digest: str
    how: str
    schema: int
    distribution: Distribution = Distribution()
    packages: tuple[Package, ...] = ()
    layers: tuple[Layer, ...] = ()
    set_id: tuple[FileFact, ...] = ()
    world_writable: tuple[FileFact, ...] = ()
    accounts: tuple[Account, ...] = ()
    groups: tuple[Group, ...] = ()
    secrets: tuple[SecretFile, ...] = ()
    caches: tuple[Cache, ...] = ()
    tools: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    suspicious: tuple[Executable, ...] = ()
    hashes_checked: int = 0
    files: int = 0
    size: int = 0
    problems: tuple[str, ...] = ()
    complete: bool = True
    read_at: float = 0.0
    created: float = 0.0
    architecture: str = ""
    os: str = ""

    def layer_number(self, diff_id: str) -> int:
        """The layer's place from the bottom, from 1; 0 where it is not one of them."""
        return next((number for number, layer in enumerate(self.layers, 1) if layer.diff_id == diff_id), 0)


SCHEMA = 1
"""Of `Contents`: to be raised whenever reading the same image would give another result."""
