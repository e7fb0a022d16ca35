"""What programs say of themselves: Go's build information in both forms, cargo auditable's list."""

from __future__ import annotations

import json
import tarfile
import time
import zlib
from pathlib import Path

import pytest

from inventory.contents.packages.go_modules import INFO_END, INFO_START
from tests.contents.packages.found import find, packages, problems, short

DATA = Path(__file__).parents[2] / "data"
FILL = b"\x7fELF" + bytes(range(256)) * 500
MAGIC = b"\xff Go buildinf:"
TEXT = (
    "path\tcmd\nmod\texample.org/app\t(devel)\t\n"
    "dep\tgolang.org/x/net\tv0.7.0\th1:x=\ndep\told\tv1.0.0\n=>\tnew\tv2.0.0\th1:y=\n"
)
ALL = ["example.org/app (devel)", "golang.org/x/net v0.7.0", "new v2.0.0"]


def program(*parts: bytes) -> bytes:
    return FILL + b"".join(parts) + FILL[4:]


def inline(version: str = "go1.22.1", text: str = TEXT) -> bytes:
    """As the linker writes it since Go 1.18."""
    written = version.encode()
    told = INFO_START + text.encode() + INFO_END
    size, length = len(told), b""
    while size >= 0x80:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return MAGIC + b"\x08\x02" + b"\0" * 16 + bytes([len(written)]) + written + length + bytes([size]) + told


@pytest.mark.parametrize("pieces", [7, 100, 4096, 1 << 20])
def test_go_in_pieces_of_any_size(pieces: int) -> None:
    finds = find("usr/bin/app", program(inline()), mode=0o755, pieces=pieces)
    assert short(finds) == [*ALL, "stdlib 1.22.1"]
    assert {each.type for each in packages(finds)} == {"golang"}
    assert not problems(finds)


def test_go_before_1_18_tells_its_modules_elsewhere() -> None:
    pointers = MAGIC + b"\x08\x00" + b"\x10" * 16
    data = program(INFO_START + TEXT.encode() + INFO_END, b"\0" * 400, pointers, b"\0" * 400)
    assert short(find("app", data, mode=0o755)) == ALL


@pytest.mark.parametrize(
    ("flags", "version"),
    [
        ('build\t-ldflags="-s -w -X main.version=1.18.1 -X main.gitCommit=abc"\n', "v1.18.1"),
        ('build\t-ldflags="-X github.com/a/b/pkg/version.Version=v2.0.0-rc.1"\n', "v2.0.0-rc.1"),
        ('build\t-ldflags="-X main.version=1.2.3 -X x/version.Version=1.2.4"\n', "(devel)"),
        ('build\t-ldflags="-X main.version=nightly"\n', "(devel)"),
        ('build\t-ldflags="-X main.conversion=1.2.3"\n', "(devel)"),
    ],
)
def test_a_version_that_the_linker_was_given(flags: str, version: str) -> None:
    text = f"path\tapp\nmod\texample.org/app\t(devel)\t\n{flags}"
    assert short(find("app", program(inline(text=text)), mode=0o755))[0] == f"example.org/app {version}"


@pytest.mark.parametrize("version", ["devel +abc Tue", "gone", "", "go1.22.1\x1b[2J"])
def test_no_release_of_go_is_no_standard_library(version: str) -> None:
    assert "stdlib" not in " ".join(short(find("app", program(inline(version)), mode=0o755)))


def test_words_alone_are_no_list() -> None:
    assert not find("app", program(MAGIC, b"\0" * 1000), mode=0o755)
    assert not find("app", program(INFO_START + TEXT.encode() + INFO_END), mode=0o755)
    assert not find("usr/bin/script", b"#!/bin/sh\n" + program(inline()), mode=0o755)
    assert not find("app", program(inline()), mode=0o644)
    assert not find("usr/lib/libgo.so.1", program(inline()), mode=0o755)


def test_a_list_without_an_end_is_a_problem() -> None:
    data = program(inline().removesuffix(INFO_END))
    finds = find("app", data, mode=0o755)
    assert short(finds) == ["stdlib 1.22.1"]
    assert problems(finds) == ["/app: Go's list of modules does not end"]


def test_marks_without_an_end_cost_no_more_than_their_length() -> None:
    begun = time.monotonic()
    find("app", program(INFO_START * 60_000), mode=0o755)
    find("app", program(MAGIC * 60_000), mode=0o755)
    assert time.monotonic() - begun < 20  # each mark searched to its limit: minutes
    assert short(find("app", program(INFO_START * 3, inline()), mode=0o755)) == [*ALL, "stdlib 1.22.1"]


def test_places_that_are_too_many_are_said() -> None:
    finds = find("app", program(b"x\x9c" * 150_000, b"\0" * (1 << 19)), mode=0o755)
    assert problems(finds) == ["/app: too many places where Rust's list of crates might be"]


def test_a_real_program() -> None:
    """Stripped, of Go 1.19."""
    with tarfile.open(DATA / "contents" / "mini-docker20.tar") as archive:
        for name in archive.getnames():
            if not name.endswith("layer.tar") or not archive.getmember(name).isfile():
                continue
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                if "usr/bin/mini-go" in layer.getnames():
                    data = layer.extractfile("usr/bin/mini-go").read()  # type: ignore[union-attr]  # a file
    assert short(find("usr/bin/mini-go", data, mode=0o755, pieces=1000)) == ["lab.test/mini (devel)", "stdlib 1.19.8"]
    for cut in range(0, len(data), len(data) // 40):
        find("usr/bin/mini-go", data[:cut], mode=0o755)


CRATES = {
    "packages": [
        {"name": "app", "version": "0.1.0", "source": "local", "root": True},
        {"name": "itoa", "version": "1.0.1", "source": "crates.io"},
        {"name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build"},
        {"name": "bad\u001b", "version": "1"},
        {"name": 7, "version": "1"},
    ]
}


@pytest.mark.parametrize("pieces", [3, 1000, 1 << 20])
@pytest.mark.parametrize("level", [1, 6, 9])
def test_rust(pieces: int, level: int) -> None:
    audit = zlib.compress(json.dumps(CRATES, separators=(",", ":")).encode(), level)
    finds = find("app", program(b"x\x9c", audit, b"x\xda"), mode=0o755, pieces=pieces)
    assert short(finds) == ["app 0.1.0", "itoa 1.0.1"]
    assert {each.type for each in packages(finds)} == {"cargo"}


@pytest.mark.parametrize(
    ("audit", "said"),
    [
        (zlib.compress(b'{"packages":[' + b" " * (64 << 20)), "too long"),
        (zlib.compress(b'{"packages":[' + bytes(range(256)) * 40)[:-300] + b"\xff" * 300, "damaged"),
        (zlib.compress(b'{"packages":[1]}'), "damaged"),
        (zlib.compress(b'{"packages":[' + b"[" * 100_000), "damaged"),
    ],
    ids=["bomb", "broken", "types", "depth"],
)
def test_rust_lists_that_are_none(audit: bytes, said: str) -> None:
    finds = find("app", program(audit), mode=0o755)
    assert not packages(finds)
    assert [said in each for each in problems(finds)] == [True]
