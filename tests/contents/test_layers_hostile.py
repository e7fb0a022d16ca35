"""Layers made by strangers: refused or bounded, said, and never written, followed or executed."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
import tarfile
import textwrap
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.contents.files import finders
from inventory.contents.finding import STREAM, AnyFind, Entry, Watcher
from inventory.contents.guard import Limits
from inventory.contents.layer import LayerFacts
from inventory.contents.merge import merge
from inventory.contents.model import Contents
from inventory.contents.packages import FINDERS
from inventory.gap import Gap
from inventory.sources.layers.cache import Cache
from inventory.sources.layers.layout import Layout
from inventory.sources.layers.read import read
from inventory.sources.layers.reading import Reading
from inventory.sources.layers.stream import Source
from tests.contents.archives import image_id, saved, special, tar

ALL = (*FINDERS, *finders(frozenset()))


def _pieces(data: bytes, size: int = 65536) -> Callable[[], bytes]:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return lambda: next(pieces, b"")


def _layer(data: bytes, limits: Limits | None = None) -> LayerFacts:
    return Reading("", ALL, limits=limits).layer_of(Source(_pieces(data)))


def _merged(*layers: LayerFacts) -> Contents:
    return merge("sha256:" + "0" * 64, "layout", layers)


def _image(tmp_path: Path, *layers: bytes, limits: Limits | None = None) -> Contents | Gap:
    (tmp_path / "image.tar").write_bytes(saved(layers))
    return read(image_id(layers), [Layout(tmp_path / "image.tar")], ALL, limits=limits)


PASSWD = b"root:x:0:0::/root:/bin/sh\n"


@pytest.mark.parametrize("name", ["../etc/passwd", "a/../../etc/passwd", "/../etc/passwd", "etc/../etc/passwd", ".."])
def test_names_that_lead_out_are_refused(name: str) -> None:
    facts = _layer(tar((name, PASSWD)))
    assert not facts.finds and "leads out of the tree" in facts.problems[0]


@pytest.mark.parametrize("name", ["/etc/passwd", "./etc/passwd", "//etc//./passwd", "././etc/passwd"])
def test_other_names_mean_what_engines_make_of_them(name: str) -> None:
    assert [account.name for account in _merged(_layer(tar((name, PASSWD)))).accounts] == ["root"]


def test_refused_names_are_counted_not_listed() -> None:
    facts = _layer(tar(*((f"../{number}", b"") for number in range(5000))))
    assert len(facts.problems) == 1 and "4999 more" in facts.problems[0]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_name_of_a_megabyte(form: int) -> None:
    name = "a/" * 500_000 + "x"
    facts = _layer(tar((name, b"1"), ("etc/passwd", PASSWD), format=form))
    assert len(_merged(facts).accounts) == 1
    assert "name too long" in facts.problems[0] and len(facts.problems[0]) < 300


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_an_extended_header_of_many_megabytes_is_passed_over(form: int) -> None:
    facts = _layer(tar(("b" * (3 << 20), b"1"), ("etc/passwd", PASSWD), format=form))
    assert len(_merged(facts).accounts) == 1 and "name too long" in facts.problems[0]


def test_odd_names_are_text() -> None:
    info = tarfile.TarInfo("etc/b\udcff\udcfe\x1b[2J\n")
    info.size = 0
    facts = _layer(tar(info, format=tarfile.GNU_FORMAT))
    found = _merged(facts)
    assert found.files == 1 and found.layers[0].largest[0].path == "/etc/b\\xff\\xfe\x1b[2J\n"
    found.layers[0].largest[0].path.encode()


def test_links_and_devices_are_never_followed() -> None:
    layer = tar(
        special("etc", tarfile.SYMTYPE, "/etc"),
        special("etc/shadow", tarfile.LNKTYPE, "../../../../etc/shadow"),
        special("etc/passwd", tarfile.SYMTYPE, "/etc/passwd"),
        special("dev/sda", tarfile.BLKTYPE, devmajor=8, devminor=0, size=1 << 40),
        special("dev/zero", tarfile.CHRTYPE, devmajor=1, devminor=5),
        special("pipe", tarfile.FIFOTYPE),
        special("loop/a", tarfile.SYMTYPE, "b"),
        special("loop/b", tarfile.SYMTYPE, "a"),
    )
    facts = _layer(layer)
    assert not _merged(facts).accounts and facts.size == 0 and facts.whole


def test_whiteouts_of_everything(tmp_path: Path) -> None:
    everything = tar((".wh..wh..opq", b""), (".wh.etc", b""), (".wh.", b""), (".wh...", b""), (".wh..wh.plnk", b""))
    found = _image(tmp_path, tar(("etc/passwd", PASSWD), ("a/b/c", b"12345")), everything)
    assert isinstance(found, Contents)
    assert (found.files, found.size, found.accounts) == (0, 0, ())
    assert found.layers[1].removed == 2 and found.layers[1].wasted == 5 + len(PASSWD)


def test_truncated_layers_say_so() -> None:
    layer = tar(("etc/passwd", PASSWD), ("usr/" + "l" * 200, bytes(3000)), ("z", b"1"))
    end = len(layer.rstrip(b"\0"))
    for data, last in ((layer, end), (gzip.compress(layer), None)):
        for at in range(1, last or len(data), 97):
            facts = _layer(data[:at])
            whole = at % 512 == 0 and last is not None  # between two files nothing is missing but the digest
            assert whole or not facts.whole, at


def test_bombs_are_ended() -> None:
    limits = Limits(ratio_from=1 << 20, ratio=100, unpacked=64 << 20)
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=9, mtime=0) as out:
        info = tarfile.TarInfo("var/lib/dpkg/status")
        info.size = 1 << 30
        out.write(info.tobuf())
        for _ in range(16):
            out.write(bytes(1 << 20))
    facts = _layer(bomb.getvalue(), limits)
    assert not facts.whole and "unpacks to more than 100 times" in facts.problems[-1]
    plain = _layer(tar(("a", bytes(3 << 20)), ("b", b"")), Limits(unpacked=2 << 20))
    assert not plain.whole and "more than 2 MiB" in plain.problems[-1]


def test_too_many_files_give_what_was_found_until_then(tmp_path: Path) -> None:
    layer = tar(("etc/passwd", PASSWD), *((f"f{number}", b"") for number in range(300)))
    found = _image(tmp_path, layer, tar(("x", b"")), limits=Limits(entries=200))
    assert isinstance(found, Contents) and not found.complete
    assert len(found.accounts) == 1 and "more than 200 files" in " ".join(found.problems)


def test_time_is_limited(tmp_path: Path) -> None:
    found = _image(tmp_path, tar(*((f"f{number}", b"") for number in range(3000))), limits=Limits(seconds=0.0))
    assert isinstance(found, Gap) or not found.complete


def test_unknown_compression_is_named() -> None:
    for begin, name in ((b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz")):
        facts = _layer(begin + bytes(1000))
        assert not facts.whole and name in facts.problems[0]


def test_sparse_files_are_not_looked_into() -> None:
    info = tarfile.TarInfo("var/lib/dpkg/status")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": str(1 << 50), "GNU.sparse.name": "etc/passwd"}
    facts = _layer(tar(info))
    assert "cannot be looked into" in facts.problems[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_damage_is_survived(data: st.DataObject) -> None:
    layer = bytearray(tar(("etc/passwd", PASSWD), ("x" * 150, b"abc"), special("l", tarfile.SYMTYPE, "t" * 120)))
    for _ in range(data.draw(st.integers(1, 8))):
        layer[data.draw(st.integers(0, len(layer) - 1))] = data.draw(st.integers(0, 255))
    facts = _layer(bytes(layer), Limits(seconds=5))
    assert _merged(facts).files <= 5


# -- directories of the overlay driver ---------------------------------------------------------------------------


_MANY = """
import tarfile
from inventory.contents.merge import merge
from inventory.contents.files import finders
from inventory.contents.packages import FINDERS
from inventory.sources.layers.reading import Reading
from inventory.sources.layers.stream import Source

def pieces():
    info = tarfile.TarInfo("x")
    info.size = 1
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    body = b"x".ljust(512, b"\\0")
    for at in range({files}):
        name = b"%06x/%07d" % (at * 7919 % 65536, at)
        block[:100] = name.ljust(100, b"\\0")
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\\0 " % sum(block)
        yield bytes(block) + body
    yield bytes(1024)

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

before = peak()
given = pieces()
facts = Reading("", (*FINDERS, *finders(frozenset()))).layer_of(Source(lambda: next(given, b"")))
found = merge("", "layout", [facts, facts])
after = peak()
print(found.files, found.layers[1].changed, before >> 10, after >> 10)
"""


def test_very_many_files_take_little_memory() -> None:
    files = 40_000
    code = textwrap.dedent(_MANY).format(files=files)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100)
    found, changed, before, after = map(int, done.stdout.split())
    assert (found, changed) == (files, files)
    assert after - before < 30 and after < 60


class _Clumsy:
    """A finder that fails wherever it can."""

    name = "clumsy"

    def notice(self, entry: Entry) -> AnyFind | None:
        if entry.path == "etc/notice":
            raise ValueError
        return None

    def wants(self, entry: Entry) -> int:
        return {"etc/look": 10, "etc/feed": STREAM, "etc/end": STREAM}.get(entry.path, 0)

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        raise struct.error

    def watch(self, entry: Entry) -> Watcher:
        return _ClumsyWatcher(entry.path)


class _ClumsyWatcher:
    def __init__(self, path: str) -> None:
        self.path = path

    def feed(self, piece: bytes) -> None:
        if self.path == "etc/feed":
            raise zlib.error

    def end(self) -> Iterable[AnyFind]:
        raise OSError


def _names(count: int) -> bytes:
    return b"".join(b"/usr/bin/%d-%s\n" % (number, b"a" * 80) for number in range(count))


def test_what_is_found_takes_little_memory() -> None:
    lists = tar(*((f"var/lib/dpkg/info/{number}.list", _names(2000)) for number in range(20)))
    facts = _layer(lists, Limits(found=1 << 20))
    assert not facts.whole
    assert facts.problems == ("things found that take more than 1 MiB",)
    assert _layer(lists).whole


def test_very_many_cache_directories_are_said() -> None:
    facts = _layer(tar(*((f"home/{number}/.npm/x", b"1") for number in range(9))), Limits(same=5))
    assert len(facts.tags) == 5
    assert facts.problems == ("more than 5 cache directories in one layer: 'cache:/home/5/.npm' and 3 more",)


def test_a_finder_that_fails_does_not_end_the_layer() -> None:
    layer = tar(*((f"etc/{name}", PASSWD) for name in ("notice", "look", "feed", "end", "passwd")))
    facts = Reading("", (_Clumsy(), *ALL)).layer_of(Source(_pieces(layer)))
    found = _merged(facts)
    assert len(found.accounts) == 1 and len(found.problems) == 4 and not found.complete


def test_another_name_of_a_file_that_matters_is_said() -> None:
    link = special("etc/passwd", tarfile.LNKTYPE, "srv/x")
    facts = _layer(tar(("srv/x", PASSWD), link))
    assert "hard link whose contents are not looked at" in facts.problems[0]
    plain = _layer(tar(("srv/x", b"1"), special("srv/y", tarfile.LNKTYPE, "srv/x")))
    assert not plain.problems and plain.size == 1


def test_of_two_files_of_one_name_the_later_counts() -> None:
    found = _merged(_layer(tar(("etc/passwd", b"evil:x:0:0::/:\n"), ("etc/passwd", PASSWD))))
    assert [account.name for account in found.accounts] == ["root"] and found.files == 1


def test_what_a_limit_cut_off_is_not_kept(tmp_path: Path) -> None:
    layer = tar(*((f"f{number}", b"") for number in range(300)))
    (tmp_path / "image.tar").write_bytes(saved([layer]))
    cache = Cache(tmp_path / "cache")
    found = read(image_id([layer]), [Layout(tmp_path / "image.tar")], ALL, cache, limits=Limits(entries=200))
    assert isinstance(found, Contents) and not found.complete and not list((tmp_path / "cache").glob("*"))
