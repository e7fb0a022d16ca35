"""What is read while somebody looks: logs of every framing, processes, changes and statistics."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.gap import Gap, Reason
from inventory.sources.decode import decode
from inventory.sources.docker import details, execs
from inventory.sources.docker.details import Change, Processes
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.frames import LONGEST_LINE, Demultiplexer, LogLine
from inventory.sources.docker.session import Session, connect
from inventory.sources.docker.stats import CgroupStats, Sample, StatsAnswer, cpu_percent, sample_of
from inventory.sources.host.reader import LocalReader
from lab.fake_engine import Answer, FakeEngine, Manner
from tests.inventory.docker.captured import raw
from tests.inventory.docker.world import routes


@pytest.fixture
def engine(socket_directory: Path) -> Iterator[FakeEngine]:
    with FakeEngine(socket_directory / "e.sock", routes()) as engine:
        yield engine


@pytest.fixture
def session(engine: FakeEngine) -> Session:
    return connect(transport(Endpoint(engine.url)), deadline=5.0)


def lines(body: bytes, *, tty: bool = False, timestamps: bool = True) -> list[LogLine]:
    demultiplexer = Demultiplexer(tty, timestamps)
    return [*demultiplexer.feed(body), *demultiplexer.end()]


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxI", stream, len(payload)) + payload


def test_framed_logs_keep_both_streams_apart() -> None:
    found = lines(raw("docker-api/logs-logspam.bin"))
    assert {line.stream for line in found} == {"stdout", "stderr"}
    assert any(line.text.startswith("out line") for line in found)
    assert all(line.time > 1795433000 for line in found)


def test_a_terminals_log_is_bare_text_with_carriage_returns() -> None:
    found = lines(raw("docker-api/logs-ttylog.bin"), tty=True)
    assert {line.stream for line in found} == {"tty"}
    assert not any(line.text.endswith("\r") for line in found)
    assert all(line.time for line in found)


@given(st.lists(st.integers(1, 100), max_size=40))
def test_lines_do_not_depend_on_how_they_arrive(cuts: list[int]) -> None:
    body = raw("docker-api/logs-crashloop.bin")
    demultiplexer, start = Demultiplexer(False, True), 0
    found: list[LogLine] = []
    for cut in cuts:
        found += demultiplexer.feed(body[start : start + cut])
        start += cut
    found += demultiplexer.feed(body[start:])
    found += demultiplexer.end()
    assert found == lines(body)


def test_a_line_over_several_frames_is_one_line() -> None:
    body = frame(1, b"half ") + frame(2, b"error\n") + frame(1, b"whole\nlast")
    assert [(line.stream, line.text) for line in lines(body, timestamps=False)] == [
        ("stderr", "error"),
        ("stdout", "half whole"),
        ("stdout", "last"),
    ]


def test_invalid_utf8_is_replaced_and_escapes_are_kept_exactly() -> None:
    found = lines(frame(1, b"\xff\x1b[31mred\x1b]52;c;x\x07\n"), timestamps=False)
    assert found[0].text == "�\x1b[31mred\x1b]52;c;x\x07"


@pytest.mark.parametrize("body", [b"no frames at all\n", b"\x01\x00\x00", b"\x01\x00\x00\x00\xff\xff\xff\xff", b""])
def test_what_is_no_frame_is_no_crash(body: bytes) -> None:
    assert isinstance(lines(body, timestamps=False), list)


def test_a_line_without_an_end_is_broken() -> None:
    found = lines(frame(1, b"x" * (3 * LONGEST_LINE)), timestamps=False)
    assert max(len(line.text) for line in found) <= LONGEST_LINE


def test_logs_of_a_container(engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/logs"] = Answer(raw("docker-api/logs-logspam.bin"))
    found = details.logs(session, "x", tty=False, tail=50, since=1795433000.5)
    assert not isinstance(found, Gap)
    assert found
    assert "stdout=1&stderr=1" in engine.requests[-1].path
    assert "since=1795433000.5" in engine.requests[-1].path


def test_a_driver_that_keeps_nothing_is_a_gap(engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/logs"] = Answer(raw("docker-api/logs-driver-none.json"), 501)
    found = details.logs(session, "x", tty=False)
    assert isinstance(found, Gap)
    assert (found.reason, found.detail) == (
        Reason.UNSUPPORTED,
        "configured logging driver does not support reading",
    )


def test_followed_logs_come_as_they_are_written(engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/logs"] = Answer(
        frame(1, b"one\n") + frame(1, b"two\n"), manner=Manner.DRIP, pause=0.001
    )
    stream = details.follow_logs(session, "x", tty=False)
    assert not isinstance(stream, Gap)
    assert [line.text for line in stream] == ["one", "two"]
    engine.everything = Answer.json({"message": "No such container: x"}, 404)
    gone = details.follow_logs(session, "x", tty=False)
    assert isinstance(gone, Gap)
    assert gone.reason is Reason.ABSENT


def test_processes(engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/top"] = Answer(raw("docker-api/top-plain.json"))
    found = details.top(session, "x", arguments="-eo pid,args")
    assert isinstance(found, Processes)
    assert found.titles[0] == "UID"
    assert found.rows[0][-1] == "sleep 100000"
    assert engine.requests[-1].path.endswith("ps_args=-eo%20pid%2Cargs")


@pytest.mark.parametrize(
    "answer", [Answer(raw("docker-api/top-exited.json"), 409), Answer(raw("podman-api/top-exited.json"))]
)
def test_a_stopped_container_has_no_processes_and_says_so(answer: Answer, engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/top"] = engine.routes["/containers/x/stats"] = answer
    for found in (details.top(session, "x"), details.stats(session, "x")):
        assert isinstance(found, Gap)
        assert found.detail == "the container is not running"


def test_changes(engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/changes"] = Answer(raw("docker-api/changes-plain.json"))
    assert details.changes(session, "x") == (Change("/tmp", "modified"), Change("/tmp/app.conf", "added"))
    engine.routes["/containers/x/changes"] = Answer(raw("docker-api/changes-capall.json"))  # null
    assert details.changes(session, "x") == ()
    engine.routes["/containers/x/changes"] = Answer(b'[{"Path": 5}]')
    wrong = details.changes(session, "x")
    assert isinstance(wrong, Gap)
    assert wrong.reason is Reason.MALFORMED


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"5",
        b'"text"',
        DEEP,
        b'{"Titles":["PID"],"Processes":[],"x":' + DEEP + b"}",
        b'[{"Path":"/x","Kind":0,"x":' + DEEP + b"}]",
        b'{"Titles":["PID"],"Processes":[["1"],[2]]}',
        b'[{"Path":"/x","Kind":' + b"9" * 5000 + b"}]",
        b'[{"Path":"/\xff',
    ],
    ids=range(8),
)
def test_what_cannot_be_decoded_is_a_gap(body: bytes, engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/top"] = engine.routes["/containers/x/changes"] = Answer(body)
    for found in (details.top(session, "x"), details.changes(session, "x")):
        assert isinstance(found, Gap)
        assert found.reason is Reason.MALFORMED


def test_no_decoder_is_made_where_several_threads_read(
    engine: FakeEngine, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that are made at once may crash the interpreter."""
    engine.routes["/containers/x/top"] = Answer(raw("docker-api/top-plain.json"))
    engine.routes["/containers/x/changes"] = Answer(raw("docker-api/changes-plain.json"))
    details.top(session, "x")  # the shared ones are made under a lock, once
    for maker in ("decode", "Decoder"):
        monkeypatch.delattr(msgspec.json, maker)
    assert isinstance(details.top(session, "x"), Processes)
    assert details.changes(session, "x")


def test_an_odd_id_is_one_part_of_the_path(engine: FakeEngine, session: Session) -> None:
    """From an engine's own answers, which may hold half a character."""
    for identity in ("\ud800", "a/../../b", "a?x=1#y"):
        details.top(session, identity)
        assert engine.requests[-1].path.rpartition("/")[2] == "top"
        execs.sessions(session, [identity])
        assert engine.requests[-1].path.count("/exec/") == 1
        assert ".." not in engine.requests[-1].path.split("/")
        assert "?" not in engine.requests[-1].path


def test_statistics_of_both_engines(engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/stats"] = Answer(raw("docker-api/stats-plain.json"))
    sample = details.stats(session, "x")
    assert isinstance(sample, Sample)
    assert (sample.cpu, sample.memory, sample.pids) == (24982129, 315392, 1)
    assert (sample.received, sample.sent) == (16834, 936)
    engine.routes["/containers/x/stats"] = Answer(raw("podman-api/stats-plain.json"))
    sample = details.stats(session, "x")
    assert isinstance(sample, Sample)
    assert (sample.memory, sample.received, sample.sent) == (393216, 796, 11940)  # its network is called "network"


def test_zeros_of_a_stopped_container_are_not_statistics(engine: FakeEngine, session: Session) -> None:
    engine.routes["/containers/x/stats"] = Answer(raw("docker-api/stats-exited.json"))
    found = details.stats(session, "x")
    assert isinstance(found, Gap)
    assert found.detail == "the container is not running"
    engine.routes["/containers/x/stats"] = Answer(json.dumps({"memory_stats": {"usage": "many"}}).encode())
    wrong = details.stats(session, "x")
    assert isinstance(wrong, Gap)
    assert wrong.reason is Reason.MALFORMED


def test_processor_use_between_two_samples() -> None:
    assert cpu_percent(Sample(10.0, 0, 0), Sample(12.0, 1_000_000_000, 0)) == 50.0
    assert cpu_percent(Sample(12.0, 5, 0), Sample(12.0, 6, 0)) is None
    assert cpu_percent(Sample(10.0, 9, 0), Sample(12.0, 6, 0)) is None  # restarted in between


class Files(LocalReader):
    """A host of a few files."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(2, "no such file", path)
        return self.files[path].encode()


NET = "Inter-|\n face |bytes\n  lo: 9 0 0 0 0 0 0 0 9 0\neth0: 100 1 0 0 0 0 0 0 200 1\neth1: 1 1 0 0 0 0 0 0 2 1\n"


def test_control_group_files_version_2() -> None:
    base = "/sys/fs/cgroup/system.slice/docker-x.scope"
    files = {
        "/proc/7/cgroup": "0::/system.slice/docker-x.scope\n",
        f"{base}/cpu.stat": "usage_usec 1500\nuser_usec 1000\n",
        f"{base}/memory.stat": "anon 1\ninactive_file 1000\n",
        f"{base}/memory.current": "5000\n",
        f"{base}/memory.max": "max\n",
        f"{base}/io.stat": "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n",
        f"{base}/pids.current": "3\n",
        "/proc/7/net/dev": NET,
    }
    sample = CgroupStats(Files(files)).sample("x", 7)
    assert isinstance(sample, Sample)
    assert (sample.cpu, sample.memory, sample.memory_limit, sample.pids) == (1_500_000, 4000, 0, 3)
    assert (sample.read, sample.written, sample.received, sample.sent) == (11, 22, 101, 202)


def test_control_group_files_version_1() -> None:
    group = "/docker/x"
    files = {
        "/proc/7/cgroup": f"4:cpu,cpuacct:{group}\n3:memory:{group}\n2:pids:{group}\n1:blkio:{group}\n0::/other\n",
        f"/sys/fs/cgroup/cpuacct{group}/cpuacct.usage": "123\n",
        f"/sys/fs/cgroup/memory{group}/memory.stat": "cache 5\ntotal_inactive_file 100\n",
        f"/sys/fs/cgroup/memory{group}/memory.usage_in_bytes": "600\n",
        f"/sys/fs/cgroup/memory{group}/memory.limit_in_bytes": "9223372036854771712\n",
        f"/sys/fs/cgroup/pids{group}/pids.current": "2\n",
        f"/sys/fs/cgroup/blkio{group}/blkio.throttle.io_service_bytes_recursive": "8:0 Read 4\n8:0 Write 5\nTotal 9\n",
    }
    sample = CgroupStats(Files(files)).sample("x", 7)
    assert isinstance(sample, Sample)
    assert (sample.cpu, sample.memory, sample.memory_limit, sample.pids) == (123, 500, 0, 2)
    assert (sample.read, sample.written, sample.received) == (4, 5, None)  # no net/dev: not told


def test_a_rootless_container_without_a_control_group_is_not_given_the_machines_figures() -> None:
    """As on cgroup v1, where its processes stay in their user's group, or in none."""
    files = {
        "/proc/7/cgroup": "4:cpuacct:/\n3:memory:/\n2:pids:/\n1:blkio:/\n",
        "/sys/fs/cgroup/cpuacct/cpuacct.usage": "123\n",
        "/sys/fs/cgroup/memory/memory.stat": "cache 5\n",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": "600\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "900\n",
    }
    found = CgroupStats(Files(files)).sample("x" * 64, 7)
    assert isinstance(found, Gap)
    assert "no control group" in found.detail
    answer, _ = decode(raw("podman-api/stats-rootless.json"), StatsAnswer)
    assert answer.memory_stats is not None
    assert sample_of(answer) is None


@pytest.mark.parametrize("files", [{}, {"/proc/7/cgroup": "garbage"}, {"/proc/7/cgroup": "0::/x\n"}])
def test_control_groups_that_cannot_be_read_are_a_gap(files: dict[str, str]) -> None:
    assert isinstance(CgroupStats(Files(files)).sample("x", 7), Gap)
    assert isinstance(CgroupStats(Files(files)).sample("x", 0), Gap)  # a crash loop's pid
