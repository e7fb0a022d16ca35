"""What this machine's kernel shows of real containers is what their engine says of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from inventory.activity import Change, Process
from inventory.gap import Gap
from inventory.sources.host.netns import listeners
from inventory.sources.host.processes import effective
from inventory.sources.host.reader import LocalReader
from inventory.sources.host.upperdir import changed
from inventory.sources.host.walk import processes_of
from lab import plan
from lab.client import EngineError
from lab.engine import Lab

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

OWN = "kernel-view-test"
TRIES = 10
KINDS = {0: "modified", 1: "added", 2: "deleted"}
MOVING = ("crash-loop", "edge_failing")
# A directory replaced as a whole, a file deleted, changed, added, with another mode; a link, a pipe; a program that is
# deleted while it runs, one below /tmp, a listener and a process that has ended and that nobody waits for.
SCRIPT = """
rm -rf /www; mkdir /www; echo new > /www/other
rm /etc/group; echo x >> /etc/passwd
mkdir -p /srv/new/deep; echo hi > /srv/new/deep/file; chmod 4755 /srv/new/deep/file
ln -s /etc /srv/link; mkfifo /srv/pipe
cp /bin/busybox /tmp/sleep; cp /bin/busybox /usr/sleep; /tmp/sleep 90001 & /usr/sleep 90002 & sleep 1; rm /usr/sleep
nc -l -p 4444 & false & exec sleep 90003
"""


def running(lab: Lab) -> dict[str, dict[str, Any]]:
    """Inspect answers by name, of what runs and does not come and go."""
    names = [str(one["Names"][0]).lstrip("/") for one in lab.client.get("/containers/json")]
    return {name: lab.client.get(f"/containers/{name}/json") for name in names if not name.startswith(MOVING)}


def pids(lab: Lab, identity: str) -> set[int]:
    """The pids that the engine names."""
    top = lab.client.get(f"/containers/{identity}/top", ps_args="-eo pid,comm")
    return {int(row[0]) for row in top["Processes"]}


def last_words(lab: Lab, identity: str) -> list[str]:
    """What each command line ends with, as the engine shows them."""
    top = lab.client.get(f"/containers/{identity}/top", ps_args="-eo pid,args")
    return sorted(row[-1].split()[-1] for row in top["Processes"])


def walked(identity: str, pid: int) -> tuple[Process, ...]:
    found = processes_of(LocalReader(), [(identity, pid)])[identity]
    assert not isinstance(found, Gap), found
    return found


def written(inspected: dict[str, Any]) -> tuple[tuple[Change, ...], bool, int]:
    found = changed(LocalReader(), inspected["GraphDriver"]["Data"]["UpperDir"], 20_000)
    assert not isinstance(found, Gap), found
    return found


def engine_changes(lab: Lab, identity: str) -> set[tuple[str, str]]:
    told = lab.client.get(f"/containers/{identity}/changes") or []
    return {(one["Path"], KINDS[one["Kind"]]) for one in told}


def without_times(changes: set[tuple[str, str]], found: tuple[Change, ...]) -> set[tuple[str, str]]:
    """Whether a directory's new time is a change depends on how the engine's driver compares."""
    touched = {(one.path, one.kind) for one in found if (one.file, one.kind) == ("directory", "modified")}
    return changes - touched


@pytest.fixture(scope="module")
def own(lab: Lab) -> Iterator[dict[str, Any]]:
    """A container that writes, listens and runs what it should not, with a session of root's."""
    spec = next(spec for spec in plan.containers() if spec.name == "hardened")
    body = plan.filled(spec.body, {})
    host = {**body["HostConfig"], "ReadonlyRootfs": False, "Binds": [], "Mounts": [], "Tmpfs": {}}
    identity = lab.client.create_container(
        OWN, {**body, "Env": [], "User": "0", "Entrypoint": [], "Cmd": ["sh", "-c", SCRIPT], "HostConfig": host}
    )
    try:
        lab.client.post(f"/containers/{identity}/start")
        session = lab.client.post(f"/containers/{identity}/exec", {"Cmd": ["sleep", "90004"], "User": "10001"})
        lab.client.post(f"/exec/{session['Id']}/start", {"Detach": True})
        deadline = time.monotonic() + 30
        while last_words(lab, identity) != ["4444", "90001", "90002", "90003", "90004"]:
            assert time.monotonic() < deadline, last_words(lab, identity)
            time.sleep(0.2)
        yield lab.client.get(f"/containers/{identity}/json", size=True)
    finally:
        with suppress(EngineError):
            lab.client.delete(f"/containers/{identity}", force=1)


def test_every_container_has_the_processes_that_the_engine_names(lab: Lab) -> None:
    """One that starts a program now and then is looked at again until nothing happened in between."""
    for name, inspected in running(lab).items():
        for _ in range(TRIES):
            before = pids(lab, inspected["Id"])
            found = {process.pid for process in walked(inspected["Id"], inspected["State"]["Pid"])}
            if found == before == pids(lab, inspected["Id"]):
                break
        else:
            pytest.fail(f"{name}: the engine names {before}, the walk {found}")


def test_what_its_processes_are(own: dict[str, Any]) -> None:
    found = walked(own["Id"], own["State"]["Pid"])
    assert sorted((one.exe, one.uid, one.args[-1]) for one in found) == [
        ("/bin/busybox", 0, "4444"),
        ("/bin/busybox", 0, "90003"),
        ("/bin/busybox", 10001, "90004"),
        ("/tmp/sleep", 0, "90001"),
        ("/usr/sleep (deleted)", 0, "90002"),
    ]
    assert all(one.started is not None and abs(time.time() - one.started) < 600 for one in found)


def test_it_listens_where_it_does(own: dict[str, Any]) -> None:
    deadline = time.monotonic() + 10
    while not (found := _at_4444(own)):  # the program may have been started and not yet have asked for its port
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert found == [("::", 0)]


def _at_4444(own: dict[str, Any]) -> list[tuple[str, int]]:
    found = listeners(LocalReader(), own["State"]["Pid"])
    assert not isinstance(found, Gap), found
    return [(one.address, one.uid) for one in found if one.port == 4444]


def test_it_changed_what_the_engine_says(lab: Lab, own: dict[str, Any]) -> None:
    found, complete, size = written(own)
    assert without_times({(one.path, one.kind) for one in found}, found) == without_times(
        engine_changes(lab, own["Id"]), found
    )
    assert complete
    assert size == own["SizeRw"]
    assert {("/etc/group", "deleted"), ("/www/index.html", "deleted"), ("/etc/passwd", "modified")} <= {
        (one.path, one.kind) for one in found
    }
    assert {one.path: one.mode for one in found}["/srv/new/deep/file"] == 0o4755


def test_every_container_changed_what_the_engine_says(lab: Lab) -> None:
    for name, inspected in running(lab).items():
        for _ in range(TRIES):
            before = engine_changes(lab, inspected["Id"])
            found = written(inspected)[0]
            mine = {(one.path, one.kind) for one in found}
            if without_times(mine, found) == without_times(before, found):
                break
        else:
            pytest.fail(f"{name}: the engine says {before}, the directory {mine}")


def test_every_containers_limits_and_root_are_in_force(lab: Lab) -> None:
    containers = running(lab)
    views = effective(LocalReader(), [(one["Id"], one["State"]["Pid"]) for one in containers.values()])
    for name, inspected in containers.items():
        declared, view = inspected["HostConfig"], views[inspected["Id"]]
        assert view.memory_max == declared["Memory"], name
        assert view.pids_max == max(declared["PidsLimit"] or 0, 0), name
        assert view.read_only_root == declared["ReadonlyRootfs"], name
        assert ("net" in (view.host_namespaces or ())) == (declared["NetworkMode"] == "host"), name
        assert ("pid" in (view.host_namespaces or ())) == (declared["PidMode"] == "host"), name
        assert bool(view.masked) == bool(declared["MaskedPaths"]), name
