"""What was recorded comes back; what was not is a gap."""

from __future__ import annotations

import base64
import io
import json
import struct
from pathlib import Path

import pytest

from inventory.gap import Reason
from inventory.sources.bundle import archive
from inventory.sources.bundle.disguise import Disguise
from inventory.sources.bundle.manifest import BundleError, SourceEntry
from inventory.sources.bundle.masking import always, masked, path_of
from inventory.sources.bundle.recorder import Recording, RecordingTransport
from inventory.sources.bundle.replay import NOT_HERE, Replay, normal, open_bundle
from inventory.sources.docker.transport import LIMIT, Answer, ApiError, Stream

SOURCE = (SourceEntry("docker", "docker", "unix:///x"),)


class Scripted:
    """A transport with answers in a dictionary."""

    def __init__(self, answers: dict[str, Answer | ApiError]) -> None:
        self.answers = answers
        self.closed = 0

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        answer = self.answers[path]
        if isinstance(answer, ApiError):
            raise answer
        return answer

    def stream(self, path: str, *, deadline: float) -> Stream:
        raise ApiError(Reason.ERROR, 0, "no stream")

    def close(self) -> None:
        self.closed += 1


def ok(body: bytes) -> Answer:
    return Answer(200, {"content-type": "application/json", "date": "today", "server": "Docker/20"}, body)


def recorded(answers: dict[str, Answer | ApiError], *, include_secrets: bool = False) -> Replay:
    recording = Recording(clock=lambda: 7.0)
    transport = RecordingTransport(Scripted(answers), "docker", recording)
    for path in answers:
        try:
            transport.get(path, deadline=1.0)
        except ApiError:
            continue
    file = io.BytesIO()
    archive.dump(file, recording.bundle("deckwatch 1", "host-a", SOURCE, include_secrets=include_secrets))
    file.seek(0)
    bundle = archive.load(file)
    return Replay(bundle.manifest, bundle.bodies)


def test_answers_and_errors_come_back() -> None:
    replay = recorded(
        {
            "/v1.41/info": ok(b'{"ID": "a"}'),
            "/v1.41/services": ApiError(Reason.UNSUPPORTED, 503, "not a swarm manager"),
            "/v1.41/containers/a/json": ApiError(Reason.TIMEOUT, 0, "no answer within the deadline"),
        }
    )
    assert (replay.time, replay.host, replay.sources) == (7.0, "host-a", SOURCE)
    transport = replay.transport("docker")
    answer = transport.get("/v1.41/info", deadline=1.0)
    assert (answer.status, json.loads(answer.body)) == (200, {"ID": "a"})
    assert answer.headers == {"content-type": "application/json", "server": "Docker/20"}
    for path, reason, status in (("services", Reason.UNSUPPORTED, 503), ("containers/a/json", Reason.TIMEOUT, 0)):
        with pytest.raises(ApiError) as caught:
            transport.get(f"/v1.41/{path}", deadline=1.0)
        assert (caught.value.reason, caught.value.status) == (reason, status)


def test_what_was_not_recorded_is_unsupported() -> None:
    transport = recorded({"/info": ok(b"{}")}).transport("docker")
    for path in ("/nope", "/info?x=1"):
        with pytest.raises(ApiError, match=NOT_HERE) as caught:
            transport.get(path, deadline=1.0)
        assert caught.value.reason is Reason.UNSUPPORTED
    with pytest.raises(ApiError):
        transport.get("/info", deadline=1.0, method="HEAD")
    with pytest.raises(ApiError):
        transport.stream("/events", deadline=1.0)


def test_sources_are_apart() -> None:
    replay = recorded({"/info": ok(b"{}")})
    with pytest.raises(ApiError, match=NOT_HERE):
        replay.transport("other").get("/info", deadline=1.0)


def test_version_and_order_of_the_query_do_not_matter() -> None:
    transport = recorded({"/v1.41/containers/json?all=1&size=0": ok(b"[]")}).transport("docker")
    assert transport.get("/v1.47/containers/json?size=0&all=1", deadline=1.0).body == b"[]"
    assert normal("HEAD /v1.41/_ping") == "HEAD /_ping"
    assert path_of("/vault/secret") == "/vault/secret"
    assert path_of("/v1.41/containers/a/json?x=/v2/") == "/containers/a/json"


def test_the_last_answer_wins_and_failures_lose() -> None:
    recording = Recording(clock=lambda: 7.0)
    scripted = Scripted({"/version": ok(b'{"n": 1}')})
    transport = RecordingTransport(scripted, "docker", recording)
    transport.get("/version", deadline=1.0)
    scripted.answers["/version"] = ok(b'{"n": 2}')
    transport.get("/version", deadline=1.0)
    scripted.answers["/version"] = ApiError(Reason.TIMEOUT, 0, "late")
    with pytest.raises(ApiError):
        transport.get("/version", deadline=1.0)
    transport.close()
    assert scripted.closed == 1
    bundle = recording.bundle("t", "h", SOURCE)
    assert Replay(bundle.manifest, bundle.bodies).transport("docker").get("/version", deadline=1.0).body == b'{"n": 2}'


ENV = b'{"Config": {"Env": ["DB_PASSWORD=hunter2-lab", "PATH=/bin"]}}'


def test_secrets_are_masked_unless_asked_for() -> None:
    answers: dict[str, Answer | ApiError] = {"/containers/a/json": ok(ENV)}
    hidden = recorded(answers)
    assert hidden.manifest.masked
    body = hidden.transport("docker").get("/containers/a/json", deadline=1.0).body
    assert b"hunter2" not in body
    assert b"PATH=/bin" in body
    shown = recorded(answers, include_secrets=True)
    assert not shown.manifest.masked
    assert shown.transport("docker").get("/containers/a/json", deadline=1.0).body == ENV


def test_join_tokens_are_never_recorded() -> None:
    swarm = b'{"ID": "s", "JoinTokens": {"Worker": "SWMTKN-1-abc", "Manager": "SWMTKN-1-def"}}'
    replay = recorded({"/v1.41/swarm": ok(swarm)}, include_secrets=True)
    assert all(b"SWMTKN" not in body for body in replay.bodies.values())
    assert json.loads(always("/swarm", swarm))["ID"] == "s"
    assert always("/v1.41/swarm", b'{"JoinTokens": {"Worker": "SWMTKN-1-a') == b""


def test_what_has_no_secret_stays_byte_for_byte() -> None:
    odd = b'{ "b":1,\n "a" : [1.0, 1e3, "\\u00e9"] }'
    assert masked("/info", odd, Disguise()) == odd
    assert masked("/x", b"not JSON at all \xff", Disguise()) == b"not JSON at all \xff"


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">B3xI", stream, len(text)) + text


def test_logs_are_masked_frame_by_frame() -> None:
    log = frame(1, b"start\n") + frame(2, b"DB_PASSWORD=hunter2-lab retry\xff\n") + frame(1, b"")
    hidden = masked("/v1.41/containers/a/logs?tail=200", log, Disguise())
    assert b"hunter2" not in hidden
    first, second = frame(1, b"start\n"), hidden[len(frame(1, b"start\n")) : -8]
    assert hidden.startswith(first)
    assert second[0] == 2
    assert struct.unpack(">I", second[4:8])[0] == len(second) - 8
    assert second.endswith(b"\xff\n")
    assert hidden.endswith(frame(1, b""))


def test_logs_of_a_terminal_have_no_frames() -> None:
    assert b"hunter2" not in masked("/containers/a/logs", b"\x1b[1mDB_PASSWORD=hunter2-lab\r\n", Disguise())
    cut = frame(1, b"hello")[:-2]
    assert masked("/containers/a/logs", cut, Disguise()) == cut


def test_configs_are_looked_into() -> None:
    data = base64.b64encode(b"user = app\nDB_PASSWORD=hunter2-lab\npassword = hunter2-lab\n").decode()
    body = json.dumps([{"ID": "c", "Spec": {"Name": "app", "Data": data}}]).encode()
    found = json.loads(masked("/v1.41/configs", body, Disguise()))[0]["Spec"]["Data"]
    assert b"hunter2" not in base64.b64decode(found)
    assert base64.b64decode(found).startswith(b"user = app")
    broken = json.dumps({"Spec": {"Data": "%%%"}}).encode()
    assert json.loads(masked("/configs/c", broken, Disguise()))["Spec"]["Data"] == ""


def test_opening_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.bundle").write_bytes(b"no")
    with pytest.raises(BundleError, match=r"x\.bundle: is no bundle"):
        open_bundle(tmp_path / "x.bundle")


@pytest.mark.parametrize(
    "line",
    [
        b"password = hunter2-lab",
        b"  password: hunter2-lab  # comment",
        b'"password" : "hunter2-lab",',
        b"db.password= 'hunter2-lab'",
        b"level=info token: hunter2-lab user: app",
        b"\x1b[1mDB_PASSWORD=hunter2-lab\x1b[0m",
        b"{'password':'hunter2-lab'}",
    ],
)
def test_the_ways_of_writing_a_setting(line: bytes) -> None:
    other = masked("/containers/a/logs", line, Disguise())
    assert b"hunter2" not in other
    assert len(other) == len(line)


def test_what_is_no_secret_stays() -> None:
    line = b"token: true, password_file=/run/secrets/x time: 12:30 user=app password: ${DB_PASSWORD}"
    assert masked("/containers/a/logs", line, Disguise()) == line


def test_a_line_that_was_made_to_be_slow() -> None:
    for line in (b"a" * 400_000, b"a=" * 200_000, b"password " * 50_000, b"--a" * 100_000):
        assert len(masked("/containers/a/logs", line, Disguise())) == len(line)
