"""Both policies side by side on the engine's page."""

from __future__ import annotations

from typing import Any

import pytest

from checks.policy import Policy
from checks.result import Evaluation
from inventory.gap import Gap, Reason
from inventory.resource import Resource
from inventory.signatures.host_policy import NO_HOST_POLICY, HostPolicy, KeyFile, Registry, Requirement
from inventory.signatures.policy import GpgKeys, Identity, NotationTrust, PublicKey, Rule, TrustPolicy
from tests.checks.builders import NOW, engine, host
from tests.checks.cases import snapshot
from tests.hostile import HOSTILE
from tui.detail.tab import Context, tabs_of
from tui.picture import Picture

KEY = PublicKey("release.pub", b"")
RULES = TrustPolicy(
    (
        Rule(
            ("a.b/**",), 1, 3, require=("signature",), signed_by=(KEY,), max_age_days=9, annotations=(("env", "prod"),)
        ),
        Rule(("c.d/*",), 2, 9, trusted=False, max_severity="high", signed_as="any", plain_http=True),
        Rule(("**",), 3, 12, signed_by=(Identity("i", "s"), GpgKeys("k.gpg", b"", "/sigs"), NotationTrust("root", ()))),
    )
)
SHIPPED = HostPolicy("/etc/containers/policy.json", 0o644, (Requirement("insecureAcceptAnything"),))
STRICT = HostPolicy(
    "/p",
    0o644,
    (Requirement("reject"),),
    {"a.b": (Requirement("sigstoreSigned", ("/k", "/gone")),)},
    registries={"": Registry("https://s.example", True, "/r.yaml")},
    keys={"/k": KeyFile("/k", b"x"), "/gone": KeyFile("/gone", mistake="does not exist")},
)


def shown(policy: Policy, *below: Resource, **changes: Any) -> list[str]:
    subject = engine(**changes)
    picture = Picture(snapshot((subject, *below)), Evaluation(), policy=policy)
    (tab,) = (each for each in tabs_of(subject) if each.id == "trust")
    assert tab.lines is not None
    return [each.cell.text.rstrip() for each in tab.lines(subject, Context(picture, 100, NOW))]


def test_nothing_is_said() -> None:
    assert shown(Policy(), host(image_policy=NO_HOST_POLICY)) == [
        " The site's policy: [trust] of the configuration",
        "   registries   none are listed",
        "   unlisted     undecided",
        "   no [[trust.rule]]: nobody said whose signatures count",
        "",
        " The host's policy: policy.json and registries.d",
        "   the Docker engine does not read it; Podman, Buildah, Skopeo and CRI-O keep to it",
        "   this host has none",
        "",
        "   use_host_policy: it is compared with the rules",
    ]


def test_both_are_shown() -> None:
    found = "\n".join(shown(Policy(("quay.io/acme",), trust=RULES), host(image_policy=STRICT), flavour="podman"))
    for said in (
        "registries   quay.io/acme",
        "unlisted     untrusted",
        "rule 1 a.b/** (line 3)\n     trusted; requires signature; at most 9 days old; env=prod",
        "env=prod\n     signed by release.pub",
        "not trusted; nothing worse than high; signed as any; plain HTTP is allowed",
        "signed by s of i\n     signed by k.gpg, from /sigs\n     signed by root",
        "a.b: sigstoreSigned by /k or /gone\n     default: reject",
        "key /k can be read\n     key /gone does not exist",
        "default: sigstore attachments on, lookaside https://s.example (/r.yaml)",
    ):
        assert said in found
    assert "Docker" not in found


@pytest.mark.parametrize(
    ("below", "said"),
    [
        ((), "   the machine below the engine was not looked at"),
        ((host(image_policy=Gap(Reason.DENIED, "/p")),), "   no permission to read /p"),
        ((host(image_policy=SHIPPED),), "     default: insecureAcceptAnything"),
        ((host(image_policy=HostPolicy("/p", mistakes=("has no default",))),), "     cannot be used: has no default"),
    ],
)
def test_the_hosts(below: tuple[Resource, ...], said: str) -> None:
    assert said in shown(Policy(), *below)


def test_many_scopes_and_odd_words() -> None:
    scopes = {f"a.b/{number}{word}": (Requirement("reject"),) for number in range(40) for word in HOSTILE}
    lines = shown(Policy(), host(image_policy=HostPolicy("/p", 0o644, SHIPPED.default, scopes)))
    assert len(lines) < 250
    assert "     default: insecureAcceptAnything" in lines
    assert any(line.endswith("more scopes") for line in lines)
    assert all(line.isprintable() for line in lines)
