"""Which user an image runs as."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.usage import SHOWN, container_uses
from checks.users import Identity, parse_user
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.model import Container, Image


@check(
    "IMG-001",
    "Image runs as root by default",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="Root in the container is the first half of most escapes.",
    remediation="End the Dockerfile with `USER 10001:10001` (a number, so that nobody has to look it up); files that "
    "the program writes must belong to that user, and ports below 1024 need another way in.",
    references=(
        "CIS-Docker-1.6:4.1", "PSS:restricted:Running as Non-root", "NIST-800-190:4.1.2", "OWASP-Docker:D01",
        "ATT&CK:T1611", "CWE-250",
    ),
)  # fmt: skip
def runs_as_root(image: Image, view: View) -> Verdict:
    """Judges `Config.User` of the image.

    F: the user part (before ":") is empty, `root` or all zeros. M: a name other than root, because the image's own
    /etc/passwd decides which number it is. P: a number above 0. U: the image could not be inspected.
    Evidence lists containers that take this default as it is. Source: CIS Docker 4.1.
    """
    user = parse_user(image.user)
    evidence = Evidence("Config.User", image.user)
    if user.identity is Identity.OTHER:
        return passed("", evidence)
    if user.identity is Identity.NAMED:
        return manual(f"runs as {user.user!r}: the image's /etc/passwd decides whether that is root", evidence)
    takers = [use.user for use in container_uses(image, view) if isinstance(use.user, Container)]
    plain = [taker for taker in takers if taker.peek("user") == image.user]
    who = tuple(Evidence(f"{taker.name}: Config.User", str(taker.peek("user")), taker.key) for taker in plain[:SHOWN])
    words = f"; {len(plain)} container(s) take this default" if plain else ""
    return failed(f"runs as root unless told otherwise{words}", evidence, *who)
