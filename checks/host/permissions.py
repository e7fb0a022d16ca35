"""Owner and mode of what the engine is controlled by: sockets, units, configuration, data."""

from __future__ import annotations

from checks.check import Domain, check
from checks.host.options import words
from checks.host.ownership import absent, denied, owned, stats
from checks.hostpaths import normalise
from checks.sockets import socket_of_endpoint
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import Engine, FileFacts, Host

_DOCKER_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock")
_CONTAINERD_SOCKETS = (
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/var/run/docker/containerd/containerd.sock",
)
_UNITS = ("docker.service", "docker.socket", "containerd.service")
_CONFIG_DIRECTORY = "/etc/docker"
_DEFAULTS = ("/etc/default/docker", "/etc/sysconfig/docker")
_STICKY = 0o1000


@check(
    "DMN-020",
    "Docker socket permissions",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Whoever may write to the socket is root on the host.",
    remediation="`chown root:docker /run/docker.sock; chmod 660 /run/docker.sock`, and `SocketMode=0660` in "
    "docker.socket so that it stays so. Users outside the group lose access.",
    references=(
        "CIS-Docker-1.6:3.15", "CIS-Docker-1.6:3.16", "NIST-800-190:4.5.4", "ATT&CK:T1611", "CWE-732",
    ),
)  # fmt: skip
def docker_socket(engine: Engine, view: View) -> Verdict:
    """Judges the engine's sockets: the one it is reached by, those in the daemon's options, and the usual ones.

    F: writable by everybody, or in a directory that everybody may change (critical); an owner other than root, or a
    group other than root and docker (high). A rootless engine's socket must belong to its user alone. P: neither.
    U: the engine is remote, or no socket, or not its directory, could be examined. Source: CIS Docker 3.15, 3.16.
    """
    host = view.host()
    hosts = (socket_of_endpoint(address) for address in words(host, "hosts"))
    paths = dict.fromkeys(filter(None, (socket_of_endpoint(engine.target), *hosts, *_DOCKER_SOCKETS)))
    sockets = [facts for path in paths if (facts := _file(host, path))]
    if not sockets:
        raise Unread(Gap(Reason.ABSENT, next(iter(paths)), "its owner and mode could not be examined"))
    parents = {facts.path: _parent(host, facts) for facts in sockets}
    open_ = [facts for facts in sockets if facts.mode & 0o002]
    directories = dict.fromkeys(parent for parent in parents.values() if parent and _changeable(parent))
    strange = [facts for facts in sockets if not _trusted(facts, engine)]
    bad = list(dict.fromkeys([*open_, *strange]))
    if open_ or directories:
        shown = [*stats(bad), *(Evidence(f"{one.path} (directory)", one.value) for one in stats(directories))]
        return failed("everybody on the host may use it", *shown, severity=Severity.CRITICAL)
    if strange:
        return failed("not root's own", *stats(strange))
    unseen = next((path for path, parent in parents.items() if parent is None), "")
    if unseen:
        raise Unread(Gap(Reason.ABSENT, f"directory of {unseen}", "its owner and mode could not be examined"))
    return passed("", *stats(sockets))


@check(
    "DMN-021",
    "containerd socket permissions",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="The containerd socket is the same power as the engine's.",
    remediation="`chown root:root /run/containerd/containerd.sock; chmod 660 /run/containerd/containerd.sock` and "
    "`[grpc] uid = 0, gid = 0` in /etc/containerd/config.toml.",
    references=("CIS-Docker-1.6:3.23", "CIS-Docker-1.6:3.24", "CWE-732"),
)
def containerd_socket(engine: Engine, view: View) -> Verdict:
    """Judges containerd's socket, its own and the one that the daemon starts.

    F: not root:root, or a mode beyond 0660. P: neither. NA: there is none. U: the engine is remote.
    Source: CIS Docker 3.23, 3.24.
    """
    host = view.host()
    paths = (*(path.removeprefix("unix://") for path in words(host, "containerd")), *_CONTAINERD_SOCKETS)
    sockets = [facts for path in dict.fromkeys(paths) if (facts := _file(host, path))]
    if not sockets:
        return absent(host, paths, "there is no containerd socket")
    return owned(sockets, 0o660)


@check(
    "DMN-022",
    "Unit file ownership and mode",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Who edits the unit owns the daemon.",
    remediation="`chown root:root FILE; chmod 644 FILE` for each file listed, then `systemctl daemon-reload`.",
    references=(
        "CIS-Docker-1.6:3.1", "CIS-Docker-1.6:3.2", "CIS-Docker-1.6:3.3", "CIS-Docker-1.6:3.4", "ATT&CK:T1543.002",
        "CWE-732",
    ),
)  # fmt: skip
def unit_files(engine: Engine, view: View) -> Verdict:
    """Judges docker.service, docker.socket, containerd.service and their drop-ins.

    F: not root:root, or a mode beyond 0644 (directories: 0755). P: neither. NA: there is none. U: the engine is remote.
    Source: CIS Docker 3.1-3.4, with drop-in directories.
    """
    host = view.host()
    files = [facts for path, facts in host.files.items() if any(_unit(path, unit) for unit in _UNITS)]
    hidden = [path for path in denied(host) if any(_unit(path, unit) for unit in _UNITS)]
    return owned(files, 0o644) if files else absent(host, hidden, "no systemd unit of the engine")


@check(
    "DMN-023",
    "/etc/docker and daemon.json permissions",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Who edits the configuration owns the daemon.",
    remediation="`chown root:root /etc/docker /etc/docker/daemon.json; chmod 755 /etc/docker; chmod 644 "
    "/etc/docker/daemon.json`.",
    references=(
        "CIS-Docker-1.6:3.5", "CIS-Docker-1.6:3.6", "CIS-Docker-1.6:3.17", "CIS-Docker-1.6:3.18", "CWE-732",
    ),
)  # fmt: skip
def configuration_files(engine: Engine, view: View) -> Verdict:
    """Judges /etc/docker, /etc/docker/daemon.json and the file that the daemon was given.

    F: not root:root, or a mode beyond 0755 (directory) or 0644 (file). P: neither. NA: there is none. U: the engine is
    remote. Source: CIS Docker 3.5, 3.6, 3.17, 3.18.
    """
    host = view.host()
    paths = (_CONFIG_DIRECTORY, f"{_CONFIG_DIRECTORY}/daemon.json", host.daemon_config_path)
    files = [facts for path in dict.fromkeys(paths) if (facts := _file(host, path))]
    return owned(files, 0o644) if files else absent(host, paths, "no configuration file")


@check(
    "DMN-026",
    "Defaults file of the daemon too open",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Init scripts and units take the daemon's command line from it: who edits the file owns the daemon.",
    remediation="`chown root:root FILE; chmod 644 FILE` for each file listed.",
    references=(
        "CIS-Docker-1.6:3.19", "CIS-Docker-1.6:3.20", "CIS-Docker-1.6:3.21", "CIS-Docker-1.6:3.22", "CWE-732",
    ),
)  # fmt: skip
def defaults_files(engine: Engine, view: View) -> Verdict:
    """Judges /etc/default/docker (Debian) and /etc/sysconfig/docker (Red Hat).

    F: not root:root, or a mode beyond 0644. P: neither. NA: there is none. U: the engine is remote.
    Source: CIS Docker 3.19-3.22.
    """
    host = view.host()
    files = [facts for path in _DEFAULTS if (facts := _file(host, path))]
    return owned(files, 0o644) if files else absent(host, _DEFAULTS, "no such file")


@check(
    "DMN-027",
    "Data root too open",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Unprivileged users of the host walk into the containers' file systems.",
    remediation="`chmod 710 DIRECTORY` and `chown root:root DIRECTORY` for each directory listed; engines since "
    "20.10.9 set this themselves.",
    references=("CVE-2021-41091", "CWE-732"),
)
def data_root(engine: Engine, view: View) -> Verdict:
    """Judges `DockerRootDir` and the directories in it that were examined (overlay2, volumes, ...).

    F: others may read or write, or the owner is neither root, nor the remapped root that the path is named after, nor a
    rootless engine's user. P: neither. U: the engine is remote, or the directory could not be examined.
    Source: CVE-2021-41091.
    """
    host = view.host()
    root = engine.root_dir.rstrip("/")
    if root not in host.files:
        raise Unread(Gap(Reason.ABSENT, root, "its owner and mode could not be examined"))
    directories = [facts for path, facts in host.files.items() if path == root or path.startswith(f"{root}/")]
    remapped = root.rpartition("/")[2].partition(".")[0]
    owners = {0, int(remapped) if remapped.isdecimal() else 0}
    bad = [one for one in directories if one.mode & 0o006 or not (engine.rootless or one.uid in owners)]
    return failed("others may look inside", *stats(bad)) if bad else passed("", *stats(directories))


def _trusted(facts: FileFacts, engine: Engine) -> bool:
    if engine.rootless:
        return True
    return facts.uid == 0 and (facts.gid == 0 or facts.group == "docker")


def _changeable(directory: FileFacts) -> bool:
    return bool(directory.mode & 0o002) and not (directory.mode & _STICKY and directory.uid == 0)


def _parent(host: Host, facts: FileFacts) -> FileFacts | None:
    directory = facts.path.rpartition("/")[0] or "/"
    return host.files.get(directory) or _file(host, normalise(directory))


def _file(host: Host, path: str) -> FileFacts | None:
    found = host.files.get(path)
    return found or (host.files.get("/var" + path) if path.startswith("/run/") else None)


def _unit(path: str, unit: str) -> bool:
    return path.endswith(f"/{unit}") or f"/{unit}.d" in path
