"""The machine below the engine, recorded and asked again."""

from __future__ import annotations

import base64
import json

import pytest

from inventory.sources.bundle.disguise import Disguise
from inventory.sources.bundle.manifest import SourceEntry
from inventory.sources.bundle.masking import HOST, masked
from inventory.sources.bundle.recorder import Recording
from inventory.sources.bundle.replay import Replay

SOURCE = (SourceEntry("docker", "docker", "unix:///x"),)
CMDLINE = b"agent\0--password\0hunter2-lab\0--token=hunter2-lab\0-v\0"


def heard(**files: bytes) -> bytes:
    read = {f"read {path}": base64.b64encode(content).decode() for path, content in files.items()}
    return json.dumps({**read, "clock": True, "link /x": "/y", "read /no": {"errno": 13}}).encode()


def test_it_comes_back() -> None:
    recording = Recording(clock=lambda: 7.0)
    recording.note_host("docker", heard(**{"/etc/os-release": b"ID=debian\n"}))
    bundle = recording.bundle("t", "h", SOURCE)
    replay = Replay(bundle.manifest, bundle.bodies)
    reader = replay.host_reader("docker")
    assert reader is not None
    assert reader.read("/etc/os-release") == b"ID=debian\n"
    assert reader.clock_synchronised()
    assert reader.link("/x") == "/y"
    with pytest.raises(PermissionError):
        reader.read("/no")
    with pytest.raises(FileNotFoundError):
        reader.read("/other")
    assert replay.host_reader("other") is None


def test_command_lines_and_files_are_masked() -> None:
    body = heard(**{"/proc/7/cmdline": CMDLINE, "/etc/docker/daemon.json": b'{"http-proxy": "http://a:hunter2-lab@p"}'})
    found = json.loads(masked(HOST, body, Disguise()))
    words = base64.b64decode(found["read /proc/7/cmdline"])
    assert b"hunter2" not in words
    assert len(words) == len(CMDLINE)
    assert words.split(b"\0")[:2] == [b"agent", b"--password"]
    assert b"hunter2" not in base64.b64decode(found["read /etc/docker/daemon.json"])
    assert found["read /no"] == {"errno": 13}


def test_a_broken_document_is_no_host() -> None:
    recording = Recording(clock=lambda: 7.0)
    recording.note_host("docker", b"[]")
    bundle = recording.bundle("t", "h", SOURCE, include_secrets=True)
    assert Replay(bundle.manifest, bundle.bodies).host_reader("docker") is None
