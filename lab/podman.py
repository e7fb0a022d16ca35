"""A private Podman: own storage, configuration, socket, mount and network namespace; rootful, or as a user of its own.

Nothing of the host's Podman is touched: in the lab's mount namespace ``/run`` is empty and ``/etc/containers`` is the
lab's own, so `podman` inside finds the lab's storage by itself.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from lab import cleanup, namespace, podman_user
from lab.engine import START_LIMIT, Lab, LabError
from lab.paths import LabPaths, lab_paths
from lab.podman_user import Owner

TOOLS = ("podman", "conmon", "runc", "catatonit", "ip", "unshare", "nsenter", "setpriv")
PACKAGES = "podman catatonit netavark aardvark-dns uidmap slirp4netns"
ROOTLESS_TOOLS = ("newuidmap", "newgidmap", "slirp4netns")
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
_CONFIGURATION = Path("/etc/containers")
INSECURE_REGISTRY = "registry.lab.example:5000"


def available(*, rootless: bool = False) -> str | None:
    """None when a private Podman can run here, otherwise the reason why not, in one line."""
    if os.geteuid() != 0:
        return "a private Podman needs root (it makes namespaces); run as root or with sudo"
    wanted = (*TOOLS, *ROOTLESS_TOOLS) if rootless else TOOLS
    missing = [tool for tool in wanted if not shutil.which(tool, path=f"{os.environ.get('PATH', '')}:{_SBIN}")]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: apt-get install {PACKAGES})"
    probe = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        return f"this user may not make network and mount namespaces: {probe.stderr.strip()}"
    return podman_user.available() if rootless else None


def known_engine(directory: str | Path | None) -> str:
    """Which engine the lab in this directory was made with, docker where there is none."""
    root = lab_paths(directory).root
    if not (root / "etc" / "containers.conf").exists():
        return "docker"
    return "podman-rootless" if (root / "accounts").exists() else "podman"


class PodmanPaths(LabPaths):
    """Of a Podman lab: the directory of its socket is ``/run/podman`` inside."""

    @property
    def socket(self) -> Path:
        return self.root / "run" / "podman.sock"

    @property
    def log(self) -> Path:
        return self.root / "podman.log"


class PodmanLab(Lab):
    """One private Podman, started by ``podman system service``. ``client`` may write to it."""

    engine = "podman"

    def __init__(self, directory: str | Path | None = None, *, rootless: bool = False) -> None:
        super().__init__(directory)
        self.rootless = rootless
        self.paths = PodmanPaths(self.paths.root)
        self.client = type(self.client)(self.paths.socket)
        self.owner = Owner(self.paths)

    def reason(self) -> str | None:
        return available(rootless=self.rootless)

    @property
    def daemon_pid(self) -> int | None:
        """Pid of the running service, None when it does not run."""
        return self._own_pid(self.paths.root / "service.pid")

    def podman(self, *words: str) -> str:
        """What the command line says, run on the lab's host. Raises LabError when it fails."""
        done = subprocess.run(self.as_owner("podman", *words), capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"podman {words[0]}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def as_owner(self, *command: str) -> list[str]:
        """The command line that runs `command` inside as the user whom the engine belongs to."""
        return self.inside(*(self.owner.become() if self.rootless else ()), *command)

    def start_daemon(self) -> None:
        """Start the service on the existing storage and wait until it answers."""
        holder = self.holder
        if holder is None:
            raise LabError(f"no lab in {self.paths.root}; start one first")
        if not (self.paths.root / "etc").exists():
            self._prepare(holder)
        with self.paths.log.open("ab") as log:
            process = subprocess.Popen(
                self.as_owner("podman", "system", "service", "--time=0", f"unix://{self._inner_socket}"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{_SBIN}", "DOCKER_HOST": ""},
            )
        (self.paths.root / "service.pid").write_text(str(process.pid))
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.client.ping():
                return
            if process.poll() is not None:
                break
            time.sleep(0.05)
        process.kill()
        raise LabError(f"podman did not come up: {self._last_error()}")

    def stop(self) -> None:
        """Remove the lab: containers, service, mounts, namespaces, control groups, files. Idempotent."""
        identities = self._containers()
        groups = _groups(identities)
        if self.holder is not None and identities:
            for words in (("pod", "rm"), ("rm",)):
                command = self.as_owner("podman", *words, "--all", "--force", "--time=0")
                subprocess.run(command, capture_output=True, check=False)
        deadline = time.monotonic() + 10
        while self.rootless and time.monotonic() < deadline and (left := self.owner.processes()):
            cleanup.kill_and_wait(left)
        super().stop()
        _remove_groups(groups)

    def kill_daemon(self) -> None:
        """SIGKILL the service; containers stay, since each has a monitor of its own."""
        pid = self.daemon_pid
        if pid is None:
            raise LabError("the Podman service does not run")
        cleanup.kill_and_wait([pid])
        self.paths.socket.unlink(missing_ok=True)

    @property
    def _inner_socket(self) -> str:
        return f"{self.owner.runtime if self.rootless else '/run'}/podman/podman.sock"

    def _containers(self) -> list[str]:
        """Ids of all containers that the storage knows, also after a crash."""
        places = (self._graph / "overlay-containers").glob("*/userdata")
        return [place.parent.name for place in places]

    @property
    def _graph(self) -> Path:
        return self.owner.home / "storage" if self.rootless else self.paths.data

    def _prepare(self, holder: int) -> None:
        """Write the lab's configuration and lay it over the host's in the lab's mount namespace."""
        root = self.paths.root
        (root / "run").mkdir()
        etc = root / "etc"
        shutil.copytree(_CONFIGURATION, etc, ignore=shutil.ignore_patterns("libpod.conf", "networks"))
        (etc / "containers.conf").write_text(_containers_conf())
        (etc / "storage.conf").write_text(self._storage_conf())
        with (etc / "registries.conf").open("a") as file:
            file.write(f'\n[[registry]]\nlocation = "{INSECURE_REGISTRY}"\ninsecure = true\n')
        self._lay(holder, etc, _CONFIGURATION)
        if self.rootless:
            self.owner.prepare(lambda source, target: self._lay(holder, source, Path(target)))
            os.chown(root / "run", self.owner.uid, self.owner.uid)
        self._lay(holder, root / "run", Path(self._inner_socket).parent)
        if self.rootless:
            own = namespace.inside(holder, "chown", f"{self.owner.uid}:{self.owner.uid}", self.owner.runtime)
            subprocess.run(own, check=True)

    def _storage_conf(self) -> str:
        where = f"{self.owner.runtime}/containers" if self.rootless else "/run/containers/storage"
        path = "rootless_storage_path" if self.rootless else "graphroot"
        return f'[storage]\ndriver = "overlay"\nrunroot = "{where}"\n{path} = "{self._graph}"\n'

    def _lay(self, holder: int, source: Path, target: Path) -> None:
        """Mount `source` over `target` inside; a target below /run is made."""
        if str(target).startswith("/run/"):
            subprocess.run(namespace.inside(holder, "mkdir", "-p", str(target)), check=True)
        subprocess.run(namespace.inside(holder, "mount", "--bind", str(source), str(target)), check=True)


def _containers_conf() -> str:
    """Limits that this machine lets a process have, a runtime that every kind of control groups suits, no systemd."""
    limits = []
    for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        hard = resource.getrlimit(number)[1]
        limit = min(hard, 4096) if hard > 0 else 4096
        limits.append(f'"{name}={limit}:{limit}"')
    lines = [
        "[containers]",
        f"default_ulimits = [{', '.join(limits)}]",
        'log_driver = "k8s-file"',
        "[engine]",
        'cgroup_manager = "cgroupfs"',
        'events_logger = "file"',
        'runtime = "runc"',
    ]
    return "\n".join(lines) + "\n"


def _groups(identities: list[str]) -> list[Path]:
    """The control groups of these containers and of their pods, the innermost first."""
    owned = {f"{prefix}{identity}" for identity in identities for prefix in ("libpod-", "libpod-conmon-", "conmon-")}
    found: set[Path] = set()
    for place in (*cleanup.CGROUPS.glob("*/libpod_parent"), *cleanup.CGROUPS.glob("libpod_parent")):
        for group in (Path(directory) for directory, _, _ in os.walk(place)):
            if group.name in owned:
                found |= {*group.glob("**/"), *group.parents[:2], *(one / "conmon" for one in group.parents[:2])}
    inside = (group for group in found if "libpod_parent" in group.parts)
    return sorted(inside, key=lambda group: len(group.parts), reverse=True)


def _remove_groups(groups: list[Path]) -> None:
    """End what is left in these control groups, and remove them; what another lab uses as well stays."""
    deadline = time.monotonic() + 5
    while groups and time.monotonic() < deadline:
        for group in groups:
            if group.name.startswith("libpod-"):
                _end(group)
            with suppress(OSError):
                group.rmdir()
        groups = [group for group in groups if group.is_dir() and not _shared(group)]
        time.sleep(0.05)


def _shared(group: Path) -> bool:
    """Whether somebody else's group is below it, or the monitors of all are in it."""
    return group.name in ("libpod_parent", "conmon")


def _end(group: Path) -> None:
    try:
        pids = (group / "cgroup.procs").read_text().split()
    except OSError:
        return
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
