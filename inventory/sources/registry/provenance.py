"""Where an image of an engine comes from: which registry digest leads to it, and who signed that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from inventory.gap import Gap
from inventory.reference import parse
from inventory.signatures.model import Attestation, Mark, Provenance, Signature, Step, Subject
from inventory.signatures.policy import Rule, TrustPolicy
from inventory.signatures.rules import normalised, rule_for
from inventory.sources.registry.access import Access, Stopped
from inventory.sources.registry.faults import Cause
from inventory.sources.registry.layout import Layout
from inventory.sources.registry.lookup import Lookup, look_up
from inventory.sources.registry.names import is_digest
from inventory.sources.registry.platforms import ANY, Platform

if TYPE_CHECKING:
    from inventory.image import Image
    from inventory.signatures.gpg import Gpgv

T = TypeVar("T", Signature, Attestation)
LOCAL = "local"
"""The reason where an image came from no registry: built, loaded or imported here."""
_REPOSITORIES = 4
_DIGESTS = 16
_MADE_HERE = "localhost"  # Podman's name for what has none


def provenance(
    image: Image,
    policy: TrustPolicy,
    access: Access,
    now: float,
    stopped: Stopped | None = None,
    gpgv: Gpgv | None = None,
) -> Provenance:
    """Ask the registries that the image came from; the first good signature counts.

    Those for which a rule demands a signature come first, and others do not make up for one that is missing there,
    unless the same signers count for them. A registry that cannot be asked makes it unknown, never unsigned. Never
    raises.
    """
    claimed = image.peek("repo_digests")
    if isinstance(claimed, Gap):
        return Provenance("", detail=str(claimed), at=now)
    origins = _origins(claimed, policy)
    if not origins:
        detail = "built, loaded or imported here: no registry knows its digest, so nobody can have signed it there"
        rule = _claimed_rule(image, policy)
        demanded = rule is not None and "signature" in rule.require
        return Provenance("", reason=LOCAL, detail=detail, rule=str(rule or ""), demanded=demanded, at=now)
    first: Provenance | None = None
    left = len(origins) - _REPOSITORIES
    for repository, digests in origins[:_REPOSITORIES]:
        found = of_digest(
            repository, digests, policy, access, now,
            image_id=_content_id(image.id), platform=_platform(image), stopped=stopped, gpgv=gpgv,
        )  # fmt: skip
        if found.mark is Mark.VERIFIED and (first is None or _makes_up(repository, first, policy)):
            return found
        first = first or found
        if stopped is not None and stopped():
            break
    if first is None or first.mark is not Mark.UNSIGNED or left <= 0:
        return first or Provenance("", at=now)
    unasked = f"it is known by {left} more repositories, which were not asked"
    return replace(first, mark=Mark.UNKNOWN, reason=Cause.TOO_LARGE.value, detail=unasked, missed=(unasked,))


def of_digest(
    repository: str,
    digests: tuple[str, ...],
    policy: TrustPolicy,
    access: Access,
    now: float,
    *,
    image_id: str = "",
    platform: Platform = ANY,
    layout: Layout | None = None,
    rule: Rule | None = None,
    stopped: Stopped | None = None,
    gpgv: Gpgv | None = None,
) -> Provenance:
    """The same of one repository and digest; without `image_id` there is no image that it should lead to.

    `rule` is for something that has no name in any registry; else the policy's for the repository applies.
    """
    from inventory.signatures.judge import judge

    rule = rule or rule_for(policy, repository)
    seen = look_up(
        repository, digests, access,
        image_id=image_id, platform=platform, rule=rule, directories=policy.signature_directories,
        layout=layout, stopped=stopped,
    )  # fmt: skip
    concluded = judge(Subject(repository, seen.digests), seen.materials, rule, policy, now, gpgv)
    mark, reason, detail = _settled(concluded.mark, concluded.reason, concluded.detail, seen, image_id)
    signatures = tuple(_with_chain(one, repository, seen, image_id) for one in concluded.signatures)
    attestations = (*concluded.attestations, *_claims(seen, mark, signatures))
    if image_id and not seen.leads_here:  # good they may be, of something else
        signatures, attestations = tuple(map(_elsewhere(seen), signatures)), tuple(map(_elsewhere(seen), attestations))
    return Provenance(
        seen.digests[0] if seen.digests else digests[0],
        repository=repository,
        platform_digest=seen.platform_digest,
        mark=mark,
        reason=reason,
        detail=detail,
        by=concluded.by if mark is Mark.VERIFIED else "",
        rule=str(rule or ""),
        demanded=rule is not None and "signature" in rule.require,
        leads_here=seen.leads_here if image_id else None,
        signatures=signatures,
        attestations=attestations,
        looked=(*seen.looked, *((f"{repository} was asked {seen.insecure}",) if seen.insecure else ())),
        missed=seen.missed,
        at=now,
    )


def _claimed_rule(image: Image, policy: TrustPolicy) -> Rule | None:
    """The rule about a repository that a tag claims: it says whose signatures count, demanding ones come first."""
    tags = image.peek("repo_tags")
    names = () if isinstance(tags, Gap) else (one for one in tags if parse(one).registry != _MADE_HERE)
    rules = [rule for name in names if (rule := rule_for(policy, normalised(name))) is not None]
    counting = [rule for rule in rules if rule.signed_by or "signature" in rule.require]
    return next((rule for rule in counting if "signature" in rule.require), next(iter(counting), None))


def _origins(claimed: tuple[str, ...], policy: TrustPolicy) -> list[tuple[str, tuple[str, ...]]]:
    """Repositories with the digests that the engine has of each; those of which a rule wants most come first."""
    found: dict[str, list[str]] = {}
    for reference in claimed:
        digest = reference.rpartition("@")[2]
        repository = normalised(reference)
        if not is_digest(digest) or not repository or parse(reference).registry == _MADE_HERE:
            continue
        known = found.setdefault(repository, [])
        if digest not in known and len(known) < _DIGESTS:
            known.append(digest)

    def rank(repository: str) -> int:
        rule = rule_for(policy, repository)
        if rule is None or not rule.signed_by:
            return 2 if rule is not None else 3
        return 0 if "signature" in rule.require else 1

    return [(repository, tuple(found[repository])) for repository in sorted(found, key=rank)]


def _makes_up(repository: str, first: Provenance, policy: TrustPolicy) -> bool:
    """Whether what is good as one repository is good enough for another."""
    one, other = rule_for(policy, repository), rule_for(policy, first.repository)
    return not first.demanded or (one is not None and other is not None and one.signed_by == other.signed_by)


def _settled(mark: Mark, reason: str, detail: str, seen: Lookup, image_id: str) -> tuple[Mark, str, str]:
    """What the signatures say, together with what could not be looked at and with where the digest leads."""
    first = seen.missed[0] if seen.missed else ""
    if image_id and seen.leads_here is False:
        said = "the registry's manifest of that digest does not lead to this image"
        return Mark.FAILED, "digest_mismatch", said
    if mark is Mark.VERIFIED:
        if image_id and seen.leads_here is None:
            why = first or "its manifest could not be read"
            return Mark.UNKNOWN, "", f"{detail}; but whether that is this image is not known: {why}"
        return mark, reason, detail
    if seen.missed and mark in {Mark.UNSIGNED, Mark.FAILED, Mark.UNSUPPORTED}:
        also = "" if mark is Mark.UNSIGNED else f"{detail}; and there may be others: "
        return Mark.UNKNOWN, _cause(seen), f"{also}{first}"
    if mark is Mark.UNKNOWN and not seen.materials and seen.missed:
        return mark, _cause(seen), first
    return mark, reason, detail


def _elsewhere(seen: Lookup) -> Callable[[T], T]:
    """What makes of something verified what it is for an image to which it does not lead, or perhaps does not."""
    no = seen.leads_here is False
    words = "but its digest does not lead to this image" if no else "but whether that is this image is not known"

    def told(one: T) -> T:
        if one.mark is not Mark.VERIFIED:
            return one
        changed = replace(one, mark=Mark.FAILED if no else Mark.UNKNOWN, detail=f"{one.detail}; {words}".lstrip("; "))
        return replace(changed, reason="digest_mismatch") if no and isinstance(changed, Signature) else changed

    return told


def _cause(seen: Lookup) -> str:
    return (seen.causes[0] if seen.causes else Cause.UNREACHABLE).value


def _with_chain(signature: Signature, repository: str, seen: Lookup, image_id: str) -> Signature:
    """The chain from its beginning: the image that runs, and the manifest that its registry has for it."""
    asked = next((one for one in seen.digests if one == signature.digest), seen.digests[0] if seen.digests else "")
    if not image_id:
        begin: tuple[Step, ...] = (Step("manifest", f"{repository}@{asked}", True if seen.config_digest else None),)
        return replace(signature, steps=(*begin, *signature.steps))
    words = {True: "leads to this image", False: "does not lead to this image", None: "could not be read"}
    through = seen.platform_digest
    by = f" by its manifest {through}" if seen.leads_here and through not in {"", asked} else ""
    begin = (
        Step("image", image_id),
        Step("manifest", f"{repository}@{asked} {words[seen.leads_here]}{by}", seen.leads_here),
    )
    return replace(signature, steps=(*begin, *signature.steps))


def _claims(seen: Lookup, mark: Mark, signatures: tuple[Signature, ...]) -> tuple[Attestation, ...]:
    """Unsigned statements. Those within an index that is signed itself were signed with it."""
    good = {one.digest: one for one in signatures if one.mark is Mark.VERIFIED} if mark is Mark.VERIFIED else {}
    return (*seen.claims, *(_part(one, good.get(index)) for index, one in seen.parts))


def _part(one: Attestation, whole: Signature | None) -> Attestation:
    if whole is None or one.mark is not Mark.UNSIGNED:
        return one
    return replace(one, mark=Mark.VERIFIED, signer=whole.signer, at=whole.at, detail="part of the signed index")


def _content_id(text: str) -> str:
    """Podman leaves the algorithm out."""
    return text if ":" in text or not text else f"sha256:{text}"


def _platform(image: Image) -> Platform:
    return _text(image.peek("os")), _text(image.peek("architecture")), ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
