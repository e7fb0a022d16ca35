"""Images made without a registry and without a build: archives as ``docker save`` writes them, loaded as they are.

Writing the image configuration by hand gives full control over history, dates, environment and labels.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.rootfs import base_layer, files_layer, layer_of, program_layer


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer over the base: the build `step` that made it, `files` by path, their `modes` (octal), what is `gone`.

    A content that begins with `data:` is that file of ``lab/data/images``; `size:N` is N bytes of nothing.
    """

    step: str
    files: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    gone: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """One image. `config` is the ``config`` object of the OCI image specification; `days_old` sets ``created``.

    `history` are build commands after the base layer; with `history_hidden` the image has none at all (an import).
    `layers` lie over the base layer; `program` names a host binary that becomes ``/bin/program``, `copies` host files
    it needs at the same path. `round` orders loads: a second image of the same name in round 2 takes the tag away from
    the first. `lost` images are removed while a container still uses them. What is pushed is `signed_by` a name: with a
    tag as cosign 2 does it, or, where it `states` something (sbom, provenance), with bundles that refer to it.
    """

    name: str
    about: str
    config: Mapping[str, Any]
    days_old: int = 2
    history: Sequence[str] = ()
    history_hidden: bool = False
    program: str = ""
    port: int = 8080
    files: Mapping[str, str] = field(default_factory=dict)
    copies: Sequence[str] = ()
    layers: Sequence[LayerSpec] = ()
    round: int = 1
    dangling: bool = False
    push: bool = False
    signed_by: str = ""
    states: Sequence[str] = ()
    lost: bool = False


def archive(specs: Iterable[ImageSpec], now: datetime) -> bytes:
    """A tar for ``POST /images/load`` that holds all `specs`; shared layers are stored once."""
    buffer = io.BytesIO()
    manifest: list[dict[str, Any]] = []
    written: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for spec in specs:
            layers = _layers(spec)
            config = _config(spec, layers, now)
            config_name = f"{hashlib.sha256(config).hexdigest()}.json"
            names = [f"{hashlib.sha256(layer).hexdigest()}/layer.tar" for layer in layers]
            for name, content in [(config_name, config), *zip(names, layers, strict=True)]:
                if name not in written:
                    written.add(name)
                    _add(tar, name, content)
            manifest.append({"Config": config_name, "RepoTags": [spec.name], "Layers": names})
        _add(tar, "manifest.json", json.dumps(manifest).encode())
    return buffer.getvalue()


def _layers(spec: ImageSpec) -> list[bytes]:
    layers = [base_layer()]
    if spec.program:
        layers.append(program_layer(spec.program, spec.port, spec.files, spec.copies))
    elif spec.files:
        layers.append(files_layer(spec.files))
    return layers + [layer_of(layer.files, layer.modes, layer.gone) for layer in spec.layers]


def _config(spec: ImageSpec, layers: Sequence[bytes], now: datetime) -> bytes:
    created = (now - timedelta(days=spec.days_old)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": created,
        "config": {"Env": ["PATH=/bin:/usr/bin"], "WorkingDir": "/app", "Cmd": ["sleep", "86400000"], **spec.config},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]},
        "history": [] if spec.history_hidden else _history(spec, len(layers) - len(spec.layers), created),
    }
    return json.dumps(document).encode()


def _history(spec: ImageSpec, layers: int, created: str) -> list[dict[str, Any]]:
    steps = ["COPY rootfs / # buildkit", "COPY program / # buildkit"][:layers]
    steps += [layer.step for layer in spec.layers]
    full = [{"created": created, "created_by": step} for step in steps]
    return full + [{"created": created, "created_by": step, "empty_layer": True} for step in spec.history]


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
