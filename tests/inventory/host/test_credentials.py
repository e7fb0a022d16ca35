"""Where registry clients keep credentials, and that none is ever kept here."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from inventory.engine_files import CLEAR, HELPER, ClientCredentials
from inventory.gap import Gap, Reason
from inventory.sources.host.credentials import credentials, registries, without_credentials
from inventory.sources.host.files import Accounts
from tests.inventory.host.rooted import (
    DENIED,
    DOCKER,
    PEOPLE,
    PLAIN,
    PODMAN,
    SECRET,
    Rooted,
)


def seen(machine: Rooted, names: Accounts | Gap = PEOPLE) -> tuple[tuple[ClientCredentials, ...], tuple[str, ...]]:
    """The files and the places that were not looked at."""
    found, unread = credentials(machine, names)
    assert isinstance(found, tuple)
    return found, tuple(gap.path for gap in unread)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, {}),
        ({"auths": {}}, {}),
        ({"auths": None, "credHelpers": None}, {}),
        ({"auths": {"r": {}}}, {}),
        ({"auths": {"r": {"auth": ""}}}, {}),
        ({"auths": {"r": {"auth": SECRET}}}, {"r": CLEAR}),
        ({"auths": {"r": {"identitytoken": SECRET}}}, {"r": CLEAR}),
        ({"auths": {"r": {}}, "credsStore": "pass"}, {"r": HELPER}),
        ({"auths": {"r": {"auth": SECRET}}, "credsStore": "pass"}, {"r": CLEAR}),
        ({"credHelpers": {"q": "ecr-login"}, "auths": {"r": {"auth": SECRET}}}, {"q": HELPER, "r": CLEAR}),
        ({"auths": {"r": "nonsense", "s": None}, "proxies": {"default": 5}}, {}),
    ],
)
def test_which_registries_a_client_knows(document: Any, expected: dict[str, str]) -> None:
    raw = json.dumps(document).encode()
    assert registries(raw, "/x") == expected
    reduced = without_credentials(raw)
    assert registries(reduced, "/x") == expected
    assert SECRET.encode() not in reduced


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b"\xff", b'{"auths": ["x"]}', b"[" * 5000, b'{"credHelpers": "x"}', b"5"]
)
def test_a_file_that_no_client_wrote_is_a_gap_and_stays_one(content: bytes) -> None:
    assert isinstance(registries(content, "/x"), Gap)
    assert isinstance(registries(without_credentials(content), "/x"), Gap)


def test_a_password_in_a_registrys_name_is_hidden() -> None:
    found = registries(json.dumps({"auths": {"https://ann:hunter2-lab@reg.lab": {"auth": "x"}}}).encode(), "/x")
    assert isinstance(found, dict)
    assert "hunter2-lab" not in str(found)


def test_hostile_and_endless_names_are_bounded() -> None:
    auths = {name: {"auth": "x"} for name in (*PLAIN, *(f"{number}" * 400 for number in range(2000)))}
    found = registries(json.dumps({"auths": auths}).encode(), "/x")
    assert isinstance(found, dict)
    assert len(found) <= 500
    assert max(map(len, found)) <= 300


def test_no_password_is_cut_for_the_sake_of_those_in_a_helper() -> None:
    helpers = {f"h{number}": "pass" for number in range(600)}
    document = {"credHelpers": helpers, "auths": {**{f"a{n}": {} for n in range(600)}, "last": {"auth": "x"}}}
    raw = json.dumps({**document, "credsStore": "pass"}).encode()
    for content in (raw, without_credentials(raw)):
        found = registries(content, "/x")
        assert isinstance(found, dict)
        assert found["last"] == CLEAR
        assert len(found) == 500


def test_the_files_in_homes_and_run_directories(machine: Rooted) -> None:
    login = json.dumps({"auths": {"r": {"auth": SECRET}}})
    machine.write(DOCKER, login, 0o600)
    machine.write(PODMAN, "{}", 0o600)
    machine.write("/home/directory-service/.docker/config.json", login, 0o600)
    machine.write("/run/user/1000/containers/auth.json", login, 0o600)
    machine.write("/run/containers/0/auth.json", login, 0o600)
    machine.write("/usr/sbin/.docker/config.json", login)
    found, denied = seen(machine)
    assert [(one.path, dict(one.registries)) for one in found] == [
        (DOCKER, {"r": CLEAR}),
        (PODMAN, {}),
        ("/home/directory-service/.docker/config.json", {"r": CLEAR}),
        ("/run/user/1000/containers/auth.json", {"r": CLEAR}),
        ("/run/containers/0/auth.json", {"r": CLEAR}),
    ]
    assert denied == ()
    assert SECRET not in repr(found)


def test_a_home_that_may_not_be_looked_at_is_said(machine: Rooted) -> None:
    machine.write(PODMAN, '{"auths": {"r": {"auth": "x"}}}', 0o600)
    machine.refused = {DOCKER: DENIED}
    found, denied = seen(machine)
    assert [one.path for one in found] == [PODMAN]
    assert denied == (DOCKER,)


def test_a_file_that_may_be_seen_but_not_read(machine: Rooted) -> None:
    machine.write(DOCKER, "{}", 0o600)
    reader = Rooted(machine.root)
    reader.read_below = _refuse  # type: ignore[method-assign]
    (found,), _ = seen(reader)
    assert found.unread is not None
    assert found.unread.reason is Reason.DENIED


def _refuse(base: str, path: str) -> bytes:
    raise DENIED


@pytest.mark.parametrize(
    ("mode", "home", "exposed"),
    [(0o600, 0o755, False), (0o644, 0o755, True), (0o644, 0o700, False), (0o640, 0o750, True)],
)
def test_whether_others_reach_the_file(machine: Rooted, mode: int, home: int, exposed: bool) -> None:
    machine.write(DOCKER, "{}", mode)
    for directory, bits in (("/home/ann", home), ("/home/ann/.docker", 0o755), ("/home", 0o755)):
        (machine.root / directory.lstrip("/")).chmod(bits)
    (found,), _ = seen(machine)
    assert (found.mode, found.exposed) == (mode, exposed)


def test_a_file_where_a_directory_should_be_holds_nothing(machine: Rooted) -> None:
    machine.write("/home/ann/.docker", "")
    assert seen(machine) == ((), ())


def test_a_pipe_or_a_directory_in_a_home_is_not_opened(machine: Rooted) -> None:
    (machine.root / "home/ann/.docker").mkdir(parents=True)
    os.mkfifo(machine.root / DOCKER.lstrip("/"))
    (machine.root / PODMAN.lstrip("/")).mkdir(parents=True)
    assert seen(machine) == ((), ())
    assert DOCKER in machine.asked


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "autofs"])
def test_a_home_on_a_server_that_may_not_answer_is_left_alone(machine: Rooted, kind: str) -> None:
    machine.write(DOCKER, '{"auths": {"r": {"auth": "x"}}}')
    machine.write("/proc/self/mountinfo", f"22 1 8:1 / / rw - ext4 a rw\n23 22 0:50 / /home rw - {kind} srv:/home rw\n")
    found, denied = seen(machine)
    assert found == ()
    assert denied == ("/home", DOCKER, PODMAN)
    assert not [path for path in machine.asked if path.startswith("/home")]


def test_without_accounts_only_home_directories_are_looked_at(machine: Rooted) -> None:
    machine.write(DOCKER, "{}")
    found, _ = seen(machine, Gap(Reason.DENIED, "/etc/passwd"))
    assert [(one.path, one.owner) for one in found] == [(DOCKER, "")]
