"""Each kind of record: what is in it, what is not, what is said of one that is broken."""

from __future__ import annotations

import json
import lzma
import sqlite3
import struct
from pathlib import Path

import pytest

from inventory.contents.finding import DistributionAt
from inventory.contents.model import Distribution
from inventory.contents.packages.rpm_database import MAX_HEADER
from tests.contents.packages.found import find, owners, packages, problems, short

PACKAGES = Path(__file__).parents[2] / "data" / "packages"
STATUS = "var/lib/dpkg/status"
RPM = "usr/lib/sysimage/rpm/"


def stanza(name: str, version: str = "1.0-1", status: str = "install ok installed", more: str = "") -> str:
    return f"Package: {name}\nStatus: {status}\nArchitecture: amd64\n{more}Version: {version}\n\n"


@pytest.mark.parametrize(
    ("status", "there"),
    [
        ("install ok installed", True),
        ("hold ok installed", True),
        ("install ok unpacked", True),
        ("install reinstreq half-installed", True),
        ("install ok triggers-pending", True),
        ("deinstall ok config-files", False),
        ("purge ok not-installed", False),
    ],
)
def test_dpkg_counts_what_has_files(status: str, there: bool) -> None:
    finds = find(STATUS, stanza("app", status=status).encode())
    assert short(finds) == (["app 1.0-1"] if there else [])
    assert not problems(finds)


@pytest.mark.parametrize(
    ("field", "source", "version"),
    [
        ("", "", ""),
        ("Source: app\n", "", ""),
        ("Source: other\n", "other", "1:1.0-1+b1"),
        ("Source: other (1:1.0-1)\n", "other", "1:1.0-1"),
        ("Source: app (1:1.0-1)\n", "app", "1:1.0-1"),
        ("Source: (\n", "", ""),
    ],
)
def test_dpkg_names_the_source(field: str, source: str, version: str) -> None:
    (package,) = packages(find(STATUS, stanza("app", "1:1.0-1+b1", more=field).encode()))
    assert (package.source, package.source_version, package.architecture) == (source, version, "amd64")


def test_a_folded_field_is_no_field_of_its_own() -> None:
    text = stanza("app", more="Description: words\n Version: 9\n Package: trap\n")
    assert short(find(STATUS, text.encode())) == ["app 1.0-1"]


def test_dpkg_keeps_what_is_good() -> None:
    text = stanza("good") + "Package: nameless\nStatus: install ok installed\n\n" + "Package: x\nVersion: 1\n\n"
    finds = find(STATUS, text.encode() + b"\xff\xfe\n" + stanza("last").encode())
    assert short(finds) == ["good 1.0-1", "last 1.0-1"]
    assert problems(finds) == ["/var/lib/dpkg/status: a package has no name or no version (and 1 more)"]


def test_distroless_records_single_packages() -> None:
    text = b"Package: libssl3\nSource: openssl\nVersion: 3.0.17-1\nArchitecture: amd64\n"
    assert short(find("var/lib/dpkg/status.d/libssl3", text)) == ["libssl3 3.0.17-1"]
    sums = find("var/lib/dpkg/status.d/python3.md5sums", b"0" * 32 + b"  usr/lib/python3/x.dist-info/METADATA\n")
    assert owners(sums) == {
        "/usr/lib/python3/x.dist-info/METADATA": "python3",
        "/lib/python3/x.dist-info/METADATA": "python3",
    }
    assert not packages(sums)


def test_dpkg_lists_tell_owners() -> None:
    listed = b"/.\n/bin\n/bin/tool\n/usr/share/doc/app\n/usr/lib/python3/dist-packages/app.egg-info\n"
    assert owners(find("var/lib/dpkg/info/app:amd64.list", listed)) == {
        "/bin/tool": "app",
        "/usr/bin/tool": "app",
        "/usr/lib/python3/dist-packages/app.egg-info": "app",
        "/lib/python3/dist-packages/app.egg-info": "app",
    }


@pytest.mark.parametrize("path", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_apk(path: str) -> None:
    data = (PACKAGES / "apk-installed").read_bytes() + b"\nP:broken\n\nP:py3\nV:1-r0\nF:usr/bin\nR:tool\n\n"
    finds = find(path, data)
    assert short(finds) == ["libcrypto3 3.1.2-r0", "musl 1.2.4-r1", "py3 1-r0"]
    assert {each.name: (each.source, each.licenses) for each in packages(finds)} == {
        "musl": ("", ("MIT",)),
        "libcrypto3": ("openssl", ("Apache-2.0",)),
        "py3": ("", ()),
    }
    assert owners(finds) == {"/usr/bin/tool": "py3", "/bin/tool": "py3"}
    assert len(problems(finds)) == 1


def rpmdb(name: str) -> bytes:
    return lzma.decompress((PACKAGES / name).read_bytes())


def test_rpm_databases_of_rpm_itself() -> None:
    """In write-ahead mode, as rpm 4.18 leaves it; rpm -qa says the same."""
    finds = find("var/lib/rpm/rpmdb.sqlite", rpmdb("rpmdb-el9.sqlite.xz"))
    assert short(finds) == [
        "bash 5.1.8-6.el9",
        "bind-libs 32:9.16.23-11.el9",
        "glibc 2.34-60.el9_2.7",
        "openssl-libs 1:3.0.7-24.el9",
    ]
    finds = find(RPM + "rpmdb.sqlite", rpmdb("rpmdb-modules.sqlite.xz"))
    assert {(each.name, each.version, each.module) for each in packages(finds)} == {
        ("bash", "5.1.8-6.el9", ""),
        ("openssl-libs", "1:3.0.7-24.el9", ""),
        ("perl-mod", "1.2~rc1-3.module+el8", "perl:5.30:1:x"),
    }
    assert not any(each.source for each in packages(finds)), "each is of its own source package"
    assert owners(finds)["/usr/lib/python3.9/site-packages/bash-1.dist-info/METADATA"] == "bash"
    assert not problems(finds)


def test_an_unwritten_log_of_the_database_is_a_problem() -> None:
    assert len(problems(find(RPM + "rpmdb.sqlite-wal", b"x"))) == 1
    assert not problems(find(RPM + "rpmdb.sqlite-wal", b""))


def headers() -> list[bytes]:
    connection = sqlite3.connect(":memory:")
    database = rpmdb("rpmdb-el9.sqlite.xz")
    connection.deserialize(database[:18] + b"\1\1" + database[20:])
    return [blob for (blob,) in connection.execute("SELECT blob FROM Packages")]


def ndb(blobs: list[bytes]) -> bytes:
    """An ndb database as rpm 4.15 and later write it: a page of slots, then blobs in blocks of 16 bytes."""
    slots, data, block = [], b"", 256
    for number, blob in enumerate(blobs, 1):
        framed = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        framed += b"\0" * (-len(framed) % 16) + struct.pack("<III4s", 0, len(blob), 0, b"BlbE")
        slots.append(struct.pack("<4sIII", b"Slot", number, block, len(framed) // 16))
        data, block = data + framed, block + len(framed) // 16
    slots += [struct.pack("<4sIII", b"Slot", 0, 0, 0)] * (254 - len(slots))
    return struct.pack("<4sIII", b"RpmP", 0, 1, 1) + b"\0" * 16 + b"".join(slots) + data


def test_rpm_ndb() -> None:
    finds = find(RPM + "Packages.db", ndb(headers()))
    assert len(packages(finds)) == 4
    assert not problems(finds)
    cut = find(RPM + "Packages.db", ndb(headers())[:-600])
    assert 0 < len(packages(cut)) < 4
    assert problems(cut)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0" * 12 + b"\x61\x15\x06\0" + b"\0" * 500, "Berkeley DB"),
        (b"\0" * 12 + b"\0\x06\x15\x61" + b"\0" * 500, "Berkeley DB"),
        (b"hello", "no database of a known kind"),
        (b"", "no database of a known kind"),
        (b"SQLite format 3\0" + b"\0" * 4000, "damaged"),
        (b"SQLite format 3\0", "damaged"),
        (b"RpmP" + b"\xff" * 40, "damaged"),
        (b"RpmP", "cut off"),
    ],
)
def test_rpm_databases_that_are_not_read_are_problems(data: bytes, said: str) -> None:
    finds = find("var/lib/rpm/Packages", data)
    assert not packages(finds)
    (problem,) = problems(finds)
    assert said in problem


def made(*statements: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    return connection.serialize()


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE Other (x)",),
        ("CREATE VIEW Packages AS SELECT 1 AS blob",),
        ("CREATE TABLE Packages (hnum, blob)", "INSERT INTO Packages VALUES (1, 'text')"),
        ("CREATE TABLE Packages (hnum, blob AS (zeroblob(900000000)))", "INSERT INTO Packages VALUES (1)"),
        (
            "CREATE VIEW Packages AS "
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x AS blob FROM c",
        ),
    ],
)
def test_hostile_sqlite_is_refused(statements: tuple[str, ...]) -> None:
    finds = find(RPM + "rpmdb.sqlite", made(*statements))
    assert not packages(finds)
    assert problems(finds)


def test_rpm_headers_are_bounded() -> None:
    blob = struct.pack(">II", 1, 10) + struct.pack(">IIII", 1000, 8, 0, 0xFFFFFFFF) + b"a" * 10
    data = made("CREATE TABLE Packages (hnum, blob BLOB)")
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data)
    connection.execute("INSERT INTO Packages VALUES (1, ?)", (blob,))
    connection.execute("INSERT INTO Packages VALUES (2, ?)", (headers()[0],))
    connection.commit()
    finds = find(RPM + "rpmdb.sqlite", connection.serialize())
    assert len(packages(finds)) == 1
    assert problems(finds)
    assert MAX_HEADER < 1 << 26


def test_rpm_lists_of_images_without_rpm() -> None:
    line = b"openssl-libs\t1.1.1k-30.cm2\t1\t2\tMicrosoft\t(none)\t3\tx86_64\t1\topenssl-1.1.1k-30.cm2.src.rpm\n"
    finds = find("var/lib/rpmmanifest/container-manifest-2", line + b"nonsense\n")
    (package,) = packages(finds)
    assert (package.version, package.source, package.architecture) == ("1:1.1.1k-30.cm2", "openssl", "x86_64")
    assert len(problems(finds)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "usr/lib/python3/dist-packages/App-1.dist-info/METADATA",
        "opt/venv/lib/python3.11/site-packages/App.egg-info/PKG-INFO",
        "usr/lib/python2.7/site-packages/App-1-py2.7.egg-info",
        "usr/lib/python2.7/site-packages/App-1-py2.7.egg/EGG-INFO/PKG-INFO",
    ],
)
def test_python(path: str) -> None:
    text = b"Metadata-Version: 2.1\nName: Zope.App_x\nVersion: 1.0.post1\nLicense: MIT\n\nVersion: 2\nName: no\n"
    (package,) = packages(find(path, text))
    assert (package.type, package.name, package.version) == ("pypi", "Zope.App_x", "1.0.post1")
    assert package.licenses == ("MIT",)
    assert problems(find(path, b"Name: x\n\nVersion: 1\n"))


def test_a_long_description_is_no_problem() -> None:
    finds = find("a.dist-info/METADATA", b"Name: x\nVersion: 1\n\n" + b"words " * 100_000)
    assert short(finds) == ["x 1"]
    assert not problems(finds)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("app/node_modules/express/package.json", True),
        ("node_modules/express/package.json", True),
        ("app/node_modules/@scope/express/package.json", True),
        ("app/node_modules/a/node_modules/express/package.json", True),
        ("app/node_modules/.pnpm/express@1/node_modules/express/package.json", True),
        ("usr/lib/node_modules/express/package.json", True),
        ("app/package.json", False),
        ("app/node_modules/express/test/package.json", False),
        ("app/node_modules/@scope/package.json", False),
        ("app/node_modules/.package-lock.json", False),
    ],
)
def test_npm_paths(path: str, there: bool) -> None:
    found = short(find(path, b'{"name": "express", "version": "4.16.0", "license": "MIT"}'))
    assert found == (["express 4.16.0"] if there else [])


@pytest.mark.parametrize(
    ("manifest", "licenses"),
    [
        ({"license": "MIT"}, ("MIT",)),
        ({"license": {"type": "ISC"}}, ("ISC",)),
        ({"licenses": [{"type": "MIT"}, {"type": "BSD"}, 5, None]}, ("MIT", "BSD")),
        ({"license": 7}, ()),
        ({"license": "x" * 5000}, ()),
    ],
)
def test_npm_licences(manifest: dict[str, object], licenses: tuple[str, ...]) -> None:
    data = b"\xef\xbb\xbf" + json.dumps({"name": "a", "version": "1", **manifest}).encode()
    (package,) = packages(find("node_modules/a/package.json", data))
    assert package.licenses == licenses


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"[" * 100_000, b'"x"', b'{"name": "\xff"}'])
def test_npm_says_what_is_no_manifest(data: bytes) -> None:
    assert problems(find("node_modules/a/package.json", data)) == ["/node_modules/a/package.json: no JSON object"]


@pytest.mark.parametrize("data", [b"{}", b'{"name": 1, "version": "1"}', b'{"name": "a", "version": "1\\u001b[2J"}'])
def test_npm_leaves_out_what_has_no_name(data: bytes) -> None:
    assert not packages(find("node_modules/a/package.json", data))


def test_ruby() -> None:
    stub = b"# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.15.4 x86_64-linux lib\nGem::Specification.new do |s|\n"
    stub += b'  s.name = "trap".freeze\n  s.licenses = ["MIT".freeze, "BSD".freeze]\nend\n'
    (package,) = packages(find("usr/lib/ruby/gems/3.1.0/specifications/nokogiri.gemspec", stub))
    assert (package.name, package.version, package.architecture) == ("nokogiri", "1.15.4", "x86_64-linux")
    assert package.licenses == ("MIT", "BSD")
    plain = b"Gem::Specification.new do |s|\n  s.name = 'csv'\n  s.version = Gem::Version.new(\"3.2\")\nend\n"
    assert short(find("x/specifications/default/csv.gemspec", plain)) == ["csv 3.2"]
    assert not find("app/csv.gemspec", plain)
    assert problems(find("x/specifications/y.gemspec", b"s.name = name\n"))


def test_cargo_locks_of_applications() -> None:
    lock = (
        b'[[package]]\nname = "app"\nversion = "0.1.0"\n[[package]]\nname = "itoa"\nversion = "1.0.1"\nsource = "r"\n'
    )
    assert short(find("srv/app/Cargo.lock", lock)) == ["itoa 1.0.1"]
    assert not find("root/.cargo/registry/src/x/Cargo.lock", lock)
    assert not find("srv/Cargo.lock", b"= nonsense")
    assert not find("srv/Cargo.lock", b'package = 3\n[metadata]\nname = "a"\nversion = "1"\nsource = "r"\n')


def test_lock_files_are_no_record() -> None:
    assert not find("app/package-lock.json", b'{"packages": {"node_modules/a": {"version": "1"}}}')
    assert not find("app/requirements.txt", b"flask==1\n")
    assert not find("app/Gemfile.lock", b"GEM\n  specs:\n    rack (2.0)\n")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "etc/os-release",
            'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian \\"12\\""\n# ID=trap\nVERSION_CODENAME=bookworm\n',
            Distribution("debian", "12", 'Debian "12"', "bookworm"),
        ),
        ("usr/lib/os-release", "ID='Alpine'\nVERSION_ID=3.18.0\n", Distribution("alpine", "3.18.0")),
        ("usr/lib/os-release", "ID=fedora\nSUPPORT_END=2026-12-02\n", Distribution("fedora", support_end="2026-12-02")),
        ("etc/debian_version", "12.5\n", Distribution("debian", "12", "Debian GNU/Linux 12")),
        ("etc/alpine-release", "3.18.4\n", Distribution("alpine", "3.18.4", "Alpine Linux 3.18.4")),
        ("etc/centos-release", "CentOS release 6.10 (Final)\n", Distribution("centos", "6.10", "CentOS 6.10")),
    ],
)
def test_distribution(path: str, text: str, expected: Distribution) -> None:
    (found,) = find(path, text.encode())
    assert isinstance(found, DistributionAt)
    assert found.distribution == expected


@pytest.mark.parametrize("text", ["", "trixie/sid\n", "\x1b[2J"])
def test_an_older_file_that_says_nothing(text: str) -> None:
    assert not find("etc/debian_version", text.encode())


def test_os_release_without_an_id_is_a_problem() -> None:
    assert problems(find("etc/os-release", b"HELLO=1\n"))


def test_a_file_larger_than_its_bound_is_a_problem() -> None:
    data = b'{"name": "a", "version": "1"}'
    assert problems(find("node_modules/a/package.json", data, size=1 << 30))
