"""The host under the engine: disks, who may control the engine, mandatory access control."""

from __future__ import annotations

from contextlib import suppress

from checks.check import Domain, check
from checks.hostpaths import inside
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import DiskFacts, Engine, Host

_GIB = 1024**3
_FREE_PART, _FREE_BYTES, _FREE_INODES = 0.10, 5 * _GIB, 0.05


@check(
    "HOST-001",
    "Container data on its own filesystem",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="When containers fill the disk, the host and its logs stop with them.",
    remediation="Mount a file system of its own at the data root (stop the engine, copy the data, mount, start), or "
    "free space: `docker system df` shows what takes it.",
    references=("CIS-Docker-1.6:1.1.1", "OWASP-Docker:D07", "CWE-770"),
)
def own_filesystem(engine: Engine, view: View) -> Verdict:
    """Judges the file system that holds `DockerRootDir`.

    F: less than 10 % or 5 GiB free, or less than 5 % of the inodes (medium); the same file system as / (low). P: its
    own, with room. U: the engine is remote, or the disk was not examined. Source: CIS Docker 1.1.1.
    """
    disk = _data_disk(view.host(), engine.root_dir)
    evidence = (
        Evidence("mount point", f"{engine.root_dir} on {disk.mount_point}"),
        Evidence("free", f"{disk.free / _GIB:.1f} of {disk.size / _GIB:.1f} GiB"),
        Evidence("free inodes", f"{disk.inodes_free} of {disk.inodes}"),
    )
    if disk.size and (disk.free < _FREE_PART * disk.size or disk.free < _FREE_BYTES):
        return failed(f"{disk.free / _GIB:.1f} GiB left", *evidence, severity=Severity.MEDIUM)
    if disk.inodes and disk.inodes_free < _FREE_INODES * disk.inodes:
        return failed(f"{disk.inodes_free} inodes left", *evidence, severity=Severity.MEDIUM)
    return failed("shares the root file system", *evidence) if disk.mount_point == "/" else passed("", *evidence)


@check(
    "HOST-002",
    "Users in the docker group",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="A member of the group is root without a password.",
    remediation="`gpasswd -d USER docker` for everybody who need not be root, or a rootless engine per user. They lose "
    "access to the engine with their next login.",
    references=("CIS-Docker-1.6:1.1.2", "NIST-800-190:4.5.4", "ATT&CK:T1078.003", "CWE-269"),
)
def docker_group(engine: Engine, view: View) -> Verdict:
    """Judges the members of the group that owns the engine's socket.

    F: somebody is not on the policy's list. M: there are members and the policy lists nobody. P: no member, or all of
    them listed, or the group may not write to the socket (Podman's is its user's alone). U: the engine is remote, or
    the group was not read. Source: CIS Docker 1.1.2.
    """
    host = view.host()
    members = host.docker_group
    if engine.flavour == "podman":
        socket = host.files.get(engine.target.removeprefix("unix://"))
        if socket is not None and not socket.mode & 0o020:
            return passed("", Evidence(f"mode of {socket.path}", f"{socket.mode:04o}", host.key))
    trusted = view.policy.trusted_docker_group
    evidence = Evidence("group docker", ", ".join(members) or "no member")
    if not members:
        return passed("", evidence)
    if not trusted:
        return manual(
            f"{len(members)} member(s) are root here: {', '.join(members)}", evidence, policy="host.docker_group"
        )
    strange = [member for member in members if member not in trusted]
    return failed(f"not trusted: {', '.join(strange)}", evidence) if strange else passed("all trusted", evidence)


@check(
    "HOST-007",
    "No mandatory access control on host",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Nothing enforces the containers' AppArmor or SELinux policy.",
    remediation="Enable AppArmor (`apparmor=1 security=apparmor` on the kernel's command line) or SELinux in "
    'enforcing mode with `"selinux-enabled": true` in daemon.json. Test bind mounts under SELinux: they need :z.',
    references=("CIS-Docker-1.6:1.2.1", "NIST-800-190:4.5.2", "OWASP-Docker:RULE-6", "CWE-693"),
)
def no_mandatory_access_control(engine: Engine, view: View) -> Verdict:
    """Judges `name=apparmor` and `name=selinux` in `SecurityOptions`, and the host's security modules where readable.

    F: the engine lists neither. M: SELinux is listed, but whether it enforces or only warns was not read. P: AppArmor.
    U: the info was not read. Source: CIS Docker 1.2.1.
    """
    evidence = [Evidence("SecurityOptions", ", ".join(engine.security_options) or "none")]
    if engine.security_option("apparmor") is not None:
        return passed("", *evidence)
    if engine.security_option("selinux") is not None:
        return manual("SELinux is in use; `getenforce` on the host says whether it enforces", *evidence)
    with suppress(Unread):  # the engine's own word suffices
        evidence.append(Evidence("/sys/kernel/security/lsm", ",".join(view.host().lsm)))
    return failed("the engine enforces neither AppArmor nor SELinux", *evidence)


def _data_disk(host: Host, root_dir: str) -> DiskFacts:
    exact = next((disk for disk in host.disks if disk.path == root_dir), None)
    holding = [disk for disk in host.disks if inside(root_dir, disk.mount_point)]
    found = exact or max(holding, key=lambda disk: len(disk.mount_point), default=None)
    if found is None or (exact is None and found.mount_point == "/"):
        raise Unread(Gap(Reason.ABSENT, root_dir, "its file system was not examined"))
    return found
