"""Which rule of a trust policy is about a repository: one at most, the most specific. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from inventory.reference import DEFAULT_REGISTRY, parse
from inventory.signatures.policy import Rule, TrustPolicy

_HUB = frozenset({DEFAULT_REGISTRY, "index.docker.io", "registry-1.docker.io"})
_CONTENT_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}|sha256:[0-9a-f]{6,64}")
_PIECES = re.compile(r"\*{2,}|\*|[^*]+")
_MOST_KEPT, _POLICIES = 16384, 4
_LONGEST = 1024  # a reference has 255 characters at most, a host in it as many again


@lru_cache(maxsize=8192)
def normalised(reference: str) -> str:
    """`registry/repository` in full: short names expanded, tag and digest gone, the registry in one case.

    "" for what names no repository: a content id, `<none>`, nothing.
    """
    if not reference or len(reference) > _LONGEST or "<none>" in reference or _CONTENT_ID.fullmatch(reference):
        return ""
    found = parse(reference)
    registry = _host(found.registry)
    path = found.repository
    if registry in _HUB:
        registry = DEFAULT_REGISTRY
        path = path if "/" in path else f"library/{path}"
    return f"{registry}/{path}" if path.rpartition("/")[2] else ""


@lru_cache(maxsize=1024)
def normalised_pattern(pattern: str) -> str:
    """A rule's pattern in full. What stands before the first slash is a registry if it looks like one or has a `*`."""
    if pattern in {"**", "*"}:
        return pattern
    head, slash, rest = pattern.partition("/")
    named = any(sign in head for sign in ".:*") or head.lower() == "localhost" or head != head.lower()
    if not slash or not named:
        return f"{DEFAULT_REGISTRY}/{pattern}" if slash else f"{DEFAULT_REGISTRY}/library/{pattern}"
    registry = _host(head)
    if registry in _HUB:
        return f"{DEFAULT_REGISTRY}/{rest}" if "/" in rest or "**" in rest else f"{DEFAULT_REGISTRY}/library/{rest}"
    return f"{registry}/{rest}"


def _host(registry: str) -> str:
    """In one spelling. By its capitals alone is a host without a dot or port told from a namespace of Docker Hub."""
    plain = registry.lower()
    return plain if plain == "localhost" or any(sign in plain for sign in ".:*") else registry.upper()


@lru_cache(maxsize=16384)
def matches(pattern: str, repository: str) -> bool:
    """Whether a repository (as `normalised` gives it) fits: `*` is anything within a segment, `**` is any rest.

    Takes time in proportion to the lengths of both: neither may come from somebody friendly.
    """
    pieces = _PIECES.findall(normalised_pattern(pattern))
    size = len(repository)
    reached = {0}
    for piece in pieces:
        if not reached:
            return False
        if piece[0] != "*":
            reached = {at + len(piece) for at in reached if repository.startswith(piece, at)}
        elif len(piece) > 1:
            reached = set(range(min(reached), size + 1))
        else:
            reached = _within(reached, repository)
    return size in reached


def _within(reached: set[int], repository: str) -> set[int]:
    """All places that can be reached without passing a slash."""
    found: set[int] = set()
    for start in sorted(reached):
        if start in found:
            continue
        end = repository.find("/", start)
        found.update(range(start, (len(repository) if end < 0 else end) + 1))
    return found


def specificity(pattern: str) -> int:
    """How many characters it fixes before its first `*`."""
    return len(normalised_pattern(pattern).partition("*")[0])


def rule_for(policy: TrustPolicy, repository: str) -> Rule | None:
    """The rule with the most literal characters before its first wildcard; of equals the one that stands first.

    `repository` is `normalised`; None where no rule names it.
    """
    if not repository or not (policy.rules or policy.host_rules):
        return None
    index = next((each for each in _INDEXES if each.policy is policy), None)
    if index is None:
        index = _Index(policy)
        _INDEXES[:] = [index, *_INDEXES[: _POLICIES - 1]]
    return index.find(repository)


class _Index:
    """The patterns of one policy, those that win first, and what was found: every check asks about the same names."""

    def __init__(self, policy: TrustPolicy) -> None:
        self.policy = policy
        self._found: dict[str, Rule | None] = {}
        self._own, self._host = _ordered(policy.rules), _ordered(policy.host_rules)

    def find(self, repository: str) -> Rule | None:
        """The first that fits, with the signers of the host's first that fits."""
        known = self._found  # another thread may begin anew
        if repository in known:
            return known[repository]
        if len(known) > _MOST_KEPT:
            self._found = {}
        own, host = _first(self._own, repository), _first(self._host, repository)
        if host is not None and not host.signed_by:
            host = None
        if own is not None and host is not None:
            own = msgspec.structs.replace(own, signed_by=(*own.signed_by, *host.signed_by))
        return self._found.setdefault(repository, own or host)


_Patterns = list[tuple[str, str, Rule]]


def _ordered(rules: tuple[Rule, ...]) -> _Patterns:
    """How each pattern begins, the pattern, and its rule."""
    ordered = sorted(
        ((specificity(pattern), number, pattern) for number, rule in enumerate(rules) for pattern in rule.match),
        key=lambda entry: (-entry[0], entry[1]),
    )
    return [(normalised_pattern(pattern)[:literal], pattern, rules[number]) for literal, number, pattern in ordered]


def _first(patterns: _Patterns, repository: str) -> Rule | None:
    fitting = (
        rule for start, pattern, rule in patterns if repository.startswith(start) and matches(pattern, repository)
    )
    return next(fitting, None)


_INDEXES: list[_Index] = []  # of the policies that were asked last
