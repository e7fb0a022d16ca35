"""Where registry clients keep credentials, without the credentials: which registries, in clear or with a helper."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from inventory.engine_files import CLEAR, HELPER, ClientCredentials
from inventory.gap import Gap, Reason
from inventory.secrets import mask_text
from inventory.sources.host.far import elsewhere
from inventory.sources.host.files import Accounts
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

# docker-config(5) and containers-auth.json(5), below a home.
_IN_HOME = (".docker/config.json", ".config/containers/auth.json")
# ${XDG_RUNTIME_DIR}/containers/auth.json, which without that variable is /run/containers/UID/auth.json.
_RUNTIME = {"/run/user": "containers/auth.json", "/run/containers": "auth.json"}
_SUFFIXES = ("/.docker/config.json", "/auth.json")
_SECRETS = ("auth", "identitytoken", "registrytoken", "password")
_HIDDEN = "***"
# Homes of accounts that nobody logs in to: /bin, /dev, /run/sshd, /usr/sbin.
_NO_HOMES = ("/bin", "/dev", "/nonexistent", "/proc", "/run", "/sbin", "/usr", "/var/run")
_NO_DIRECTORY = os.strerror(errno.ENOTDIR)
_OTHERS, _ENTER = 0o077, 0o011
_MOST, _LONGEST = 500, 300


def credentials(
    reader: HostReader, names: Accounts | Gap
) -> tuple[tuple[ClientCredentials, ...] | Gap, tuple[str, ...]]:
    """The files that exist, and the places that may not be looked at: denied, or on a network file system.

    A gap for a recording that was made before anybody looked.
    """
    users = {} if isinstance(names, Gap) else names.users
    found: list[ClientCredentials] = []
    denied: list[str] = []
    far = elsewhere(reader)
    for path in _places(reader, {} if isinstance(names, Gap) else names.homes):
        if path.startswith(far):
            denied.append(path)
            continue
        seen = told(partial(reader.stat, path), path)
        if isinstance(seen, Gap):
            if seen.reason is Reason.ABSENT:
                return seen, ()
            denied += [] if _missing(seen) else [path]
        elif seen.kind == "file":
            raw = told(partial(reader.read, path), path)
            known = raw if isinstance(raw, Gap) else registries(raw, path)
            unread, entries = (known, {}) if isinstance(known, Gap) else (None, known)
            owner, exposed = users.get(seen.uid, ""), bool(seen.mode & _OTHERS) and _reachable(reader, path)
            found.append(ClientCredentials(path, seen.mode, seen.uid, owner, exposed, entries, unread))
    return tuple(found), tuple(denied)


def _missing(gap: Gap) -> bool:
    return gap.reason is Reason.UNSUPPORTED or gap.detail == _NO_DIRECTORY


def _reachable(reader: HostReader, path: str) -> bool:
    """Whether the directories that the file is in let anybody but their owner through."""
    directory = path
    while directory := directory.rpartition("/")[0]:
        seen = told(partial(reader.stat, directory), directory)
        if not isinstance(seen, Gap) and not seen.mode & _ENTER:
            return False
    return True


def _places(reader: HostReader, homes: Mapping[int, str]) -> Iterator[str]:
    """Homes of local accounts, and those in /home of accounts that a directory service knows."""
    others = told(partial(reader.names, "/home"), "/home")
    every = (*homes.values(), *(f"/home/{name}" for name in (() if isinstance(others, Gap) else others)))
    for home in dict.fromkeys(path.rstrip("/") for path in every):
        if home.startswith("/") and not any(home == no or home.startswith(f"{no}/") for no in _NO_HOMES):
            yield from (f"{home}/{name}" for name in _IN_HOME)
    for directory, below in _RUNTIME.items():
        users = told(partial(reader.names, directory), directory)
        yield from (f"{directory}/{user}/{below}" for user in (() if isinstance(users, Gap) else users))


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
    found = {_name(name): HELPER for name in islice(helpers, _MOST)}
    for name, entry in islice(auths.items(), _MOST):
        if isinstance(entry, dict) and any(entry.get(secret) for secret in _SECRETS):
            found[_name(name)] = CLEAR
        elif document.get("credsStore"):
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
