"""Where registry clients keep credentials, without the credentials: which registries, in clear or with a helper."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from inventory.engine_files import CLEAR, HELPER, ClientCredentials
from inventory.gap import Gap, Reason
from inventory.secrets import mask_text
from inventory.sources.host.files import Accounts
from inventory.sources.host.homes import Homes, bounded
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader, Stat

# docker-config(5) and containers-auth.json(5), below a home.
_IN_HOME = (".docker/config.json", ".config/containers/auth.json")
# ${XDG_RUNTIME_DIR}/containers/auth.json, which without that variable is /run/containers/UID/auth.json.
_RUNTIME = {"/run/user": "containers/auth.json", "/run/containers": "auth.json"}
_SUFFIXES = ("/.docker/config.json", "/auth.json")
_SECRETS = ("auth", "identitytoken", "registrytoken", "password")
_HIDDEN = "***"
# Homes of accounts that nobody logs in to: /bin, /dev, /run/sshd, /usr/sbin.
_NO_HOMES = ("/bin", "/dev", "/nonexistent", "/proc", "/run", "/sbin", "/usr", "/var/run")
_OTHERS, _ENTER = 0o077, 0o011
_MOST, _LONGEST = 500, 300


def credentials(
    reader: HostReader, names: Accounts | Gap
) -> tuple[tuple[ClientCredentials, ...] | Gap, tuple[Gap, ...]]:
    """The files that exist, and why a place was not looked at: denied, a link, on a network file system, too many.

    A gap for a recording that was made before anybody looked.
    """
    users = {} if isinstance(names, Gap) else names.users
    found: list[ClientCredentials] = []
    unread: list[Gap] = []
    homes = Homes(reader)
    for place in _places(homes, {} if isinstance(names, Gap) else names.homes):
        if isinstance(place, Gap):
            unread.append(place)
            continue
        home, name = place
        seen = homes.stat(home, name)
        if isinstance(seen, Gap):
            if seen.reason is Reason.ABSENT:
                return seen, ()
            unread += [] if seen.reason is Reason.UNSUPPORTED else [seen]
        elif seen.kind == "file":
            found.append(_file(reader, homes, home, name, seen, users.get(seen.uid, "")))
    return tuple(found), tuple(unread)


def _file(reader: HostReader, homes: Homes, home: str, name: str, seen: Stat, owner: str) -> ClientCredentials:
    path = f"{home}/{name}"
    raw = homes.read(home, name)
    known = raw if isinstance(raw, Gap) else registries(raw, path)
    unread, entries = (known, {}) if isinstance(known, Gap) else (None, known)
    place = homes.place(home)
    exposed = bool(seen.mode & _OTHERS) and (isinstance(place, Gap) or _reachable(reader, f"{place}/{name}"))
    return ClientCredentials(path, seen.mode, seen.uid, owner, exposed, entries, unread)


def _reachable(reader: HostReader, path: str) -> bool:
    """Whether the directories that the file is in let anybody but their owner through."""
    directory = path
    while directory := directory.rpartition("/")[0]:
        seen = told(partial(reader.stat_below, "", directory), directory)
        if not isinstance(seen, Gap) and not seen.mode & _ENTER:
            return False
    return True


def _places(homes: Homes, accounts: Mapping[int, str]) -> Iterator[tuple[str, str] | Gap]:
    """A directory and a name in it: homes of local accounts, those in /home that a directory service knows, /run.

    A gap for what of them is not known.
    """
    others = yield from _listed(homes, "/home")
    every = bounded(_lived_in((*accounts.values(), *(f"/home/{name}" for name in others))))
    for home in every:
        if isinstance(home, Gap):
            yield home
        else:
            yield from ((home, name) for name in _IN_HOME)
    for directory, below in _RUNTIME.items():
        users = yield from _listed(homes, directory)
        for user in bounded(f"{directory}/{user}" for user in users):
            yield user if isinstance(user, Gap) else (user, below)


def _listed(homes: Homes, directory: str) -> Generator[Gap, None, list[str]]:
    names = homes.names(directory)
    if not isinstance(names, Gap):
        return names
    if names.reason is not Reason.UNSUPPORTED:
        yield names
    return []


def _lived_in(homes: Iterable[str]) -> Iterator[str]:
    for home in homes:
        if not any(home.rstrip("/") == no or home.startswith(f"{no}/") for no in _NO_HOMES):
            yield home


def holds_credentials(path: str) -> bool:
    """Whether a file of this name is one that credentials are kept in."""
    return path.endswith(_SUFFIXES)


def registries(raw: bytes, path: str) -> dict[str, str] | Gap:
    """Registry -> `clear` or `helper`, of the JSON that Docker's and Podman's clients write.

    `auths` with a password or token is in clear; an entry without one counts only beside a helper (`credsStore`,
    `credHelpers`), and then is in the helper. Names are masked where they look like a secret.
    """
    try:
        document = msgspec.json.decode(raw or b"{}", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Gap(Reason.MALFORMED, path, "not the JSON object that a registry client writes")
    auths, helpers = document.get("auths") or {}, document.get("credHelpers") or {}
    if not isinstance(auths, dict) or not isinstance(helpers, dict):
        return Gap(Reason.MALFORMED, path, "auths and credHelpers must be objects")
    clear = [name for name, one in auths.items() if isinstance(one, dict) and any(one.get(key) for key in _SECRETS)]
    helped = [*helpers, *(auths if document.get("credsStore") else ())]
    found = {_name(name): CLEAR for name in clear[:_MOST]}  # first: none of them is cut for the sake of a helper
    for name in helped[: _MOST - len(found)]:
        found.setdefault(_name(name), HELPER)
    return found


def _name(text: str) -> str:
    return mask_text(text[:_LONGEST])


def without_credentials(raw: bytes) -> bytes:
    """The same file with nothing in it but what `registries` tells."""
    known = registries(raw, "")
    if isinstance(known, Gap):
        return b"{"
    auths = {name: {"auth": _HIDDEN} for name, kept in known.items() if kept == CLEAR}
    helpers = {name: _HIDDEN for name, kept in known.items() if kept == HELPER}
    return msgspec.json.encode({"auths": auths, "credHelpers": helpers})
