"""What containers did when the recording was made: derived from it again, without their secrets."""

from __future__ import annotations

import json

from inventory.activity import Activity, Process
from inventory.gap import Gap, Reason
from inventory.resource import Kind
from inventory.snapshot import Status
from inventory.sources.bundle.details import paths_of
from inventory.sources.bundle.disguise import Disguise
from inventory.sources.bundle.manifest import SourceEntry
from inventory.sources.bundle.masking import HOST, masked
from inventory.sources.bundle.recorder import Recording, RecordingTransport
from inventory.sources.bundle.replay import NOT_HERE, Replay
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.read import read
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import LIMIT, Answer, ApiError, Stream, refusal, refuses
from inventory.store import Store
from lab.fake_engine import Answer as Played
from tests.checks.builders import docker
from tests.inventory.docker.captured import raw
from tests.inventory.docker.world import container_id, document, routes

PLAIN = container_id("plain")
TOP = f"/containers/{PLAIN}/top"
HERE = Endpoint("unix:///x", "recording")
SECRET = "hunter2secret"


class Wire:
    """The small world over no wire; a path with its query goes before the path alone."""

    def __init__(self, played: dict[str, Played]) -> None:
        self.played = played

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        bare = path.removeprefix("/v1.41")
        found = self.played.get(bare) or self.played.get(bare.partition("?")[0], Played.json({"message": "no"}, 404))
        if refuses(found.status):
            raise refusal(found.status, found.body)
        return Answer(found.status, {name.lower(): value for name, value in found.headers.items()}, found.body)

    def stream(self, path: str, *, deadline: float) -> Stream:
        raise ApiError(Reason.ERROR, 0, "no stream")

    def close(self) -> None:
        """Nothing to end."""


def of(store: Store, container: str = PLAIN) -> Activity:
    return next(found for found in store.snapshot().of(Activity) if found.key.id == container)


def recorded(played: dict[str, Played], *, also: tuple[str, ...] = ()) -> tuple[Store, Store]:
    """The store that was read while recording, and the one that is read from the recording."""
    recording, live, again = Recording(clock=lambda: 7.0), Store(), Store()
    through = RecordingTransport(Wire(played), "docker", recording)
    read(HERE, live, via=through, clock=lambda: 7.0)
    for path in also:
        Session(through, "1.41").get(path, deadline=1.0)
    bundle = recording.bundle("t", "h", (SourceEntry("docker", "docker", "unix:///x"),))
    read(HERE, again, via=Replay(bundle.manifest, bundle.bodies).transport("docker"), clock=lambda: 7.0)
    return live, again


def test_the_same_comes_out_of_the_recording() -> None:
    live, again = recorded(routes(), also=(TOP,))  # the tab asks for other columns, which do not take their place
    assert again.snapshot().count(Kind.ACTIVITY) == live.snapshot().count(Kind.ACTIVITY) == 3
    before, after = of(live), of(again)
    assert before.processes == after.processes
    assert before.changes == after.changes
    assert before.sessions == after.sessions == ()
    assert before.peek("listeners") == after.peek("listeners")


def test_columns_that_the_tab_asked_for_are_better_than_nothing() -> None:
    played = routes()
    own = played.pop(TOP)
    played[f"{TOP}?x"] = own  # whoever recorded it asked in another way
    _, again = recorded(played)
    assert isinstance(of(again).peek("processes"), Gap)
    played[TOP] = Played(raw("docker-api/top-plain.json"))
    _, again = recorded(played)
    assert [process.pid for process in of(again).processes] == [21559]


def test_a_recording_from_before_says_what_it_does_not_tell() -> None:
    played = {path: answer for path, answer in routes().items() if not path.endswith(("/top", "/changes"))}
    recording = Recording(clock=lambda: 7.0)
    through = RecordingTransport(Wire(played), "docker", recording)
    read(HERE, Store(), via=through, clock=lambda: 7.0)
    bundle = recording.bundle("t", "h", (SourceEntry("docker", "docker", "unix:///x"),))
    kept = tuple(member for member in bundle.manifest.members if "/top" not in member.request)
    kept = tuple(member for member in kept if "/changes" not in member.request)
    manifest = type(bundle.manifest)(**{**{n: getattr(bundle.manifest, n) for n in _NAMES}, "members": kept})
    store = Store()
    health = read(HERE, store, via=Replay(manifest, bundle.bodies).transport("docker"), clock=lambda: 7.0)
    assert health.status is Status.OK  # that is no fault of the engine
    for field in ("processes", "changes"):
        found = of(store).peek(field)
        assert isinstance(found, Gap)
        assert (found.reason, found.detail) == (Reason.UNSUPPORTED, NOT_HERE)


_NAMES = ("tool", "host", "time", "masked", "sources")


def test_command_lines_are_masked() -> None:
    played = routes()
    columns = document("docker-api/top-columns.json")
    command = f"redis-server --requirepass {SECRET}"
    columns["Processes"] = [[str(docker("plain").pid), "1", "0", "?", "redis", "1", command]]
    played[TOP] = Played.json(columns)
    live, again = recorded(played)
    (shown,) = of(live).processes
    (hidden,) = of(again).processes
    assert shown.args[-1] == SECRET
    assert isinstance(hidden, Process)
    assert hidden.args[:-1] == shown.args[:-1]
    assert SECRET not in " ".join(hidden.args)


def test_sessions_are_masked() -> None:
    body = {"Running": True, "ProcessConfig": {"entrypoint": "mysql", "arguments": ["--password", SECRET]}}
    assert SECRET.encode() not in masked("/v1.41/exec/x/json", json.dumps(body).encode(), Disguise())


def test_changed_paths_are_masked_and_still_fit_each_other() -> None:
    upper = f"/var/lib/docker/overlay2/{'a' * 64}/diff"
    node = [420, "file", 1, 1.0, 1, 0, False]
    heard = {
        f"tree {upper}": {"nodes": {"tmp": node, f"tmp/password={SECRET}": node}, "complete": True},
        f"node {upper}/tmp/password={SECRET}": node,
        f"names {upper}/tmp": [f"password={SECRET}", "plain"],
        f"node {upper}/no": {"errno": 2},
    }
    found = json.loads(masked(HOST, json.dumps(heard).encode(), Disguise()))
    assert SECRET not in json.dumps(found)
    path = next(name for name in found[f"tree {upper}"]["nodes"] if name != "tmp")
    assert f"node {upper}/{path}" in found
    assert found[f"names {upper}/tmp"][0] == path.removeprefix("tmp/")
    assert found[f"node {upper}/no"] == {"errno": 2}
    assert masked(HOST, b'{"tree /x": {"errno": 13}}', Disguise()) == b'{"tree /x": {"errno": 13}}'


def test_podmans_process_list_is_asked_for_without_running_anything_inside() -> None:
    asked = next(path for path in paths_of(docker("plain"), "podman") if "/top" in path)
    assert "ps_args=huser%2Chpid" in asked
    assert TOP in paths_of(docker("plain"))
