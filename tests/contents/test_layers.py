"""Archives and layouts of every form give the same contents; what does not fit together is said."""

from __future__ import annotations

import bz2
import json
import platform
import shutil
import tarfile
from pathlib import Path

import pytest

from inventory.contents.guard import Guard
from inventory.contents.model import Contents
from inventory.contents.packages import FINDERS
from inventory.gap import Gap, Reason
from inventory.sources.docker.transport import ApiError
from inventory.sources.layers import stream
from inventory.sources.layers.cache import Cache
from inventory.sources.layers.export import Export
from inventory.sources.layers.layout import Layout
from inventory.sources.layers.read import read
from tests.contents.archives import image_id, layout, saved, special, tar, written

DATA = Path(__file__).parent.parent / "data" / "contents"
RELEASE = b'ID=debian\nVERSION_ID="12"\n'
LAYERS = [
    tar(("etc/os-release", RELEASE), ("var/lib/dpkg/status", b""), ("big", bytes(70000))),
    tar(("etc/.wh.gone", b""), ("etc/x", b"1")),
    tar(("etc/.wh.gone", b""), ("etc/x", b"1")),
    tar(special("opt", tarfile.DIRTYPE), ("opt/.wh..wh..opq", b""), ("big", b"small")),
]
ID = image_id(LAYERS)


def _of(path: Path, image: str = "") -> Contents:
    found = read(image, [Layout(path)], FINDERS)
    assert isinstance(found, Contents), found
    return found


def _same(found: Contents) -> tuple[object, ...]:
    return found.digest, found.layers, found.distribution, found.packages, found.files, found.problems, found.complete


def test_every_form_gives_the_same(tmp_path: Path) -> None:
    (tmp_path / "saved.tar").write_bytes(saved(LAYERS))
    written(tmp_path / "oci", layout(LAYERS))
    written(tmp_path / "plain", layout(LAYERS, packed=False, docker=True))
    (tmp_path / "oci.tar").write_bytes(tar(*layout(LAYERS).items()))
    found = [_of(tmp_path / name, ID) for name in ("saved.tar", "oci", "plain", "oci.tar")]
    assert found[0].complete and found[0].distribution.version_id == "12"
    assert [layer.created_by for layer in found[0].layers] == ["step 1", "step 2", "step 3", "step 4"]
    assert found[0].layers[3].wasted == 70000
    assert len({repr(_same(one)) for one in found}) == 1


@pytest.mark.parametrize("name", ["mini-docker20.tar", "mini-oci.tar"])
def test_real_archives(name: str) -> None:
    found = _of(DATA / name)
    assert found.complete and found.files == 18 and len(found.layers) == 8
    assert found.distribution.codename == "bullseye"
    assert [layer.removed for layer in found.layers] == [0, 0, 0, 0, 0, 0, 2, 1]
    assert len(found.packages) == 112


def test_another_image_than_asked_for_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(saved(LAYERS))
    found = _of(tmp_path / "a.tar", "sha256:" + "1" * 64)
    assert not found.complete and "not the image that was asked for" in found.problems[0]


def test_a_layer_with_a_wrong_digest_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(saved(LAYERS, instead={0: tar(("etc/os-release", b"ID=evil\n"))}))
    found = _of(tmp_path / "a.tar", ID)
    assert not found.complete and "layer 1 does not have the digest" in "".join(found.problems)


def test_a_blob_with_a_wrong_digest_is_not_trusted(tmp_path: Path) -> None:
    files = layout(LAYERS, packed=False)
    largest = max(files, key=lambda name: len(files[name]))
    files[largest] = tar(("etc/os-release", b"ID=evil\n"))
    written(tmp_path / "oci", files)
    (tmp_path / "oci.tar").write_bytes(tar(*files.items()))
    for name in ("oci", "oci.tar"):
        found = _of(tmp_path / name, ID)
        assert not found.complete and "a blob does not have the digest" in "".join(found.problems)


def test_a_missing_layer_is_said(tmp_path: Path) -> None:
    files = layout(LAYERS, packed=False)
    files.pop(max((name for name in files if name.startswith("blobs")), key=lambda name: len(files[name])))
    found = read(ID, [Layout(written(tmp_path / "oci", files))], FINDERS)
    assert isinstance(found, Contents) and not found.complete


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8bnothing", bytes(10240), tar(("a", b"b"))])
def test_what_is_no_image_is_a_gap(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    found = read("", [Layout(tmp_path / "x")], FINDERS)
    assert isinstance(found, Gap) and found.reason in {Reason.MALFORMED, Reason.ERROR}


@pytest.mark.parametrize(
    "text", [b"[]", b"{", b"[1]", b'[{"Config": 1}]', b'[{"Config":"a","Layers":["b"]}]', b"[" * 9999]
)
def test_wrong_documents_are_a_gap(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x").write_bytes(tar(("manifest.json", text)))
    assert isinstance(read("", [Layout(tmp_path / "x")], FINDERS), Gap)
    written(tmp_path / "d", {"index.json": text})
    assert isinstance(read("", [Layout(tmp_path / "d")], FINDERS), Gap)


def test_results_are_kept_and_damaged_ones_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(saved(LAYERS))
    cache = Cache(tmp_path / "cache")
    first = read(ID, [Layout(tmp_path / "a.tar")], FINDERS, cache)
    assert isinstance(first, Contents)
    assert read(ID, [], FINDERS, cache) == first
    assert isinstance(read(ID, [], FINDERS[:1], cache), Gap)
    kept = sorted((tmp_path / "cache").iterdir())
    assert len(kept) == 4 and {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    for path in kept:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert isinstance(read(ID, [], FINDERS, cache), Gap)
    again = read(ID, [Layout(tmp_path / "a.tar")], FINDERS, cache)
    assert isinstance(again, Contents) and _same(again) == _same(first)


def test_the_cache_has_an_end(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=3000)
    for number in range(30):
        cache.keep_contents(Contents(f"sha256:{number:064x}", "layout", 1, problems=("x" * 300,)), "f")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000
    assert cache.contents(f"sha256:{29:064x}", "f") is not None
    assert cache.contents(f"sha256:{0:064x}", "f") is None


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(tmp_path / "file" / "below")
    cache.keep_contents(Contents(f"sha256:{1:064x}", "layout", 1), "f")
    assert cache.contents(f"sha256:{1:064x}", "f") is None


def test_a_damaged_archive_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    (tmp_path / "a.tar").write_bytes(saved(LAYERS, instead={0: LAYERS[0][:-20000]}))
    found = read(ID, [Layout(tmp_path / "a.tar")], FINDERS, cache)
    assert isinstance(found, Contents) and not found.complete
    assert cache.contents(ID, "") is None and not list((tmp_path / "cache").glob("image-*"))


class _Engine:
    """An engine that sends these pieces."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.asked: list[str] = []
        self.closed = False

    def stream(self, path: str, *, deadline: float) -> _Engine:
        self.asked.append(path)
        return self

    def __iter__(self):  # type: ignore[no-untyped-def]
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self) -> None:
        self.closed = True

    def get(self, path: str, *, deadline: float, limit: int = 0, method: str = "GET"):  # type: ignore[no-untyped-def]
        raise AssertionError


def test_export_reads_pieces_of_any_size() -> None:
    data = saved(LAYERS)
    for size in (7, 512, 70001):
        engine = _Engine(*(data[at : at + size] for at in range(0, len(data), size)))
        found = read(ID, [Export(engine)], FINDERS)
        assert isinstance(found, Contents) and found.complete and found.how == "export"
        assert engine.asked == [f"/images/{ID}/get"] and engine.closed


def test_an_export_that_breaks_off_is_a_gap_or_incomplete() -> None:
    data = saved(LAYERS)
    error = ApiError(Reason.ERROR, 0, "answer cut off")
    for at in range(0, len(data) - 10240, 4999):  # after that comes padding
        found = read(ID, [Export(_Engine(data[:at], error))], FINDERS)
        assert isinstance(found, Gap) or not found.complete


def test_an_export_is_stopped_and_refused() -> None:
    data = saved(LAYERS)
    stopped = read(ID, [Export(_Engine(data))], FINDERS, stopped=lambda: True)
    assert isinstance(stopped, Gap) and stopped.reason is Reason.PENDING
    large = read(ID, [Export(_Engine(data), size=2 << 30, largest=1 << 30)], FINDERS)
    assert isinstance(large, Gap) and large.reason is Reason.UNSUPPORTED
    odd = read("sha256:x/../y", [Export(_Engine(data))], FINDERS)
    assert isinstance(odd, Gap) and odd.reason is Reason.MALFORMED


def test_links_in_a_layout_directory_are_not_followed(tmp_path: Path) -> None:
    good = written(tmp_path / "good", layout(LAYERS))
    bad = tmp_path / "bad"
    shutil.copytree(good, bad)
    shutil.rmtree(bad / "blobs" / "sha256")
    (bad / "blobs" / "sha256").symlink_to(good / "blobs" / "sha256")
    assert isinstance(read(ID, [Layout(bad)], FINDERS), Gap)


def test_frames_of_a_decompressor_like_zstd(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library's zstd (Python 3.14) has the interface of its bz2."""
    monkeypatch.setattr(stream, "_ZSTD", b"BZh")
    monkeypatch.setattr(stream, "_zstd", lambda: bz2.BZ2Decompressor)
    data = b"".join(number.to_bytes(3, "big") for number in range(200_000))
    for packed in (bz2.compress(data), bz2.compress(data[:70_000]) + bz2.compress(data[70_000:])):
        for size in (5000, 1 << 20):
            pieces = (packed[at : at + size] for at in range(0, len(packed), size))
            source = stream.Source(lambda: next(pieces, b""))  # noqa: B023 - used up before the next
            found = stream.Source(stream.unpacked(source, Guard()))
            assert found.read(1 << 30) == data


def test_an_engine_may_call_an_image_by_its_manifest(tmp_path: Path) -> None:
    files = layout(LAYERS, packed=False, docker=True)
    digest = json.loads(files["index.json"])["manifests"][0]["digest"]
    found = _of(written(tmp_path / "good", files), digest)
    assert found.complete and found.digest == digest
    files["index.json"] = json.dumps({"manifests": [{"digest": "sha256:" + "1" * 64}]}).encode()
    claimed = _of(written(tmp_path / "bad", files), "sha256:" + "1" * 64)
    assert "not the image that was asked for" in claimed.problems[0]


def test_an_index_for_several_machines_gives_this_ones(tmp_path: Path) -> None:
    mine, other = layout(LAYERS), layout([tar(("other", b"1"))])
    index = []
    for files, architecture in ((other, "s390x"), (mine, {"x86_64": "amd64"}.get(platform.machine(), "arm64"))):
        descriptor = json.loads(files["index.json"])["manifests"][0]
        index.append({**descriptor, "platform": {"os": "linux", "architecture": architecture}})
    attestation = {**index[0], "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    files = {**mine, **other, "index.json": json.dumps({"manifests": [attestation, *index]}).encode()}
    place = written(tmp_path / "oci", files)
    assert len(_of(place).layers) == 4
    assert len(_of(place, image_id([tar(("other", b"1"))])).layers) == 1
