"""policy.json means to us what it means to Skopeo: which files it refuses, and which scope decides."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.signatures.host_policy import parse, rejects

KEY = str(Path(__file__).parents[1] / "data" / "trust" / "p256.pub")
ANYTHING, REJECT = [{"type": "insecureAcceptAnything"}], [{"type": "reject"}]
pytestmark = pytest.mark.skipif(
    not shutil.which("skopeo") or not shutil.which("docker-registry"), reason="needs skopeo and docker-registry"
)


def sigstore(**values: object) -> dict[str, Any]:
    return {"default": [{"type": "sigstoreSigned", **values}]}


DOCUMENTS: list[Any] = [
    {"default": ANYTHING},
    {},
    [],
    {"default": []},
    {"default": ANYTHING, "x": 1},
    {"default": [{"type": "foo"}]},
    {"default": [{"type": "reject", "x": 1}]},
    {"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": KEY}]},
    {"default": [{"type": "signedBy", "keyPath": KEY}]},
    {"default": [{"type": "signedBy", "keyType": "X", "keyPath": KEY}]},
    sigstore(),
    sigstore(keyPath=KEY),
    sigstore(keyPath="relative.pub"),
    sigstore(keyData="?"),
    sigstore(keyData="aGVsbG8="),
    sigstore(keyData="aGVsbG8=", keyPath=KEY),
    sigstore(keyPath=KEY, signedIdentity={"type": "exactRepository", "dockerRepository": "quay.io/a/b"}),
    sigstore(keyPath=KEY, signedIdentity={"type": "exactRepository"}),
    sigstore(keyPath=KEY, signedIdentity={"type": "remapIdentity", "prefix": "a.b", "signedPrefix": "c.d"}),
    sigstore(keyPath=KEY, signedIdentity={"type": "matchExact", "x": 1}),
    sigstore(keyPath=KEY, signedIdentity={"type": "nope"}),
    {"default": ANYTHING, "transports": []},
    {"default": ANYTHING, "transports": {"docker": []}},
    {"default": ANYTHING, "transports": {"docker": {"quay.io/a": []}}},
    {
        "default": ANYTHING,
        "transports": {"docker": {"*.example.com": ANYTHING, "": REJECT}, "docker-daemon": {"": REJECT}},
    },
]


def skopeo(folder: Path, policy: object, source: str) -> str:
    """What it says of a copy under a policy, "" where it does it."""
    file = folder / "policy.json"
    file.write_text(json.dumps(policy))
    command = ["skopeo", "--policy", str(file), "copy", "--src-tls-verify=false", source, f"dir:{folder / 'out'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: json.dumps(document)[:60])
def test_the_same_files_are_refused(tmp_path: Path, document: object) -> None:
    refused = "invalid policy" in skopeo(tmp_path, document, f"dir:{tmp_path / 'none'}")
    assert bool(parse(document, "/p").mistakes) is refused


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry on loopback with the image team/app:1."""
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    (folder / "config.yml").write_text(json.dumps(config))
    server = subprocess.Popen(
        ["docker-registry", "serve", str(folder / "config.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(address)
        image = _image(folder / "image")
        command = ["skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", f"dir:{image}"]
        subprocess.run([*command, f"docker://{address}/team/app:1"], check=True, capture_output=True, timeout=30)
        yield address
    finally:
        server.kill()
        server.wait()


def _wait(address: str) -> None:
    host, _, port = address.partition(":")
    for _ in range(100):
        with socket.socket() as attempt:
            if not attempt.connect_ex((host, int(port))):
                return
        time.sleep(0.05)
    raise AssertionError("the registry did not start")


def _image(folder: Path) -> Path:
    """An image of one empty layer, as a directory of Skopeo's."""
    folder.mkdir()
    layer = b"\0" * 1024
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
    ).encode()
    kinds = "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.container.image.v1+json"
    described = []
    for kind, content in zip(kinds, (layer, config), strict=True):
        digest = hashlib.sha256(content).hexdigest()
        (folder / digest).write_bytes(content)
        described.append({"mediaType": kind, "size": len(content), "digest": f"sha256:{digest}"})
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": described[1],
        "layers": [described[0]],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    return folder


@pytest.mark.parametrize(
    "accepted",
    [
        "{}/team/app:1",
        "{}/team/app",
        "{}/team",
        "{}",
        "*.0.0.1",
        "*.1",
        "",
        "{}/team/app:2",
        "{}/te",
        "*.0.0.2",
        "team",
    ],
)
def test_the_same_scope_decides(tmp_path: Path, registry: str, accepted: str) -> None:
    scope = accepted.format(registry)
    document = {"default": REJECT, "transports": {"docker": {scope: ANYTHING}}}
    said = skopeo(tmp_path, document, f"docker://{registry}/team/app:1")
    assert not said or "rejected by policy" in said, said
    policy = parse(document, "/p")
    assert policy.mistakes == ()
    assert rejects(policy.applies(f"{registry}/team/app", "1")[1]) is bool(said)
    narrower = {"default": ANYTHING, "transports": {"docker": {scope: ANYTHING, f"{registry}/team/app": REJECT}}}
    said = skopeo(tmp_path, narrower, f"docker://{registry}/team/app:1")
    assert rejects(parse(narrower, "/p").applies(f"{registry}/team/app", "1")[1]) is bool(said)
