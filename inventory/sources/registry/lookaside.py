"""Signatures beside the registry: GPG lookasides (containers-registries.d) and the site's own directories."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from inventory.signatures.host_policy import HostPolicy, registries
from inventory.signatures.model import Layout, Material
from inventory.signatures.policy import GpgKeys, Rule
from inventory.sources.registry import below
from inventory.sources.registry.access import Access
from inventory.sources.registry.client import Client
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.http import Tls
from inventory.sources.registry.names import split

_MOST = 16  # signatures in one place
_FILES = 64  # of a directory of configuration
_NAMES = 20_000  # in a directory of signatures
_LONGEST = 1 << 20
_BUNDLE = (".sigstore.json", ".sigstore", ".bundle.json")
_BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle+json"


class Beside:
    """What was found beside the registry, and what could not be looked at."""

    def __init__(self) -> None:
        self.materials: list[Material] = []
        self.looked: list[str] = []
        self.missed: list[str] = []


def look_beside(repository: str, digests: tuple[str, ...], access: Access, rule: Rule | None, until: float) -> Beside:
    """GPG signatures in the lookasides of the rule and of this machine's registries.d, for each digest."""
    found = Beside()
    try:
        _, path = split(repository)
        bases = _bases(repository, access, rule)
    except RegistryError as error:
        found.missed.append(error.message)
        return found
    for base, explicit in bases:
        for digest in digests:
            _gather(base, f"{path}@{digest.replace(':', '=', 1)}", access, until, found, explicit)
    return found


def look_in(directory: Path, path: str, digests: tuple[str, ...]) -> Beside:
    """What a directory of signatures holds: a lookaside's tree, and bundles named `sha256-HEX[.N].sigstore.json`."""
    found = Beside()
    if not os.path.isdir(directory):  # Path's own raises where it may not look
        found.missed.append(f"{directory}: no directory that can be read")
        return found
    try:
        names = below.names(directory, _NAMES)
        for digest in digests:
            start = digest.replace(":", "-", 1)
            fit = [name for name in names if name.startswith(start) and name.endswith(_BUNDLE)]
            if len(fit) > _MOST or len(names) == _NAMES:
                found.missed.append(f"{directory}: there are too many files, not all were looked at")
            for name in fit[:_MOST]:
                content = below.read(directory, (name,), _LONGEST)
                found.materials.append(Material(Layout.SIGSTORE_BUNDLE, f"{directory}/{name}", content, _BUNDLE_TYPE))
            _files(directory, f"{path}@{digest.replace(':', '=', 1)}", found)
        found.looked.append(f"{directory}: {_count(len(found.materials))}")
    except RegistryError as error:
        found.missed.append(error.message)
    return found


def _gather(base: str, path: str, access: Access, until: float, found: Beside, explicit: bool) -> None:
    before = len(found.materials)
    try:
        if base.startswith(("http://", "https://")):
            _pages(base, path, access.client, until, found)
        else:
            _files(Path(base), path, found)
    except RegistryError as error:
        found.missed.append(error.message)
        return
    count = len(found.materials) - before
    if explicit or count:
        found.looked.append(f"{_shown(base)}/{path[:-52]}: {_count(count)}")


def _files(base: Path, path: str, found: Beside) -> None:
    for number in range(1, _MOST + 2):
        try:
            content = below.read(base, (*path.split("/"), f"signature-{number}"), _LONGEST)
        except RegistryError as error:
            if error.cause is Cause.ABSENT:
                return
            raise
        _add(found, number, f"{base}/{path}", content)


def _pages(base: str, path: str, client: Client, until: float, found: Beside) -> None:
    """Over HTTP, without credentials: whoever may write there cannot make a good signature."""
    for number in range(1, _MOST + 2):
        url = f"{base.rstrip('/')}/{quote(path, safe='/@=')}/signature-{number}"
        left = min(client.limits.read, until - time.monotonic())
        if left <= 0:
            raise RegistryError(Cause.TIMEOUT, f"no time left to ask {_shown(base)}")
        answer = client.plain_get(url, _LONGEST, left, Tls())
        if answer.status == 404:
            return
        if answer.status != 200:
            raise RegistryError(Cause.MALFORMED, f"{_shown(base)} answers with status {answer.status}")
        _add(found, number, f"{_shown(base)}/{path}", answer.body)


def _add(found: Beside, number: int, place: str, content: bytes) -> None:
    """One more. Raises `RegistryError` where it is one too many."""
    if number > _MOST:
        raise RegistryError(Cause.TOO_LARGE, f"{place}: there are too many signatures, {_MOST} were looked at")
    found.materials.append(Material(Layout.GPG_SIMPLE, f"{place}/signature-{number}", content))


def _bases(repository: str, access: Access, rule: Rule | None) -> Iterator[tuple[str, bool]]:
    """Paths and URLs to look below, and whether somebody named them; each once.

    The machine's own store is left alone where nothing in it could meet the rule: it is often closed to all but root.
    """
    keys = [one for one in (rule.signed_by if rule else ()) if isinstance(one, GpgKeys)]
    told = list(dict.fromkeys(_place(one.lookaside) for one in keys if one.lookaside))
    configured = configured_lookaside(repository, access.lookasides)
    if configured:
        told.append(configured)
    for base in dict.fromkeys(told):
        yield base, True
    if not configured and (keys or rule is None or not rule.signed_by):
        for place in access.default_lookasides:
            if str(place) not in told:
                yield str(place), False


def configured_lookaside(repository: str, directories: tuple[Path, ...]) -> str:
    """The lookaside that registries.d names for a repository: of the most specific scope, else its default."""
    return _place(HostPolicy(registries=registries(_documents(directories))).lookaside(repository))


def _documents(directories: tuple[Path, ...]) -> Iterator[tuple[str, object]]:
    for directory in directories:
        try:
            files = [name for name in below.names(directory, _FILES) if name.endswith(".yaml")]
        except RegistryError:
            continue
        for name in files:
            yield f"{directory}/{name}", _yaml(directory, name)


def _yaml(directory: Path, name: str) -> object:
    import yaml

    try:
        return yaml.safe_load(below.read(directory, (name,), _LONGEST))
    except (RegistryError, yaml.YAMLError, ValueError, RecursionError):
        return None


def _place(text: str) -> str:
    """A URL or a path; file: URLs become paths."""
    if text.startswith("file:"):
        return urlsplit(text).path
    return text if text.startswith(("/", "http://", "https://")) else ""


def _shown(base: str) -> str:
    """Without what may be secret in a URL."""
    if not base.startswith(("http://", "https://")):
        return base.rstrip("/")
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def _count(number: int) -> str:
    return {0: "no signature", 1: "1 signature"}.get(number, f"{number} signatures")
