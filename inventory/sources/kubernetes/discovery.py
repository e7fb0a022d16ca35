"""What a server serves: two requests where it knows aggregated discovery, else one for each group.

An aggregated API whose own server is dead costs its own group, never the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from inventory.kubernetes.cluster import ApiResource, CustomResource
from inventory.sources.decode import AnswerError, decode
from inventory.sources.kubernetes.errors import FORBIDDEN, UNAUTHORIZED, ApiError
from inventory.sources.kubernetes.kinds import CUSTOM_GROUPS, SERVED, ServedKind
from inventory.sources.kubernetes.transport import JSON, Api

_FORMS = (f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1"))
AGGREGATED = ",".join((*_FORMS, JSON))
_LIMIT = 32 << 20
_GROUPS = 300
"""Groups that are asked for one by one at most."""
_STABLE = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


class Discovered(msgspec.Struct, frozen=True):
    """Every kind that is served, and the groups whose server does not answer.

    `complete` is False where groups could not be asked for: a kind that is missing may exist all the same.
    """

    resources: tuple[ApiResource, ...] = ()
    stale: tuple[str, ...] = ()
    complete: bool = True

    def find(self, kind: ServedKind) -> str:
        """The version to read a kind with: the best that both sides know, "" when it is not served."""
        served = {
            version
            for one in self.resources
            if (one.group, one.resource) == (kind.group, kind.resource) and _listed(one)
            for version in one.versions
        }
        return next((version for version in kind.versions if version in served), "")

    def custom(self) -> Iterator[tuple[ServedKind, str, str]]:
        """Kinds of other projects that rules look at: where they are, their version and what they are called."""
        for one in self.resources:
            wanted = CUSTOM_GROUPS.get(one.group, ())
            if (one.kind in wanted or "*" in wanted) and _listed(one):
                served = ServedKind(
                    CustomResource, one.group, one.versions, one.resource, one.namespaced, optional=True
                )
                yield served, one.versions[0], one.kind


def _listed(one: ApiResource) -> bool:
    return not one.verbs or "list" in one.verbs


def assumed() -> Discovered:
    """What is taken to exist where discovery is refused: everything that each server has had for years."""
    found = tuple(
        ApiResource(one.group, one.versions[:1], one.family.api_kind, one.resource, one.namespaced, ())
        for one in SERVED
        if not one.optional
    )
    return Discovered(found, (), complete=False)


def discover(api: Api, deadline: float = 15.0) -> Discovered:
    """Ask the server. Raises `ApiError` when it tells nothing at all."""
    try:
        core, rest = (
            api.get(f"/{root}", accept=AGGREGATED, deadline=deadline, limit=_LIMIT) for root in ("api", "apis")
        )
    except ApiError as error:
        if error.status == FORBIDDEN:  # the account may not even ask what there is; the lists themselves may be allowed
            return assumed()
        raise
    found = [_aggregated(raw) for raw in (core, rest)]
    if any(one is None for one in found):
        return _one_by_one(api, core, rest, deadline)
    return _joined([one for one in found if one is not None])


# -- aggregated ---------------------------------------------------------------------------------------------------


class _Name(msgspec.Struct, frozen=True):
    name: str = ""


class _KindName(msgspec.Struct, frozen=True):
    group: str = ""
    kind: str = ""


class _ResourceWire(msgspec.Struct, frozen=True, rename="camel"):
    resource: str = ""
    response_kind: _KindName | None = None
    scope: str = ""
    verbs: tuple[str, ...] = ()


class _VersionWire(msgspec.Struct, frozen=True):
    version: str = ""
    resources: tuple[_ResourceWire, ...] = ()
    freshness: str = ""


class _GroupWire(msgspec.Struct, frozen=True):
    metadata: _Name = _Name()
    versions: tuple[_VersionWire, ...] = ()


class _GroupsWire(msgspec.Struct, frozen=True):
    kind: str = ""
    items: tuple[_GroupWire, ...] = ()


def _aggregated(raw: bytes) -> Discovered | None:
    """None when the server answered in the old form."""
    try:
        answer, _ = decode(raw, _GroupsWire)
    except AnswerError:
        return None
    if answer.kind != "APIGroupDiscoveryList":
        return None
    found = (
        ApiResource(
            group.metadata.name, (version.version,), one.response_kind.kind if one.response_kind else "", one.resource,
            one.scope == "Namespaced", one.verbs,
        )
        for group in answer.items
        for version in group.versions
        for one in version.resources
    )  # fmt: skip
    stale = {g.metadata.name for g in answer.items if any(one.freshness == "Stale" for one in g.versions)}
    return Discovered(_merged(found), tuple(sorted(stale)))


# -- one request for each group -----------------------------------------------------------------------------------


class _ListedWire(msgspec.Struct, frozen=True):
    name: str = ""
    kind: str = ""
    namespaced: bool = False
    verbs: tuple[str, ...] = ()


class _ResourcesWire(msgspec.Struct, frozen=True):
    resources: tuple[_ListedWire, ...] = ()


class _GroupVersion(msgspec.Struct, frozen=True):
    version: str = ""


class _OldGroup(msgspec.Struct, frozen=True):
    name: str = ""
    versions: tuple[_GroupVersion, ...] = ()


class _OldGroups(msgspec.Struct, frozen=True):
    versions: tuple[str, ...] = ()
    groups: tuple[_OldGroup, ...] = ()


def _one_by_one(api: Api, core: bytes, rest: bytes, deadline: float) -> Discovered:
    """Only the groups that something here would read: a cluster may have hundreds of others."""
    wanted = {one.group for one in SERVED} | set(CUSTOM_GROUPS)
    roots = [("", version) for version in _old(core).versions or ("v1",)]
    roots += [
        (group.name, one.version) for group in _old(rest).groups for one in group.versions if group.name in wanted
    ]
    found: list[ApiResource] = []
    stale: set[str] = set()
    for group, version in roots[:_GROUPS]:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            answer, _ = decode(api.get(path, deadline=deadline, limit=_LIMIT), _ResourcesWire)
        except AnswerError:
            stale.add(group)
        except ApiError as error:
            if error.status == UNAUTHORIZED:
                raise
            stale.add(group)
        else:
            found += (
                ApiResource(group, (version,), one.kind, one.name, one.namespaced, one.verbs)
                for one in answer.resources
                if "/" not in one.name
            )
    return Discovered(_merged(found), tuple(sorted(stale)), complete=not stale)


def _old(raw: bytes) -> _OldGroups:
    try:
        return decode(raw, _OldGroups)[0]
    except AnswerError:
        return _OldGroups()


def _joined(found: Iterable[Discovered]) -> Discovered:
    parts = tuple(found)
    stale = {name for one in parts for name in one.stale}
    return Discovered(_merged(one for part in parts for one in part.resources), tuple(sorted(stale)))


def _merged(found: Iterable[ApiResource]) -> tuple[ApiResource, ...]:
    """One entry for each kind, with all its versions in the order of the server, which is that of preference."""
    known: dict[tuple[str, str], ApiResource] = {}
    for one in found:
        if not one.resource or not one.versions[0]:
            continue
        before = known.get((one.group, one.resource))
        versions = one.versions if before is None else (*before.versions, *one.versions)
        known[one.group, one.resource] = msgspec.structs.replace(
            before or one, versions=tuple(sorted(dict.fromkeys(versions), key=_preference))
        )
    return tuple(known.values())


def _preference(version: str) -> tuple[int, int, int]:
    """Stable before beta before alpha, newer first, as the API machinery orders versions."""
    found = _STABLE.fullmatch(version)
    if found is None:
        return (3, 0, 0)
    rank = {None: 0, "beta": 1, "alpha": 2}[found[2]]
    return (rank, -int(found[1]), -int(found[3] or 0))
