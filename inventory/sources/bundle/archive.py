"""Opening and writing the file of a bundle: a gzip tar that is read in memory and never unpacked to disk.

A bundle comes from another machine, so nothing in it is trusted: members must be plain files with the names that the
writer gives, every one named in the manifest with its size and hash, and all of it together must stay within limits.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from inventory.sources.bundle import manifest as form
from inventory.sources.bundle.manifest import BundleError, Manifest, Member

MAX_MEMBER = 128 << 20  # bytes of one answer
MAX_TOTAL = 512 << 20  # bytes unpacked
MAX_MEMBERS = 200_000


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle, checked: `bodies` by member name."""

    manifest: Manifest
    bodies: Mapping[str, bytes]


def read(path: Path) -> Bundle:
    """Open a bundle; raises `BundleError` with one line that says what is wrong with it."""
    try:
        with path.open("rb") as file:
            return load(file)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}") from None


def load(file: IO[bytes]) -> Bundle:
    """The bundle in an open file."""
    bodies: dict[str, bytes] = {}
    with _damage(), _Limited(fileobj=file, mode="rb") as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
        for info in tar:
            name = _allowed(info, bodies)
            bodies[name] = _content(tar, info)
        while plain.read(1 << 16):  # to the end: only there does gzip tell whether all of it arrived
            pass
    if form.NAME not in bodies:
        raise BundleError(f"is no bundle: it has no {form.NAME}")
    manifest = form.decode(bodies.pop(form.NAME))
    _verify(manifest, bodies)
    return Bundle(manifest, bodies)


@contextmanager
def _damage() -> Iterator[None]:
    """Turn everything that a broken archive can raise into one line."""
    try:
        yield
    except gzip.BadGzipFile:
        raise BundleError("is no bundle: not a gzip file") from None
    except (EOFError, zlib.error, tarfile.TarError, ValueError, IndexError, RecursionError) as error:
        raise BundleError(f"is damaged or cut short: {error}") from None


class _Limited(gzip.GzipFile):
    """Ends a decompression that grows past every honest size, before it fills the memory."""

    unpacked = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.unpacked += len(data)
        if self.unpacked > MAX_TOTAL:
            raise BundleError(f"unpacks to more than {MAX_TOTAL >> 20} MiB, which no recording does")
        return data


def _allowed(info: tarfile.TarInfo, known: Mapping[str, bytes]) -> str:
    if info.type != tarfile.REGTYPE or info.issparse():
        raise BundleError(f"holds {info.name!r}, which is no plain file")
    if info.name != form.NAME and not form.MEMBER.fullmatch(info.name):
        raise BundleError(f"holds a member with the foreign name {info.name!r}")
    if info.name in known:
        raise BundleError(f"holds {info.name!r} twice")
    if info.size > MAX_MEMBER:
        raise BundleError(f"holds {info.name!r} of {info.size >> 20} MiB, more than {MAX_MEMBER >> 20}")
    if len(known) >= MAX_MEMBERS:
        raise BundleError(f"holds more than {MAX_MEMBERS} members")
    return info.name


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(info)
    data = file.read() if file else b""
    if len(data) != info.size:
        raise BundleError("is damaged or cut short")
    return data


def _verify(manifest: Manifest, bodies: Mapping[str, bytes]) -> None:
    named = {member.name: member for member in manifest.members if member.name}
    for name, member in named.items():
        body = bodies.get(name)
        if body is None:
            raise BundleError(f"lacks {name}, which its manifest names ({member.request})")
        if len(body) != member.size or hashlib.sha256(body).hexdigest() != member.sha256:
            raise BundleError(f"was changed: {name} is not what its manifest says ({member.request})")
    extra = next((name for name in bodies if name not in named), None)
    if extra is not None:
        raise BundleError(f"holds {extra}, which its manifest does not name")


def named(member: Member, number: int, body: bytes) -> Member:
    """The manifest entry with the name, size and hash of the file that holds its body."""
    digest = hashlib.sha256(body).hexdigest()
    return replace(member, name=f"answers/{number:06d}", size=len(body), sha256=digest)


def write(path: Path, bundle: Bundle) -> None:
    """Write a bundle completely or not at all, readable by its owner only."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            dump(file, bundle)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def dump(file: IO[bytes], bundle: Bundle) -> None:
    """Write the archive: the manifest first, then the answers in the order in which they were read."""
    when = int(bundle.manifest.time)
    with (
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=when) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
    ):
        _add(tar, form.NAME, bundle.manifest.encode(), when)
        for name, body in bundle.bodies.items():
            _add(tar, name, body, when)


def _add(tar: tarfile.TarFile, name: str, body: bytes, when: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(body), 0o600, when
    tar.addfile(info, io.BytesIO(body))
