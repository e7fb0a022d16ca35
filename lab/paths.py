"""Where one lab keeps its files, and the names it derives from that place."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

# sun_path of sockaddr_un holds 108 bytes including the terminating zero (unix(7)).
LONGEST_SOCKET = 107
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class LabPaths:
    """All files of one lab live below ``root``; nothing is written anywhere else on the host."""

    root: Path

    @property
    def tag(self) -> str:
        """Six hex digits that tell this lab from others on the same host (interface and cgroup names)."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:6]

    @property
    def socket(self) -> Path:
        return self.root / "docker.sock"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def exec_root(self) -> Path:
        return self.root / "exec"

    @property
    def log(self) -> Path:
        return self.root / "dockerd.log"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def configuration(self) -> Path:
        """Whom a site that runs the lab trusts; there once its registry is filled."""
        return self.root / "deckwatch.toml"

    @property
    def cgroup(self) -> str:
        """Parent cgroup of every container: whatever happens to the engine, its containers can be found there."""
        return f"/deckwatch/{self.tag}"

    @property
    def interface(self) -> str:
        """Host end of the cable into the lab's network namespace."""
        return f"dwlab{self.tag}"

    @property
    def docker_host(self) -> str:
        return f"unix://{self.socket}"


def lab_paths(directory: str | Path | None = None) -> LabPaths:
    """The lab in `directory`, else in ``$DECKWATCH_LAB_DIR``, else in ``.lab`` of the repository.

    A repository too deep for a socket path gets a directory in the temporary directory instead, named after it.
    Raises ValueError when an explicitly chosen directory is too deep.
    """
    chosen = directory or os.environ.get("DECKWATCH_LAB_DIR")
    paths = LabPaths(Path(chosen or REPOSITORY / ".lab").resolve())
    # containerd's own socket is the longest one below the root.
    longest = len(str(paths.exec_root / "containerd" / "containerd-debug.sock"))
    if longest <= LONGEST_SOCKET:
        return paths
    if chosen:
        raise ValueError(f"lab directory {paths.root} is too long for a socket path (by {longest - LONGEST_SOCKET})")
    return LabPaths(Path(tempfile.gettempdir()).resolve() / f"deckwatch-lab-{paths.tag}")
