"""Users' directories: where they really are, and what is left alone in them."""

from __future__ import annotations

import errno
import json
import os

import pytest

from inventory.engine_files import CLEAR
from inventory.gap import Gap, Reason
from inventory.host import FileFacts
from inventory.sources.host import kubeconfigs, runtimes
from inventory.sources.host.certificates import registry_files
from inventory.sources.host.credentials import credentials
from inventory.sources.host.daemon import Daemon, config_path, read_config
from inventory.sources.host.files import Accounts
from inventory.sources.host.homes import MOST, Homes, bounded
from tests.inventory.host.rooted import DOCKER, PEOPLE, PODMAN, SECRET, Rooted

CONFIG = "/home/ann/.kube/config"
LOGIN = json.dumps({"auths": {"r": {"auth": SECRET}}})
MANY = Accounts({}, {}, {}, {0: "/root"} | {1000 + number: f"/home/user{number:04}" for number in range(MOST + 50)})


def mounted(machine: Rooted, *places: str, kind: str = "nfs4") -> None:
    rows = "".join(f"23 22 0:50 / {place} rw - {kind} srv:/x rw\n" for place in places)
    machine.write("/proc/self/mountinfo", f"22 1 8:1 / / rw - ext4 a rw\n{rows}")


def link(machine: Rooted, path: str, target: str) -> None:
    place = machine.root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


@pytest.mark.parametrize("target", ["/proc/kmsg", "/dev/watchdog", "elsewhere.json", "/mnt/dead/config.json"])
def test_a_users_link_is_not_followed_and_said(machine: Rooted, target: str) -> None:
    link(machine, DOCKER, target)
    link(machine, CONFIG, target)
    machine.write("/home/ann/.docker/elsewhere.json", LOGIN)
    found, unread = credentials(machine, PEOPLE)
    assert found == ()
    assert [(gap.path, gap.reason) for gap in unread] == [(DOCKER, Reason.ERROR)]
    assert "symbolic link" in str(unread[0])
    (gap,) = kubeconfigs.facts(machine, PEOPLE)["kubeconfigs_unread"]
    assert (gap.path, gap.reason) == (CONFIG, Reason.ERROR)


def test_a_linked_directory_is_not_followed_either(machine: Rooted) -> None:
    link(machine, "/home/ann/.docker", "/mnt/dead")
    link(machine, "/home/ann/.kube", "/mnt/dead")
    assert [gap.path for gap in credentials(machine, PEOPLE)[1]] == [DOCKER]
    assert [gap.path for gap in kubeconfigs.facts(machine, PEOPLE)["kubeconfigs_unread"]] == [CONFIG]


@pytest.mark.parametrize(
    ("path", "target"), [("/home", "/mnt/dead"), ("/home", "mnt/dead/homes"), ("/home/ann", "../mnt/dead/ann")]
)
def test_a_home_that_is_a_link_to_a_server_is_left_alone(machine: Rooted, path: str, target: str) -> None:
    mounted(machine, "/mnt/dead")
    (machine.root / "mnt").mkdir()
    link(machine, path, target)
    found, unread = credentials(machine, PEOPLE)
    assert found == ()
    assert {DOCKER, PODMAN} <= {gap.path for gap in unread}
    assert CONFIG in [gap.path for gap in kubeconfigs.facts(machine, PEOPLE)["kubeconfigs_unread"]]
    assert not [asked for asked in machine.asked if asked.startswith(("/mnt/dead", f"{path}/"))]


def test_a_mount_below_a_home_is_left_alone(machine: Rooted) -> None:
    mounted(machine, "/home/ann/.docker", kind="fuse.sshfs")
    machine.write(DOCKER, LOGIN)
    machine.write(PODMAN, "{}")
    found, unread = credentials(machine, PEOPLE)
    assert isinstance(found, tuple)
    assert [one.path for one in found] == [PODMAN]
    assert [gap.path for gap in unread] == [DOCKER]
    assert DOCKER not in machine.asked


def test_a_home_that_is_a_link_on_this_machine_is_read_and_named_as_it_is_known(machine: Rooted) -> None:
    link(machine, "/home", "data/homes")
    link(machine, "/data", "/srv/data")
    machine.write("/srv/data/homes/ann/.docker/config.json", LOGIN, 0o600)
    machine.write("/srv/data/homes/ann/.kube/config", "{}")
    found, unread = credentials(machine, PEOPLE)
    assert isinstance(found, tuple)
    assert [(one.path, one.registries) for one in found] == [(DOCKER, {"r": CLEAR})]
    assert unread == ()
    assert [one.file.path for one in kubeconfigs.facts(machine, PEOPLE)["kubeconfigs"]] == [CONFIG]


def test_links_that_go_round_end(machine: Rooted) -> None:
    link(machine, "/home", "/home")
    place = Homes(machine).place("/home/ann")
    assert isinstance(place, Gap)
    assert place.reason is Reason.ERROR


@pytest.mark.parametrize("error", [errno.EAGAIN, errno.EACCES])
def test_where_mounts_are_not_known_nothing_is_touched(machine: Rooted, error: int) -> None:
    machine.write(DOCKER, LOGIN)
    machine.refused = {"/proc/self/mountinfo": OSError(error, os.strerror(error))}
    found, unread = credentials(machine, PEOPLE)
    assert found == ()
    assert DOCKER in [gap.path for gap in unread]
    assert {*machine.asked} <= {"/proc/self/mountinfo"}


def test_a_mount_point_with_a_space_is_known(machine: Rooted) -> None:
    mounted(machine, "/home/ann\\040lee")
    assert isinstance(Homes(machine).place("/home/ann lee"), Gap)


def test_more_homes_than_are_looked_at_are_said(machine: Rooted) -> None:
    last = f"/home/user{MOST + 49:04}"
    machine.write(f"{last}/.docker/config.json", LOGIN)
    machine.write(f"{last}/.kube/config", "{}", 0o666)
    _, unread = credentials(machine, MANY)
    found = kubeconfigs.facts(machine, MANY)
    for gaps in (unread, found["kubeconfigs_unread"]):
        assert [gap.reason for gap in gaps] == [Reason.UNSUPPORTED]
        assert "more homes than are looked at" in str(gaps[0])


def test_more_users_than_are_looked_at_are_said(machine: Rooted) -> None:
    for number in range(MOST + 1):
        (machine.root / f"run/user/{1000 + number}").mkdir(parents=True)
    sockets = runtimes.facts(machine, PEOPLE, {})["runtime_sockets"]
    assert ["more homes" in gap.detail for gap in sockets.unread.values()] == [True]


def test_a_users_link_to_a_socket_is_not_followed(machine: Rooted) -> None:
    link(machine, "/run/user/1000/podman", "/mnt/dead")
    machine.refused = {"names /run/containers": PermissionError(errno.EACCES, "denied")}
    sockets = runtimes.facts(machine, PEOPLE, {})["runtime_sockets"]
    assert isinstance(sockets.found["/run/user/1000"], FileFacts)
    assert set(sockets.unread) == {"/run/user/1000/podman", "/run/user/1000/podman/podman.sock"}


@pytest.mark.parametrize("directory", ["/home", "/run/user", "/run/containers"])
def test_a_list_of_homes_that_may_not_be_read_is_said(machine: Rooted, directory: str) -> None:
    (machine.root / directory.lstrip("/")).mkdir(parents=True)
    machine.refused = {f"names {directory}": PermissionError(errno.EACCES, "denied")}
    _, unread = credentials(machine, PEOPLE)
    assert [(gap.path, gap.reason) for gap in unread] == [(directory, Reason.DENIED)]


def test_each_home_counts_once() -> None:
    assert list(bounded(["/a", "/a/", "b", "/b", "/"], 3)) == ["/a", "/b", ""]


def test_the_files_of_a_rootless_engine_are_not_followed_either(machine: Rooted) -> None:
    link(machine, "/home/ann/.config/docker/certs.d", "/mnt/dead")
    listed, denied = registry_files(machine, "", "/home/ann")
    assert isinstance(listed, Gap)
    assert denied == []
    link(machine, "/home/ann/.config/docker/daemon.json", "/proc/kmsg")
    config = read_config(machine, config_path(Daemon(9, ()), "/home/ann"), "")
    assert isinstance(config, Gap)
    assert "symbolic link" in str(config)
