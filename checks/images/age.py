"""Age and use of images in the store: stale, unused, dangling, gone, or superseded by what their tag now means."""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import Domain, check
from checks.data.tables import day
from checks.images.reference import is_content_id, parse, tagged
from checks.images.signatures import looked_at
from checks.images.trust import rules
from checks.images.usage import SHOWN, uses
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.model import Container, Image
from inventory.signatures.model import Mark

_DAY = 86400.0
_DOCKER_RELEASED = 1_363_824_000.0  # 2013-03-21; an older date is a reproducible build's fixed time
_VERY_OLD = 365
_UNUSED_FOR = 30


@check(
    "IMG-019",
    "Stale image",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="An image that nobody rebuilds collects known holes.",
    remediation="Rebuild on a current base (`docker build --pull --no-cache`) or pull the newer version, then "
    "re-create the containers. Test it: a newer base may change library versions.",
    references=("CIS-Docker-1.6:4.4", "CIS-Docker-1.6:6.1", "NIST-800-190:4.2.2", "OWASP-Docker:D02", "CWE-1104"),
    implied_by=("IMG-046",),
)
def stale(image: Image, view: View) -> Verdict:
    """Judges `Created` against the time of the snapshot.

    F: older than the policy allows (default 180 days; medium, beyond 365 days high, low when nothing uses it). M: no
    date, or one before 2013, as reproducible builds have. P: newer. U: users could not be listed. Source: CIS 4.4.
    """
    evidence = Evidence("Created", str(day(image.created)) if image.created > 0 else "none")
    if image.created < _DOCKER_RELEASED:
        return manual("does not say when it was built (reproducible build)", evidence)
    age = int((view.now - image.created) / _DAY)
    if age <= view.policy.max_image_age:
        return passed("", evidence)
    users = uses(image, view)
    severity = Severity.HIGH if age > _VERY_OLD else Severity.MEDIUM
    return failed(
        f"built {age} days ago, used by {len(users)}",
        evidence,
        *(use.evidence for use in users[:SHOWN]),
        severity=severity if users else Severity.LOW,
    )


@check(
    "IMG-046",
    "Older than its rule allows",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="The site decided how old an image from there may become: what was fixed since is not in it.",
    remediation="Pull or build a newer version and re-create the containers, or change `max_age_days` of its rule.",
    references=("CIS-Docker-1.6:4.4", "NIST-800-190:4.2.2", "OWASP-Docker:D02", "CWE-1104"),
)
def older_than_its_rule(image: Image, view: View) -> Verdict:
    """Judges the age by `max_age_days` of the most specific `[[trust.rule]]` about a name of the image.

    The age counts from the day of the good signature where one says when it was made, else from `Created`. F: more days
    than the rule allows (low where nothing uses the image). M: no such signature, and no date or one before 2013, as
    reproducible builds have. P: not more. NA: no rule about it says how old it may be. U: users could not be listed.
    """
    limits = [(rule.max_age_days, rule) for _, rule in rules(image, view.policy) if rule.max_age_days is not None]
    if not limits:
        return not_applicable("no rule about it says how old it may be")
    days, rule = min(limits, key=lambda limit: limit[0])
    signed = _signed_at(image, view)
    since = signed or image.created
    evidence = [
        Evidence("signed" if signed else "Created", str(day(since)) if since > 0 else "none"),
        Evidence("policy", f"{rule}: max_age_days = {days}"),
    ]
    if since < _DOCKER_RELEASED:
        return manual("does not say when it was built (reproducible build)", *evidence)
    age = int((view.now - since) / _DAY)
    if age <= days:
        return passed("", *evidence)
    users = uses(image, view)
    message = f"{'signed' if signed else 'built'} {age} days ago, and its rule allows {days}"
    severity = None if users else Severity.LOW
    return failed(message, *evidence, *(use.evidence for use in users[:SHOWN]), severity=severity)


def _signed_at(image: Image, view: View) -> float:
    """When the newest good signature was made, 0.0 where none says so, or it lies in the future."""
    known = looked_at(image, view)
    times = [one.at for one in known.signatures if one.mark is Mark.VERIFIED] if known else []
    return max((at for at in times if 0 < at <= view.now), default=0.0)


@check(
    "IMG-021",
    "Dangling image",
    domain=Domain.IMAGES,
    severity=Severity.INFO,
    subject=Image,
    why="Forgotten code that takes disk space and that no update will reach.",
    remediation="`docker image prune` removes all dangling images. A container that still needs one keeps it.",
    references=("CIS-Docker-1.6:6.1",),
)
def dangling(image: Image, view: View) -> Verdict:
    """Judges `RepoTags` and `RepoDigests`.

    F: both are empty and nothing uses the image. P: it has a name, or is in use. U: users could not be listed.
    """
    if not image.dangling or uses(image, view):
        return passed()
    return failed("no name leads to it and nothing uses it", Evidence("RepoTags", "none"), Evidence("Id", image.id))


@check(
    "IMG-025",
    "Unused image",
    domain=Domain.IMAGES,
    severity=Severity.INFO,
    subject=Image,
    why="Every stored image is something to patch, or to start by mistake.",
    remediation="`docker image rm IMAGE`, or `docker image prune --all --filter until=720h` for all of them. The "
    "next use has to pull or build it again.",
    references=("CIS-Docker-1.6:6.1", "NIST-800-190:4.2.2"),
    implied_by=("IMG-021",),
)
def unused(image: Image, view: View) -> Verdict:
    """Judges whether a container in any state or a service refers to the image.

    F: nothing does and it was built more than 30 days ago. P: something does, or it is newer. U: users could not be
    listed. Source: CIS Docker 6.1.
    """
    users = uses(image, view)
    if users:
        return passed(f"used by {len(users)}")
    age = int((view.now - image.created) / _DAY)
    evidence = (Evidence("Created", str(day(max(image.created, 0.0)))), Evidence("Size", f"{image.size} bytes"))
    return failed("nothing uses it", *evidence) if age > _UNUSED_FOR else passed("", *evidence)


@check(
    "IMG-024",
    "Container does not run what its tag now means",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The fix was pulled or built, but the container still runs the old content.",
    remediation="Re-create the container (`docker compose up -d`, `docker service update --force`). It restarts, and "
    "what it wrote outside volumes is lost.",
    references=("CIS-Docker-1.6:5.28", "NIST-800-190:4.2.2"),
)
def outdated_container(container: Container, view: View) -> Verdict:
    """Compares `Image` (content id) with the image that the tag in `Config.Image` leads to on this engine.

    F: they differ and the container runs. P: they are the same. NA: the reference is a digest or content id, the tag is
    not on this engine (IMG-037), or the container does not run. U: images could not be listed.
    """
    reference = parse(container.image_ref)
    if reference is None or reference.digest or is_content_id(container.image_ref):
        return not_applicable("the image is named by its content")
    current = view.index_of(Image, _by_tag, tagged(reference))
    if current is None:
        return not_applicable(f"this engine has no image tagged {container.image_ref}")
    if current.id == container.image_id:
        return passed()
    if not container.running:
        return not_applicable("the container does not run")
    evidence = [
        Evidence("Image", container.image_id),
        Evidence(f"{container.image_ref}: Id", current.id, current.key),
        Evidence(f"{container.image_ref}: Created", str(day(max(current.created, 0.0)))),
    ]
    return failed(f"{container.image_ref} means another image by now", *evidence)


@check(
    "IMG-037",
    "Running container whose image is gone",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Container,
    why="What runs cannot be inspected, scanned or started again.",
    remediation="Re-create the container from an image that is still there. If nobody removed the image on purpose, "
    "find out who did: it may be somebody covering traces.",
    references=("NIST-800-190:4.4.5", "ATT&CK:T1070", "ATT&CK:T1036.005"),
)
def image_gone(container: Container, view: View) -> Verdict:
    """Judges whether the image with the container's content id is still in the store.

    F: it is not and the container runs. M: it is not and the container does not run. P: it is there. U: images could
    not be listed, or the engine does not say which image it is. Source: NIST SP 800-190 4.4.5.
    """
    if not container.image_id:
        return unknown("the engine does not say which image the container was made from")
    if view.image(container.image_id) is not None:
        return passed()
    evidence = (Evidence("Image", container.image_id), Evidence("Config.Image", container.image_ref))
    message = "the image is no longer in the store"
    return failed(message, *evidence) if container.running else manual(message, *evidence)


def _by_tag(images: tuple[Image, ...]) -> Mapping[str, Image]:
    found = {}
    for image in images:
        for tag in image.repo_tags:
            reference = parse(tag)
            if reference:
                found[tagged(reference)] = image
    return found
