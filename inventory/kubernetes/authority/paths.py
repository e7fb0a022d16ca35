"""From a subject, step by step, to everything: the shortest way for each of them, found from the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from inventory.kubernetes.authority import powers
from inventory.kubernetes.authority.powers import Held
from inventory.kubernetes.authority.questions import is_master
from inventory.kubernetes.authority.rules import ALL, written
from inventory.kubernetes.subjects import ACCOUNT, GROUP, MASTERS, USER, Grant, Subject
from inventory.kubernetes.workloads import Pod
from inventory.resource import ResourceKey

MOST_STEPS = 8
_SIGNER = "kubernetes.io/kube-apiserver-client"
_MAKES_PODS = frozenset({
    "deployments", "daemonsets", "statefulsets", "replicasets", "jobs", "cronjobs", "replicationcontrollers",
})  # fmt: skip


class Step(msgspec.Struct, frozen=True):
    """One thing that the subject does. `to` is who it acts as from then on, None when it may do everything.

    `grant` is what allows it, None for what needs no right: being a member of a group.
    """

    words: str
    by: ResourceKey
    to: ResourceKey | None
    grant: Grant | None = None
    rule: str = ""


class Surroundings(msgspec.Struct, frozen=True):
    """What runs: namespaces -> accounts whose tokens its pods hold, and whether the API server runs as a pod."""

    running: Mapping[str, frozenset[str]] = {}
    control_plane: bool = False


def surroundings(pods: Iterable[Pod]) -> Surroundings:
    """What is taken over with a pod, by pods whose spec and state could be read."""
    running: dict[str, set[str]] = {}
    control_plane = False
    for pod in pods:
        spec, status = pod.peek("pod_spec"), pod.peek("status")
        if getattr(status, "phase", "") != "Running" or not hasattr(spec, "service_account_name"):
            continue
        control_plane |= pod.namespace == "kube-system" and pod.name.startswith("kube-apiserver-")
        if spec.automount_service_account_token is not False:
            running.setdefault(pod.namespace, set()).add(spec.service_account_name or "default")
    return Surroundings({where: frozenset(names) for where, names in running.items()}, control_plane)


class _Way(msgspec.Struct, frozen=True):
    """To a kind of subjects: those named, or all of a namespace ("" : of every one)."""

    words: str
    kind: str
    namespace: str
    names: tuple[str, ...] | None
    grant: Grant | None
    rule: str


class Paths:
    """The shortest path of every subject, none longer than `MOST_STEPS`. Made once; asking costs nothing."""

    def __init__(self, subjects: Iterable[Subject], around: Surroundings | None = None) -> None:
        self._around = around or Surroundings()
        self._subjects = {one.key: one for one in subjects if _readable(one)}
        self._keepers = tuple(one for one in self._subjects.values() if one.token_secrets)[:_KEEPERS]
        self._next: dict[ResourceKey, Step] = {}
        self._solved: dict[tuple[str, str], ResourceKey] = {}  # (kind, namespace) -> the first that gets there
        ways: dict[ResourceKey, tuple[_Way, ...]] = {}
        for key, subject in self._subjects.items():
            goal = self._goal(subject)
            if goal is not None:
                self._next[key] = goal
            else:
                found = tuple(self._ways(subject))
                if found:
                    ways[key] = found
        self._spread(tuple(self._next))
        for _ in range(MOST_STEPS - 1):
            new = {key: step for key, found in ways.items() if (step := self._through(key, found)) is not None}
            if not new:
                break
            for key in new:
                del ways[key]
            self._next |= new
            self._spread(tuple(new))

    def of(self, key: ResourceKey) -> tuple[Step, ...]:
        """The steps from this subject to everything; none if there is no way, or nobody knows the subject."""
        steps: list[Step] = []
        here: ResourceKey | None = key
        while here is not None and here in self._next and len(steps) < MOST_STEPS:
            steps.append(self._next[here])
            here = steps[-1].to
        return tuple(steps)

    def __len__(self) -> int:
        """How many subjects get there."""
        return len(self._next)

    def _spread(self, keys: tuple[ResourceKey, ...]) -> None:
        for key in keys:
            one = self._subjects[key]
            if not one.exists:
                continue  # no pod runs as it and no token is made of it; who names it may still act as it
            self._solved.setdefault((one.subject_kind, one.namespace), key)
            self._solved.setdefault((one.subject_kind, ""), key)
            if one.subject_kind == ACCOUNT and one.name in self._around.running.get(one.namespace, ()):
                self._solved.setdefault((_RUNNING, one.namespace), key)
                self._solved.setdefault((_RUNNING, ""), key)

    def _through(self, key: ResourceKey, ways: tuple[_Way, ...]) -> Step | None:
        for way in ways:
            target = self._target(way, key.source)
            if target is not None and target != key:
                words = way.words.format(name=target.id.partition("/")[2])
                return Step(words, key, target, way.grant, way.rule)
        return None

    def _target(self, way: _Way, source: str) -> ResourceKey | None:
        if way.names is None:
            return self._solved.get((way.kind, way.namespace))
        for name in way.names:
            where = f"{way.namespace}/{name}" if way.kind == ACCOUNT else name
            key = ResourceKey(_KIND, source, f"{way.kind}/{where}")
            if key in self._next:
                return key
        return None

    # -- what a subject's own rights lead to ------------------------------------------------------------------------

    def _goal(self, subject: Subject) -> Step | None:
        if is_master(subject):
            return Step("may do everything without any role", subject.key, None)
        wide = [(grant, held) for grant in subject.grants if not grant.namespace for held in grant.powers]
        for words, found in self._goals(wide):
            if found is not None:
                grant, held = found
                return Step(words, subject.key, None, grant, written(held.rule))
        return None

    def _goals(self, wide: list[tuple[Grant, Held]]) -> Iterator[tuple[str, tuple[Grant, Held] | None]]:
        def held(power: str, resource: str = "", verbs: tuple[str, ...] = ()) -> tuple[Grant, Held] | None:
            return next((pair for pair in wide if _is(pair[1], power, resource, verbs)), None)

        yield "may do everything", held(powers.EVERYTHING)
        masters = next(
            (pair for pair in wide if _is(pair[1], powers.IMPERSONATE, "groups") and _names(pair[1], MASTERS)), None
        )
        yield "impersonates the group system:masters", masters
        roles = next((p for p in wide if _is(p[1], powers.WRITE_ROLES, "clusterroles") and not p[1].names), None)
        yield (
            "adds every right to a cluster role of its own (escalate)",
            roles and held(powers.ESCALATE, "clusterroles"),
        )
        bind = next((p for p in wide if _is(p[1], powers.BIND, "clusterroles") and _names(p[1], "cluster-admin")), None)
        bindings = held(powers.WRITE_BINDINGS, "clusterrolebindings")
        yield "binds cluster-admin to itself (bind)", bindings and bind
        yield (
            "changes every object that is written, by a webhook of its own",
            held(powers.WEBHOOKS, "mutatingwebhookconfigurations"),
        )
        if self._around.control_plane:
            yield "runs commands in the API server's own pod, through its node", held(powers.NODE_PROXY)

    def _ways(self, subject: Subject) -> Iterator[_Way]:
        for group in subject.memberships:
            yield _Way("is a member of the group {name}", GROUP, "", (group.group,), None, "")
        secrets = {
            grant.namespace for grant in subject.grants for one in grant.powers if one.power == powers.MAKE_SECRETS
        }
        for grant in subject.grants:
            for held in grant.powers:
                yield from self._leads(subject, grant, held, secrets)

    def _leads(self, subject: Subject, grant: Grant, held: Held, secrets: set[str]) -> Iterator[_Way]:
        where, act = grant.namespace, held.act
        if act is None or (act.clusterwide and where):
            if act is None and where:  # everything in one namespace
                yield _way("runs a pod as {name}", where, grant, held)
            return
        match held.power:
            case powers.WRITE_PODS if act.resource in _MAKES_PODS or "create" in held.verbs:
                yield _way("runs a pod as {name}", where, grant, held)
            case powers.MAKE_TOKENS:
                yield from _accounts("makes a token of {name}", grant, held)
            case powers.IMPERSONATE if act.resource == "serviceaccounts":
                yield from _accounts("impersonates {name}", grant, held)
            case powers.IMPERSONATE:
                kind = USER if act.resource == "users" else GROUP
                yield _Way("impersonates {name}", kind, "", held.names or None, grant, written(held.rule))
            case powers.READ_SECRETS if not held.names and ("" in secrets or where in secrets):
                yield _way("makes a secret that holds a token of {name}, and reads it", where, grant, held)
            case powers.READ_SECRETS:
                yield from self._kept(grant, held)
            case powers.EXEC if not held.names:
                yield _way("runs commands in a pod of {name}", where, grant, held, _RUNNING)
            case powers.NODE_PROXY:
                yield _way("runs commands in a pod of {name}, through its node", "", grant, held, _RUNNING)
            case powers.BIND if where and _has(subject, powers.WRITE_BINDINGS, "rolebindings", where):
                yield _way("binds every right in the namespace to itself, and runs a pod as {name}", where, grant, held)
            case powers.ESCALATE if where and _has(subject, powers.WRITE_ROLES, "roles", where):
                yield _way("gives itself every right in the namespace, and runs a pod as {name}", where, grant, held)
            case powers.APPROVE if _signs(subject) and _has(subject, powers.REQUEST, "certificatesigningrequests", ""):
                for kind in (USER, GROUP):
                    yield _Way("signs a certificate for {name}", kind, "", None, grant, written(held.rule))

    def _kept(self, grant: Grant, held: Held) -> Iterator[_Way]:
        """Accounts whose token lies in a secret that may be read."""
        for one in self._keepers:
            if grant.namespace in ("", one.namespace) and (not held.names or set(held.names) & set(one.token_secrets)):
                words = "reads the token of {name} in its secret"
                yield _Way(words, ACCOUNT, one.namespace, (one.name,), grant, written(held.rule))


_KIND = Subject.kind
_RUNNING = "running"  # in place of a kind: accounts that pods run as
_KEEPERS = 200  # accounts with tokens in secrets: none since 1.24, unless somebody asked for them


def _readable(subject: Subject) -> bool:
    return not any(field in subject.gaps for field in ("grants", "memberships", "token_secrets", "exists"))


def _is(held: Held, power: str, resource: str = "", verbs: tuple[str, ...] = ()) -> bool:
    if held.power != power:
        return False
    named = held.act is None or not resource or held.act.resource == resource
    return named and (not verbs or bool(set(verbs) & set(held.verbs)))


def _names(held: Held, name: str) -> bool:
    return not held.names or name in held.names or ALL in held.names


def _way(words: str, where: str, grant: Grant, held: Held, kind: str = ACCOUNT) -> _Way:
    return _Way(words, kind, where, None, grant, written(held.rule))


def _accounts(words: str, grant: Grant, held: Held) -> Iterator[_Way]:
    """Accounts by name need their namespace: a grant everywhere that names them is not followed."""
    if not held.names or grant.namespace:
        yield _Way(words, ACCOUNT, grant.namespace, held.names or None, grant, written(held.rule))


def _has(subject: Subject, power: str, resource: str, where: str) -> bool:
    return any(
        _is(held, power, resource)
        for grant in subject.grants
        if grant.namespace in ("", where)
        for held in grant.powers
    )


def _signs(subject: Subject) -> bool:
    return any(
        held.power == powers.SIGNERS and (_names(held, _SIGNER) or "kubernetes.io/*" in held.names)
        for grant in subject.grants
        if not grant.namespace
        for held in grant.powers
    )
