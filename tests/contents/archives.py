"""Archives of images, good and bad ones, made byte by byte."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Member = tuple[str, bytes] | tarfile.TarInfo


def tar(*members: Member, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002 - as tarfile calls it
    """An archive of files, or of members as they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as out:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                out.addfile(member, io.BytesIO(bytes(member.size)) if member.isreg() else None)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                out.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def special(name: str, kind: bytes, link: str = "", **values: int) -> tarfile.TarInfo:
    """A link, device or directory."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    for key, value in values.items():
        setattr(info, key, value)
    return info


def sha(data: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()


def config(layers: Sequence[bytes], **members: object) -> bytes:
    """An image's configuration."""
    steps: list[dict[str, object]] = [{"created_by": f"step {number}"} for number, _layer in enumerate(layers, 1)]
    steps.insert(1, {"created_by": "ENV a=b", "empty_layer": True})
    diff_ids = [f"sha256:{sha(layer)}" for layer in layers]
    return json.dumps({"rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": steps, **members}).encode()


def saved(layers: Sequence[bytes], *, instead: Mapping[int, bytes] | None = None) -> bytes:
    """As Docker 20.10 saves: layers by another name and order, equal ones as links, what they are last of all."""
    about = config(layers)
    names: list[str] = []
    members: list[Member] = []
    first: dict[bytes, str] = {}
    for number, layer in enumerate(layers):
        name = f"{sha(str(number).encode())}/layer.tar"
        names.append(name)
        given = (instead or {}).get(number, layer)
        if given in first:
            members.append(special(name, tarfile.SYMTYPE, f"../{first[given]}"))
        else:
            members.append((name, given))
            first[given] = name
    members.sort(key=lambda member: member.name if isinstance(member, tarfile.TarInfo) else member[0])
    manifest = [{"Config": f"{sha(about)}.json", "RepoTags": ["a:1"], "Layers": names}]
    return tar(*members, (f"{sha(about)}.json", about), ("manifest.json", json.dumps(manifest).encode()))


def layout(layers: Sequence[bytes], *, packed: bool = True, docker: bool = False) -> dict[str, bytes]:
    """An OCI layout as names and contents."""
    about = config(layers)
    blobs = [gzip.compress(layer, mtime=0) if packed else layer for layer in layers]
    described = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": f"sha256:{sha(x)}"} for x in blobs]
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{sha(about)}"}, "layers": described})
    index = {"schemaVersion": 2, "manifests": [{"digest": f"sha256:{sha(manifest.encode())}"}]}
    files = {f"blobs/sha256/{sha(blob)}": blob for blob in [*blobs, about, manifest.encode()]}
    files |= {"index.json": json.dumps(index).encode(), "oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    if docker:
        names = [f"blobs/sha256/{sha(blob)}" for blob in blobs]
        files["manifest.json"] = json.dumps([{"Config": f"blobs/sha256/{sha(about)}", "Layers": names}]).encode()
    return files


def written(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a directory."""
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return directory


def image_id(layers: Iterable[bytes]) -> str:
    """What an engine calls an image of these layers."""
    return f"sha256:{sha(config(list(layers)))}"
