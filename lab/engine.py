"""A private Docker engine: own data root, socket, containerd, control group, mount and network namespace."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from lab import cleanup, namespace
from lab.client import EngineClient
from lab.paths import LabPaths, lab_paths

START_LIMIT = 40.0
_TOOLS = ("dockerd", "containerd", "runc", "ip", "iptables", "unshare", "nsenter")
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


class LabError(Exception):
    """The lab could not do what was asked; the text is one line for a person."""


def available() -> str | None:
    """None when a private engine can run here, otherwise the reason why not, in one line."""
    if not sys.platform.startswith("linux"):
        return f"a private engine needs Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "a private engine needs root (it makes namespaces); run as root or with sudo"
    missing = [tool for tool in _TOOLS if not _which(tool)]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: apt-get install docker.io iproute2 iptables util-linux)"
    if not cleanup.CGROUPS.is_dir() or not any(cleanup.CGROUPS.iterdir()):
        return f"no control groups mounted at {cleanup.CGROUPS}"
    probe = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        return f"this user may not make network and mount namespaces: {probe.stderr.strip()}"
    return None


class Lab:
    """One private engine. A context manager that starts it and removes every trace of it again.

    ``client`` may write to the engine. ``holder`` is the pid of the process that keeps its namespaces.
    """

    engine = "docker"

    def __init__(self, directory: str | Path | None = None) -> None:
        self.paths: LabPaths = lab_paths(directory)
        self.client = EngineClient(self.paths.socket)

    def reason(self) -> str | None:
        """Why this engine cannot run here, None when it can."""
        return available()

    @property
    def docker_host(self) -> str:
        return self.paths.docker_host

    @property
    def holder(self) -> int | None:
        pid = self._state().get("holder")
        alive = isinstance(pid, int) and namespace.mount_namespace(pid) == self._state().get("namespace")
        return pid if alive else None

    @property
    def daemon_pid(self) -> int | None:
        """Pid of the running dockerd, None when it does not run."""
        return self._own_pid(self.paths.root / "docker.pid")

    @property
    def address(self) -> str | None:
        """Address on which published ports are reachable from the host."""
        value = self._state().get("address")
        return value if isinstance(value, str) else None

    def running(self) -> bool:
        return self.daemon_pid is not None and self.client.ping()

    def start(self) -> None:
        """Start an empty engine. Raises LabError with the reason when that is impossible."""
        reason = self.reason()
        if reason:
            raise LabError(f"cannot start a private engine: {reason}")
        if self.running():
            raise LabError(f"a lab already runs in {self.paths.root} (DOCKER_HOST={self.docker_host})")
        self.stop()
        self.paths.root.mkdir(parents=True, mode=0o755)
        try:
            holder = namespace.start_holder(self.paths)
        except namespace.NamespaceError as error:
            raise LabError(str(error)) from error
        address = namespace.connect(self.paths, holder)
        state = {"holder": holder, "namespace": namespace.mount_namespace(holder), "address": address}
        self.paths.state.write_text(json.dumps(state))
        self.start_daemon()

    def start_daemon(self) -> None:
        """Start dockerd on the existing data root (also after `kill_daemon`) and wait until it answers."""
        holder = self.holder
        if holder is None:
            raise LabError(f"no lab in {self.paths.root}; start one first")
        for driver in self._drivers():
            if self._try_daemon(holder, driver):
                (self.paths.root / "driver").write_text(driver)
                return
        raise LabError(f"dockerd did not come up within {START_LIMIT:.0f} s: {self._last_error()}")

    def stop(self) -> None:
        """Remove the lab: containers, engine, shims, mounts, namespaces, control groups, files. Idempotent."""
        known = self._state().get("namespace")
        cleanup.remove(self.paths, known if isinstance(known, str) else None)

    def kill_daemon(self) -> None:
        """SIGKILL dockerd and its containerd; containers and their shims stay."""
        victims = [pid for pid in (self.daemon_pid, self._containerd_pid()) if pid is not None]
        if not victims:
            raise LabError("dockerd does not run")
        cleanup.kill_and_wait(victims)
        # The next dockerd would take the pid in a stale file for a living process and wait for it in vain.
        for stale in ("docker.pid", "docker.sock", "exec/containerd/containerd.pid", "exec/containerd/containerd.sock"):
            (self.paths.root / stale).unlink(missing_ok=True)

    def freeze_daemon(self) -> None:
        """SIGSTOP: the socket accepts connections and never answers."""
        self._signal(signal.SIGSTOP)

    def thaw_daemon(self) -> None:
        self._signal(signal.SIGCONT)

    def restart_daemon(self) -> None:
        self.kill_daemon()
        self.start_daemon()

    def inside(self, *command: str) -> list[str]:
        """Command line that runs `command` as if on the lab's host (its network, its /run/docker.sock)."""
        holder = self.holder
        if holder is None:
            raise LabError(f"no lab in {self.paths.root}; start one first")
        return namespace.inside(holder, *command)

    def __enter__(self) -> Lab:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _containerd_pid(self) -> int | None:
        return self._own_pid(self.paths.exec_root / "containerd" / "containerd.pid")

    def _own_pid(self, pid_file: Path) -> int | None:
        """The pid in the file if that process lives in this lab's namespaces, else None."""
        try:
            pid = int(pid_file.read_text())
        except (OSError, ValueError):
            return None
        found = namespace.mount_namespace(pid)
        return pid if found is not None and found == self._state().get("namespace") else None

    def _signal(self, number: signal.Signals) -> None:
        pid = self.daemon_pid
        if pid is None:
            raise LabError("dockerd does not run")
        os.kill(pid, number)

    def _drivers(self) -> tuple[str, ...]:
        """The storage driver of this data root, else overlay2 with vfs (slow, works everywhere) as fallback."""
        chosen = self.paths.root / "driver"
        return (chosen.read_text(),) if chosen.exists() else ("overlay2", "vfs")

    def _try_daemon(self, holder: int, driver: str) -> bool:
        with self.paths.log.open("ab") as log:
            process = subprocess.Popen(
                namespace.inside(holder, *self._command(driver)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{_SBIN}", "DOCKER_HOST": ""},
            )
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.client.ping():
                return True
            if process.poll() is not None:
                return False
            time.sleep(0.05)
        process.kill()
        return False

    def _command(self, driver: str) -> list[str]:
        config = self.paths.root / "daemon.json"
        if not config.exists():
            config.write_text("{}\n")
        root = self.paths.root
        flags = [
            *("--config-file", str(config)),
            *("--data-root", str(self.paths.data)),
            *("--exec-root", str(self.paths.exec_root)),
            *("--pidfile", str(root / "docker.pid")),
            *("--host", self.docker_host),
            *("--host", "unix:///run/docker.sock"),
            *("--group", "root"),
            *("--storage-driver", driver),
            *("--exec-opt", "native.cgroupdriver=cgroupfs"),
            *("--cgroup-parent", self.paths.cgroup),
            *("--bip", "172.29.0.1/24"),
            *("--default-address-pool", "base=172.30.0.0/16,size=24"),
        ]
        return [_which("dockerd") or "dockerd", *flags]

    def _last_error(self) -> str:
        try:
            lines = self.paths.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            return "no log"
        return lines[-1] if lines else "empty log"

    def _state(self) -> dict[str, Any]:
        try:
            state = json.loads(self.paths.state.read_text())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}


def _which(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:{_SBIN}")
