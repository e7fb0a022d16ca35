"""Whether this machine's Docker client accepts unsigned images."""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed, unknown
from checks.view import View
from inventory.gap import Gap, Unread
from inventory.model import Engine, Host

_VARIABLE = "DOCKER_CONTENT_TRUST"
_OWN = "/proc/self/environ"
# The client asks strconv.ParseBool; what that does not understand counts as true.
_OFF = frozenset({"", "0", "f", "F", "false", "FALSE", "False"})


@check(
    "IMG-007",
    "Content trust not enforced for the client",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Engine,
    why="Whoever can write to the registry, or is between it and this host, decides what a tag means.",
    remediation="Pull by digest, or verify signatures before images are used (cosign, an admission policy). "
    "`DOCKER_CONTENT_TRUST=1` in /etc/environment refuses every tag without a Notary v1 signature, which most images "
    "no longer have.",
    references=("CIS-Docker-1.6:4.5", "NIST-800-190:4.1.5", "CWE-347"),
)
def content_trust(engine: Engine, view: View) -> Verdict:
    """Judges DOCKER_CONTENT_TRUST in this process' environment, else in /etc/environment and the shell profiles.

    F: not set, or switched off. P: set. M: not set, and rules of the policy demand signatures, which IMG-008 then
    verifies. U: the engine is not on this machine, or a place could not be read or understood. Low, because its
    signatures are being retired: Docker's Notary server goes off on 2026-12-08. On Podman policy.json decides: F: its
    default accepts anything and no transport demands more. M: only some do. P: its default rejects or demands
    signatures. Sources: CIS Docker 4.5, containers-policy.json(5).
    """
    if engine.flavour == "podman":
        return _podmans_policy(view.host())
    found = view.host().content_trust
    evidence = [Evidence(f"{place}: {_VARIABLE}", value) for place, value in found.items()]
    values = [found[_OWN]] if _OWN in found else list(found.values())
    if any(value not in _OFF for value in values):
        return passed("", *evidence)
    evidence = evidence or [Evidence(f"environment: {_VARIABLE}", "not set")]
    demanding = [rule for rule in view.policy.trust.rules if "signature" in rule.require]
    if demanding:
        said = [Evidence("policy", str(rule)) for rule in demanding[:SHOWN]]
        return manual(
            "unsigned tags are accepted; the policy demands signatures and IMG-008 verifies", *evidence, *said
        )
    return failed("unsigned tags are accepted", *evidence)


def _podmans_policy(host: Host) -> Verdict:
    policy = host.daemon_config.get("policy.json")
    if isinstance(policy, Gap):
        raise Unread(policy)
    if not isinstance(policy, Mapping):
        return unknown("no policy.json was found or understood; without one Podman pulls nothing")
    evidence = [Evidence("policy.json: default", _types(policy.get("default")))]
    if "insecureAcceptAnything" not in evidence[0].value:
        return passed("", *evidence)
    transports = policy.get("transports")
    scopes = transports.get("docker") if isinstance(transports, Mapping) else None
    for scope, rules in sorted(scopes.items()) if isinstance(scopes, Mapping) else ():
        if "insecureAcceptAnything" not in _types(rules):
            evidence.append(Evidence(f"policy.json: docker: {scope or 'all'}", _types(rules)))
    if len(evidence) > 1:
        return manual("signatures are demanded of some registries only", *evidence)
    return failed("images without a signature are accepted", *evidence)


def _types(rules: object) -> str:
    """The types of a policy's rules: `reject`, `signedBy`, `sigstoreSigned`, `insecureAcceptAnything`."""
    found = rules if isinstance(rules, list) else []
    return ", ".join(str(rule.get("type", "")) for rule in found if isinstance(rule, Mapping)) or "none"
