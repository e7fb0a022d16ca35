"""The engine's programs, its client's environment, and what a recording keeps of all its files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from inventory.gap import Gap, Reason
from inventory.sources.bundle.masking import HOST, always
from inventory.sources.host.certificates import registry_files
from inventory.sources.host.credentials import credentials
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.environment import content_trust
from inventory.sources.host.private import recordable
from inventory.sources.host.programs import binaries, started
from inventory.sources.host.reader import LocalReader
from inventory.sources.host.recording import Recorder, Replay
from tests.inventory.host.rooted import (
    DENIED,
    DOCKER,
    PEOPLE,
    SECRET,
    Rooted,
    key_pem,
    looked,
    pem,
)


def test_where_content_trust_is_switched_on(machine: Rooted) -> None:
    machine.write("/proc/self/environ", b"A=1\0DOCKER_CONTENT_TRUST=1\0DOCKER_CONTENT_TRUST_SERVER=https://n.lab\0")
    machine.write("/etc/environment", 'LANG=C\nDOCKER_CONTENT_TRUST="0"\n')
    machine.write("/etc/profile.d/trust.sh", "# DOCKER_CONTENT_TRUST=5\n  export DOCKER_CONTENT_TRUST=true; x=1\n")
    machine.write("/etc/profile.d/trust.csh", "setenv DOCKER_CONTENT_TRUST 1\n")
    assert content_trust(machine) == {
        "/proc/self/environ": "1",
        "/etc/environment": "0",
        "/etc/profile.d/trust.sh": "true",
    }


def test_a_variable_with_a_line_break_sets_no_other(machine: Rooted) -> None:
    machine.write("/proc/self/environ", b"A=x\nDOCKER_CONTENT_TRUST=1\0B=2\0")
    assert content_trust(machine) == {}


def test_a_place_that_may_not_be_read_counts_where_nothing_was_found(machine: Rooted) -> None:
    machine.refused = {"/etc/environment": DENIED}
    found = content_trust(machine)
    assert isinstance(found, Gap)
    assert found.reason is Reason.DENIED
    machine.write("/etc/profile", "export DOCKER_CONTENT_TRUST=1\n")
    assert content_trust(machine) == {"/etc/profile": "1"}


def test_a_machine_without_any_of_these_files(machine: Rooted) -> None:
    assert content_trust(machine) == {}
    assert credentials(machine, PEOPLE) == ((), ())
    assert registry_files(machine, "", "") == ([], [])


def test_when_the_daemon_was_started(machine: Rooted) -> None:
    machine.write("/proc/stat", "cpu 1 2\nbtime 1795430000\nprocesses 7\n")
    machine.write("/proc/100/stat", "100 (dockerd) a) S 1 " + " ".join("0" for _ in range(17)) + " 12345 0 0\n")
    assert started(machine, 100) == 1795430123.45


@pytest.mark.parametrize("line", ["", "100 (dockerd) S 1", "100 (dockerd) " + "x " * 40])
def test_a_process_line_in_another_form_is_a_gap(machine: Rooted, line: str) -> None:
    machine.write("/proc/stat", "btime 5\n")
    machine.write("/proc/100/stat", line)
    assert isinstance(started(machine, 100), Gap)


def test_programs_are_found_beside_the_daemon_first(machine: Rooted) -> None:
    for path in ("/opt/docker/dockerd", "/usr/bin/dockerd", "/usr/bin/runc", "/usr/sbin/runc", "/usr/bin/containerd"):
        machine.write(path)
    machine.links = {"/proc/100/exe": "/opt/docker/dockerd (deleted)"}
    found = binaries(machine, Daemon(100, ()), "docker", ("runc", "/opt/kata"))
    assert isinstance(found, dict)
    assert list(found) == ["/opt/docker/dockerd", "/usr/bin/containerd", "/usr/sbin/runc"]
    assert found["/usr/sbin/runc"] == (machine.root / "usr/sbin/runc").stat().st_ctime


def test_installed_is_when_the_file_came_and_not_when_it_was_made(machine: Rooted) -> None:
    machine.write("/usr/bin/runc")
    os.utime(machine.root / "usr/bin/runc", (1.0, 1.0))
    found = binaries(machine, Daemon(100, ()), "docker", ("runc",))
    assert isinstance(found, dict)
    assert found["/usr/bin/runc"] > 1_700_000_000


def test_no_program_at_all_is_a_gap(machine: Rooted) -> None:
    assert isinstance(binaries(machine, Daemon(100, ()), "docker", ("runc",)), Gap)


def test_a_recording_gives_the_same_facts_and_holds_no_secret(machine: Rooted) -> None:
    machine.write("/etc/docker/ca.pem", pem("ca") + key_pem())
    machine.write("/etc/docker/certs.d/reg/ca.crt")
    machine.write(DOCKER, json.dumps({"auths": {"r": {"auth": SECRET}}, "HttpHeaders": {"X": SECRET}}), 0o600)
    machine.write("/proc/self/environ", b"TOKEN=hunter2\0DOCKER_CONTENT_TRUST=1\0")
    machine.write("/etc/environment", "LANG=hunter2\nDOCKER_CONTENT_TRUST=0\n")
    machine.write(
        "/etc/profile.d/x.sh", "export TOKEN=hunter2 DOCKER_CONTENT_TRUST=0\n export DOCKER_CONTENT_TRUST='1'\n"
    )
    machine.write("/usr/bin/dockerd")
    recorder = Recorder(machine)
    first = looked(recorder, "--tlscacert=/etc/docker/ca.pem")
    heard = json.loads(_recorded(recorder))
    again = looked(Replay(json.dumps(heard).encode()), "--tlscacert=/etc/docker/ca.pem")
    for name in ("certificates", "registry_certificates", "credentials", "content_trust", "binaries", "tls_files"):
        assert first.peek(name) == again.peek(name), name
    assert first.certificates_in("/etc/docker/ca.pem")


def _recorded(recorder: Recorder) -> bytes:
    """What ends up in a file, which must not hold any of the secrets."""
    kept = always(HOST, recorder.document())
    contents = b"".join(_contents(kept))
    for secret in (SECRET.encode(), b"hunter2", b"PRIVATE KEY"):
        assert secret not in contents
    assert b"BEGIN CERTIFICATE" in contents
    return kept


def _contents(document: bytes) -> Iterable[bytes]:
    reader = Replay(document)
    for question in json.loads(document):
        ask, _, path = question.partition(" ")
        if ask == "read":
            try:
                yield reader.read(path)
            except OSError:
                continue


@pytest.mark.parametrize(
    ("path", "content", "kept"),
    [
        ("/etc/docker/x.pem", b"a -----BEGIN EC PRIVATE KEY-----\nx", b"a "),
        ("/etc/docker/x.pem", b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\nb", b"\nb"),
        ("/etc/hosts", b"PRIVATE KEY", b"PRIVATE KEY"),
        ("/run/user/5/containers/auth.json", b"\xff\xff", b"{"),
        ("/etc/environment", b"LANG=C\nTOKEN=hunter2\n", b""),
        ("/etc/environment", b'A=1\nDOCKER_CONTENT_TRUST="0"\n', b'DOCKER_CONTENT_TRUST="0\n'),
        (
            "/etc/profile",
            b"X=hunter2\n export DOCKER_CONTENT_TRUST=1; export TOKEN=hunter2\nDOCKER_CONTENT_TRUST_SERVER=s\n",
            b" export DOCKER_CONTENT_TRUST=1\n",
        ),
        (
            "/etc/profile.d/x.sh",
            b"#!/bin/sh\nDOCKER_CONTENT_TRUST=0\nDOCKER_CONTENT_TRUST=1\n",
            b"DOCKER_CONTENT_TRUST=0\nDOCKER_CONTENT_TRUST=1\n",
        ),
        ("/etc/profile.d/x.csh", b"setenv A b", b"setenv A b"),
    ],
)
def test_what_of_a_file_may_be_kept(path: str, content: bytes, kept: bytes) -> None:
    assert recordable(path, content) == kept
    assert recordable(path, kept) == kept


def test_a_recording_of_before_anybody_looked_tells_nothing() -> None:
    found = looked(Replay(b"{}"), "--tls")
    reasons = {name: getattr(found.peek(name), "reason", None) for name in found.gaps}
    names = ("daemon_started", "binaries", "registry_certificates", "credentials", "content_trust")
    assert {name: reasons.get(name) for name in names} == dict.fromkeys(names, Reason.ABSENT)


def test_a_recording_of_before_has_no_times() -> None:
    replay = Replay(b'{"stat /a": [420, 0, 0, "file"]}')
    assert (replay.stat("/a").modified, replay.stat("/a").changed) == (0.0, 0.0)


def test_a_real_file_tells_both_its_times(tmp_path: Path) -> None:
    place = tmp_path / "x"
    place.touch()
    os.utime(place, (5.0, 5.0))
    found = LocalReader().stat(str(place))
    assert found.modified == 5.0
    assert found.changed == place.stat().st_ctime
