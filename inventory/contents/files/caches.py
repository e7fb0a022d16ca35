"""What package managers keep for another day that never comes in an image."""

from __future__ import annotations

from typing import ClassVar

from inventory.contents.files.finder import FILES, Idle, fact
from inventory.contents.finding import Entry, FileAt

_ANYWHERE = (
    "var/lib/apt/lists", "var/cache/apt", "var/cache/apk", "etc/apk/cache", "var/cache/yum", "var/cache/dnf",
    "var/cache/libdnf5", "var/cache/tdnf", "var/cache/zypp", "var/cache/pacman/pkg", "go/pkg/mod/cache",
    "usr/local/cargo/registry", "usr/local/share/.cache/yarn", "opt/conda/pkgs", "tmp", "var/tmp",
)  # fmt: skip
_AT_HOME = (
    ".cache/pip", ".cache/uv", ".cache/pypoetry", ".cache/pipenv", ".cache/go-build", ".cache/yarn", ".cache/composer",
    ".cache/node", ".npm", ".yarn/cache", ".local/share/pnpm/store", "go/pkg/mod/cache", ".m2/repository",
    ".gradle/caches", ".ivy2/cache", ".composer/cache", ".cargo/registry", ".bundle/cache", ".nuget/packages",
)  # fmt: skip
_FIXED = tuple(f"{directory}/" for directory in _ANYWHERE)
_HOME = tuple(f"{directory}/" for directory in _AT_HOME)


class Caches(Idle):
    """Files with something in them below a known cache directory, or below /tmp and /var/tmp."""

    name: ClassVar[str] = "caches"

    def notice(self, entry: Entry) -> FileAt | None:
        """By the path."""
        path = entry.path
        if path.startswith(("usr/", "lib")) and not path.startswith("usr/local/"):
            return None  # most of any image
        directory = _directory(path)
        if not directory or entry.kind not in FILES or not entry.size:
            return None
        return FileAt(path, fact(entry), f"cache:/{directory}")


def _directory(path: str) -> str:
    """The cache directory that the path is below, "" where it is in none."""
    if path.startswith(_FIXED):
        return next(directory for directory in _FIXED if path.startswith(directory))[:-1]
    top, _, rest = path.partition("/")
    if top == "root" or path.startswith((".npm/", ".cache/")):
        home = "root/" if top == "root" else ""
    elif top == "home":
        user, _, rest = rest.partition("/")
        home = f"home/{user}/"
    else:
        return ""
    below = path[len(home) :]
    if not below.startswith(_HOME):
        return ""
    return home + next(directory for directory in _HOME if below.startswith(directory))[:-1]
