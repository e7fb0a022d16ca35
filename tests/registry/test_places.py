"""Layouts, lookasides and the cache on disk: read with care, written whole, never believed blindly."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from inventory.signatures.model import Mark
from inventory.signatures.policy import GpgKeys, Rule
from inventory.sources.registry import below
from inventory.sources.registry.access import Access
from inventory.sources.registry.cache import Cache, Tag
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.layout import Layout
from inventory.sources.registry.lookaside import configured_lookaside, look_beside, look_in
from inventory.sources.registry.provenance import of_digest
from tests.registry.conftest import MakeAccess
from tests.registry.fake import always, registry
from tests.registry.signing import OCI_MANIFEST, Store, described, digest, dump, policy

NAME = "org.opencontainers.image.ref.name"


def write_layout(folder: Path, store: Store, **names: str) -> None:
    """A repository as a layout; `names` are tags of digests."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in (*store.manifests.values(), *store.blobs.values()):
        (blobs / digest(content).partition(":")[2]).write_bytes(content)
    tagged = {**names, **{tag: digest(raw) for tag, raw in store.manifests.items() if not tag.startswith("sha256:")}}
    entries = [described(store.manifests[one], OCI_MANIFEST, annotations={NAME: tag}) for tag, one in tagged.items()]
    named = set(tagged.values())
    rest = [one for one in store.manifests if one.startswith("sha256:") and one not in named]
    entries += [described(store.manifests[one], OCI_MANIFEST) for one in rest]
    (folder / "index.json").write_bytes(dump({"schemaVersion": 2, "manifests": entries}))
    (folder / "oci-layout").write_bytes(dump({"imageLayoutVersion": "1.0.0"}))


@pytest.mark.parametrize("form", ["tag", "referrer"])
def test_a_layout_is_a_repository(tmp_path: Path, access: MakeAccess, form: str) -> None:
    store = Store()
    wanted, _ = store.image("app", "1.0")
    if form == "tag":
        store.sign("r.example/app", wanted)
    else:
        store.refer(wanted)
    write_layout(tmp_path / "kept", store)
    layout = Layout(tmp_path / "kept")
    assert [one.digest for one in layout.images()] == [wanted]
    assert layout.chosen("") == layout.chosen("1.0") == layout.chosen(wanted) == wanted
    found = of_digest("r.example/app", (wanted,), policy(), access(), time.time(), layout=layout)
    assert found.mark is Mark.VERIFIED, found
    blob = tmp_path / "kept" / "blobs" / "sha256" / wanted.partition(":")[2]
    blob.write_bytes(blob.read_bytes() + b" ")
    with pytest.raises(RegistryError) as caught:
        layout.manifest(wanted)
    assert caught.value.cause is Cause.WRONG_DIGEST


def test_a_layout_of_links_and_nonsense(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    folder = tmp_path / "kept"
    (folder / "blobs").mkdir(parents=True)
    os.symlink("/", folder / "blobs" / "sha256")
    os.symlink(secret, folder / "index.json")
    layout = Layout(folder)
    for ask in (lambda: layout.entries, lambda: layout.blob("sha256:" + "1" * 64), lambda: layout.manifest("x")):
        with pytest.raises(RegistryError):
            ask()
    (folder / "index.json").unlink()
    for content in (b"", b"[]", b'{"manifests": 3}', b'{"manifests": [{"digest": "sha256:../../x"}]}'):
        (folder / "index.json").write_bytes(content)
        with pytest.raises(RegistryError):
            Layout(folder).chosen("")


PATHS = ["../secret", "link", "folder", "pipe", "a//b", "x\0y", "big", "", "folder/../../secret"]


@pytest.mark.parametrize("path", PATHS, ids=ascii)
def test_nothing_is_read_outside_a_directory(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path / "secret", root / "link")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    (root / "big").write_bytes(b"x" * 2000)
    with pytest.raises(RegistryError):
        below.read(root, tuple(path.split("/")), 1000)


# -- lookasides ---------------------------------------------------------------------------------------------------


def configure(access: Access, **files: str) -> None:
    folder = access.lookasides[0]
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)


def test_the_most_specific_scope_names_the_lookaside(access: MakeAccess) -> None:
    one = access()
    configure(
        one,
        default="default-docker:\n  lookaside: file:///default\n",
        a="docker:\n  r.example:\n    lookaside: https://sigs.example/r\n  r.example/team/app:\n    sigstore: /app\n",
        b="docker:\n  '*.wild.example':\n    lookaside: /wild\n  r.example/other: nonsense\n",
        broken="docker: [1\n",
        odd="- 1\n- 2\n",
        bomb="a: &a [x]\nb: &b [*a,*a,*a,*a]\ndocker: *b\n",
    )
    wanted = {
        "r.example/team/app": "/app",
        "r.example/team/else": "https://sigs.example/r",
        "x.wild.example/y": "/wild",
        "other.example/y": "/default",
    }
    assert {name: configured_lookaside(name, one.lookasides) for name in wanted} == wanted
    assert configured_lookaside("r.example/x", ()) == ""


def test_signatures_are_numbered_until_one_is_missing(access: MakeAccess, tmp_path: Path) -> None:
    wanted = digest(b"image")
    folder = tmp_path / "kept" / "team" / f"app@{wanted.replace(':', '=')}"
    folder.mkdir(parents=True)
    for number in (1, 2, 4):
        (folder / f"signature-{number}").write_bytes(b"%d" % number)
    rule = Rule(("**",), signed_by=(GpgKeys("release", b"ring", str(tmp_path / "kept")),))
    found = look_beside("r.example/team/app", (wanted,), access(), rule, time.monotonic() + 5)
    assert [one.content for one in found.materials] == [b"1", b"2"]
    assert len(look_in(tmp_path / "kept", "team/app", (wanted,)).materials) == 2
    assert not look_in(tmp_path / "kept", "../kept/team/app", (wanted,)).materials
    os.chmod(folder, 0)
    if os.geteuid():
        assert look_beside("r.example/team/app", (wanted,), access(), rule, time.monotonic() + 5).missed


def test_a_lookaside_over_http(access: MakeAccess) -> None:
    wanted = digest(b"image")

    with registry() as made:
        place = f"/sigs/team/app@{wanted.replace(':', '=')}/signature-"
        served = {f"{place}1": b"first"}
        made.odd = lambda request: always(*((200, served[request.path]) if request.path in served else (404,)))(request)
        rule = Rule(("**",), signed_by=(GpgKeys("release", b"ring", f"http://u:s3cr3t@{made.host}/sigs/"),))
        found = look_beside("r.example/team/app", (wanted,), access(), rule, time.monotonic() + 5)
        assert [one.content for one in found.materials] == [b"first"]
        assert "s3cr3t" not in f"{found.looked}{found.missed}{found.materials}"
        assert made.paths() == [f"{place}1", f"{place}2"]
        made.odd = always(500)
        assert look_beside("r.example/team/app", (wanted,), access(), rule, time.monotonic() + 5).missed


# -- the cache ----------------------------------------------------------------------------------------------------


def test_content_is_kept_by_digest_and_checked(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    wanted = digest(b"content")
    assert cache.get(wanted) is None
    cache.put(wanted, b"something else")
    assert cache.get(wanted) is None
    cache.put(wanted, b"content")
    assert Cache(tmp_path / "cache").get(wanted) == b"content"
    place = next(path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    place.write_bytes(b"damaged")
    assert cache.get(wanted) is None
    place.unlink()
    os.symlink("/etc/hostname", place)
    assert cache.get(wanted) is None
    for odd in ("sha256:../../x", "md5:1", "", "sha256:" + "g" * 64):
        cache.put(odd, b"x")
        assert cache.get(odd) is None


def test_tags_are_kept_for_minutes(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.put_tag("r/x:1", Tag(1000.0, digest(b"x")))
    assert cache.tag("r/x:1", 1200.0, 300.0) == Tag(1000.0, digest(b"x"))
    assert cache.tag("r/x:1", 1301.0, 300.0) is None
    assert cache.tag("r/x:1", 900.0, 300.0) is None, "a clock that went back"
    assert cache.tag("r/x:2", 1200.0, 300.0) is None
    next((tmp_path / "cache" / "tags").iterdir()).write_bytes(b'{"at": "x"}')
    assert cache.tag("r/x:1", 1200.0, 300.0) is None


def test_a_second_look_asks_for_little(access: MakeAccess, tmp_path: Path) -> None:
    with registry() as made:
        wanted, _ = made.store().image("app")
        made.store().sign(made.repository(), wanted)
        asked = []
        for fresh in (False, False, True):
            made.seen.clear()
            one = access(cache=tmp_path / "cache", fresh=fresh)
            found = of_digest(made.repository(), (wanted,), policy(), one, time.time())
            assert found.mark is Mark.VERIFIED
            asked.append(len(made.seen))
    assert asked[0] > asked[2] > asked[1] == 1, "only the referrers"


def test_a_disk_that_cannot_be_written_to_is_no_fault(access: MakeAccess) -> None:
    with registry() as made:
        wanted, _ = made.store().image("app")
        made.store().sign(made.repository(), wanted)
        one = access(cache=Path("/proc/nowhere"))
        assert of_digest(made.repository(), (wanted,), policy(), one, time.time()).mark is Mark.VERIFIED


def test_the_oldest_go_when_there_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.sources.registry.cache._MOST_BYTES", 3000)
    cache = Cache(tmp_path / "cache")
    for number in range(5):
        content = bytes([number]) * 1000
        cache.put(digest(content), content)
        place = cache._place(digest(content))
        assert place is not None
        os.utime(place, (number, number))
    Cache(tmp_path / "cache").put(digest(b"new"), b"new")
    kept = [number for number in range(5) if cache.get(digest(bytes([number]) * 1000))]
    assert kept == [2, 3, 4]


def test_the_machines_own_store_is_opened_only_where_it_could_help(access: MakeAccess, tmp_path: Path) -> None:
    """It may be closed to all but root, and then a missing signature would be unknown for ever."""
    one = replace(access(), default_lookasides=(tmp_path / ("y" * 300),))  # as good as closed: also to root
    digests = ("sha256:" + "1" * 64,)
    trusted = policy("release").rules[0]
    by_gpg = Rule(("**",), signed_by=(GpgKeys("g", b"k"),))
    until = time.monotonic() + 5
    assert look_beside("r.example/app", digests, one, trusted, until).missed == []
    assert look_beside("r.example/app", digests, one, by_gpg, until).missed
    assert look_beside("r.example/app", digests, one, None, until).missed
