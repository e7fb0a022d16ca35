"""Which rule is about a repository."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.signatures.policy import Rule, TrustPolicy
from inventory.signatures.rules import matches, normalised, normalised_pattern, rule_for, specificity

NAMES = st.lists(st.sampled_from(["a", "ab", "b-c", "prod", "x.y"]), min_size=1, max_size=4).map("/".join)
HOSTS = st.sampled_from(["registry.example.com", "localhost:5000", "127.0.0.1:5000", "docker.io", "[::1]:5000"])
REPOSITORIES = st.builds("{}/{}".format, HOSTS, NAMES).map(normalised)
PATTERNS = st.builds(
    "{}/{}".format,
    st.one_of(HOSTS, st.sampled_from(["*.example.com", "registry.*.com"])),
    st.lists(st.sampled_from(["a", "*", "**", "a*", "*b*", "prod"]), min_size=1, max_size=4).map("/".join),
)


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1.35@sha256:" + "0" * 64, "docker.io/library/busybox"),
        ("prom/node-exporter:v1", "docker.io/prom/node-exporter"),
        ("docker.io/busybox", "docker.io/library/busybox"),
        ("index.docker.io/library/busybox", "docker.io/library/busybox"),
        ("Registry.Example.com:5000/Team/App:1", "registry.example.com:5000/Team/App"),
        ("localhost/app", "localhost/app"),
        ("Evil/app:1", "EVIL/app"),  # capitals make it a host: no repository has any
        ("LocalHost/app", "localhost/app"),
        ("localhost:5000/app:1", "localhost:5000/app"),
        ("sha256:" + "a" * 64, ""),
        ("a" * 64, ""),
        ("<none>:<none>", ""),
        ("", ""),
        ("/", ""),
        ("a" * 5000, ""),
    ],
)
def test_names_in_full(reference: str, repository: str) -> None:
    assert normalised(reference) == repository
    assert normalised(repository) == repository


@pytest.mark.parametrize(
    ("pattern", "repository", "fits"),
    [
        ("busybox", "docker.io/library/busybox", True),
        ("prom/*", "docker.io/prom/node-exporter", True),
        ("docker.io/busybox", "docker.io/library/busybox", True),
        ("docker.io/**", "docker.io/prom/node-exporter", True),
        ("docker.io/**", "EVIL/app", False),
        ("eVil/*", "EVIL/app", True),
        ("evil/*", "EVIL/app", False),
        ("REGISTRY.example.com/app", "registry.example.com/app", True),
        ("registry.example.com/App", "registry.example.com/app", False),
        ("registry.example.com/*", "registry.example.com/a/b", False),
        ("registry.example.com/**", "registry.example.com/a/b", True),
        ("registry.example.com/**", "registry.example.com:5000/a", False),
        ("registry.example.com/base/*", "registry.example.com/base", False),
        ("registry.example.com/base/**", "registry.example.com/baseline", False),
        ("registry.example.com/app-*", "registry.example.com/app-1", True),
        ("*.example.com/**", "registry.example.com/a", True),
        ("*.example.com/**", "evil.com/registry.example.com/a", False),
        ("**", "anything.example/a", True),
        ("**/app", "registry.example.com/a/b/app", True),
    ],
)
def test_patterns(pattern: str, repository: str, fits: bool) -> None:
    assert matches(pattern, repository) is fits


def test_the_most_literal_rule_wins_then_the_first() -> None:
    rules = [
        ("**",),
        ("registry.example.com/**",),
        ("registry.example.com/prod/*", "x.y/**"),
        ("registry.example.com/p*",),
    ]
    policy = TrustPolicy(tuple(Rule(match, number) for number, match in enumerate(rules, 1)))
    expected = {
        "registry.example.com/prod/a": 3, "registry.example.com/pot": 4, "registry.example.com/a": 2, "x.y/a": 3,
        "docker.io/library/a": 1,
    }  # fmt: skip
    for repository, number in expected.items():
        found = rule_for(policy, repository)
        assert found is not None
        assert found.number == number
    equal = TrustPolicy((Rule(("a.b/c*",), 1), Rule(("a.b/c**",), 2)))
    assert rule_for(equal, "a.b/cd") == equal.rules[0]
    assert rule_for(equal, "a.b/cd/e") == equal.rules[1]
    assert rule_for(policy, "") is None


@given(PATTERNS, REPOSITORIES)
def test_it_is_a_glob(pattern: str, repository: str) -> None:
    pieces = re.split(r"(\*+)", normalised_pattern(pattern))
    translated = "".join(".*" if len(one) > 1 and one[0] == "*" else "[^/]*" if one == "*" else re.escape(one)
                         for one in pieces)  # fmt: skip
    assert matches(pattern, repository) is (re.fullmatch(translated, repository) is not None)


@given(st.lists(PATTERNS, max_size=6), REPOSITORIES)
def test_the_winner_fits_and_nothing_fits_better(patterns: list[str], repository: str) -> None:
    policy = TrustPolicy(tuple(Rule((pattern,), number) for number, pattern in enumerate(patterns)))
    found = rule_for(policy, repository)
    fitting = [rule for rule in policy.rules if matches(rule.match[0], repository)]
    assert (found is None) is (not fitting)
    if found is not None:
        best = max(specificity(rule.match[0]) for rule in fitting)
        assert found == next(rule for rule in fitting if specificity(rule.match[0]) == best)


@given(st.text(max_size=80))
def test_no_reference_is_too_odd(text: str) -> None:
    repository = normalised(text)
    assert not repository or normalised(repository) == repository or ":" in text or "@" in text
    matches(text, repository)


def test_hostile_lengths_take_no_time() -> None:
    assert not matches("a.b/" + "**a*" * 500 + "c", "a.b/" + "a" * 1000 + "b")
