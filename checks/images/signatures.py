"""Whether somebody whom the site trusts signed an image, and whether its registry's digest really leads to it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from checks.check import Domain, check
from checks.images.trust import pulled, rules, runs
from checks.images.usage import SHOWN
from checks.policy import Policy
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.gap import Gap
from inventory.model import Image
from inventory.signatures.host_policy import with_host
from inventory.signatures.model import Mark, Provenance
from inventory.signatures.policy import Rule
from inventory.signatures.rules import rule_for

FORGED = frozenset({
    "digest_mismatch", "identity_mismatch", "no_matching_key", "bad_signature", "blob_digest_mismatch", "malformed",
    "untrusted_certificate", "set_invalid", "untrusted_log", "log_entry_mismatch", "sct_invalid",
})  # fmt: skip
"""Reasons that a signature which somebody forged, moved or broke has; the others are of age or of purpose."""
_WORDS = {
    "annotation_mismatch": "it was signed for another purpose",
    "identity_mismatch": "somebody else, or for another name, signed it",
    "digest_mismatch": "the signature is another image's",
    "no_matching_key": "no trusted key made the signature",
    "bad_signature": "the signature does not fit what it signs",
    "blob_digest_mismatch": "the registry serves something else than it promises",
    "malformed": "the signature is damaged",
    "untrusted_certificate": "nobody trusted issued the certificate",
    "expired_certificate": "the certificate was not valid at the time",
    "expired_signature": "the signature has expired",
    "set_invalid": "the log's entry is not signed by a trusted log",
    "untrusted_log": "no trusted log holds the signature",
    "log_entry_mismatch": "the log's entry is about something else",
    "sct_invalid": "the certificate is in no trusted certificate log",
    "no_timestamp": "nothing proves when it was signed",
    "unsupported_key": "its key is of a kind that cannot be verified here",
}
_RAISED = {Severity.MEDIUM: Severity.HIGH, Severity.HIGH: Severity.CRITICAL}


@check(
    "IMG-008",
    "Signature missing or not valid",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="Without a verified signature, where an image comes from is a claim.",
    remediation="Find out how the image got here: what is signed by nobody, or for another image, may have been put "
    "into the registry by somebody else. Then sign the digest (`cosign sign --key KEY REPOSITORY@DIGEST`, `notation "
    "sign`), or list who signs it in `signed_by` of its `[[trust.rule]]`. `deckwatch verify IMAGE` shows each step.",
    references=(
        "CIS-Docker-1.6:4.12", "NIST-800-190:4.1.5", "OWASP-Docker:D08", "ATT&CK:T1525", "CWE-347",
    ),
    implied_by=("IMG-042",),
)  # fmt: skip
def signature(image: Image, view: View) -> Verdict:
    """Judges the signatures of the registry's digest that leads to the image, by the most specific `[[trust.rule]]`.

    P: one verifies. F: found and not good (high where it is forged, moved or broken or made by somebody else, medium
    where it expired or was made for another purpose; one worse where the rule demands a signature and a container
    runs), the digest does not lead to this image, or none found where the rule demands one (high; medium while no
    container runs). M: none found, and the rule demands none; signatures found, and nobody said whose count. NA: no
    rule says whose count, and none were found or nobody looked. U: nobody has looked, the registry could not be asked,
    nothing here can verify it, it verifies as another of its names only, whose rule trusts others, or the image was
    built or loaded here. `use_host_policy = "keys"` makes whom policy.json of the host trusts count too. A recording is
    judged by the rule that held there, where none here says whose count. The Docker engine itself verifies none.
    Source: CIS Docker 4.12.
    """
    policy = _policy(image, view)
    counting = [rule for _, rule in rules(image, policy) if _counts(rule)]
    if not counting:
        found = view.analysis(image.id).peek("provenance")
        if isinstance(found, Provenance) and _judged_elsewhere(found):
            return _by_rule(found, image, view)
        return _nobody_said(found)
    if not pulled(image):
        return unknown("built or loaded here: no digest of a registry leads to it that could be signed")
    found = view.analysis(image.id).provenance
    # It may have come from elsewhere than a name of it claims: what the rule about the name demands holds all the same.
    demanding = [rule for rule in counting if "signature" in rule.require]
    others = [rule for rule in demanding if not same_signers(found, rule, policy)]
    if found.mark is Mark.VERIFIED and others:
        said = f"signed by {found.by} as {found.repository}; whether by whom {others[0]} names was not looked at"
        return unknown(said, *_evidence(found))
    return _by_rule(found, image, view, demanding)


def same_signers(found: Provenance, rule: Rule, policy: Policy) -> bool:
    """Whether who counts by a rule is who counted where the image was looked up, maybe by another name of it."""
    asked = rule_for(policy.trust, found.repository)
    return asked is not None and asked.signed_by == rule.signed_by


def _counts(rule: Rule) -> bool:
    """Whether a rule says whose signatures count."""
    return bool(rule.signed_by) or "signature" in rule.require


def _policy(image: Image, view: View) -> Policy:
    """The site's policy; with whom the host's trusts, where that counts and the site's says nothing of the image."""
    trust = view.policy.trust
    if trust.host_policy != "keys" or any(_counts(rule) for _, rule in rules(image, view.policy)):
        return view.policy
    return replace(view.policy, trust=with_host(trust, view.host().image_policy))


def _judged_elsewhere(found: Provenance) -> bool:
    """Whether a rule that is not of this policy said whose signatures count: that of whoever recorded it."""
    judged = found.mark in {Mark.VERIFIED, Mark.FAILED} and bool(found.signatures)
    return bool(found.rule) and (found.demanded or judged)


def _nobody_said(found: object) -> Verdict:
    signed = found.signatures if isinstance(found, Provenance) else ()
    if not signed:
        return not_applicable("nobody said whose signatures count (signed_by of a [[trust.rule]])")
    evidence = [Evidence("signature", f"{one.place}: {one.signer or one.key_id or 'nobody named'}") for one in signed]
    return manual("signed, and nobody said whose signatures count (signed_by of a [[trust.rule]])", *evidence[:SHOWN])


def _by_rule(found: Provenance, image: Image, view: View, demanding: Sequence[Rule] = ()) -> Verdict:
    evidence = _evidence(found)
    demanded = found.demanded or bool(demanding)
    if not found.demanded:
        evidence += [Evidence("policy", str(rule)) for rule in demanding[:SHOWN]]
    if found.leads_here is False:
        return failed("its digest, which could be signed, does not lead to it", Evidence("Id", image.id), *evidence)
    if found.mark is Mark.VERIFIED:
        return passed(f"signed by {found.by}", *evidence)
    if found.mark is Mark.FAILED:
        severity = Severity.HIGH if found.reason in FORGED else Severity.MEDIUM
        if demanded and runs(image, view):
            severity = _RAISED[severity]
        said = _WORDS.get(found.reason, "it is not good")
        message = f"signed, but {said}" + (f": {found.detail}" if found.detail else "")
        return failed(message, *evidence, severity=severity, salient=found.reason)
    if found.mark is Mark.UNSIGNED and demanded:
        severity = Severity.HIGH if runs(image, view) else Severity.MEDIUM
        return failed("not signed, and its rule demands a signature", *evidence, severity=severity)
    if found.mark is Mark.UNSIGNED:
        return manual("not signed; its rule demands no signature", *evidence)
    if found.mark is Mark.UNSUPPORTED:
        return unknown(f"signed, and it cannot be verified here: {found.detail or found.reason}", *evidence)
    return unknown(found.detail or "; ".join(found.missed[:SHOWN]) or "its signatures could not be judged", *evidence)


def _evidence(found: Provenance) -> list[Evidence]:
    return [
        Evidence("digest", f"{found.repository}@{found.digest}" if found.repository else found.digest),
        *([Evidence("policy", found.rule)] if found.rule else []),
        *(
            Evidence(f"signature: {one.place}", _said(one.mark, one.signer, one.reason))
            for one in found.signatures[:SHOWN]
        ),
        *(Evidence("looked", place) for place in found.looked[:SHOWN]),
        *(Evidence("could not look", place) for place in found.missed[:SHOWN]),
    ]


def _said(mark: Mark, signer: str, reason: str) -> str:
    return " ".join(filter(None, (mark.value, f"by {signer}" if signer else "", f"({reason})" if reason else "")))


@check(
    "IMG-042",
    "Registry digest does not lead to the image",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="What runs is not what the registry has under the digest that the engine shows: its signature proves nothing.",
    remediation="Remove the image, pull it anew by its digest, and re-create its containers. If that gives another "
    "image than before, look into who can write to the engine's data directory: somebody changed what is in it.",
    references=("NIST-800-190:4.1.5", "ATT&CK:T1525", "ATT&CK:T1036.005", "CWE-345"),
)
def leads_elsewhere(image: Image, view: View) -> Verdict:
    """Compares the manifest that the registry has under `RepoDigests` with the id of the image.

    F: its configuration, and that of none of its platforms, is this image (critical where a container runs). P: it is.
    NA: no digest of a registry leads to the image. U: nobody has looked, or the registry could not be asked.
    """
    if not pulled(image):
        return not_applicable("built or loaded here: no digest of a registry leads to it")
    found = view.analysis(image.id).provenance
    if found.leads_here is None:
        return unknown("; ".join(found.missed[:SHOWN]) or "the manifest of its digest was not read")
    evidence = [
        Evidence("RepoDigests", f"{found.repository}@{found.digest}" if found.repository else found.digest),
        Evidence("Id", image.id),
    ]
    if found.leads_here:
        return passed("", *evidence)
    severity = Severity.CRITICAL if runs(image, view) else None
    return failed("the manifest of its digest names another image", *evidence, severity=severity)


def looked_at(image: Image, view: View) -> Provenance | None:
    """What is known of an image's origin, None where nobody has looked: for who can do without."""
    found = view.analysis(image.id).peek("provenance")
    return None if isinstance(found, Gap) else found
