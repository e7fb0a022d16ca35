"""The pure rules that several domains share: capabilities, users, host paths, sockets, options, versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.capabilities import ALL, DEFAULT, beyond_default, decode, effective, escape_grade
from checks.data import containerd, docker_engine, runc
from checks.data.advisories import advisory
from checks.hostpaths import inside, normalise, sensitive
from checks.securityopts import no_new_privileges, option, selinux_labels
from checks.sockets import plain_engine_address, socket_of_endpoint
from checks.users import Identity, parse_user
from checks.verdict import Severity
from checks.versions import Version, parse_version


def version(text: str) -> Version:
    """The parsed version of a text that is one."""
    found = parse_version(text)
    assert found is not None
    return found


def test_default_mask_of_the_engine() -> None:
    assert decode(0x00000000A80425FB) == DEFAULT
    assert len(DEFAULT) == 14


def test_a_bit_without_a_name_is_kept() -> None:
    assert decode(1 << 60) == {"CAP_60"}


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        ((), (), DEFAULT),
        ((), ("ALL",), frozenset()),
        (("NET_ADMIN",), ("ALL",), {"NET_ADMIN"}),
        (("cap_net_admin",), ("all",), {"NET_ADMIN"}),
        (("ALL",), (), ALL),
        (("ALL",), ("SYS_ADMIN",), ALL - {"SYS_ADMIN"}),
        (("CHOWN",), ("CHOWN",), DEFAULT),
        ((), ("CAP_MKNOD",), DEFAULT - {"MKNOD"}),
    ],
)
def test_effective_set(add: tuple[str, ...], drop: tuple[str, ...], expected: frozenset[str]) -> None:
    assert effective(add, drop) == expected


def test_privileged_has_everything() -> None:
    assert effective((), ("ALL",), privileged=True) == ALL


@given(st.sets(st.sampled_from(sorted(ALL))), st.booleans())
def test_every_capability_beyond_the_default_is_in_exactly_one_list(granted: set[str], host_pid: bool) -> None:
    have = frozenset(granted)
    escaping, beyond = escape_grade(have, host_pid), beyond_default(have, host_pid)
    if "ALL" not in escaping:
        assert sorted([*escaping, *beyond]) == sorted(have - DEFAULT)


@given(st.text())
def test_any_user_text_is_parsed(text: str) -> None:
    assert parse_user(text).identity in Identity


@pytest.mark.parametrize("text", ["9" * 5000, "0" * 5000, "\u00b2", "\u0660"])
def test_odd_numbers_are_names(text: str) -> None:
    assert parse_user(text).identity is Identity.NAMED


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/run/docker.sock", "/run/docker.sock"), ("/var/run", "/run"), ("/var/runner", "/var/runner"),
        ("/etc/", "/etc"), ("//etc", "/etc"), ("/a/../etc/./x", "/etc/x"), ("", "/"), ("/", "/"),
    ],
)  # fmt: skip
def test_paths_are_normalised(path: str, expected: str) -> None:
    assert normalise(path) == expected


@given(st.text())
def test_any_path_has_a_verdict(path: str) -> None:
    assert normalise(normalise(path)) == normalise(path)
    sensitive(path, True, ("/data",))


def test_inside_compares_whole_names() -> None:
    assert inside("/etc/x", "/etc")
    assert inside("/anything", "/")
    assert not inside("/etcetera", "/etc")


def test_data_directory_of_the_engine_is_sensitive() -> None:
    found = sensitive("/data/engine/volumes", True, ("/data/engine",))
    assert found is not None
    assert found.write_is_root
    assert sensitive("/data/other", True, ("/data/engine",)) is None


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [("unix:///var/run/docker.sock", "/run/docker.sock"), ("tcp://h:2375", ""), ("ssh://h", ""), ("", "")],
)
def test_socket_of_endpoint(endpoint: str, expected: str) -> None:
    assert socket_of_endpoint(endpoint) == expected


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (("DOCKER_HOST=tcp://h:2375",), "tcp://h:2375"),
        (("DOCKER_HOST=tcp://h:2376", "DOCKER_TLS_VERIFY=1"), ""),
        (("DOCKER_HOST=tcp://h:2376", "DOCKER_TLS_VERIFY="), "tcp://h:2376"),
        (("DOCKER_HOST=ssh://h",), ""),
        (("DOCKER_HOST=unix:///x",), ""),
        (("DOCKER_HOST",), ""),
    ],
)
def test_plain_engine_address(env: tuple[str, ...], expected: str) -> None:
    assert plain_engine_address(env) == expected


def test_options_are_parsed_in_every_spelling() -> None:
    opts = ("seccomp:unconfined", "apparmor=docker-default", "label=type:spc_t", "label:disable", "no-new-privileges")
    assert option(opts, "seccomp") == "unconfined"
    assert option(opts, "apparmor") == "docker-default"
    assert option(opts, "systempaths") is None
    assert selinux_labels(opts) == ("type:spc_t", "disable")
    assert no_new_privileges(opts) is True
    assert no_new_privileges(("no-new-privileges:false",)) is False
    assert no_new_privileges(("no-new-privileges=true", "no-new-privileges=false")) is False
    assert no_new_privileges(()) is None


ORDERED = (
    "1.0.0-alpha1", "1.0.0-beta.2", "1.0.0-rc3", "1.0.0-rc9", "1.0.0-rc10", "1.0.0-rc93", "1.0.0", "1.0.1", "1.1.12",
    "1.2.0-rc.1", "1.2.0", "1.10.0", "19.03.15", "20.10.24",
)  # fmt: skip


def test_versions_are_ordered_as_numbers() -> None:
    found = [version(text) for text in ORDERED]
    assert found == sorted(found, reverse=False)
    assert len(set(found)) == len(ORDERED)


@pytest.mark.parametrize(
    ("text", "release", "distribution"),
    [
        ("1.1.5+ds1-1+deb12u1", (1, 1, 5), True), ("1.6.20~ds1", (1, 6, 20), True),
        ("24.0.5-0ubuntu1", (24, 0, 5), True), ("v1.7.2", (1, 7, 2), False), ("18.06.1-ce", (18, 6, 1), False),
        ("20.10.24+dfsg1", (20, 10, 24), True), ("1.4.0-rc.3", (1, 4, 0), False), ("27.3", (27, 3, 0), False),
    ],
)  # fmt: skip
def test_version_and_suffix(text: str, release: tuple[int, ...], distribution: bool) -> None:
    found = version(text)
    assert found.release == release
    assert found.distribution is distribution


@pytest.mark.parametrize("text", ["", "dev", "4c9922332f", "v", "1", "9" * 40 + ".1", "x.y.z", "\x1b[0m"])
def test_no_version(text: str) -> None:
    assert parse_version(text) is None


@given(st.text())
def test_any_text_may_be_asked_for_a_version(text: str) -> None:
    found = parse_version(text)
    assert found is None or found == found


def test_ranges_include_their_start_and_exclude_the_fix() -> None:
    entry = advisory("X", "x", Severity.LOW, "1.3.0-rc.1..1.3.3", "2.0.0..")
    assert [entry.affects(version(text)) for text in ("1.2.9", "1.3.0-rc.1", "1.3.2", "1.3.3", "2.0.0", "9.0.0")] == [
        False, True, True, False, True, True,
    ]  # fmt: skip
    assert entry.fixed_in == "1.3.3"


@pytest.mark.parametrize("text", ["1.3.0", "a..b", "..x"])
def test_a_wrong_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        advisory("X", "x", Severity.LOW, text)


@pytest.mark.parametrize("table", [runc, containerd, docker_engine])
def test_tables_are_consistent(table: object) -> None:
    entries = table.ADVISORIES  # type: ignore[attr-defined]  # three modules of one shape
    assert len({entry.id for entry in entries}) == len(entries)
    for entry in entries:
        for first, fixed in entry.ranges:
            assert first is None or fixed is None or first < fixed, entry.id
