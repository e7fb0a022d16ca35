"""A host read through a shell gives the same answers as the host read directly, and cannot be made to give others."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from inventory.gap import Gap
from inventory.host import Host
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.sockets import Clock, connect_ssh
from inventory.sources.docker.transport import ApiError
from inventory.sources.host.batch import BatchReader, gathered
from inventory.sources.host.host import host, host_below
from inventory.sources.host.over_ssh import over_ssh
from inventory.sources.host.reader import HostReader, LocalReader
from inventory.sources.host.shell import Answer, Question, answers, last_words, script
from inventory.store import Store

HOSTILE = (
    "with space",
    "new\nline",
    "semi;touch x",
    "$(touch x)",
    "`id`",
    "'quote'",
    '"double"',
    "-n",
    "*",
    "\x1b[31mred",
)
NONCE = "0123456789abcdef" * 2


def here(questions: list[Question]) -> Mapping[Question, Answer]:
    """What a shell of this machine answers."""
    said = subprocess.run(["sh"], input=script(questions, NONCE), capture_output=True, check=False).stdout
    assert said.endswith(last_words(NONCE))
    return answers(questions, NONCE, said)


def both(ask: Callable[[HostReader], Any]) -> tuple[Any, Any]:
    """The answer of the machine itself and that of a shell; an error as its number."""
    return _outcome(lambda: ask(LocalReader())), _outcome(lambda: gathered(lambda reader: _kept(ask, reader), here))


def _outcome(run: Callable[[], Any]) -> Any:
    try:
        found = run()
    except OSError as error:
        return error.errno
    return found


def _kept(ask: Callable[[HostReader], Any], reader: BatchReader) -> Any:
    try:
        return ask(reader)
    except OSError as error:
        return error.errno


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with everything that may be odd."""
    for number, name in enumerate(HOSTILE):
        (tmp_path / name).write_bytes(b"content \0 %d\n" % number)
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 50)
    (tmp_path / "empty").touch()
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "..two").write_text("x")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "deep").mkdir(mode=0o750)
    (tmp_path / "inner" / "deep" / "file").write_text("y")
    (tmp_path / "set-id").touch()
    (tmp_path / "set-id").chmod(0o4755)
    (tmp_path / "link").symlink_to("inner/deep")
    (tmp_path / "dangling").symlink_to("no\nwhere ")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


NAMES = (
    *HOSTILE, "binary", "empty", ".hidden", "inner", "inner/deep/file", "set-id", "link", "dangling", "pipe", "absent",
    "empty/below",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ask", ["read", "stat", "names", "link", "space"])
def test_a_shell_answers_as_the_machine_does(place: Path, ask: str, name: str) -> None:
    path = str(place / name)
    local, far = both(lambda reader: getattr(reader, ask)(path))
    if ask in {"stat", "node"} and not isinstance(local, int):
        assert int(local.modified) == far.modified
        local, far = (_without_time(found) for found in (local, far))
    if ask == "space" and not isinstance(local, int):
        local, far = local.size, far.size
    if isinstance(local, int):
        assert isinstance(far, int), "an error must not become an answer"
        assert (local == errno.ENOENT) is (far == errno.ENOENT)
    else:
        assert far == local


def _without_time(found: Any) -> tuple[Any, ...]:
    times = {"modified", "changed", "opaque"}
    return tuple(getattr(found, name) for name in found.__struct_fields__ if name not in times)


def test_a_directory_lists_the_same_names(place: Path) -> None:
    local, far = both(lambda reader: reader.names(str(place)))
    assert set(local) - set(far) <= {"*"}
    assert set(far) <= set(local)


def test_what_containers_write_is_not_looked_at() -> None:
    reader = BatchReader()
    for ask in (lambda: reader.node("/"), lambda: reader.tree("/", 1, 1)):
        with pytest.raises(OSError, match="not looked at over SSH"):
            ask()


@pytest.mark.parametrize("path", ["/proc/self/status", "/proc/1/comm", "/proc/self/mountinfo", "/proc/loadavg"])
def test_files_of_the_kernel_can_be_read(path: str) -> None:
    local, far = both(lambda reader: reader.read(path))
    assert bool(local)
    assert bool(far)


@pytest.mark.parametrize("path", ["/proc/1/comm", "/proc/1/cgroup", "/proc/1/uid_map", "/proc/1/gid_map"])
def test_short_files_are_read_whole(path: str) -> None:
    local, far = both(lambda reader: reader.read(path))
    assert far == local


def test_content_cannot_pass_for_another_answer(tmp_path: Path) -> None:
    """Without the number of this very script, frames in a file are content."""
    evil = tmp_path / "evil"
    evil.write_bytes(b"\n" + b"f" * 32 + b" 1 0\nroot\n" + b"f" * 32 + b" 1 0\n")
    questions = [Question("read", str(evil)), Question("read", str(tmp_path / "absent"))]
    found = here(questions)
    assert found[questions[0]] == evil.read_bytes()
    error = found[questions[1]]
    assert isinstance(error, OSError)
    assert error.errno == errno.ENOENT


def test_half_an_output_answers_half_the_questions() -> None:
    questions = [Question("read", "/proc/version"), Question("read", "/proc/uptime")]
    said = subprocess.run(["sh"], input=script(questions, NONCE), capture_output=True, check=False).stdout
    assert set(answers(questions, NONCE, said[: said.rindex(b"\n" + NONCE.encode() + b" 1")])) == {questions[0]}
    assert answers(questions, NONCE, b"") == {}
    assert answers(questions, NONCE, f"\n{NONCE} 99 0\n".encode()) == {}


def test_a_refused_answer_keeps_its_reason() -> None:
    question = Question("read", "/etc/shadow")
    error = answers([question], NONCE, f"\n{NONCE} 0 13\n".encode())[question]
    assert isinstance(error, PermissionError)


def test_the_machine_is_the_same_either_way() -> None:
    """All of `Host` but what changes between two looks."""

    def look(reader: HostReader) -> Host | Gap:
        return host(reader, str(next(iter(sockets), "")), None, (), "docker", 0.0)

    sockets = [path for path in ("/var/run/docker.sock", "/run/docker.sock") if Path(path).is_socket()]
    local, far = look(LocalReader()), gathered(look, here)
    if isinstance(local, Gap):
        assert isinstance(far, Gap)
        return
    assert isinstance(far, Host)
    for name in ("ncpu", "memory_total", "os_release", "lsm", "daemon_flags", "daemon_config"):
        assert far.peek(name) == local.peek(name)


def stand_in(monkeypatch: pytest.MonkeyPatch, directory: Path, body: str) -> None:
    """An `ssh` on the PATH that does this instead."""
    program = directory / "ssh"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


def test_a_login_that_is_refused_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "echo 'me@far: Permission denied (publickey).' >&2; exit 255")
    with pytest.raises(ConnectionError, match="publickey"):
        over_ssh("ssh://me@far", lambda reader: _kept(lambda r: r.read("/proc/version"), reader))
    below = host_below(Endpoint("ssh://me@far"))
    assert below is not None
    gap = below(Store(), "far")
    assert isinstance(gap, Gap)
    assert "publickey" in str(gap)


def test_the_engine_behind_it_says_why_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "echo 'ssh: Could not resolve hostname far' >&2; exit 255")
    with pytest.raises(ApiError, match="Could not resolve"):
        transport(Endpoint("ssh://far")).get("/_ping", deadline=5.0)
    clock = Clock()
    clock.start(5.0)
    connection = connect_ssh("ssh://far", clock)
    with pytest.raises(ConnectionError, match="Could not resolve"):
        connection.recv(10)


def test_a_host_that_says_nothing_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "exec sleep 600")
    with pytest.raises(TimeoutError):
        over_ssh("ssh://far", lambda reader: _kept(lambda r: r.read("/proc/version"), reader), deadline=0.3)


def test_a_program_around_ssh_cannot_hold_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child of the child keeps the pipe open when its parent is killed."""
    stand_in(monkeypatch, tmp_path, "sleep 600 & wait")
    with pytest.raises(TimeoutError):
        over_ssh("ssh://far", lambda reader: _kept(lambda r: r.read("/proc/version"), reader), deadline=0.3)


def test_a_host_that_never_stops_talking_is_cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "exec cat /dev/zero")
    with pytest.raises(OSError, match="more than can be true"):
        over_ssh("ssh://far", lambda reader: _kept(lambda r: r.read("/proc/version"), reader))


BELOW = (
    "binary", "empty", "inner", "inner/deep/file", "link", "link/file", "dangling", "dangling/x", "pipe", "absent",
    "empty/below", *HOSTILE,
)  # fmt: skip


@pytest.mark.parametrize("name", BELOW)
@pytest.mark.parametrize("ask", ["read_below", "stat_below", "names_below"])
def test_no_link_is_followed_where_none_may_be(place: Path, ask: str, name: str) -> None:
    local, far = both(lambda reader: getattr(reader, ask)(str(place), f"/{name}"))
    if ask == "stat_below" and not isinstance(local, int):
        local, far = (_without_time(found) for found in (local, far))
    if isinstance(local, int):
        assert isinstance(far, int), "an error must not become an answer"
        assert {local, far} == {errno.ELOOP} or errno.ELOOP not in {local, far}
        assert (local == errno.ENOENT) is (far == errno.ENOENT)
    else:
        assert far == local


def test_the_far_side_of_a_link_is_not_even_looked_at(place: Path) -> None:
    """From above: the first link ends it, so that nothing behind it is touched."""
    question = Question("read", f"{place}/link/file", str(place))
    said = script([question], NONCE).decode()
    assert f"l 0 {place}/link {place}/link/file && r 0 {place}/link/file\n" in said
    found = here([question])[question]
    assert isinstance(found, OSError)
    assert found.errno == errno.ELOOP


@pytest.mark.parametrize("name", ["binary", "inner", "pipe"])
def test_what_is_no_link_is_told_from_what_may_not_be_looked_at(place: Path, name: str) -> None:
    assert both(lambda reader: reader.link(str(place / name))) == (errno.EINVAL, errno.EINVAL)
