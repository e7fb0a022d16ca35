"""Image archives are well-formed and say what their specification says."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime
from typing import Any

import pytest

from lab import plan
from lab.images import ImageSpec, archive
from lab.rootfs import find, program_layer

NOW = datetime(2026, 1, 31, tzinfo=UTC)
needs_busybox = pytest.mark.skipif(find("busybox") is None, reason="busybox is not installed")


def _open(specs: list[ImageSpec]) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive(specs, NOW))) as tar:
        members = {member.name: file.read() for member in tar if (file := tar.extractfile(member)) is not None}
    return json.loads(members["manifest.json"]), members


@needs_busybox
def test_config_and_layers_are_stored_under_their_digests() -> None:
    manifest, members = _open([ImageSpec("a/b:1", "", {"User": "1"}, days_old=30)])
    config = members[manifest[0]["Config"]]
    assert manifest[0]["RepoTags"] == ["a/b:1"]
    assert manifest[0]["Config"] == hashlib.sha256(config).hexdigest() + ".json"
    layers = [f"sha256:{hashlib.sha256(members[name]).hexdigest()}" for name in manifest[0]["Layers"]]
    assert json.loads(config)["rootfs"]["diff_ids"] == layers
    assert json.loads(config)["created"] == "2026-01-01T00:00:00Z"


@needs_busybox
def test_images_share_their_base_layer() -> None:
    manifest, members = _open([ImageSpec("a:1", "", {}), ImageSpec("b:1", "", {"User": "1"})])
    assert manifest[0]["Layers"] == manifest[1]["Layers"]
    assert len([name for name in members if name.endswith("layer.tar")]) == 1


@needs_busybox
@pytest.mark.parametrize("spec", plan.images(), ids=lambda spec: f"{spec.name}-{spec.round}")
def test_history_has_one_entry_with_content_for_each_layer(spec: ImageSpec) -> None:
    manifest, members = _open([spec])
    config = json.loads(members[manifest[0]["Config"]])
    full = [step for step in config["history"] if not step.get("empty_layer")]
    assert len(full) == (0 if spec.history_hidden else len(manifest[0]["Layers"]))


def test_a_missing_program_is_replaced_by_a_server_on_its_port() -> None:
    with tarfile.open(fileobj=io.BytesIO(program_layer("no-such-program-here", 9090, {"/etc/x": "y"}))) as tar:
        script, text = tar.extractfile("bin/program"), tar.extractfile("etc/x")
        assert script is not None
        assert text is not None
        assert b"httpd -f -p 9090" in script.read()
        assert text.read() == b"y"
