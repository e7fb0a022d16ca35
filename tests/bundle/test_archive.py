"""Bundles that are what they should be, and bundles that somebody made to do harm."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import stat
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from inventory.sources.bundle import archive, manifest
from inventory.sources.bundle.archive import Bundle
from inventory.sources.bundle.manifest import BundleError, Manifest, Member, SourceEntry

BODY = b'{"ID": "abc"}'


def good() -> Bundle:
    member = archive.named(Member("docker", "/info", 200, 5.5, headers={"server": "Docker/20.10.24"}), 1, BODY)
    failed = Member("docker", "/services", 503, 6.0, reason="unsupported", detail="not a swarm manager")
    source = SourceEntry("docker", "docker", "unix:///run/docker.sock")
    return Bundle(Manifest("deckwatch 1", "host-a", 5.0, True, (source,), (member, failed)), {member.name: BODY})


def packed(bundle: Bundle) -> bytes:
    file = io.BytesIO()
    archive.dump(file, bundle)
    return file.getvalue()


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for info, body in members:
            info.size = len(body) if info.isreg() else info.size
            tar.addfile(info, io.BytesIO(body))
    return file.getvalue()


def fails(data: bytes, said: str) -> None:
    with pytest.raises(BundleError, match=said) as caught:
        archive.load(io.BytesIO(data))
    assert "\n" not in str(caught.value)


def document(**changes: Any) -> bytes:
    return json.dumps({**json.loads(good().manifest.encode()), **changes}).encode()


def with_manifest(raw: bytes, *more: tuple[tarfile.TarInfo, bytes]) -> bytes:
    return tar_of((tarfile.TarInfo("manifest.json"), raw), *more)


ANSWER = (tarfile.TarInfo("answers/000001"), BODY)


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "a.bundle"
    archive.write(path, good())
    assert archive.read(path) == good()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bundle"]
    assert packed(good()) == packed(good())


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    class Broken(dict[str, bytes]):
        def items(self) -> Any:
            raise OSError("disk full")

    path = tmp_path / "a.bundle"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="disk full"):
        archive.write(path, Bundle(good().manifest, Broken()))
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("a.bundle", b"old")]


def test_an_existing_file_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "a.bundle"
    path.touch(0o644)
    archive.write(path, good())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_bundle_at_all(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"missing cannot be read: No such file"):
        archive.read(tmp_path / "missing")
    with pytest.raises(BundleError, match="Is a directory"):
        archive.read(tmp_path)
    fails(b"", "is no bundle|cut short")
    fails(b"PK\x03\x04 something else entirely", "not a gzip file")
    fails(gzip.compress(b"hello"), "damaged|no bundle")
    fails(tar_of(ANSWER), "has no manifest.json")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_cut_short(share: float) -> None:
    data = packed(good())
    fails(data[: int(len(data) * share)], "cut short|not a gzip")


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x",
        "answers/../../x",
        "answers/000001/x",
        "answers/1",
        "answers",
        "./manifest.json",
        "a\nb",
        "",
    ],
)
def test_foreign_names(name: str) -> None:
    fails(with_manifest(document(), (tarfile.TarInfo(name), b"x")), "foreign name|no plain file|damaged")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_links_devices_and_folders(kind: bytes) -> None:
    info = tarfile.TarInfo("answers/000001")
    info.type, info.linkname = kind, "/etc/passwd"
    fails(with_manifest(document(), (info, b"")), "no plain file")


def test_twice_the_same() -> None:
    fails(with_manifest(document(), ANSWER, ANSWER), "twice")


def test_too_large_a_member() -> None:
    info = tarfile.TarInfo("answers/000001")
    info.size = archive.MAX_MEMBER + 1
    fails(gzip.compress(info.tobuf() + b"x" * 1024), "more than 128")


def test_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", 1 << 20)
    info = tarfile.TarInfo("answers/000001")
    info.size = 64 << 20
    fails(gzip.compress(info.tobuf() + bytes(4 << 20)), "unpacks to more than 1 MiB")


def test_a_bomb_in_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", 1 << 20)
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 64 << 20
    fails(gzip.compress(info.tobuf() + bytes(4 << 20)), "unpacks to more than 1 MiB")


def test_too_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    members = [(tarfile.TarInfo(f"answers/{number:06d}"), b"") for number in range(5)]
    fails(tar_of(*members), "more than 3 members")


def test_a_chain_of_long_names() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 512
    fails(gzip.compress((info.tobuf() + b"a" * 512) * 5000), "damaged")


def test_a_negative_size() -> None:
    header = bytearray(tarfile.TarInfo("answers/000001").tobuf())
    header[124:136] = b"\xff" + struct.pack(">Q", (1 << 64) - 1024).rjust(11, b"\xff")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header[:512]):06o}\0 ".encode()
    fails(gzip.compress(bytes(header) + bytes(1024)), "damaged|cut short|no plain|is no bundle")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "schema None"),
        (document(schema="deckwatch.bundle/9"), "schema 'deckwatch.bundle/9'"),
        (document(time="now"), "'time'"),
        (document(masked=None), "'masked'"),
        (document(sources=[3]), "'sources'"),
        (document(sources=[{"name": "a"}]), "incomplete"),
        (document(members={}), "'members'"),
        (document(members=[{"source": 1}]), "'source' in 'members'"),
        (document(members=[{"source": "a", "request": "/", "status": True, "time": 1}]), "'status' in 'members'"),
        (document(members=[{"source": "a", "request": "/", "status": 1, "time": 1, "headers": {"a": 1}}]), "'headers'"),
    ],
)
def test_a_broken_manifest(raw: bytes, said: str) -> None:
    fails(with_manifest(raw, ANSWER), said)


def test_what_a_later_version_adds_is_ignored() -> None:
    member = {**json.loads(good().manifest.encode())["members"][0], "later": [1]}
    found = archive.load(io.BytesIO(with_manifest(document(members=[member], later={}), ANSWER)))
    assert found.bodies == {"answers/000001": BODY}


def test_bodies_and_manifest_must_agree() -> None:
    other = (tarfile.TarInfo("answers/000001"), b'{"ID": "abd"}')
    fails(with_manifest(document(), other), r"was changed: answers/000001 .*\(/info\)")
    fails(with_manifest(document()), r"lacks answers/000001.*\(/info\)")
    extra = (tarfile.TarInfo("answers/000002"), b"x")
    fails(with_manifest(document(), ANSWER, extra), "does not name")


def test_the_hash_is_of_the_body() -> None:
    assert good().manifest.members[0].sha256 == hashlib.sha256(BODY).hexdigest()
    assert manifest.decode(good().manifest.encode()) == good().manifest
