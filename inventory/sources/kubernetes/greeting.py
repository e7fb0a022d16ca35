"""The first questions to a server: who it is, who we are, what it serves, and where we may look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Access, Cluster
from inventory.resource import Kind, ResourceKey
from inventory.sources.decode import AnswerError, decode
from inventory.sources.kubernetes.discovery import Discovered, discover
from inventory.sources.kubernetes.errors import FORBIDDEN, UNAUTHORIZED, ApiError
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.kubernetes.transport import Api

DEADLINE = 10.0
_SMALL = 4 << 20
_AUTHENTICATION = "authentication.k8s.io"
_ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


class Version(msgspec.Struct, frozen=True, rename="camel"):
    """`GET /version`."""

    git_version: str = ""
    platform: str = ""


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    groups: tuple[str, ...] = ()


class _ReviewStatus(msgspec.Struct, frozen=True, rename="camel"):
    user_info: _User = _User()
    allowed: bool = False
    resource_rules: tuple[_Rule, ...] = ()


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class _Review(msgspec.Struct, frozen=True):
    status: _ReviewStatus = _ReviewStatus()


class Greeting(msgspec.Struct, frozen=True):
    """What the first questions brought. `namespaces`: where to look, empty for everywhere."""

    version: Version
    discovered: Discovered
    user: tuple[str, tuple[str, ...]] | Gap
    namespaces: tuple[str, ...]


def greet(api: Api, own: Callable[[], str], namespaces: Iterable[str] = ()) -> Greeting:
    """Ask. `own` gives the kubeconfig's namespace, once the way is open; `namespaces` those that were asked for.

    Raises `ApiError`.
    """
    version = version_of(api)
    found = discover(api, DEADLINE)
    if not found.resources and found.complete:  # whatever speaks JSON would pass for an empty cluster
        raise ApiError(Reason.MALFORMED, 0, "not a Kubernetes API: it serves no kind at all")
    return Greeting(version, found, _user(api, found), tuple(namespaces) or scope(api, own() or "default"))


def version_of(api: Api, deadline: float = DEADLINE) -> Version:
    """Which server answers. Raises `ApiError`; where only this is forbidden it is unknown."""
    try:
        return decode(api.get("/version", deadline=deadline, limit=_SMALL), Version)[0]
    except AnswerError as error:
        raise ApiError(Reason.MALFORMED, 0, f"not a Kubernetes API: {error}") from error
    except ApiError as error:
        if error.status != FORBIDDEN:
            raise
        return Version()


def scope(api: Api, own: str) -> tuple[str, ...]:
    """Where to look: everywhere, or in our own namespace alone if only that is allowed. Raises `ApiError`."""
    if _may_list(api, "/api/v1/pods"):
        return ()
    if _may_list(api, f"/api/v1/namespaces/{own}/pods") or _has_rules(api, own):
        return (own,)
    return ()


def allowed(api: Api, attributes: dict[str, str]) -> bool | Gap:
    """Whether we may do something, by the server's own word."""
    try:
        return bool(_ask(api, _ACCESS, "authorization.k8s.io/v1", "SelfSubjectAccessReview",
                         {"resourceAttributes": attributes}).allowed)  # fmt: skip
    except ApiError as error:
        return error.gap(f"POST {_ACCESS}")


def cluster(source: str, greeting: Greeting, access: Access, at: float, path: str = "GET /version") -> Cluster:
    """The cluster itself as a resource."""
    user = greeting.user
    return Cluster.build(
        key=ResourceKey(Kind.CLUSTER, source, access.server or source),
        name=access.context or source,
        observed_at=at,
        git_version=greeting.version.git_version or Gap(Reason.DENIED, path),
        platform=greeting.version.platform or Gap(Reason.DENIED, path),
        access=access,
        username=user if isinstance(user, Gap) else user[0],
        groups=user if isinstance(user, Gap) else user[1],
        resources=greeting.discovered.resources,
        stale=greeting.discovered.stale,
        namespaces=greeting.namespaces,
    )


def _may_list(api: Api, path: str) -> bool:
    try:
        api.get(path, {"limit": "1"}, deadline=DEADLINE, limit=_SMALL)
    except ApiError as error:
        if error.status == UNAUTHORIZED:
            raise
        return error.status != FORBIDDEN  # what is wrong otherwise is not about rights
    return True


def _has_rules(api: Api, namespace: str) -> bool:
    """Whether anything that we know may be listed there."""
    try:
        rules = _ask(api, _RULES, "authorization.k8s.io/v1", "SelfSubjectRulesReview", {"namespace": namespace})
    except ApiError:
        return False
    known = {one.resource for one in SERVED if one.namespaced}
    return any(
        {"list", "*"} & set(rule.verbs) and (known | {"*"}) & set(rule.resources) for rule in rules.resource_rules
    )


def _user(api: Api, found: Discovered) -> tuple[str, tuple[str, ...]] | Gap:
    path = f"/apis/{_AUTHENTICATION}/v1/selfsubjectreviews"
    served = next(
        (r for r in found.resources if (r.group, r.resource) == (_AUTHENTICATION, "selfsubjectreviews")), None
    )
    if served is None and found.complete:
        return Gap(Reason.UNSUPPORTED, f"POST {path}", "this server does not say who asks")
    version = served.versions[0] if served else "v1"
    path = path.replace("/v1/", f"/{version}/")
    try:
        user = _ask(api, path, f"{_AUTHENTICATION}/{version}", "SelfSubjectReview", None).user_info
    except ApiError as error:
        return error.gap(f"POST {path}")
    return user.username, user.groups


def _ask(api: Api, path: str, version: str, kind: str, spec: dict[str, Any] | None) -> _ReviewStatus:
    question: dict[str, Any] = {"apiVersion": version, "kind": kind}
    if spec is not None:
        question["spec"] = spec
    try:
        return decode(api.review(path, msgspec.json.encode(question), deadline=DEADLINE), _Review)[0].status
    except AnswerError as error:
        raise ApiError(Reason.MALFORMED, 0, str(error)) from error
