"""File trees for images: a static busybox, and programs of the host with the shared libraries they need."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_ACCOUNTS = "root:x:0:0:root:/root:/bin/sh\napp:x:10001:10001:app:/app:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"
_DIRECTORIES = ("bin", "dev", "etc", "proc", "sys", "tmp", "run", "root", "app", "www", "data", "lib64", "usr/bin")
_DATA = Path(__file__).parent / "data" / "images"
_PAGE = "<!doctype html><title>lab</title><p>ok\n"


class Tree:
    """A layer under construction: paths without leading slash to file content, links and directories."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - see done()

    def directory(self, path: str, mode: int = 0o755) -> None:
        info = tarfile.TarInfo(path)
        info.type, info.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(info)

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        info = tarfile.TarInfo(path)
        info.size, info.mode = len(content), mode
        self._tar.addfile(info, io.BytesIO(content))

    def link(self, path: str, target: str) -> None:
        info = tarfile.TarInfo(path)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(info)

    def done(self) -> bytes:
        """The layer as an uncompressed tar with fixed times, so that equal trees have equal digests."""
        self._tar.close()
        return self._buffer.getvalue()


@cache
def base_layer() -> bytes:
    """A static busybox under all its names, accounts, and a page to serve. Raises FileNotFoundError without busybox."""
    busybox = find("busybox")
    if busybox is None:
        raise FileNotFoundError("busybox is not installed (Debian: apt-get install busybox-static)")
    tree = Tree()
    for name in _DIRECTORIES:
        tree.directory(name, 0o1777 if name in ("tmp", "data") else 0o755)
    tree.file("bin/busybox", busybox.read_bytes(), 0o755)
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            tree.link(f"bin/{applet}", "busybox")
    tree.file("etc/passwd", _ACCOUNTS.encode())
    tree.file("etc/group", b"root:x:0:\napp:x:10001:\n")
    tree.file("www/index.html", _PAGE.encode())
    return tree.done()


def program_layer(program: str, port: int, files: Mapping[str, str], copies: Sequence[str] = ()) -> bytes:
    """`program` of the host as ``/bin/program`` with its libraries, text `files`, and `copies` of host files.

    Where the program is not installed, a web server on `port` stands in for it, whatever arguments it gets.
    """
    tree = Tree()
    binary = find(program)
    if binary is None:
        stand_in = f"#!/bin/sh\nexec httpd -f -p {port} -h /www\n"
        tree.file("bin/program", stand_in.encode(), 0o755)
    else:
        tree.file("bin/program", binary.read_bytes(), 0o755)
        for library in _libraries(binary):
            tree.file(library.lstrip("/"), Path(library).read_bytes(), 0o755)
        for copy in filter(os.path.isfile, copies):
            tree.file(copy.lstrip("/"), Path(copy).read_bytes())
    for path, text in files.items():
        tree.file(path.lstrip("/"), text.encode())
    return tree.done()


def files_layer(files: Mapping[str, str]) -> bytes:
    """Text files only."""
    tree = Tree()
    for path, text in files.items():
        tree.file(path.lstrip("/"), text.encode(), 0o755)
    return tree.done()


def layer_of(files: Mapping[str, str], modes: Mapping[str, str], gone: Sequence[str]) -> bytes:
    """A layer as `LayerSpec` describes it; what is gone is marked as the OCI image specification says (whiteouts)."""
    tree = Tree()
    for path, content in files.items():
        tree.file(path.lstrip("/"), _content(content), int(modes.get(path, "644"), 8))
    for path in gone:
        folder, _, name = path.lstrip("/").rpartition("/")
        tree.file(f"{folder}/.wh.{name}".lstrip("/"), b"")
    return tree.done()


def _content(text: str) -> bytes:
    if text.startswith("data:"):
        return (_DATA / text.removeprefix("data:")).read_bytes()
    if text.startswith("size:"):
        return bytes(int(text.removeprefix("size:")))
    return text.encode()


def find(program: str) -> Path | None:
    """Where the host has `program`."""
    found = shutil.which(program, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    return Path(found) if found else None


def _libraries(binary: Path) -> list[str]:
    answer = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False)
    return sorted(set(re.findall(r"(?:=>\s*)?(/\S+)\s+\(0x", answer.stdout)))
