"""Java archives, streamed."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Mapping

import pytest

from inventory.contents.packages.zip_stream import Budget, Sink, ZipStream
from tests.contents.packages.found import find, packages, problems, short

POM = "META-INF/maven/org.a/b/pom.properties"


class Unseekable(io.BytesIO):
    """Makes zipfile write sizes behind the members, as the jar tool does."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError


def jar(files: Mapping[str, bytes | str], *, stored: bool = False, streamed: bool = False) -> bytes:
    target = Unseekable() if streamed else io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def pom(artifact: str = "b", version: str = "1.2") -> str:
    return f"#Created by Maven\ngroupId=org.a\nartifactId={artifact}\nversion={version}\n"


@pytest.mark.parametrize("pieces", [1, 13, 1 << 16])
@pytest.mark.parametrize(("stored", "streamed"), [(True, False), (False, False), (False, True)])
def test_maven(pieces: int, stored: bool, streamed: bool) -> None:
    files: dict[str, bytes | str] = {
        "a.class": b"\xca\xfe" * 3000,
        POM: pom(),
        "META-INF/maven/org.a/c/pom.properties": pom("c"),
    }
    finds = find("app/x-9.jar", jar(files, stored=stored, streamed=streamed), pieces=pieces)
    assert short(finds) == ["org.a:b 1.2", "org.a:c 1.2"]
    assert not problems(finds)


@pytest.mark.parametrize(("stored", "streamed"), [(True, False), (False, True)])
def test_archives_inside(stored: bool, streamed: bool) -> None:
    inner = jar({POM: pom()}, streamed=streamed)
    outer = jar({"BOOT-INF/lib/b-1.2.jar": inner, "BOOT-INF/lib/plain-3.1.jar": jar({"x": b""})}, stored=stored)
    finds = find("app.war", jar({"app.jar": outer}))
    assert {(each.name, each.version, each.path) for each in packages(finds)} == {
        ("org.a:b", "1.2", "/app.war!/app.jar!/BOOT-INF/lib/b-1.2.jar"),
        ("plain", "3.1", "/app.war!/app.jar!/BOOT-INF/lib/plain-3.1.jar"),
    }


@pytest.mark.parametrize(
    ("name", "manifest", "expected"),
    [
        ("guava-31.1-jre.jar", "", ["guava 31.1-jre"]),
        ("b.jar", "Bundle-SymbolicName: org.a.b;x=1\r\nBundle-Version: 2.0\r\n", ["org.a.b 2.0"]),
        ("b-1.0.jar", "Bundle-SymbolicName: org.a.b\r\n", ["org.a:b 1.0"]),
        ("b-1.0.jar", "Implementation-Vendor-Id: a vendor. And more\r\n", ["b 1.0"]),
        ("b-1.0.jar", "Implementation-Vendor-Id: org.v\r\n .long\r\n", ["org.v.long:b 1.0"]),
        ("b.jar", "Implementation-Title: tool\r\nImplementation-Version: 3.1\r\n\r\nName: x\r\n", ["tool 3.1"]),
        ("b.jar", "Implementation-Title: A Tool With Words\r\nImplementation-Version: 3.1\r\n", []),
        ("b.jar", "Manifest-Version: 1.0\r\n", []),
    ],
)
def test_manifests(name: str, manifest: str, expected: list[str]) -> None:
    assert short(find(name, jar({"META-INF/MANIFEST.MF": manifest, "x": b""}))) == expected


def test_a_script_before_the_archive() -> None:
    assert short(find("app.jar", b"#!/bin/sh\nexec java -jar $0\n" + jar({POM: pom()}))) == ["org.a:b 1.2"]


def test_properties_that_name_nothing() -> None:
    assert not packages(find("app.jar", jar({POM: "groupId=a\nartifactId=b\nversion=${revision}\n"})))
    assert not packages(find("app.jar", jar({POM: b"\xff" * 400_000})))


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive" * 200_000, b"PK\x03\x04" + b"\xff" * 100])
def test_what_is_no_archive_is_a_problem(data: bytes) -> None:
    assert problems(find("app.jar", data))


def test_an_archive_cut_anywhere_is_a_problem() -> None:
    data = jar({"x.class": b"abc" * 500, POM: pom()}, streamed=True)
    end = data.index(b"PK\x01\x02")
    for cut in range(end):
        assert problems(find("app.jar", data[:cut])), cut
    assert not problems(find("app.jar", data))


def test_archives_too_deep_are_a_problem() -> None:
    data = jar({POM: pom()})
    for _ in range(4):
        data = jar({"inner.jar": data})
    finds = find("app.jar", data)
    assert not packages(finds)
    assert problems(finds) == ["/app.jar: 'inner.jar' has archives too deep inside it"]


class Count:
    def __init__(self) -> None:
        self.bytes = 0

    def feed(self, piece: bytes) -> None:
        self.bytes += len(piece)

    def close(self) -> None:
        pass


def test_bombs_are_bounded() -> None:
    counts: list[Count] = []

    def opened(_name: str) -> Sink:
        counts.append(Count())
        return counts[-1]

    stream = ZipStream(opened, Budget(1 << 20, 100))
    stream.feed(jar({"bomb": b"\0" * (50 << 20)}, streamed=True))
    stream.close()
    assert stream.problem == "too large when unpacked"
    assert counts[0].bytes <= 1 << 20
    many = ZipStream(lambda _name: None, Budget(1 << 20, 100))
    many.feed(jar({str(number): b"x" for number in range(200)}))
    assert many.problem == "of too many members"


def test_very_many_properties_take_little_memory() -> None:
    data = jar({f"META-INF/maven/a/{number}/pom.properties": b"#" * (256 << 10) for number in range(400)})
    tracemalloc.start()
    finds = find("app.jar", data)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not packages(finds)
    assert peak < 20 << 20  # 100 MiB of text went by


def test_more_packages_than_any_archive_has_are_said() -> None:
    data = jar({f"META-INF/maven/a/{number}/pom.properties": pom(f"b{number}") for number in range(5002)}, stored=True)
    finds = find("app.jar", data)
    assert len(packages(finds)) == 5000
    assert problems(finds) == ["/app.jar: 'app.jar' names more than 5000 packages"]


def test_encrypted_members_are_passed_over() -> None:
    data = bytearray(jar({"secret.jar": b"x" * 100, POM: pom()}, stored=True))
    data[6] |= 1
    assert short(find("app.jar", bytes(data))) == ["org.a:b 1.2"]


def test_damaged_deflate_is_a_problem() -> None:
    data = jar({"a": zlib.compress(b"hello" * 100), POM: pom()}, streamed=True)
    broken = data[:40] + bytes(byte ^ 0xFF for byte in data[40:60]) + data[60:]
    assert problems(find("app.jar", broken))
