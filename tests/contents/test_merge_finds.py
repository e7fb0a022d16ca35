"""What counts in the end of what was found in layers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from inventory.contents.files import finders
from inventory.contents.finding import (
    AccountLine,
    AccountsAt,
    AnyFind,
    DistributionAt,
    Entry,
    ExecutableAt,
    FileAt,
    OwnedAt,
    PackagesAt,
    ProblemAt,
    SecretsAt,
    Watcher,
)
from inventory.contents.model import Contents, Distribution, Executable, FileFact, Package, SecretFile
from inventory.contents.packages import FINDERS
from tests.contents.small import File, contents, diff_id


class Says:
    """A file of JSON is found as what it says."""

    name = "says"

    def notice(self, entry: Entry) -> AnyFind | None:
        if entry.mode & 0o4000:
            return FileAt(entry.path, FileFact("/" + entry.path, entry.mode), "set-id")
        if entry.path.startswith("var/cache/apt/"):
            return FileAt(entry.path, FileFact("/" + entry.path), "cache:/var/cache/apt")
        return None

    def wants(self, entry: Entry) -> int:
        return 1 << 20

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        if head.startswith(b"{"):
            kind, given = next(iter(json.loads(head).items()))
            yield msgspec.convert({"type": kind, "path": entry.path, **given}, AnyFind)

    def watch(self, entry: Entry) -> Watcher:
        raise NotImplementedError


def _said(find: AnyFind) -> bytes:
    given: dict[str, Any] = msgspec.to_builtins(find)
    kind = given.pop("type")
    given.pop("path")
    return json.dumps({kind: given}).encode()


def _found(*layers: dict[str, File]) -> Contents:
    return contents(*layers, finders=[Says()])


def _secret(path: str, digest: str = "abc") -> bytes:
    return _said(SecretsAt("", (SecretFile(path, "", 9, "aws", "content", "AK**", digest=digest),)))


def test_a_secret_stays_in_the_image_that_removes_it() -> None:
    found = _found({"a/key": _secret("/a/key"), "b": _secret("/b")}, {"a/.wh.key": b""})
    assert [(s.path, s.layer, s.removed_in) for s in found.secrets] == [
        ("/a/key", diff_id(1), diff_id(2)),
        ("/b", diff_id(1), ""),
    ]


def test_a_secret_that_is_written_again_is_one() -> None:
    found = _found({"k": _secret("/k")}, {"k": _secret("/k")}, {"k": _secret("/k", "other")})
    assert [(s.digest, s.layer, s.removed_in) for s in found.secrets] == [
        ("abc", diff_id(1), diff_id(3)),
        ("other", diff_id(3), ""),
    ]


def test_only_what_is_visible_counts() -> None:
    su = Entry("su", "file", 0o4755, 0, 0, 0)
    bad = _said(ExecutableAt("", Executable("/x", "", "miner")))
    broken = _said(ProblemAt("", "/p not understood"))
    seen = _found({"su": (su, b""), "x": bad, "p": broken})
    assert [(f.path, f.layer) for f in seen.set_id] == [("/su", diff_id(1))]
    assert [(e.rule, e.layer) for e in seen.suspicious] == [("miner", diff_id(1))]
    assert seen.problems == ("/p not understood",) and not seen.complete
    hidden = _found({"su": (su, b""), "x": bad, "p": broken}, {".wh.su": b"", "x": b"", ".wh.p": b""})
    assert (hidden.set_id, hidden.suspicious, hidden.problems, hidden.complete) == ((), (), (), True)


def test_caches_are_summed_up_by_directory_and_layer() -> None:
    one: dict[str, File] = {f"var/cache/apt/{number}": bytes(10) for number in range(5)}
    found = _found(one, {"var/cache/apt/9": bytes(7), "var/cache/apt/.wh.0": b""})
    assert [(c.path, c.size, c.files, c.layer) for c in found.caches] == [
        ("/var/cache/apt", 40, 4, diff_id(1)),
        ("/var/cache/apt", 7, 1, diff_id(2)),
    ]


def test_accounts_are_passwd_with_shadow() -> None:
    passwd = _said(AccountsAt("", (AccountLine("root", 0, 0, "/root", "/bin/sh"), AccountLine("app", 1, 1))))
    shadow = _said(AccountsAt("", (AccountLine("root", password="locked"),)))
    found = _found({"etc/passwd": passwd, "etc/shadow": shadow})
    assert [(a.name, a.uid, a.password) for a in found.accounts] == [("root", 0, "locked"), ("app", 1, "none")]
    assert [a.password for a in _found({"etc/passwd": passwd}).accounts] == ["none", "none"]


def test_of_two_lines_of_one_account_the_first_counts() -> None:
    passwd = _said(AccountsAt("", (AccountLine("root", 0, 0, "/root", "/bin/sh"),)))
    lines = (AccountLine("root", password="empty"), AccountLine("root", password="locked"))
    found = _found({"etc/passwd": passwd, "etc/shadow": _said(AccountsAt("", lines))})
    assert [account.password for account in found.accounts] == ["empty"]


def test_the_release_of_etc_counts_before_that_of_usr() -> None:
    usr, etc = (_said(DistributionAt("", Distribution(id=name))) for name in ("usr", "etc"))
    assert _found({"usr/lib/os-release": usr, "etc/os-release": etc}).distribution.id == "etc"
    link = Entry("etc/os-release", "symlink", 0o777, 0, 0, 0, "../usr/lib/os-release")
    assert _found({"usr/lib/os-release": usr, "etc/os-release": link}).distribution.id == "usr"
    assert _found({"etc/os-release": etc}, {".wh.etc": b""}).distribution.id == ""


def test_owners_are_those_of_file_lists() -> None:
    python = _said(PackagesAt("", (Package("pypi", "six", "1", "/usr/lib/python3/dist-packages/six.egg-info"),)))
    listed = _said(OwnedAt("", "python3-six", ("/usr/lib/python3/dist-packages/six.egg-info",)))
    layer: dict[str, File] = {"usr/lib/python3/dist-packages/six.egg-info": python, "var/lib/dpkg/info/a.list": listed}
    assert [package.owner for package in _found(layer).packages] == ["python3-six"]
    assert [package.owner for package in _found(layer, {"var/.wh.lib": b""}).packages] == [""]


def test_what_a_higher_layer_puts_over_a_packages_file_is_not_that_packages() -> None:
    tool = _said(PackagesAt("", (Package("golang", "example.org/tool", "v1", "/usr/bin/tool"),)))
    own = _said(PackagesAt("", (Package("golang", "example.org/tool", "v2", "/usr/bin/tool"),)))
    listed: dict[str, File] = {"var/lib/dpkg/info/tool.list": _said(OwnedAt("", "tool", ("/usr/bin/tool",)))}
    base: dict[str, File] = {"usr/bin/tool": tool, **listed}
    assert [package.owner for package in _found(base, {"usr/bin/tool": own}).packages] == [""]
    assert [package.owner for package in _found(base, {"usr/bin/tool": own, **listed}).packages] == ["tool"]


def test_the_real_finders_together() -> None:
    found = contents(
        {
            "etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
            "var/cache/apt/archives/x.deb": bytes(100),
            "usr/bin/su": Entry("usr/bin/su", "file", 0o4755, 0, 0, 0),
            "bin/sh": b"\x7fELF",
        },
        finders=(*FINDERS, *finders(frozenset())),
    )
    assert [account.name for account in found.accounts] == ["root"]
    assert [file.path for file in found.set_id] == ["/usr/bin/su"]
    assert found.tools.get("shell") == ("/bin/sh",)
    assert [(cache.size, cache.files) for cache in found.caches] == [(100, 1)]
