"""What the build steps leave in an image that nobody needs at run time: package caches, sudo."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checks.check import Domain, check
from checks.images.looked_into import as_far_as_read, brought_by, shown
from checks.images.steps import Step, runs, steps
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.contents.model import Cache, Contents
from inventory.model import Image

WORTH_IT = 1 << 20
"""Bytes: a step that adds less holds no cache to speak of."""
# Gaps are bounded: the text is the image author's, and an unbounded gap makes a hostile one take for ever.
_OPTIONS = r"(?:\s+-{1,2}\S{1,80}){0,12}"
_CACHES = (
    # what fills the cache, what keeps or makes it empty, whose it is
    (
        re.compile(rf"\b(?:apt-get|apt|aptitude)\b{_OPTIONS}\s+(?:install|update|upgrade|dist-upgrade)\b"),
        re.compile(r"/var/lib/apt/lists|/var/lib/apt\b|/var/lib/\*"),
        "apt",
    ),
    (
        re.compile(rf"\bapk\b{_OPTIONS}\s+(?:add|update|upgrade)\b"),
        re.compile(r"--no-cache\b|/var/cache/apk|\bapk\s+cache\s+(?:clean|purge)|/var/cache/\*"),
        "apk",
    ),
    (
        re.compile(rf"\b(?:yum|dnf|microdnf|tdnf)\b{_OPTIONS}\s+(?:install|update|upgrade|makecache)\b"),
        re.compile(r"\bclean\s+(?:all|packages)\b|/var/cache/(?:yum|dnf|libdnf5|tdnf)|/var/cache/\*"),
        "yum/dnf",
    ),
    (
        re.compile(rf"\bzypper\b{_OPTIONS}\s+(?:install|in|update|up|refresh|ref)\b"),
        re.compile(r"\bzypper\b[^;&|]{0,80}\s(?:clean|cc)\b|/var/cache/zypp|/var/cache/\*"),
        "zypper",
    ),
    (
        re.compile(rf"\bpip[0-9.]{{0,4}}{_OPTIONS}\s+(?:install|download|wheel)\b"),
        re.compile(r"--no-cache-dir\b|\.cache\b|\bpip[0-9.]{0,4}\s+cache\s+purge|PIP_NO_CACHE_DIR="),
        "pip",
    ),
    (
        re.compile(rf"\bnpm\b{_OPTIONS}\s+(?:install|i|ci)\b"),
        re.compile(r"\bnpm\s+cache\s+clean|\.npm\b|--cache[ =]/tmp"),
        "npm",
    ),
)  # fmt: skip
_INSTALLS_SUDO = re.compile(
    rf"\b(?:apt-get|apt|aptitude|apk|yum|dnf|microdnf|tdnf|zypper)\b{_OPTIONS}\s+(?:install|add|in)\b"
    r"(?:\s+[^\s;&|]{1,120}){0,200}?\s+sudo(?:[=<>~][^\s;&|]{0,60})?(?=\s|$|[;&|])"
)
_USES_SUDO = re.compile(r"(?:^|[;&|(]\s{0,20}|\b(?:then|do|else)\s+)(?:/usr/bin/)?sudo\s+[-\w/]")


@check(
    "IMG-018",
    "Package-manager caches left in image",
    domain=Domain.IMAGES,
    severity=Severity.INFO,
    subject=Image,
    why="Caches make every pull bigger and tell which packages, of which age, were used.",
    remediation=(
        "Clean in the step that installs: `apt-get install -y P && rm -rf /var/lib/apt/lists/*`, `apk add --no-cache "
        "P`, `dnf install -y P && dnf clean all`, `pip install --no-cache-dir P`; or give the cache a build mount "
        "(`RUN --mount=type=cache,...`). The image gets smaller, nothing else changes."
    ),
    references=("CIS-Docker-1.6:4.3",),
)
def package_caches(image: Image, view: View) -> Verdict:
    """Judges RUN steps of the history that added at least 1 MiB, and the files where somebody looked into the image.

    Fail: more than 1 MiB of files is left in caches of package managers, /tmp and /var/tmp; or a step installs by apt,
    apk, yum, dnf, zypper, pip or npm and does not clean up in the same step: a later clean-up frees nothing. A cache on
    a build mount is not told by the history and looks the same. Pass: none. Not applicable: the history says nothing
    (imported) and nobody looked into the image. Unknown: the history could not be read, or not all of the image.
    Source: CIS Docker 4.3.
    """
    found = view.analysis(image.id).peek("contents")
    contents = found if isinstance(found, Contents) else None
    files = _files(contents) if contents is not None else []
    if files:
        return failed("caches are left in the image", *files)
    nothing = as_far_as_read(contents, passed()) if contents is not None else None
    if not steps(image):
        return nothing or not_applicable("the history holds no build step (imported image)")
    kept = "PIP_NO_CACHE_DIR=" if any(one.startswith("PIP_NO_CACHE_DIR=") for one in image.env) else ""
    left = [(step, names) for step in runs(image) if step.size >= WORTH_IT and (names := _left(step, kept))]
    if not left:
        return nothing or passed()
    managers = ", ".join(dict.fromkeys(name for _, names in left for name in names))
    return failed(f"the cache of {managers} is left in its layers", *_shown(step for step, _ in left))


def _files(contents: Contents) -> list[Evidence]:
    """The caches, largest first, if together they hold something to speak of."""
    if sum(cache.size for cache in contents.caches) <= WORTH_IT:
        return []
    largest = sorted(contents.caches, key=lambda cache: (-cache.size, cache.path))
    return shown(largest, lambda cache: _cache(contents, cache))


def _cache(contents: Contents, cache: Cache) -> Evidence:
    said = f"{cache.size} bytes in {cache.files} file(s)"
    origin = brought_by(contents, cache.layer)
    return Evidence(cache.path, f"{said}, {origin}" if origin else said)


def _left(step: Step, settings: str) -> list[str]:
    text = f"{step.arguments} {settings} {step.text}"
    return [name for fills, empties, name in _CACHES if fills.search(step.text) and not empties.search(text)]


@check(
    "IMG-027",
    "sudo in image",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="sudo is a set-user-id program: a path back to root for whoever runs as another user.",
    remediation=(
        "Do as root what needs root in earlier build steps, then set USER; to change the user at the start use gosu, "
        "su-exec or setpriv. --security-opt no-new-privileges makes sudo fail."
    ),
    references=("ATT&CK:T1548.003", "CWE-250"),
)
def sudo_in_image(image: Image, view: View) -> Verdict:
    """Judges the steps of the history; the layers themselves are not read.

    Fail: a step installs sudo by a package manager or runs it, or ENTRYPOINT or CMD do. Pass: none. Not applicable: the
    history says nothing (imported). Unknown: the history could not be read. Source: Trivy DS-0010, hadolint DL3004.
    """
    if not steps(image):
        return not_applicable("the history holds no build step (imported image)")
    found = [step for step in runs(image) if _INSTALLS_SUDO.search(step.text) or _USES_SUDO.search(step.text)]
    started = next((word for word in (*image.entrypoint, *image.command)[:1] if word.rpartition("/")[2] == "sudo"), "")
    evidence = [*_shown(found), *([Evidence("Config.Entrypoint", started)] if started else [])]
    return failed("sudo is installed or used", *evidence) if evidence else passed()


def _shown(found: Iterable[Step]) -> list[Evidence]:
    return [step.evidence for step in found][:SHOWN]
