"""Managed plugins: what a real engine tells of one, and answers that make no sense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inventory.engine import Engine, Plugin, PluginMount
from inventory.gap import Gap, Reason
from inventory.sources.bundle.masking import always
from inventory.sources.docker import translate
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.plugins import plugins, scrub
from inventory.sources.docker.read import read
from inventory.store import Store
from lab.fake_engine import Answer, FakeEngine
from tests.inventory.docker.captured import raw
from tests.inventory.docker.world import routes

WIDE = raw("docker-api/plugins-wide.json")


def patched(**changes: Any) -> bytes:
    """The captured plugin with other members: `Config__Linux__Capabilities=5`."""
    (document,) = json.loads(WIDE)
    for name, value in changes.items():
        *parents, last = name.split("__")
        place = document
        for parent in parents:
            place = place[parent]
        place[last] = value
    return json.dumps([document]).encode()


def test_a_real_plugin_with_all_rights() -> None:
    assert plugins(WIDE) == (
        Plugin(
            name="lab/wide:latest",
            enabled=True,
            reference="lab/wide:latest",
            types=("docker.volumedriver/1.0",),
            capabilities=("SYS_ADMIN",),
            allow_all_devices=True,
            devices=("/dev/fuse",),
            mounts=(PluginMount("/srv", "/mnt/state", "bind"),),
            network="host",
            ipc_host=False,
            pid_host=True,
        ),
    )


def test_an_engine_without_plugins() -> None:
    assert plugins(raw("docker-api/plugins.json")) == ()


def test_nulls_and_missing_members_are_no_rights() -> None:
    found = plugins(patched(Settings=None, Config=None))
    assert not isinstance(found, Gap)
    assert (found[0].capabilities, found[0].allow_all_devices, found[0].mounts) == ((), False, ())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[5]",
        WIDE[:300],
        patched(Enabled="yes"),
        patched(Config__Linux__Capabilities="CAP_SYS_ADMIN"),
        patched(Config__Linux__AllowAllDevices="true"),
        patched(Settings__Mounts=[5]),
        patched(Config=[]),
    ],
)
def test_rights_that_cannot_be_understood_are_unread_and_never_none(answer: bytes) -> None:
    found = plugins(answer)
    assert isinstance(found, Gap)
    assert found.reason is Reason.MALFORMED
    assert found.path.startswith("GET /plugins")


def test_a_refusal_is_passed_on() -> None:
    gap = Gap(Reason.UNSUPPORTED, "GET /plugins", "Not Found")
    assert plugins(gap) is gap


def test_one_shot_reading_asks_for_them(socket_directory: Path) -> None:
    with FakeEngine(socket_directory / "e.sock", routes() | {"/plugins": Answer(WIDE)}) as fake:
        store = Store()
        read(Endpoint(fake.url), store)
    (found,) = store.snapshot().of(Engine)
    assert [plugin.name for plugin in found.plugins] == ["lab/wide:latest"]


def test_an_engine_that_has_no_such_call_is_read_all_the_same(socket_directory: Path) -> None:
    with FakeEngine(
        socket_directory / "e.sock", routes() | {"/plugins": Answer(raw("podman-api/err404-plugins.json"), 404)}
    ) as fake:
        store = Store()
        read(Endpoint(fake.url), store)
    (found,) = store.snapshot().of(Engine)
    assert found.version
    assert found.peek("plugins").path == "GET /plugins"


def test_what_was_not_asked_is_pending() -> None:
    found = translate.engine(raw("docker-api/info.json"), raw("docker-api/version.json"), "unix:///x", True, "d", 0.0)
    assert found.peek("plugins").reason is Reason.PENDING


def test_a_recording_holds_no_environment_of_a_plugin() -> None:
    """The captured plugin has TOKEN=hunter2-token-value in its settings and in its configuration."""
    assert b"hunter2" in WIDE
    kept = always("/v1.41/plugins", WIDE)
    assert b"hunter2" not in kept
    assert plugins(kept) == plugins(WIDE)
    assert always("/plugins", b"truncated") == b""
    assert scrub(b'{"message": "x"}') == b'{"message": "x"}'
