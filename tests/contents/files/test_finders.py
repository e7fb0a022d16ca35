"""Rights, accounts, caches, tools and bad programs: each finder by itself, and all of them over layers."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.data.programs import MINERS
from inventory.contents.files import finders
from inventory.contents.files.accounts import LARGEST, MOST, Accounts
from inventory.contents.files.caches import Caches
from inventory.contents.files.hash_list import parse
from inventory.contents.files.known_bad import NAMES, KnownBad
from inventory.contents.files.set_id import SetId
from inventory.contents.files.tools import Tools
from inventory.contents.files.world_writable import WorldWritable
from inventory.contents.finding import STREAM, AccountsAt, Entry, FileAt, ProblemAt
from tests.contents.files.entries import entry, found
from tests.contents.files.test_secrets import TOKEN, key
from tests.contents.small import contents, diff_id

KINDS = ("file", "directory", "symlink", "hardlink", "char", "block", "fifo", "whiteout", "opaque")


@pytest.mark.parametrize(
    ("mode", "kind", "is_one"),
    [
        (0o4755, "file", True), (0o2755, "file", True), (0o6755, "hardlink", True), (0o104755, "file", True),
        (0o4000, "file", True), (0o755, "file", False), (0o1777, "file", False), (0o2775, "directory", False),
        (0o6777, "symlink", False), (0o4666, "char", False),
    ],
)  # fmt: skip
def test_set_id(mode: int, kind: str, is_one: bool) -> None:
    find = SetId().notice(entry("usr/bin/x", mode, kind, uid=7))
    assert (find is not None) == is_one
    if find is not None:
        assert (find.why, find.fact.path, find.fact.mode, find.fact.uid) == ("set-id", "/usr/bin/x", mode & 0o7777, 7)


@pytest.mark.parametrize(
    ("path", "mode", "kind", "is_one"),
    [
        ("etc/passwd", 0o666, "file", True), ("usr", 0o777, "directory", True), ("usr/x", 0o1777, "directory", False),
        ("lib64/x.so", 0o646, "file", True), ("libexec/x", 0o777, "hardlink", True),
        ("opt/a/b", 0o777, "directory", True),
        ("usr/x", 0o777, "symlink", False), ("usr/x", 0o775, "file", False), ("dev/null", 0o666, "char", False),
        ("srv/run", 0o777, "file", True), ("srv/data", 0o666, "file", False), ("srv", 0o777, "directory", False),
        ("users/x", 0o666, "file", False), ("tmp", 0o1777, "directory", False),
    ],
)  # fmt: skip
def test_world_writable(path: str, mode: int, kind: str, is_one: bool) -> None:
    assert (WorldWritable().notice(entry(path, mode, kind)) is not None) == is_one


def accounts(path: str, text: str) -> list[tuple[str, int, int, str]]:
    """Name, numbers and password state of each line."""
    (find,) = found(Accounts(), path, text.encode())
    assert isinstance(find, AccountsAt)
    return [(line.name, line.uid, line.gid, line.password) for line in find.lines]


def test_passwd() -> None:
    text = (
        "root:x:0:0:root:/root:/bin/sh\nopen::1:1::/:\nold:abcdefghijklm:2:2::/:/bin/sh\nlocked:*:3:3::/:\n"
        "+nis::0:0:::\n# remark\n\nbad:x:-1:0:::\nbad:x:0x0:0:::\nshort:x\nshell:x:4:4\n"
    )
    assert accounts("etc/passwd", text) == [
        ("root", 0, 0, ""),
        ("open", 1, 1, "empty"),
        ("old", 2, 2, "hash"),
        ("locked", 3, 3, "locked"),
        ("shell", 4, 4, ""),
    ]


def test_shadow_and_group() -> None:
    text = "root:*:19000:::::\nopen::19000:::::\nreal:$y$j9T$abc$defghijkl:1:::::\ngone:!$6$abc$defghij:1:::::\n"
    text += "x:!:::::::\n"
    states = {name: state for name, _uid, _gid, state in accounts("etc/shadow", text)}
    assert states == {"root": "locked", "open": "empty", "real": "hash", "gone": "locked", "x": "locked"}
    assert accounts("etc/group", "root:x:0:\nstaff:x:50:a,b\nbad:x:y:\n") == [
        ("root", -1, 0, ""),
        ("staff", -1, 50, ""),
    ]


def test_no_hash_is_kept() -> None:
    assert "defghijkl" not in repr(found(Accounts(), "etc/shadow", b"real:$y$j9T$abc$defghijkl:1:::::\n"))


def test_too_many_accounts_are_a_problem() -> None:
    *_, problem = found(Accounts(), "etc/passwd", b"a:x:1:1::/:\n" * (MOST + 1))
    assert isinstance(problem, ProblemAt)
    *_, problem = Accounts().look(entry("etc/passwd", size=LARGEST + 1), b"a:x:1:1::/:\n")
    assert isinstance(problem, ProblemAt)
    assert Accounts().wants(entry("srv/etc/passwd")) == 0


@pytest.mark.parametrize(
    ("path", "directory"),
    [
        ("var/lib/apt/lists/x_Packages", "/var/lib/apt/lists"), ("var/cache/apt/archives/a.deb", "/var/cache/apt"),
        ("var/cache/apk/x", "/var/cache/apk"), ("var/cache/dnf/a/b", "/var/cache/dnf"),
        ("root/.cache/pip/http/a", "/root/.cache/pip"), ("home/node/.npm/_cacache/a", "/home/node/.npm"),
        ("root/.m2/repository/a.jar", "/root/.m2/repository"), (".npm/_logs/x", "/.npm"), ("tmp/a", "/tmp"),
        ("go/pkg/mod/cache/download/x", "/go/pkg/mod/cache"),
        ("usr/local/share/.cache/yarn/x", "/usr/local/share/.cache/yarn"),
        ("root/go/pkg/mod/cache/x", "/root/go/pkg/mod/cache"), ("root/.composer/cache/x", "/root/.composer/cache"),
        ("var/lib/apt/listsx", ""), ("usr/share/tmp/x", ""), ("root/x", ""), ("home/x", ""), ("tmpx/y", ""),
    ],
)  # fmt: skip
def test_caches(path: str, directory: str) -> None:
    find = Caches().notice(entry(path))
    assert (find.why if find else "") == (f"cache:{directory}" if directory else "")


def test_empty_files_and_directories_are_no_cache() -> None:
    assert Caches().notice(entry("var/lib/apt/lists/lock", size=0)) is None
    assert Caches().notice(entry("var/lib/apt/lists/partial", kind="directory")) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("bin/sh", "shell"), ("usr/bin/bash", "shell"), ("busybox/sh", "shell"), ("usr/bin/python3.11", "interpreter"),
        ("usr/bin/gcc-12", "compiler"), ("usr/bin/x86_64-linux-gnu-gcc-12", "compiler"), ("usr/bin/g++", "compiler"),
        ("usr/bin/x86_64-linux-gnu-g++-12", "compiler"), ("usr/bin/aarch64-linux-musl-gcc", "compiler"),
        ("usr/bin/apt-get", "package manager"), ("sbin/apk", "package manager"),
        ("usr/local/bin/pip3.11", "package manager"),
        ("usr/bin/nc.openbsd", "network"), ("usr/bin/perl5.36.0", "interpreter"), ("usr/bin/gdb", "debugger"),
        ("usr/bin/shasum", ""), ("usr/share/sh", ""), ("usr/bin/assh", ""), ("usr/bin/", ""), ("usr/bin/3", ""),
    ],
)  # fmt: skip
def test_tools(path: str, kind: str) -> None:
    find = Tools().notice(entry(path, 0o755))
    assert (find.why if find else "") == (f"tool:{kind}" if kind else "")


def test_a_tool_is_a_program_or_a_link() -> None:
    assert Tools().notice(entry("bin/sh", 0o777, "symlink")) is not None
    assert Tools().notice(entry("bin/sh", 0o644)) is None
    assert Tools().notice(entry("bin/sh", 0o755, "directory")) is None


def test_bad_names() -> None:
    assert set(MINERS) - {"srbminer"} <= NAMES
    (find,) = found(KnownBad(), "tmp/XMRig", b"x", 0o755)
    assert "xmrig" in repr(find)
    assert found(KnownBad(), "tmp/xmrig", b"x", 0o644) == []
    assert KnownBad().wants(entry("tmp/x", 0o755)) == 0


def test_bad_digests() -> None:
    bad = hashlib.sha256(b"evil program").hexdigest()
    finder = KnownBad(frozenset((bad,)))
    assert finder.wants(entry("tmp/x", 0o755)) == STREAM
    assert finder.wants(entry("tmp/x", 0o644)) == 0
    assert bad in repr(found(finder, "tmp/x", b"evil program", 0o755))
    assert found(finder, "tmp/x", b"good program", 0o755) == []


def test_another_list_is_another_finder() -> None:
    assert len({KnownBad(frozenset(one)).name for one in ((), ("a",), ("b",), ("a", "b"))}) == 4


def test_hash_list() -> None:
    digest = "Ab" * 32
    text = f"# bad\n{digest}  /tmp/xmrig\nsha256:{'c' * 64}\n\n{'d' * 64}, a miner\n{'e' * 63}\n{'f' * 65}\nhello\n"
    read = parse(text)
    assert read.digests == {digest.lower(), "c" * 64, "d" * 64}
    assert read.wrong == (6, 7, 8)


def test_over_layers() -> None:
    token = f"X={TOKEN}"
    first: dict[str, Any] = {
        "root/.ssh/id_rsa": key().encode(),
        "srv/token.txt": token.encode(),
        "usr/bin/sudo": Entry("usr/bin/sudo", "file", 0o4755, 0, 0, 0),
        "etc/passwd": b"root:x:0:0::/root:/bin/sh\nsvc:x:7:7::/:\n",
        "etc/group": b"root:x:0:\n",
        "usr/bin/curl": b"x",
        "var/cache/apk/index": b"x" * 50,
    }
    found = contents(
        first,
        {"root/.ssh/.wh.id_rsa": b"", "etc/shadow": b"root::1:::::\nsvc:*:1:::::\n", "usr/bin/.wh.sudo": b""},
        finders=finders(),
    )
    assert [(one.path, one.rule, one.layer, one.removed_in) for one in found.secrets] == [
        ("/root/.ssh/id_rsa", "private-key", diff_id(1), diff_id(2)),
        ("/srv/token.txt", "github-token", diff_id(1), ""),
    ]
    assert found.set_id == ()
    assert [(one.name, one.password) for one in found.accounts] == [("root", "empty"), ("svc", "locked")]
    assert [group.gid for group in found.groups] == [0]
    assert found.tools == {"network": ("/usr/bin/curl",)}
    assert [(one.path, one.size) for one in found.caches] == [("/var/cache/apk", 50)]
    assert found.complete


paths = st.lists(
    st.sampled_from(["usr", "bin", "etc", "passwd", "root", ".npm", "x.", ".", ".env", "a\n", "é", "sh", "tmp"])
)


@given(
    paths.map("/".join) | st.text(max_size=40),
    st.integers(),
    st.sampled_from(KINDS),
    st.integers(),
    st.binary(max_size=99),
)
def test_any_entry_is_taken(path: str, mode: int, kind: str, size: int, head: bytes) -> None:
    one = Entry(path, kind, mode, 0, 0, size)
    for finder in finders(frozenset(("0" * 64,))):
        find = finder.notice(one)
        assert find is None or find.path == path
        if finder.wants(one) > 0:
            list(finder.look(one, head))


def test_an_entry_costs_little() -> None:
    """Measured: 3 to 6 microseconds for all finders together, so a fifth of a second for 50,000 files."""
    entries = [
        entry(f"{directory}/{number}/name{number}.{ending}", 0o755 if number % 9 == 0 else 0o644)
        for number in range(1000)
        for directory in ("usr/lib/python3/dist-packages/p", "usr/share/x", "app/node_modules/a", "var/lib/x", "etc")
        for ending in ("py", "so", "pem")
    ]
    some = finders()
    begin = time.process_time()
    for one in entries:
        for finder in some:
            finder.notice(one)
            finder.wants(one)
    assert (time.process_time() - begin) / len(entries) < 40e-6


def test_facts_have_whole_paths() -> None:
    find = SetId().notice(entry("a/b", 0o4755))
    assert isinstance(find, FileAt)
    assert (find.path, find.fact.path) == ("a/b", "/a/b")
