"""An engine and its machine read over a real SSH server: what is seen is what is seen on the machine itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.container import Container
from inventory.gap import Gap
from inventory.host import Host
from inventory.snapshot import Snapshot, Status
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.read import read
from inventory.sources.host.host import host_below
from inventory.store import Store
from lab.engine import Lab

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
PARTS = (SSHD, shutil.which("ssh"), shutil.which("ssh-keygen"), shutil.which("docker"))
pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not all(PARTS) and not os.environ.get("DECKWATCH_REQUIRE_ENGINE"), reason="no SSH server or docker client here"
    ),
]
SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {place}/host
AuthorizedKeysFile {place}/user.pub
StrictModes no
PidFile none
UsePAM no
PasswordAuthentication no
SetEnv DOCKER_HOST=unix://{engine}
"""
CLIENT = """\
Host far
 HostName 127.0.0.1
 Port {port}
 IdentityFile {place}/user
 UserKnownHostsFile {place}/known
 StrictHostKeyChecking accept-new
 LogLevel ERROR
"""


@pytest.fixture(scope="module")
def server(quiet_lab: Lab, short_directory: Path) -> Iterator[Path]:
    """A server of its own with a key of its own; yields the directory with an `ssh` that knows it as `far`."""
    place = short_directory
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (place / "server.conf").write_text(SERVER.format(port=port, place=place, engine=quiet_lab.paths.socket))
    (place / "client.conf").write_text(CLIENT.format(port=port, place=place))
    (place / "bin").mkdir()
    (place / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {PARTS[1]} -F {place}/client.conf "$@"\n')
    (place / "bin" / "ssh").chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([str(SSHD), "-D", "-f", place / "server.conf"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield place
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def far(server: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """Everything, over SSH."""
    monkeypatch.setenv("PATH", f"{server / 'bin'}:{os.environ['PATH']}")
    return look(Endpoint("ssh://far"))


def look(endpoint: Endpoint) -> Snapshot:
    """Everything that a reading gives."""
    store = Store()
    health = read(endpoint, store, host=host_below(endpoint))
    assert health.status is Status.OK, health.detail
    return store.snapshot()


def test_machine_and_containers_are_the_same_over_ssh(far: Snapshot, quiet_lab: Lab) -> None:
    near = look(Endpoint(f"unix://{quiet_lab.paths.socket}"))
    assert {found.name for found in far.of(Container)} == {found.name for found in near.of(Container)}
    (there,), (here,) = far.of(Host), near.of(Host)
    for name in ("daemon_pid", "daemon_flags", "daemon_config", "os_release", "ncpu", "lsm", "docker_group"):
        assert there.peek(name) == here.peek(name), name
    assert set(there.files) == set(here.files)
    assert all(there.files[path].mode == facts.mode for path, facts in here.files.items())
    assert there.effective.keys() == here.effective.keys()
    assert there.effective, "the kernel's view of no container was read"
    assert all(there.effective[key] == view for key, view in here.effective.items())


def test_what_fails_far_away_is_said_to_be_unread(far: Snapshot) -> None:
    (there,) = far.of(Host)
    assert all(isinstance(gap, Gap) and gap.detail for gap in there.gaps.values() if gap.path == "adjtimex")
