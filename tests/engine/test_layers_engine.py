"""An image of a real engine, read in its overlay directories and out of its export stream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.contents.files import finders
from inventory.contents.model import Contents
from inventory.contents.packages import FINDERS
from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.sources.docker.endpoint import transport
from inventory.sources.docker.endpoints import Surroundings, from_text
from inventory.sources.docker.images import image
from inventory.sources.layers.cache import Cache
from inventory.sources.layers.export import Export
from inventory.sources.layers.overlay import Overlay
from inventory.sources.layers.read import read
from inventory.sources.layers.reading import Way
from lab.engine import Lab
from tests.contents.archives import config, sha, special, tar

pytestmark = pytest.mark.engine
ALL = (*FINDERS, *finders(frozenset()))
NAME = "deckwatch-layers:1"
STATUS = "Package: {0}\nStatus: install ok installed\nVersion: {1}\nArchitecture: all\n"


def _status(**packages: str) -> tuple[str, bytes]:
    return "var/lib/dpkg/status", "\n".join(STATUS.format(*row) for row in packages.items()).encode()


LAYERS = [
    tar(
        ("usr/lib/os-release", b'ID=debian\nVERSION_ID="12"\n'),
        special("etc/os-release", tarfile.SYMTYPE, "../usr/lib/os-release"),
        ("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n"),
        ("etc/shadow", b"root:*:1::::::\napp::1::::::\n"),
        _status(alpha="1", beta="2"),
        ("srv/data/one", bytes(5000)),
        ("srv/data/two", bytes(3000)),
        ("srv/keep", b"123"),
        ("srv/same", bytes(100)),
        special("srv/same-again", tarfile.LNKTYPE, "srv/same"),
        special("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3),
        special("pipe", tarfile.FIFOTYPE),
        special("usr/bin/su", tarfile.REGTYPE, mode=0o4755),
        special("tmp", tarfile.DIRTYPE, mode=0o1777),
    ),
    tar(("srv/.wh.keep", b""), ("srv/data/.wh..wh..opq", b""), ("srv/data/three", b"3"), _status(alpha="1", beta="3")),
    tar(("usr/.wh.bin", b""), (".env", b"AWS_SECRET_ACCESS_KEY=" + b"k" * 40)),
]


def _archive(layers: list[bytes]) -> bytes:
    about = config(layers, architecture="amd64", os="linux", config={})
    names = [f"{sha(layer)}/layer.tar" for layer in layers]
    manifest = [{"Config": f"{sha(about)}.json", "RepoTags": [NAME], "Layers": names}]
    members = [*zip(names, layers, strict=True), (f"{sha(about)}.json", about)]
    return tar(*members, ("manifest.json", json.dumps(manifest).encode()))


@pytest.fixture(scope="module")
def made(lab: Lab) -> Iterator[Image]:
    """The image in the engine."""
    lab.client.raw("POST", "/images/load?quiet=1", _archive(LAYERS), {"Content-Type": "application/x-tar"})
    try:
        _status_code, raw = _inspected(lab)
        yield image(raw, None, "engine", 0.0)
    finally:
        lab.client.delete(f"/images/{NAME}")


def _inspected(lab: Lab) -> tuple[int, bytes]:
    answer = transport(from_text(lab.docker_host, Surroundings.real(), "test")).get(f"/images/{NAME}/json", deadline=20)
    return answer.status, answer.body


def _plain(found: Contents | Gap) -> dict[str, Any]:
    assert isinstance(found, Contents), found
    return {name: getattr(found, name) for name in found.__struct_fields__ if name not in {"how", "read_at"}}


def test_both_ways_tell_the_same(lab: Lab, made: Image, tmp_path: Path) -> None:
    overlay = read(made.id, [Overlay(made, str(lab.paths.data))], ALL)
    engine = transport(from_text(lab.docker_host, Surroundings.real(), "test"))
    export = read(made.id, [Export(engine, made.size)], ALL)
    assert _plain(overlay) == _plain(export)
    assert isinstance(overlay, Contents) and overlay.complete, overlay
    assert overlay.distribution.version_id == "12"
    assert {(p.name, p.version, overlay.layer_number(p.layer)) for p in overlay.packages} == {
        ("alpha", "1", 1),
        ("beta", "3", 2),
    }
    assert [(x.added, x.changed, x.removed, x.created_by) for x in overlay.layers][1:] == [
        (1, 1, 3, "step 2"),
        (1, 0, 1, "step 3"),
    ]
    assert [account.password for account in overlay.accounts] == ["locked", "empty"]
    assert not overlay.set_id


def test_without_permission_the_engine_is_asked(lab: Lab, made: Image) -> None:
    ways: list[Way] = [
        Overlay(made, "/nowhere/at/all"),
        Export(transport(from_text(lab.docker_host, Surroundings.real(), "test")), made.size),
    ]
    found = read(made.id, ways, ALL)
    assert isinstance(found, Contents) and found.how == "export"
    away = read(made.id, ways[:1], ALL)
    assert isinstance(away, Gap) and away.reason is Reason.UNSUPPORTED


def test_what_is_kept_is_used_by_other_images(lab: Lab, made: Image, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    first = read(made.id, [Overlay(made, str(lab.paths.data))], ALL, cache)
    again = read(made.id, [], ALL, cache)
    assert first == again
    for path in (tmp_path / "cache").glob("image-*"):
        path.unlink()
    (tmp_path / "log").touch()
    third = read(made.id, [Overlay(made, str(lab.paths.data))], ALL, cache)
    assert _plain(third) == _plain(first)


_TRACED = """
import sys
from pathlib import Path
from inventory.contents.files import finders
from inventory.contents.packages import FINDERS
from inventory.sources.docker.endpoint import transport
from inventory.sources.docker.endpoints import Surroundings, from_text
from inventory.sources.docker.images import image
from inventory.sources.layers.cache import Cache
from inventory.sources.layers.export import Export
from inventory.sources.layers.overlay import Overlay
from inventory.sources.layers.read import read
from inventory.sources.layers.reading import Way
host, name, root, cache = sys.argv[1:]
engine = transport(from_text(host, Surroundings.real(), "test"))
made = image(engine.get(f"/images/{name}/json", deadline=20).body, None, "engine", 0.0)
ALL = (*FINDERS, *finders(frozenset()))
for way in (Overlay(made, root), Export(engine, made.size)):
    found = read(made.id, [way], ALL, Cache(Path(cache) / way.how))
    print(found.how, found.complete)
"""
_WRITES = (
    "execve,execveat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,"
    "chmod,fchmodat,chown,lchown,fchownat,truncate,utimensat,setxattr,lsetxattr,openat,open,creat"
)


def test_nothing_is_written_outside_the_cache_and_nothing_executed(lab: Lab, made: Image, tmp_path: Path) -> None:
    if not any(os.access(f"{place}/strace", os.X_OK) for place in os.environ["PATH"].split(":")):
        pytest.skip("strace is not installed")
    cache, log = tmp_path / "cache", tmp_path / "log"
    cache.mkdir()
    program = [sys.executable, "-B", "-c", textwrap.dedent(_TRACED)]
    given = [lab.docker_host, NAME, str(lab.paths.data), str(cache)]
    done = subprocess.run(
        ["strace", "-f", "-y", "-qq", "-o", str(log), "-e", f"trace={_WRITES}", *program, *given],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert done.stdout.splitlines() == ["overlay True", "export True"]
    calls = [line.partition(" ")[2].strip() for line in log.read_text(errors="replace").splitlines()]
    looks = [line for line in calls if line.startswith("open") and "O_RDONLY" in line and "O_CREAT" not in line]
    others = [line for line in calls if line not in set(looks) and " = -1 E" not in line and "+++" not in line]
    assert len([line for line in others if line.startswith("exec")]) == 1, "only the program itself"
    written = [line for line in others if not line.startswith("exec") and "/dev/null" not in line]
    assert written and all(str(cache) in line for line in written), [x for x in written if str(cache) not in x]
    inside = [line for line in looks if "/overlay2/" in line]
    assert inside and all("O_NOFOLLOW" in line for line in inside)
