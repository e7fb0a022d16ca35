"""Whom an engine's host is to trust: the site's rules, and beside them the host's own policy of image signatures."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.engine import Engine
from inventory.gap import Gap
from inventory.host import Host
from inventory.resource import Kind
from inventory.signatures.host_policy import HostPolicy, accepts_anything, rejects
from inventory.signatures.policy import GpgKeys, Identity, Rule, TrustPolicy
from inventory.text import safe
from tui.detail.tab import Context, Shape, Tab
from widgets.style import Role
from widgets.textview import TextLine, line

MOST = 200
"""Rules, scopes and files that are shown of each."""
_LONGEST = 600


def trust_lines(engine: Engine, context: Context) -> Iterator[TextLine]:
    """Both policies, the site's first; which of them Podman or Docker keeps to."""
    policy = context.picture.policy
    yield line(" The site's policy: [trust] of the configuration", "title")
    yield from _registries(policy.registries, policy.trust)
    yield from _rules(policy.trust)
    yield line("")
    yield line(" The host's policy: policy.json and registries.d", "title")
    if engine.peek("flavour") == "docker":
        yield line("   the Docker engine does not read it; Podman, Buildah, Skopeo and CRI-O keep to it", "dim")
    host = next(iter(context.picture.snapshot.of(Host, engine.key.source)), None)
    found = host.peek("image_policy") if host is not None else None
    if isinstance(found, HostPolicy):
        yield from _of_host(found)
    else:
        yield _line(
            str(found) if isinstance(found, Gap) else "the machine below the engine was not looked at", "unknown"
        )
    words = {"keys": "its keys count beside the rules'", "evidence": "it is compared with the rules"}
    yield line("")
    yield _line(f"use_host_policy: {words.get(policy.trust.host_policy, 'false, it is left out')}", "dim")


def _registries(registries: tuple[str, ...], trust: TrustPolicy) -> Iterator[TextLine]:
    listed = ", ".join(registries[:MOST])
    yield _line(f"registries   {listed}" if listed else "registries   none are listed", "normal" if listed else "dim")
    yield _line(
        f"unlisted     {trust.unlisted}" if trust.rules or trust.unlisted == "allowed" else "unlisted     undecided"
    )


def _rules(trust: TrustPolicy) -> Iterator[TextLine]:
    if not trust.rules:
        yield _line("no [[trust.rule]]: nobody said whose signatures count", "dim")
    for rule in trust.rules[:MOST]:
        yield _line(str(rule), "header")
        yield _line(f"  {_said(rule)}", "normal" if rule.trusted else "high")
        yield from (_line(f"  signed by {_signer(each)}") for each in rule.signed_by[:MOST])
    yield from _more(len(trust.rules), "rules")


def _said(rule: Rule) -> str:
    words = ["trusted" if rule.trusted else "not trusted"]
    words += [f"requires {', '.join(rule.require)}"] if rule.require else []
    words += [f"at most {rule.max_age_days} days old"] if rule.max_age_days is not None else []
    words += [f"nothing worse than {rule.max_severity}"] if rule.max_severity else []
    words += [f"signed as {rule.signed_as}"] if rule.signed_as != "repository" else []
    words += [f"{name}={value}" for name, value in rule.annotations]
    words += ["plain HTTP is allowed"] if rule.plain_http else []
    return "; ".join(words)


def _signer(one: object) -> str:
    if isinstance(one, Identity):
        return f"{one.subject} of {one.issuer}"
    until = getattr(one, "until", None)
    more = f" until {until}" if until else ""
    more += f", from {one.lookaside}" if isinstance(one, GpgKeys) and one.lookaside else ""
    return f"{getattr(one, 'name', '')}{more}"


def _of_host(policy: HostPolicy) -> Iterator[TextLine]:
    if not policy.path:
        yield _line("this host has none", "dim")
        return
    yield _line(policy.path, "header")
    for mistake in policy.mistakes[:MOST]:
        yield _line(f"  cannot be used: {mistake}", "medium")
    lists = list(policy.lists)
    for scope, requirements in [*lists[: MOST - 1], *lists[MOST - 1 :][-1:]]:
        role: Role = "high" if accepts_anything(requirements) else "pass" if rejects(requirements) else "normal"
        yield _line(f"  {scope}: {', '.join(map(str, requirements)) or 'nothing'}", role)
    yield from _more(len(lists), "scopes")
    for path, key in list(policy.keys.items())[:MOST]:
        said = key.mistake or (str(key.unread) if key.unread else "")
        yield _line(
            f"  key {path} {said or 'can be read'}", "medium" if key.mistake else "unknown" if said else "normal"
        )
    for scope, one in list(policy.registries.items())[:MOST]:
        beside = {True: "on", False: "off", None: "not set"}[one.sigstore_attachments]
        words = f"sigstore attachments {beside}" + (f", lookaside {one.lookaside}" if one.lookaside else "")
        yield _line(f"  {scope or 'default'}: {words} ({one.path})")


def _line(text: str, role: Role = "normal") -> TextLine:
    return line(f"   {safe(text, _LONGEST)}", role)


def _more(count: int, what: str) -> Iterator[TextLine]:
    if count > MOST:
        yield _line(f"and {count - MOST} more {what}", "dim")


TABS = (Tab("trust", "Trust", Shape.TEXT, frozenset({Kind.ENGINE}), 15, lines=trust_lines),)
