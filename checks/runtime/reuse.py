"""One secret in several places."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed, unknown
from checks.view import View
from inventory.container import Container
from inventory.resource import ResourceKey
from inventory.secrets import find, weak_default

# Digests are compared within this run only, and cannot be compared with those of any other.
_SALT = os.urandom(16)
_UNREAD = ""  # no digest: where `holders` keeps the containers whose environment was not read


class Holder(msgspec.Struct, frozen=True):
    """A container whose environment holds a secret, and the variable that does; "" where it was not read."""

    key: ResourceKey
    name: str
    project: str
    variable: str


def holders(containers: tuple[Container, ...]) -> Mapping[str, tuple[Holder, ...]]:
    """Who holds each secret, by its digest, and below "" who cannot be looked at (an index for `View.index_of`)."""
    found: dict[str, tuple[Holder, ...]] = {}
    for container in containers:
        env = container.peek("env")
        for digest, variable in secrets_of(env) if isinstance(env, tuple) else ((_UNREAD, ""),):
            holder = Holder(container.key, container.name, container.project, variable)
            found[digest] = (*found.get(digest, ()), holder)
    return found


@lru_cache(maxsize=8192)
def secrets_of(env: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Digest and variable name of each secret in an environment."""
    return tuple(_digests(env))


def _digests(env: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    for variable in env:
        name, _, value = variable.partition("=")
        if find(name, value) is not None and not weak_default(name, value):
            text = value.encode("utf-8", "surrogatepass")
            yield hashlib.blake2b(text, digest_size=16, key=_SALT).hexdigest(), name


@check(
    "CMB-005",
    "Same secret used in several places",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="One leak opens all of these doors, and none can be locked without the others.",
    remediation="Give each project credentials of its own, as files (Compose or Swarm `secrets`), and rotate this "
    "one. Everything that shares it has to change at the same time.",
    references=("NIST-800-190:4.1.4", "OWASP-Docker:D06", "ATT&CK:T1078", "CWE-798"),
)
def shared_secret(container: Container, view: View) -> Verdict:
    """Compares the secrets of the environment (RUN-044's rules) with those of every other container, by salted digest.

    F: the same secret is in a container of another project. M: in another one of the same project, or where neither
    has a project. P: in no other. U: in none that was read, and the environments of others were not; or the image's,
    which it may come from. What the image brings along is the image's finding (IMG-012). Values and digests are never
    shown.
    """
    own = secrets_of(container.env)
    if not own:
        return passed()
    image = view.image(container.image_id)
    inherited = {digest for digest, _ in secrets_of(image.env)} if image is not None else set()
    brought = [(digest, variable) for digest, variable in own if digest not in inherited]
    same: list[tuple[str, Holder]] = []
    for digest, variable in brought:
        others = view.index_of(Container, holders, digest) or ()
        same += [(variable, other) for other in others if other.key != container.key]
    if not same:
        unread = view.index_of(Container, holders, _UNREAD) or () if brought else ()
        return _compared_with_all_but(unread)
    foreign = [pair for pair in same if pair[1].project != container.project]
    shown = foreign or same
    evidence = capped((_evidence(variable, other) for variable, other in shown), SHOWN)
    names = sorted({variable for variable, _ in shown})
    places = sorted({other.name for _, other in shown})
    message = f"{', '.join(names[:SHOWN])} is the same in {', '.join(places[:SHOWN])}"
    return failed(message, *evidence) if foreign else manual(message, *evidence)


def _compared_with_all_but(unread: Sequence[Holder]) -> Verdict:
    if not unread:
        return passed()
    evidence = capped((Evidence("Config.Env", f"{other.name}: not read", other.key) for other in unread), SHOWN)
    return unknown(f"the environment of {len(unread)} other container(s) was not read", *evidence)


def _evidence(variable: str, other: Holder) -> Evidence:
    place = seen(f"Config.Env: {variable}", f"same value as {other.variable}")
    return Evidence(place.path, place.value, other.key)
