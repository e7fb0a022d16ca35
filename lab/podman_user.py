"""The unprivileged user to whom a rootless Podman lab belongs. It exists only in the lab's mount namespace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.paths import LabPaths

NAME = "deckwatch-lab"
_FIRST_UID = 61_000
_FIRST_RANGE = 1_000_000
_RANGE = 65_536
_LABS = 500
_TUN = "/dev/net/tun"

Lay = Callable[[Path, str], None]


@dataclass(frozen=True, slots=True)
class Owner:
    """The user of one lab: each lab has ids of its own, so that its processes are known by them."""

    paths: LabPaths

    @property
    def uid(self) -> int:
        return _FIRST_UID + int(self.paths.tag, 16) % _LABS

    @property
    def ids(self) -> range:
        """The user ids of the host that its containers' users are."""
        first = _FIRST_RANGE + (self.uid - _FIRST_UID) * _RANGE
        return range(first, first + _RANGE)

    @property
    def home(self) -> Path:
        return self.paths.root / "user"

    @property
    def runtime(self) -> str:
        """Its XDG_RUNTIME_DIR."""
        return f"/run/user/{self.uid}"

    def prepare(self, lay: Lay) -> None:
        """Make its directories, accounts, ranges of ids and a tap device; `lay` mounts one file inside."""
        self.home.mkdir()
        os.chown(self.home, self.uid, self.uid)
        files = self.paths.root / "accounts"
        files.mkdir()
        shared = f"{NAME}:{self.ids.start}:{_RANGE}\n"
        made = {
            "/etc/passwd": f"{Path('/etc/passwd').read_text()}{NAME}:x:{self.uid}:{self.uid}::{self.home}:/bin/sh\n",
            "/etc/group": f"{Path('/etc/group').read_text()}{NAME}:x:{self.uid}:\n",
            "/etc/subuid": shared,
            "/etc/subgid": shared,
        }
        for path, text in made.items():
            copy = files / Path(path).name
            copy.write_text(text)
            lay(copy, path)
        device = files / "tun"
        os.mknod(device, 0o020666, os.stat(_TUN).st_rdev)
        device.chmod(0o666)
        lay(device, _TUN)

    def become(self) -> list[str]:
        """The words before a command that make it run as this user, with nothing else in its environment."""
        return [
            *("setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--inh-caps=-all"),
            *("env", "-i", f"HOME={self.home}", f"XDG_RUNTIME_DIR={self.runtime}", f"USER={NAME}"),
            "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        ]

    def processes(self) -> list[int]:
        """Pids of all processes of this user and of its containers' users."""
        return [pid for pid in _pids() if _uid(pid) == self.uid or _uid(pid) in self.ids]


def available() -> str | None:
    """None when an unprivileged user can make user namespaces here, otherwise the reason why not."""
    probe = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--map-root-user", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    if probe.returncode:
        return f"an unprivileged user may not make user namespaces here: {probe.stderr.strip()}"
    return None if Path(_TUN).exists() else f"no {_TUN}, which the user's network needs"


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _uid(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1
