"""Users' own directories, looked at without following a link that a user may have made.

Who looks may be root, and users choose where their links point: to the kernel's log, which is gone once it is read, or
to a server that does not answer and holds whoever asks.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from inventory.gap import Gap, Reason
from inventory.sources.host.far import MOUNTS, elsewhere
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader, NotRecordedError, Stat

T = TypeVar("T")
MOST = 256
"""Homes that are looked at; a directory service may know a hundred thousand."""
_AWAY = "on another machine, or in a user's program"
_LINKED = "a symbolic link, which is not followed in a user's directory"
_LINKS = 40  # as many as the kernel follows: path_resolution(7)


class Homes:
    """Looks below directories that belong to users. The links on the way to such a directory are the system's.

    `root` goes before each path to read it, as `Daemon.root`; answers and gaps are named without it.
    """

    def __init__(self, reader: HostReader, root: str = "") -> None:
        self._reader, self._root = reader, root
        self._far = elsewhere(reader, f"{root.removesuffix('/root')}/mountinfo" if root else MOUNTS)
        self._links: dict[str, str | Gap] = {}

    def stat(self, home: str, name: str) -> Stat | Gap:
        """What `home`/`name` is; a gap that is UNSUPPORTED where there is no such file."""
        return self._ask(self._reader.stat_below, home, name)

    def read(self, home: str, name: str) -> bytes | Gap:
        """The content of `home`/`name`."""
        return self._ask(self._reader.read_below, home, name)

    def names(self, home: str, name: str = "") -> list[str] | Gap:
        """The names in `home`/`name`, sorted."""
        return self._ask(self._reader.names_below, home, name)

    def place(self, directory: str) -> str | Gap:
        """Where a directory is when all links on the way to it are followed, or why it is left alone.

        Link by link, and each mount point before anything on it is asked for: a server that is gone answers nothing.
        """
        at, followed = "", 0
        rest = directory.split("/")[::-1]
        while rest:
            name = rest.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                at = at.rpartition("/")[0]
                continue
            target = self._target(f"{at}/{name}")
            if isinstance(target, Gap):
                return Gap(target.reason, directory, target.detail)
            followed += bool(target)
            if followed > _LINKS:
                return Gap(Reason.ERROR, directory, "too many symbolic links")
            rest += target.split("/")[::-1]
            at = "" if target.startswith("/") else at if target else f"{at}/{name}"
        return at

    def away(self, path: str) -> Gap | None:
        """Why a path without links is not to be touched; None where it is on this machine."""
        if isinstance(self._far, Gap):
            return Gap(self._far.reason, path, "which directories are on other machines is not known")
        return Gap(Reason.ERROR, path, _AWAY) if f"{path}/".startswith(self._far) else None

    def _ask(self, ask: Callable[[str, str], T], home: str, name: str) -> T | Gap:
        shown = f"{home}/{name}".rstrip("/")
        place = self.place(home)
        if isinstance(place, Gap):
            return Gap(place.reason, shown, place.detail)
        path = f"{place}/{name}".rstrip("/")
        away = self.away(path)
        if away is not None:
            return Gap(away.reason, shown, away.detail)
        return told(partial(_unlinked, ask, self._root, path), shown)

    def _target(self, path: str) -> str | Gap:
        """Where a link points, "" for what is none."""
        away = self.away(path)
        if away is not None:
            return away
        if path not in self._links:
            self._links[path] = told(partial(_link, self._reader, self._root + path), path)
        return self._links[path]


def bounded(homes: Iterable[str], most: int = MOST) -> Iterator[str | Gap]:
    """Each home once, as an absolute path without a slash at its end; last a gap where there are more than `most`."""
    whole = dict.fromkeys(home.rstrip("/") for home in homes if home.startswith("/"))
    for number, home in enumerate(whole):
        if number == most:
            yield Gap(Reason.UNSUPPORTED, home or "/", f"more homes than are looked at ({most} of {len(whole)})")
            return
        yield home


def _link(reader: HostReader, path: str) -> str:
    try:
        return reader.link(path)
    except NotRecordedError:
        return ""  # a recording, where nothing can be followed
    except NotADirectoryError as error:  # something above it is a file, so there is no such path
        raise FileNotFoundError(error.errno, error.strerror, path) from None
    except OSError as error:
        if error.errno == errno.EINVAL:  # readlink(2): no link
            return ""
        raise


def _unlinked(ask: Callable[[str, str], T], root: str, path: str) -> T:
    try:
        return ask(root, path)
    except NotADirectoryError as error:
        raise FileNotFoundError(error.errno, error.strerror, path) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, _LINKED, path) from None
        raise
