"""Podman's configuration: every part of it in its order, and the policy of image signatures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inventory.gap import Gap, Reason
from inventory.sources.host.containers_conf import POLICY, read_containers_conf
from inventory.sources.host.reader import LocalReader

HOME = "/home/ann"
USERS = f"{HOME}/.config/containers"


class Below(LocalReader):
    """The real reader on files below a directory; some may not be read."""

    def __init__(self, root: Path, denied: str = "") -> None:
        self._root, self._denied = root, denied

    def read(self, path: str) -> bytes:
        if path == self._denied:
            raise PermissionError(13, "denied", path)
        return super().read(f"{self._root}{path}")

    def names(self, path: str) -> list[str]:
        if path == self._denied:
            raise PermissionError(13, "denied", path)
        return super().names(f"{self._root}{path}")

    def link(self, path: str) -> str:
        return super().link(f"{self._root}{path}")

    def read_below(self, base: str, path: str) -> bytes:
        if base + path == self._denied:
            raise PermissionError(13, "denied", path)
        return super().read_below(str(self._root), base + path)

    def names_below(self, base: str, path: str) -> list[str]:
        if base + path == self._denied:
            raise PermissionError(13, "denied", path)
        return super().names_below(str(self._root), base + path)


def write(root: Path, path: str, text: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def test_later_files_override_earlier_ones_key_by_key(tmp_path: Path) -> None:
    write(
        tmp_path, "/usr/share/containers/containers.conf", "[containers]\na = 1\nb = 1\nc = 1\nd = 1\n[engine]\nx = 1\n"
    )
    write(tmp_path, "/etc/containers/containers.conf", "[containers]\nb = 2\nc = 2\nd = 2\n")
    write(tmp_path, "/etc/containers/containers.conf.d/20-b.conf", "[containers]\nd = 4\n")
    write(tmp_path, "/etc/containers/containers.conf.d/10-a.conf", "[containers]\nc = 3\nd = 3\n")
    write(tmp_path, "/etc/containers/containers.conf.d/readme.txt", "no configuration")
    found = read_containers_conf(Below(tmp_path), "")
    assert found == {"containers": {"a": 1, "b": 2, "c": 3, "d": 4}, "engine": {"x": 1}}


def test_the_users_own_file_comes_last_and_only_for_a_rootless_engine(tmp_path: Path) -> None:
    write(tmp_path, "/etc/containers/containers.conf", '[containers]\nuserns = "host"\n')
    write(tmp_path, f"{USERS}/containers.conf", '[containers]\nuserns = "auto"\n')
    assert read_containers_conf(Below(tmp_path), "") == {"containers": {"userns": "host"}}
    assert read_containers_conf(Below(tmp_path), "", HOME) == {"containers": {"userns": "auto"}}


def test_the_engines_own_view_of_the_files_is_read(tmp_path: Path) -> None:
    write(tmp_path, "/proc/7/root/etc/containers/containers.conf", "[engine]\nx = 7\n")
    assert read_containers_conf(Below(tmp_path), "/proc/7/root") == {"engine": {"x": 7}}


def test_no_file_at_all_sets_nothing(tmp_path: Path) -> None:
    assert read_containers_conf(Below(tmp_path), "", HOME) == {}


def test_the_users_policy_stands_in_for_the_systems(tmp_path: Path) -> None:
    system, users = {"default": [{"type": "insecureAcceptAnything"}]}, {"default": [{"type": "reject"}]}
    write(tmp_path, "/etc/containers/policy.json", json.dumps(system))
    found = read_containers_conf(Below(tmp_path), "", HOME)
    assert not isinstance(found, Gap)
    assert found[POLICY] == system
    write(tmp_path, f"{USERS}/policy.json", json.dumps(users))
    found = read_containers_conf(Below(tmp_path), "", HOME)
    assert not isinstance(found, Gap)
    assert found[POLICY] == users


@pytest.mark.parametrize("text", ["[]", "{", "\x00", '"x"'])
def test_a_policy_that_makes_no_sense_is_a_gap_in_its_place(tmp_path: Path, text: str) -> None:
    write(tmp_path, "/etc/containers/policy.json", text)
    write(tmp_path, "/etc/containers/containers.conf", "[engine]\nx = 1\n")
    found = read_containers_conf(Below(tmp_path), "")
    assert not isinstance(found, Gap)
    policy = found[POLICY]
    assert isinstance(policy, Gap)
    assert (policy.reason, policy.path) == (Reason.MALFORMED, "/etc/containers/policy.json")
    assert found["engine"] == {"x": 1}


@pytest.mark.parametrize("trap", ["denied", "link", "malformed"])
def test_a_users_policy_that_is_not_known_hides_the_systems(tmp_path: Path, trap: str) -> None:
    """Podman goes by the user's file, whatever the system's says."""
    write(tmp_path, "/etc/containers/policy.json", '{"default": [{"type": "reject"}]}')
    write(tmp_path, f"{USERS}/policy.json", "{" if trap == "malformed" else "{}")
    if trap == "link":
        (tmp_path / USERS.lstrip("/") / "policy.json").unlink()
        (tmp_path / USERS.lstrip("/") / "policy.json").symlink_to("/proc/kmsg")
    found = read_containers_conf(Below(tmp_path, f"{USERS}/policy.json" if trap == "denied" else ""), "", HOME)
    assert not isinstance(found, Gap)
    policy = found[POLICY]
    assert isinstance(policy, Gap)
    reasons = {"denied": Reason.DENIED, "link": Reason.ERROR, "malformed": Reason.MALFORMED}
    assert (policy.reason, policy.path) == (reasons[trap], f"{USERS}/policy.json")


@pytest.mark.parametrize("path", ["/etc/containers/containers.conf", f"{USERS}/containers.conf"])
def test_drop_ins_that_may_not_be_listed_are_a_gap(tmp_path: Path, path: str) -> None:
    write(tmp_path, path, "[engine]\nx = 1\n")
    write(tmp_path, f"{path}.d/a.conf", "[engine]\nx = 2\n")
    found = read_containers_conf(Below(tmp_path, f"{path}.d"), "", HOME)
    assert isinstance(found, Gap)
    assert (found.reason, found.path) == (Reason.DENIED, f"{path}.d")


def test_a_users_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "/srv/containers.conf", "[engine]\nx = 1\n")
    (tmp_path / USERS.lstrip("/")).mkdir(parents=True)
    (tmp_path / USERS.lstrip("/") / "containers.conf").symlink_to(tmp_path / "srv/containers.conf")
    assert isinstance(read_containers_conf(Below(tmp_path), "", HOME), Gap)


@pytest.mark.parametrize("text", ["[containers", "a = ", "\x00", "a = 1\na = 2"])
def test_a_file_that_makes_no_sense_is_a_gap_that_names_it(tmp_path: Path, text: str) -> None:
    write(tmp_path, "/etc/containers/containers.conf", text)
    found = read_containers_conf(Below(tmp_path), "")
    assert isinstance(found, Gap)
    assert (found.reason, found.path) == (Reason.MALFORMED, "/etc/containers/containers.conf")


def test_a_file_that_is_no_text_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, "/etc/containers/containers.conf", "")
    (tmp_path / "etc/containers/containers.conf").write_bytes(b"\xff\xfe")
    assert isinstance(read_containers_conf(Below(tmp_path), ""), Gap)


def test_a_table_that_is_none_does_not_break_the_merge(tmp_path: Path) -> None:
    write(tmp_path, "/usr/share/containers/containers.conf", "[containers]\na = 1\n")
    write(tmp_path, "/etc/containers/containers.conf", "containers = 3\n")
    assert read_containers_conf(Below(tmp_path), "") == {"containers": 3}


def test_a_file_that_may_not_be_read_is_a_gap(tmp_path: Path) -> None:
    found = read_containers_conf(Below(tmp_path, "/etc/containers/containers.conf"), "")
    assert isinstance(found, Gap)
    assert found.reason is Reason.DENIED
