"""Cases of the checks of processes: real ones of a recorded kernel where it shows the fault."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.activity import Activity, Listener, Process
from inventory.container import Container, Healthcheck, Port
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.host.netns import listeners
from inventory.sources.host.walk import processes_of
from tests.checks.builders import GAP, SOURCE, container, docker, host, kernel
from tests.checks.cases import ENGINE, Case
from tests.inventory.host import recorded

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

USER = container()  # hardened: runs, as 10001
ROOT = docker("plain")  # runs, as root
STOPPED = docker("exited-zero")
_ENGINES = Gap(Reason.UNSUPPORTED, "/proc/PID/net", "the engine is not on this machine")


def process(*args: str, comm: str = "", **values: Any) -> Process:
    """A process as this machine shows it, unless told otherwise."""
    name = comm or args[0].rpartition("/")[2]
    defaults: dict[str, Any] = {"pid": 70, "ppid": 60, "uid": 10001, "inside_uid": 10001, "exe": f"/usr/bin/{name}"}
    return Process(comm=name[:15], args=args, **{**defaults, "started": 1795433000.0, "terminal": False, **values})


def told_by_top(*args: str, **values: Any) -> Process:
    """A process as the engine's `top` tells it: no file, no terminal, no user inside."""
    return process(*args, **{"exe": "", "terminal": None, "inside_uid": None, "started": None, **values})


def does(
    subject: Container, *processes: Process, listening: tuple[Listener, ...] | Gap = (), **values: Any
) -> Activity:
    """What one container does."""
    key = ResourceKey(Kind.ACTIVITY, SOURCE, subject.id)
    facts: dict[str, Any] = {"processes": processes, "listeners": listening, **values}
    return Activity.build(key=key, name=subject.name, **facts)


def real(subject: Container, name: str) -> Activity:
    """What a recorded container did, as if it were this one."""
    known = recorded.containers()[name]
    found = processes_of(recorded.kernel(), [(known.id, known.pid)])[known.id]
    assert not isinstance(found, Gap)
    return does(subject, *found, listening=listeners(recorded.kernel(), known.pid))


def listens(port: int, address: str = "::", protocol: str = "tcp6") -> Listener:
    """A listener beyond loopback, unless told otherwise."""
    return Listener(protocol, address, port, 0)


def case(
    check: str, subject: Container, activity: Activity | None, expected: Outcome, severity: Severity | None = None,
    *others: Resource, note: str = "", gaps: Any = None,
) -> Case:  # fmt: skip
    """A case with what its subject does, and the engine."""
    around = (ENGINE, *others, *(() if activity is None else (activity,)))
    return Case(check, subject, expected, severity, others=around, note=note, gaps=gaps or {})


def everywhere(check: str, good: Container = USER) -> list[Case]:
    """What holds for every check of processes."""
    return [
        case(check, STOPPED, None, NA, note="does not run"),
        case(check, container(state="restarting"), None, NA, note="between two starts"),
        case(check, good, None, UNKNOWN, note="nobody looked"),
        case(check, good, does(good, processes=GAP), UNKNOWN, note="processes not read"),
    ]


_app = process("/app")
_root = process("/app", uid=0, inside_uid=0)
_remapped = process("/app", uid=100000, inside_uid=0)

USERS = [
    *everywhere("RUN-011", ROOT),
    case("RUN-011", ROOT, real(ROOT, "root"), FAIL, MEDIUM, host(ROOT, kernel()), note="recorded"),
    case("RUN-011", ROOT, does(ROOT, _root), FAIL, MEDIUM, note="by the engine's description"),
    case("RUN-011", USER, real(USER, "user"), FAIL, MEDIUM, host(USER, kernel()), note="recorded, an exec session"),
    case("RUN-011", ROOT, does(ROOT, _remapped), PASS, None, host(ROOT, kernel(identity_uid_map=False)), note="mapped"),
    case("RUN-011", USER, does(USER, _app), NA, note="no root"),
    case("RUN-011", ROOT, does(ROOT, process("x", uid=None)), UNKNOWN, note="users not told"),
    Case("RUN-011", ROOT, UNKNOWN, others=(does(ROOT, _root),), note="engine unknown"),
    *everywhere("RUN-024"),
    case("RUN-024", USER, real(USER, "user"), FAIL, MEDIUM, note="recorded, an exec session"),
    case("RUN-024", container(user="app"), does(USER, _app, _root), FAIL, MEDIUM, note="a named user"),
    case("RUN-024", USER, does(USER, _remapped), FAIL, MEDIUM, note="root inside, mapped outside"),
    case("RUN-024", USER, does(USER, told_by_top("/app", uid=0)), FAIL, MEDIUM, note="by top"),
    case("RUN-024", USER, real(USER, "hardened"), PASS, note="recorded"),
    case("RUN-024", USER, does(USER, told_by_top("/app")), PASS, note="by top"),
    case(
        "RUN-024", USER, does(USER, told_by_top("/app", uid=100000)), UNKNOWN, None,
        host(USER, kernel(identity_uid_map=False)), note="mapped, and top tells the host's user",
    ),
    case("RUN-024", USER, does(USER, told_by_top("/app", uid=None)), UNKNOWN, note="users not told"),
    case("RUN-024", ROOT, None, NA, note="root as declared"),
]  # fmt: skip

_on_host = container(network_mode="host")
LOGINS = [
    *everywhere("RUN-047"),
    case("RUN-047", USER, real(USER, "telnet-inside"), FAIL, HIGH, note="recorded"),
    *(
        case("RUN-047", USER, does(USER, one), FAIL, HIGH, note=" ".join(one.args))
        for one in (
            process("/usr/sbin/sshd", "-D"), process("sshd: /usr/sbin/sshd -D [listener]", comm="sshd"),
            process("sshd-session: ann", comm="sshd-session"), process("dropbear", "-F"),
            process("busybox", "telnetd", "-F", exe="/bin/busybox"), told_by_top("/usr/sbin/vsftpd"),
            process("/usr/bin/Xvnc", ":1"), process("ttyd", "bash"),
            process("/opt/x", comm="shellinaboxd", exe="/opt/x"),
        )
    ),
    case("RUN-047", USER, does(USER, _app, listening=(listens(22),)), MANUAL, note="something on port 22"),
    case("RUN-047", USER, does(USER, _app, listening=(listens(22, "127.0.0.1"),)), PASS, note="on loopback"),
    case("RUN-047", USER, does(USER, _app, listening=_ENGINES), UNKNOWN, note="listeners not read"),
    case("RUN-047", USER, does(USER, process("sshd"), listening=_ENGINES), FAIL, HIGH, note="sshd, listeners not read"),
    case("RUN-047", _on_host, does(USER, _app, listening=_ENGINES), PASS, note="the host's listeners"),
    *(
        case("RUN-047", USER, does(USER, one), PASS, note=" ".join(one.args))
        for one in (process("ssh", "host"), process("sh", "-c", "sshd"), process("nginx"), process("sleep", "sshd"))
    ),
]  # fmt: skip

_xmrig = process("/opt/x", "-o", "stratum+tcp://pool.example:3333", exe="/opt/x")
STARTED = 1795433000.0
_FIRST = container().pid
_socat = process("socat", "TCP-LISTEN:80,fork", "TCP:db:5432", pid=_FIRST)
_init = process("/sbin/docker-init", "--", *_socat.args, exe="/sbin/docker-init", pid=_FIRST)
_nc = process("nc", "-z", "localhost", "9000")
_nc_shell = process("sh", "-c", "nc -z localhost 9000 || exit 1")
_nc_below_tmp = process("nc", "-z", "localhost", "9000", exe="/tmp/nc")


def _probed(*test: str) -> Container:
    """A container with this health check."""
    return container(healthcheck=Healthcheck(test))


INTRUDERS = [
    *everywhere("RUN-048"),
    case("RUN-048", ROOT, real(ROOT, "root"), FAIL, CRITICAL, note="recorded: below /tmp, and deleted"),
    case("RUN-048", USER, real(USER, "user"), MANUAL, LOW, note="recorded: a shell at a terminal"),
    *(
        case("RUN-048", USER, does(USER, _app, one), FAIL, severity, note=f"{one.args} {one.exe}")
        for one, severity in (
            (process("x", exe="/memfd:x (deleted)"), CRITICAL), (process("x", exe="/dev/shm/x"), CRITICAL),
            (process("x", exe="/usr/bin/x (deleted)"), CRITICAL), (process("x", exe="/var/tmp/.x/y"), CRITICAL),
            (process("runc-like", exe="/memfd:runc_cloned (deleted)"), CRITICAL), (process("xmrig"), CRITICAL),
            (_xmrig, CRITICAL), (process("kdevtmpfsi"), CRITICAL), (process("nc", "-l"), MEDIUM),
            (told_by_top("/usr/bin/socat", "x"), MEDIUM), (process("tcpdump", "-i", "any"), MEDIUM),
            (process("apt-get", "update"), MEDIUM), (process("apk", "add", "curl"), MEDIUM),
            (process("python3", "-m", "pip", "install", "x", exe="/usr/bin/python3.11"), MEDIUM),
            (process("node", "/usr/bin/npm", "install", exe="/usr/bin/node"), MEDIUM),
            (process("npm install left-pad", comm="npm install lef", exe="/usr/bin/node"), MEDIUM),
            (process("kubectl", "get", "pods"), MEDIUM), (process("docker", "ps"), MEDIUM),
            (process("lolMiner", "--algo", "ETHASH"), CRITICAL), (process("PhoenixMiner"), CRITICAL),
            (process("SRBMiner-MULTI"), CRITICAL), (process("XMRig"), CRITICAL),
            (process("x", comm="runc:[2:INIT]", exe="/memfd:evil (deleted)"), CRITICAL),
            (process("x", comm="runc:[2:INIT]", exe="/usr/bin/x (deleted)"), CRITICAL),
            (process("docker-init", exe="/tmp/docker-init (deleted)"), CRITICAL),
            (process("docker-init", exe="/opt/docker-init (deleted)", pid=container().pid), CRITICAL),
            (process("docker-init", exe="/sbin/docker-init (deleted)"), CRITICAL),
            (process("nc", "-z", "localhost", "9000"), MEDIUM),
        )
    ),
    *(
        case("RUN-048", USER, does(USER, one), MANUAL, LOW, note=f"shell {one.args}")
        for one in (
            process("bash", "--login", terminal=True), process("bash", "--rcfile", "/x", "-i", terminal=True),
            process("bash", "-o", "vi", terminal=True),
            process("bash", terminal=True), process("-sh", exe="/bin/busybox", comm="sh", terminal=True),
            process("/bin/bash", "-il", terminal=True), process("busybox", "sh", exe="/bin/busybox", terminal=True),
        )
    ),
    *(
        case("RUN-048", USER, does(USER, one), PASS, note=f"{one.args} {one.exe} {one.terminal}")
        for one in (
            process("sh", "-c", "while true; do sleep 1; done", terminal=True), process("bash", "/entry.sh"),
            process("bash", "-ec", "x", terminal=True), process("bash"),
            process("top", exe="/bin/busybox", terminal=True),
            process("npm", "start", exe="/usr/bin/node"), process("java", "-jar", "/tmp/app.jar"),
            process("fish", "--command=x", terminal=True), process("bash", "--norc", "/entry.sh", terminal=True),
            process("/sbin/docker-init", "--", "app", exe="/sbin/docker-init (deleted)", pid=container().pid),
            process("kubectl", "proxy", pid=container().pid), Process(9, 2, "kthread", ()),
        )
    ),
    *(
        case("RUN-048", USER, does(USER, one, observed_at=at), expected, note=f"{one.exe} after {at - STARTED}")
        for one in (
            process("runc:[2:INIT]", exe="/memfd:runc_cloned:/proc/self/exe (deleted)"),
            process("crun", comm="5", exe="/memfd:crun_cloned:/proc/self/exe (deleted)"),
            process("runc", "init", exe="/usr/bin/runc (deleted)"),
        )
        for at, expected in ((STARTED + 2, PASS), (STARTED + 60, FAIL))
    ),
    case(
        "RUN-048", USER, does(USER, process("x", exe="/memfd:x"), observed_at=STARTED), FAIL, CRITICAL,
        note="in memory, just started",
    ),
    *(
        case("RUN-048", USER, does(USER, *processes), MANUAL, LOW, note=f"made for it: {note}")
        for note, processes in (
            ("first", (_socat,)), ("forked", (_socat, process(*_socat.args, ppid=_FIRST))),
            ("below an init", (_init, process(*_socat.args, ppid=_FIRST))),
        )
    ),
    *(
        case("RUN-048", USER, does(USER, *processes), FAIL, MEDIUM, note=f"not made for it: {note}")
        for note, processes in (
            ("another of the kind", (_socat, process("socat", "-", "TCP:evil:1", ppid=_FIRST))),
            ("below an init, another", (_init, process("nc", "-l", ppid=_FIRST))),
            ("below a shell", (process("sh", "/x", pid=_FIRST), process("socat", "x", ppid=_FIRST))),
        )
    ),
    *(
        case("RUN-048", subject, does(USER, _app, *processes), expected, severity, note=f"probe: {note}")
        for note, subject, processes, expected, severity in (
            ("as declared", _probed("CMD", "nc", "-z", "localhost", "9000"), (_nc,), PASS, None),
            ("a shell's", _probed("CMD-SHELL", "nc -z localhost 9000 || exit 1"), (_nc_shell, _nc), PASS, None),
            ("other words", _probed("CMD", "nc", "-z", "localhost", "80"), (_nc,), FAIL, MEDIUM),
            ("switched off", _probed("NONE"), (_nc,), FAIL, MEDIUM),
            ("no shell's line", _probed("CMD-SHELL", "nc '"), (_nc,), FAIL, MEDIUM),
            ("below /tmp", _probed("CMD", "nc", "-z", "localhost", "9000"), (_nc_below_tmp,), FAIL, CRITICAL),
            ("not read", container(healthcheck=GAP), (_nc,), UNKNOWN, None),
            ("not read, nor needed", container(healthcheck=GAP), (_nc, _xmrig), FAIL, CRITICAL),
            ("and a shell", _probed("CMD", *_nc.args), (_nc, process("bash", terminal=True)), MANUAL, LOW),
        )
    ),
    case("RUN-048", USER, does(USER, told_by_top("/app")), UNKNOWN, note="by top: no files"),
    case("RUN-048", USER, does(USER, process("nc", pid=container().pid, exe="/tmp/nc")), FAIL, CRITICAL, note="first"),
]  # fmt: skip

_dind = container(image_ref="docker:27-dind")
_privileged_dind = container(image_ref="docker:27-dind", privileged=True)
_stopped_dind = container(image_ref="docker:dind", state="exited")
_pinned_dind = container(image_ref="reg.example:5000/docker:24-dind@sha256:" + "a" * 64, state="exited")
_api = (Port(2375, "tcp", "0.0.0.0", 2375),)
NESTED = [
    *everywhere("RUN-059"),
    *(
        case("RUN-059", container(image_ref=name), does(USER, _app), MANUAL, note=name)
        for name in ("docker:dind", "docker:27.1-dind-rootless", "kindest/node:v1.30.0", "rancher/k3s:v1.30.2-k3s1",
                     "docker.io/library/docker:dind", "reg.example:5000/moby/buildkit:latest", "jpetazzo/dind")
    ),
    case("RUN-059", _dind, None, UNKNOWN, note="an image for it, nobody looked"),
    case("RUN-059", _pinned_dind, None, MANUAL, note="by tag and digest, does not run"),
    case("RUN-059", _stopped_dind, None, MANUAL, note="an image for it, does not run"),
    case("RUN-059", _dind, does(_dind, processes=GAP), MANUAL, note="an image for it, processes not read"),
    *(
        case("RUN-059", USER, does(USER, one), MANUAL, HIGH, note=" ".join(one.args))
        for one in (process("dockerd"), process("/usr/bin/containerd"), process("buildkitd"), process("kubelet"))
    ),
    case(
        "RUN-059", _privileged_dind, does(USER, process("dockerd"), listening=(listens(2375),)), FAIL, CRITICAL,
        note="privileged, listens",
    ),
    case(
        "RUN-059", container(image_ref="docker:dind", privileged=True, ports=_api), does(USER, listening=_ENGINES),
        FAIL, CRITICAL, note="privileged, published",
    ),
    case(
        "RUN-059", _privileged_dind, does(USER, process("dockerd"), listening=(listens(2376),)), MANUAL, note="TLS",
    ),
    case("RUN-059", USER, does(USER, _app, listening=(listens(2375),)), PASS, note="a port alone"),
    *(
        case("RUN-059", container(image_ref=name), does(USER, _app), PASS, note=name)
        for name in ("docker:27-cli", "mindind/app:1", "rancher/k3s-upgrade:1", "sha256:" + "a" * 64)
    ),
]  # fmt: skip

CASES: list[Case] = [*USERS, *LOGINS, *INTRUDERS, *NESTED]
