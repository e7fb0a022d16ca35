"""The processes of containers, from one pass over /proc."""

from __future__ import annotations

import pytest

from inventory.activity import Process
from inventory.gap import Gap, Reason
from inventory.sources.host.reader import LocalReader
from inventory.sources.host.recording import Recorder
from inventory.sources.host.walk import processes_of
from tests.inventory.host.proc import Proc, denied, process
from tests.inventory.host.recorded import containers, kernel, running

C1, C2 = "c" * 64, "d" * 64
KNOWN = containers()
HOST = "0::/system.slice/cron.service"


def walked(*files: dict[str, bytes | OSError], wanted: dict[str, int]) -> dict[str, tuple[Process, ...] | Gap]:
    every: dict[str, bytes | OSError] = {"/proc/stat": b"cpu 1 2\nbtime 1000\n"}
    for some in files:
        every |= some
    return processes_of(Proc(every), wanted.items())


def pids(found: tuple[Process, ...] | Gap) -> list[int]:
    assert not isinstance(found, Gap), found
    return [one.pid for one in found]


@pytest.mark.parametrize("name", KNOWN)
def test_real_containers_have_the_processes_that_the_engine_names(name: str) -> None:
    found = processes_of(kernel(), running())
    assert tuple(pids(found[KNOWN[name].id])) == KNOWN[name].top


def test_what_a_real_process_tells() -> None:
    found = processes_of(kernel(), running())[KNOWN["root"].id]
    assert not isinstance(found, Gap)
    by_comm = {one.comm: one for one in found}
    assert by_comm["httpd"].exe == "/usr/httpd (deleted)"
    assert by_comm["httpd"].args == ("/usr/httpd", "-f", "-p", "127.0.0.1:9999")
    assert by_comm["nc"].ppid == KNOWN["root"].pid
    assert all((one.uid, one.inside_uid, one.terminal) == (0, 0, False) for one in found)
    assert all(one.started is not None and 1795452000 < one.started < 1795456000 for one in found)


def test_an_exec_session_of_a_real_container_has_its_own_user_and_terminal() -> None:
    found = processes_of(kernel(), running())[KNOWN["user"].id]
    assert not isinstance(found, Gap)
    assert sorted((one.comm, one.uid, one.terminal) for one in found) == [
        ("sh", 10001, True),
        ("sleep", 0, False),
        ("sleep", 10001, False),
        ("sleep", 10001, False),
    ]


def test_at_most_five_reads_for_each_process() -> None:
    reader = Proc({"/proc/stat": b"btime 1000\n"})
    for pid in range(10, 20):
        reader.files |= process(pid, f"0::/docker/{C1}")
        reader.links[f"/proc/{pid}/exe"] = "/bin/app"
    assert len(pids(processes_of(reader, [(C1, 10)])[C1])) == 10
    once = ["/proc", "/proc/stat", "/proc/10/uid_map"]
    assert len(reader.asked) <= 5 * 10 + len(once) - 1


@pytest.mark.parametrize(
    "cgroup",
    [
        f"0::/docker/{C1}",
        f"0::/system.slice/docker-{C1}.scope",
        f"12:pids:/docker/{C1}\n1:name=systemd:/docker/{C1}",
        f"4:memory:/\n0::/docker/{C1}",
        f"0::/machine.slice/libpod-{C1}.scope/container",
        f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{C1}.scope",
        f"0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{C1}.scope",
        f"0::/machine.slice/machine-libpod_pod_{C2}.slice/libpod-{C1}.scope",
        f"0::/libpod_parent/libpod-{C1}",
        f"0::/../../docker/{C1}",
        f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{C1}.scope",
        f"0::/docker/{C1}/init",
        f"0::/docker/{C1}/docker/{'e' * 64}",
        f"0::/docker/{C1}/system.slice/cron.service",
    ],
)
def test_control_groups_of_every_engine_and_driver(cgroup: str) -> None:
    assert pids(walked(process(7, cgroup), process(8, HOST), wanted={C1: 7})[C1]) == [7]


@pytest.mark.parametrize(
    "cgroup",
    [
        HOST,
        f"0::/docker/{C2}",
        f"0::/machine.slice/libpod-conmon-{C1}.scope",
        f"0::/machine.slice/libpod-{C1}.scope/supervisor",
        f"0::/system.slice/{C1}.service",
        f"0::/system.slice/{C1}-3a5f.service",
        f"0::/docker/{C1}a",
    ],
)
def test_what_is_only_named_after_a_container_does_not_run_in_it(cgroup: str) -> None:
    found = walked(process(7, f"0::/docker/{C1}"), process(8, cgroup), wanted={C1: 7})
    assert pids(found[C1]) == [7]


def test_a_container_whose_group_lies_in_anothers_keeps_its_own_processes() -> None:
    inner = f"0::/docker/{C1}/docker/{C2}"
    found = walked(process(7, f"0::/docker/{C1}"), process(8, inner), wanted={C1: 7, C2: 8})
    assert (pids(found[C1]), pids(found[C2])) == ([7], [8])


def test_without_a_telling_group_the_process_tree_counts() -> None:
    found = walked(
        process(7, "0::/", ppid=1), process(8, "0::/", ppid=7), process(9, "0::/", ppid=8), process(10, "0::/", ppid=1),
        wanted={C1: 7},
    )  # fmt: skip
    assert pids(found[C1]) == [7, 8, 9]


def test_without_a_telling_group_an_exec_session_shares_the_process_namespace() -> None:
    reader = Proc({**process(7, "0::/"), **process(8, "0::/", ppid=5), **process(9, "0::/", ppid=5)})
    reader.links = {f"/proc/{pid}/ns/pid": f"pid:[{space}]" for pid, space in ((1, 1), (7, 2), (8, 2), (9, 1))}
    assert pids(processes_of(reader, [(C1, 7)])[C1]) == [7, 8]


def test_without_a_telling_group_the_hosts_process_namespace_joins_nobody() -> None:
    reader = Proc({**process(7, "0::/"), **process(8, "0::/", ppid=5)})
    reader.links = {f"/proc/{pid}/ns/pid": "pid:[1]" for pid in (1, 7, 8)}
    assert pids(processes_of(reader, [(C1, 7)])[C1]) == [7]


def test_processes_that_are_each_others_parents_end_the_search() -> None:
    found = walked(process(7, "0::/"), process(8, "0::/", ppid=9), process(9, "0::/", ppid=8), wanted={C1: 7})
    assert pids(found[C1]) == [7]


def test_users_are_counted_outside_and_inside() -> None:
    files = process(7, f"0::/docker/{C1}", uid=100_000) | {"/proc/7/uid_map": b"0 100000 65536\n70000 5 1\n"}
    other = process(8, f"0::/docker/{C1}", uid=4)
    found = walked(files, other, wanted={C1: 7})[C1]
    assert not isinstance(found, Gap)
    assert [(one.uid, one.inside_uid) for one in found] == [(100_000, 0), (4, None)]


def test_a_hostile_name_does_not_move_the_fields() -> None:
    files = process(7, f"0::/docker/{C1}", comm="x) R 1 (\n1", uid=5, tty=34816)
    found = walked(files, wanted={C1: 7})[C1]
    assert not isinstance(found, Gap)
    assert (found[0].comm, found[0].ppid, found[0].terminal, found[0].started) == ("x) R 1 (\n1", 1, True, 1050.0)


def test_a_name_that_imitates_the_users_line_is_not_believed() -> None:
    """The kernel writes a line break in a name as \\n, so that the line stays one."""
    files = process(7, f"0::/docker/{C1}", uid=0)
    files["/proc/7/status"] = b"Name:\tx\\nUid:\\t9\\t9\n" + b"Uid:\t0\t0\t0\t0\n"
    found = walked(files, wanted={C1: 7})[C1]
    assert not isinstance(found, Gap)
    assert found[0].uid == 0


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_process_that_has_ended_is_not_listed(state: str) -> None:
    found = walked(process(7, f"0::/docker/{C1}"), process(8, f"0::/docker/{C1}", ppid=7, state=state), wanted={C1: 7})
    assert pids(found[C1]) == [7]


@pytest.mark.parametrize("gone", ["stat", "status"])
def test_a_process_that_ends_meanwhile_is_left_out(gone: str) -> None:
    group = f"0::/docker/{C1}"
    ending = {name: body for name, body in process(8, group).items() if not name.endswith(f"/{gone}")}
    assert pids(walked(process(7, group), ending, wanted={C1: 7})[C1]) == [7]


@pytest.mark.parametrize("broken", [b"", b"8", b"8 (x", b"8 (x) S a b c", b"8 (x) S 1 2\n", b"\xff" * 100])
def test_a_broken_stat_costs_one_process(broken: bytes) -> None:
    group = f"0::/docker/{C1}"
    files = process(8, group) | {"/proc/8/stat": broken}
    assert pids(walked(process(7, group), files, wanted={C1: 7})[C1]) == [7]


def test_what_another_user_may_not_read_is_left_empty() -> None:
    reader = Proc(process(7, f"0::/docker/{C1}") | {"/proc/7/uid_map": denied()})
    reader.links["/proc/7/exe"] = denied()
    found = processes_of(reader, [(C1, 7)])[C1]
    assert not isinstance(found, Gap)
    assert (found[0].exe, found[0].inside_uid, found[0].started, found[0].uid) == ("", None, None, 0)


def test_a_process_hidden_from_this_user_is_a_gap() -> None:
    files = process(7, f"0::/docker/{C1}") | {"/proc/7/cgroup": denied()}
    found = walked(files, wanted={C1: 7})[C1]
    assert isinstance(found, Gap)
    assert found.reason is Reason.DENIED


@pytest.mark.parametrize("cgroup", [f"0::/docker/{C2}", HOST])
def test_a_first_process_that_is_not_there_is_a_gap(cgroup: str) -> None:
    found = walked(process(8, cgroup), wanted={C1: 7})[C1]
    assert isinstance(found, Gap)
    assert found.reason is Reason.UNSUPPORTED


def test_a_pid_that_now_belongs_to_another_container_is_a_gap() -> None:
    found = walked(process(7, f"0::/docker/{C2}"), wanted={C1: 7, C2: 7})
    assert isinstance(found[C1], Gap)
    assert pids(found[C2]) == [7]


@pytest.mark.parametrize(
    ("comm", "args"), [("exe", ("runsc-sandbox", "--root=/x")), ("qemu-system-x86", ("/usr/bin/qemu-system-x86_64",))]
)
def test_a_sandbox_hides_what_runs_in_it(comm: str, args: tuple[str, ...]) -> None:
    found = walked(process(7, f"0::/docker/{C1}", comm=comm, args=args), wanted={C1: 7})[C1]
    assert isinstance(found, Gap)
    assert "sandbox" in str(found)


def test_no_proc_is_a_gap_for_everybody() -> None:
    class Nothing(Proc):
        def names(self, path: str) -> list[str]:
            raise denied(path)

    found = processes_of(Nothing(), [(C1, 7), (C2, 8)])
    assert set(found) == {C1, C2}
    assert all(isinstance(one, Gap) and one.reason is Reason.DENIED for one in found.values())


def test_nobody_running_asks_nothing() -> None:
    reader = Proc()
    assert processes_of(reader, []) == {}
    assert reader.asked == []


def test_this_machines_own_proc_can_be_walked() -> None:
    """Whatever runs here, nothing raises; a container that does not exist is a gap."""
    assert isinstance(processes_of(Recorder(LocalReader()), [(C1, 4_194_305)])[C1], Gap)
