"""Layer directories that an engine names: only those below its own data root, and only if all of them are there."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.contents.files import finders
from inventory.contents.files.finder import Idle
from inventory.contents.finding import Entry
from inventory.contents.model import Contents
from inventory.contents.packages import FINDERS
from inventory.gap import Gap, Reason
from inventory.image import HistoryEntry, Image
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker.transport import ApiError
from inventory.sources.layers.cache import Cache
from inventory.sources.layers.export import Export
from inventory.sources.layers.layout import Layout
from inventory.sources.layers.manifest import steps_of
from inventory.sources.layers.overlay import Overlay
from inventory.sources.layers.read import read
from tests.contents.archives import config, image_id, layout, saved, sha, tar, written

ALL = (*FINDERS, *finders(frozenset()))
LAYERS = [tar(("etc/passwd", b"root:x:0:0::/:\n")), tar(("b", b"1"))]
ID = image_id(LAYERS)
DIFF_IDS = tuple(f"sha256:{sha(layer)}" for layer in LAYERS)


def _image(upper: object, lower: object = None, raw: bytes | None = None) -> Image:
    data = {"GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": upper, "LowerDir": lower}}}
    key = ResourceKey(Kind.IMAGE, "", ID)
    return Image.build(key=key, name="", id=ID, layers=DIFF_IDS, raw=json.dumps(data).encode() if raw is None else raw)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    written(tmp_path / "root/overlay2/one/diff", {"etc/passwd": b"root:x:0:0::/:\n"})
    written(tmp_path / "root/overlay2/two/diff", {"b": b"1"})
    written(
        tmp_path / f"root/image/overlay2/imagedb/content/sha256/{ID[7:]}".rpartition("/")[0], {ID[7:]: config(LAYERS)}
    )
    written(tmp_path / "outside/diff", {"etc/passwd": b"stranger:x:0:0::/:\n"})
    yield tmp_path / "root"


def _read(root: Path, upper: object, lower: object = None) -> Contents | Gap:
    return read(ID, [Overlay(_image(upper, lower), str(root))], ALL)


def test_layers_and_their_steps(root: Path) -> None:
    found = _read(root, f"{root}/overlay2/two/diff", f"{root}/overlay2/one/diff")
    assert isinstance(found, Contents) and found.complete and found.files == 2
    assert [(layer.diff_id, layer.created_by) for layer in found.layers] == [
        (DIFF_IDS[0], "step 1"),
        (DIFF_IDS[1], "step 2"),
    ]


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (None, None),
        ("{0}/overlay2/two/diff", None),
        ("{0}/overlay2/two/diff", "/etc"),
        ("{0}/overlay2/two/diff", "{0}/overlay2/../../outside/diff"),
        ("{0}/overlay2/two/diff", "{0}/overlay2/../diff"),
        ("{0}/overlay2/two/diff", "{0}/overlay2/one/diff/etc"),
        ("{0}/overlay2/two/diff", "{0}/overlay2/none/diff"),
        ("{0}/overlay2/two/diff", "{0}/volumes/one/diff"),
        (1, ["a"]),
    ],
)
def test_other_places_are_never_opened(root: Path, upper: str, lower: str) -> None:
    given = [place.format(root) if isinstance(place, str) else place for place in (upper, lower)]
    assert isinstance(_read(root, *given), Gap)


def test_a_layer_that_is_a_link_is_not_followed(root: Path) -> None:
    (root / "overlay2" / "evil").symlink_to(root.parent / "outside")
    (root / "overlay2" / "bad").mkdir()
    (root / "overlay2" / "bad" / "diff").symlink_to(root.parent / "outside" / "diff")
    for name in ("evil", "bad"):
        assert isinstance(_read(root, f"{root}/overlay2/two/diff", f"{root}/overlay2/{name}/diff"), Gap)


def test_nonsense_is_a_gap(root: Path) -> None:
    for raw in (b"", b"{", b"[]", b'{"GraphDriver": 1}', b'{"GraphDriver": null}', b'{"GraphDriver": {"Data": null}}'):
        found = read(ID, [Overlay(_image("", raw=raw), str(root))], ALL)
        assert isinstance(found, Gap) and found.reason in {Reason.MALFORMED, Reason.UNSUPPORTED}


def test_a_configuration_of_another_digest_is_not_believed(root: Path) -> None:
    (root / f"image/overlay2/imagedb/content/sha256/{ID[7:]}").write_bytes(config(LAYERS, evil=1))
    found = _read(root, f"{root}/overlay2/two/diff", f"{root}/overlay2/one/diff")
    assert isinstance(found, Contents) and [layer.created_by for layer in found.layers] == ["", ""]


def test_steps_out_of_the_engines_history() -> None:
    def step(text: str, size: int) -> HistoryEntry:
        return HistoryEntry(0.0, text, size)

    nop = "/bin/sh -c #(nop) "
    rows = [step("RUN true # buildkit", 0), step(f"{nop} ENV a=b", 0), step(f"{nop} ADD file:x in /", 5)]
    assert steps_of(rows, 2) == (f"{nop} ADD file:x in /", "RUN true # buildkit")
    assert steps_of(rows, 1) == (f"{nop} ADD file:x in /",)
    assert steps_of(rows, 7) == ()


def test_layers_are_shared_between_images(root: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    way = Overlay(_image(f"{root}/overlay2/two/diff", f"{root}/overlay2/one/diff"), str(root))
    first = read(ID, [way], ALL, cache)
    next((tmp_path / "cache").glob("image-*")).unlink()
    (root / "overlay2/one/diff/etc/passwd").write_bytes(b"other:x:0:0::/:\n")
    again = read(ID, [way], ALL, cache)
    assert isinstance(first, Contents) and isinstance(again, Contents)
    assert again.accounts == first.accounts


def test_an_image_that_is_deleted_meanwhile_is_not_kept(root: Path, tmp_path: Path) -> None:
    """The engine takes the configuration away, then files; a directory that is emptied looks like an empty one."""

    class Deletes(Idle):
        name = "deletes"

        def notice(self, entry: Entry) -> None:
            if entry.path == "etc":
                (root / f"image/overlay2/imagedb/content/sha256/{ID[7:]}").unlink(missing_ok=True)
                (root / "overlay2/one/diff/etc/passwd").unlink(missing_ok=True)

    way = Overlay(_image(f"{root}/overlay2/two/diff", f"{root}/overlay2/one/diff"), str(root))
    found = read(ID, [way], (Deletes(),), Cache(tmp_path / "cache"))
    assert isinstance(found, Gap) and found.reason is Reason.ABSENT
    assert "deleted while it was read" in found.detail
    assert not (tmp_path / "cache").exists()


def test_a_data_root_of_remapped_users(root: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files to others")
    place = tmp_path / "100000.100000"
    root.rename(place)
    su = place / "overlay2/two/diff/su"
    su.write_bytes(b"")
    os.chown(su, 100000, 100008)
    su.chmod(0o4755)
    found = _read(place, f"{place}/overlay2/two/diff", f"{place}/overlay2/one/diff")
    assert isinstance(found, Contents) and [(file.uid, file.gid) for file in found.set_id] == [(0, 8)]


class _Silent:
    """An engine that begins to answer and then says nothing until the connection is closed."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def stream(self, path: str, *, deadline: float) -> _Silent:
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield saved(LAYERS)[:3000]
        if not self.over.wait(20):
            raise AssertionError("never closed")
        raise ApiError(Reason.ERROR, 0, "closed")

    def close(self) -> None:
        self.over.set()

    def get(self, path: str, *, deadline: float, limit: int = 0, method: str = "GET"):  # type: ignore[no-untyped-def]
        raise AssertionError


def test_an_engine_that_falls_silent_is_left() -> None:
    begun = time.monotonic()
    found = read(ID, [Export(_Silent(), silence=0.3)], ALL)
    assert isinstance(found, Gap) and "no bytes" in found.detail
    assert time.monotonic() - begun < 10


def test_stopping_ends_the_wait() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    found = read(ID, [Export(_Silent(), silence=60)], ALL, stopped=stop.is_set)
    assert isinstance(found, Gap) and found.reason is Reason.PENDING


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    layers = [tar(("a", bytes(9 << 20)), ("b", bytes(9 << 20)))]
    place = written(tmp_path / "oci", layout(layers, packed=False))
    read("", [Layout(place)], (), tell=lambda doing, share: told.append((doing, share)), size=18 << 20)
    shares = [share for doing, share in told if doing == "reading layers"]
    assert len(shares) >= 3 and shares == sorted(shares) and shares[-1] <= 1.0


def test_stopping_ends_the_wait_for_the_first_byte() -> None:
    class Packing(_Silent):
        def stream(self, path: str, *, deadline: float) -> _Silent:
            self.over.wait(20)
            raise ApiError(Reason.TIMEOUT, 0, "no answer within the deadline")

    stop, engine = threading.Event(), Packing()
    threading.Timer(0.2, stop.set).start()
    found = read(ID, [Export(engine)], ALL, stopped=stop.is_set)
    engine.close()
    assert isinstance(found, Gap) and found.reason is Reason.PENDING
