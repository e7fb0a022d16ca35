"""How firmly an image is named by those who use it: floating tags, missing digests."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.reference import is_content_id, parse
from checks.images.usage import SHOWN, uses
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.model import Image
from inventory.signatures.policy import Rule
from inventory.signatures.rules import normalised, rule_for

FLOATING = frozenset({"", "latest", "stable", "edge", "main", "master", "nightly", "dev"})


@check(
    "IMG-002",
    "Floating tag in use",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="What a floating tag means changes without notice, so nobody can say what will run after the next pull.",
    remediation="Use a version tag or, better, a digest: `image: app:1.4.2@sha256:...`. Updates then need a change "
    "of the reference, which is the point.",
    references=("CIS-Docker-1.6:5.28", "NSA-CISA:pod security", "ATT&CK:T1525", "CWE-829"),
    implied_by=("IMG-047",),
)
def floating_tag(image: Image, view: View) -> Verdict:
    """Judges the references by which containers (any state) and services use the image.

    F: one has neither digest nor tag, or the tag latest, stable, edge, main, master, nightly or dev without a digest.
    P: every reference has another tag or a digest, or is a content id. NA: nothing uses the image.
    U: containers, or on a Swarm manager services, could not be listed. Source: CIS Docker 5.28.
    """
    users = uses(image, view)
    floating = [use for use in users if _floats(use.reference)]
    if not users:
        return not_applicable("no container and no service uses the image")
    if not floating:
        return passed()
    references = sorted({use.reference for use in floating})
    message = f"{len(floating)} user(s) follow a floating tag: {', '.join(references[:SHOWN])}"
    return failed(message, *(use.evidence for use in floating[:SHOWN]), Evidence("Id", image.id))


@check(
    "IMG-003",
    "Not pinned by digest",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="Only a digest fixes the content: a registry, or whoever controls it, can move any tag.",
    remediation="Add the digest to the reference (`docker image inspect --format '{{.RepoDigests}}' IMAGE` shows it). "
    "Automatic updates then need a tool that changes the reference.",
    references=("CIS-Docker-1.6:6.1", "NIST-800-190:4.1.5", "ATT&CK:T1525", "CWE-494"),
    implied_by=("IMG-047",),
)
def not_pinned(image: Image, view: View) -> Verdict:
    """Judges the references by which containers (any state) and services use the image.

    F: one has no `@sha256:`. P: all have it, or are content ids. NA: nothing uses the image, or it has no repository
    digest because it was built or loaded here (IMG-005). U: users could not be listed. Source: CIS Docker 6.1.
    """
    if not image.repo_digests:
        return not_applicable("built or loaded on this host: there is no registry digest to pin")
    users = uses(image, view)
    if not users:
        return not_applicable("no container and no service uses the image")
    loose = [use for use in users if "@" not in use.reference and not is_content_id(use.reference)]
    if not loose:
        return passed()
    digest = Evidence("RepoDigests", ", ".join(image.repo_digests[:SHOWN]))
    return failed(f"{len(loose)} user(s) name it without a digest", *(use.evidence for use in loose[:SHOWN]), digest)


@check(
    "IMG-047",
    "Used by a tag where a rule requires more",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="The site decided that nobody may change what runs by moving a tag, and here somebody can.",
    remediation="Name the image by its digest where it is used: `image: app:1.4.2@sha256:...` (`docker image inspect "
    "--format '{{.RepoDigests}}' IMAGE` shows it). Updates then need a change of the reference.",
    references=("CIS-Docker-1.6:5.28", "CIS-Docker-1.6:6.1", "NIST-800-190:4.1.5", "ATT&CK:T1525", "CWE-494"),
)
def looser_than_its_rule(image: Image, view: View) -> Verdict:
    """Judges the references by which containers (any state) and services use the image, by `[[trust.rule]]`.

    F: one has no `@sha256:` where the most specific rule about its repository requires digest, or has a floating tag
    (IMG-002) where it requires immutable-tag. P: all have it, or are content ids. NA: nothing uses the image, or no
    rule about a reference requires either. U: users could not be listed. Source: CIS Docker 6.1.
    """
    if not any({"digest", "immutable-tag"} & set(rule.require) for rule in view.policy.trust.rules):
        return not_applicable("no rule requires a digest")
    ruled = [(use, rule) for use in uses(image, view) if (rule := _rule(use.reference, view)) is not None]
    if not ruled:
        return not_applicable("nothing uses the image by a name about which a rule requires a digest")
    loose = [(use, rule) for use, rule in ruled if _looser(use.reference, rule)]
    if not loose:
        return passed()
    said = dict.fromkeys(Evidence("policy", str(rule)) for _, rule in loose[:SHOWN])
    references = ", ".join(dict.fromkeys(use.reference for use, _ in loose[:SHOWN]))
    return failed(
        f"{len(loose)} user(s) name it by a tag: {references}", *(use.evidence for use, _ in loose[:SHOWN]), *said
    )


def _rule(reference: str, view: View) -> Rule | None:
    rule = rule_for(view.policy.trust, normalised(reference))
    return rule if rule is not None and {"digest", "immutable-tag"} & set(rule.require) else None


def _looser(reference: str, rule: Rule) -> bool:
    return ("digest" in rule.require and "@" not in reference) or _floats(reference)


def _floats(text: str) -> bool:
    reference = parse(text)
    return reference is not None and not reference.digest and reference.tag in FLOATING
