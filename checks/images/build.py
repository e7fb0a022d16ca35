"""How an image was built: unverified downloads, ADD, package management, switched-off signature checks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checks.check import Domain, check
from checks.images.steps import Step, runs, steps
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Image

# Gaps are bounded: the text is the image author's, and an unbounded gap makes a hostile one take for ever.
_REMOTE = re.compile(r"(?:^|\s)(?:https?://|git@|git://|ssh://)\S+", re.IGNORECASE)
_PIPED = re.compile(r"\b(?:curl|wget)\b[^|;&]{0,200}\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:\S*/)?(?:ba|da|z|a|k)?sh\b")
_PIPED_LANGUAGE = re.compile(
    r"\b(?:curl|wget)\b[^|;&]{0,200}\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:\S*/)?(?:python|perl|ruby|node|php)"
)
_SUBSTITUTED = re.compile(r"\b(?:ba|da|z|a|k)?sh\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)\b")
_CLEAR = re.compile(r"\b(?:curl|wget)\b[^|;&]{0,200}\shttp://(?!localhost\b|127\.|\[::1\])", re.IGNORECASE)
_NO_CERTIFICATE = re.compile(
    r"\bcurl\b[^|;&]{0,200}\s(?:--insecure\b|-[a-zA-Z]*k[a-zA-Z]*(?=\s))|\bwget\b[^|;&]{0,200}\s--no-check-certificate\b"
)
_DOWNLOADS = (
    (_PIPED, "a download piped to a shell"),
    (_PIPED_LANGUAGE, "a download piped to an interpreter"),
    (_SUBSTITUTED, "a download run by a shell"),
    (_CLEAR, "a download without TLS"),
    (_NO_CERTIFICATE, "a download without certificate check"),
)
_UNSIGNED = re.compile(
    r"--allow-unauthenticated\b|--force-yes\b|--no-gpg-check(?:s)?\b|--nogpgcheck\b|\[[^\]]{0,100}trusted=yes[^\]]{0,100}\]"
    r"|--allow-untrusted\b|--trusted-host\b|strict-ssl[ =]+false|GIT_SSL_NO_VERIFY=(?:1|true)|PYTHONHTTPSVERIFY=0"
    r"|NODE_TLS_REJECT_UNAUTHORIZED=[\"']?0",
    re.IGNORECASE,
)
_UPDATE = re.compile(
    r"\b(?:apt-get|apt|apk|zypper)\b(?:\s+-\S+)*\s+(?:update|refresh)\b|\b(?:yum|dnf)\b(?:\s+-\S+)*\s+(?:check-update|makecache)\b"
)
_INSTALL = re.compile(
    r"\b(?:apt-get|apt|apk|zypper|yum|dnf)\b(?:\s+-\S+)*\s+(?:install|add|in|upgrade|dist-upgrade|full-upgrade)\b"
)
_DIST_UPGRADE = re.compile(r"\b(?:apt-get|apt)\b(?:\s+-\S+)*\s+(?:dist-upgrade|full-upgrade)\b")
_UPGRADE = re.compile(
    r"\b(?:apt-get|apt|apk)\b(?:\s+-\S+)*\s+upgrade\b|\b(?:yum|dnf)\b(?:\s+-\S+)*\s+(?:update|upgrade)(?:\s+-\S+)*\s*(?:$|[;&|])"
)


@check(
    "IMG-028",
    "Unverified download piped to a shell",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="The build runs code that nobody reviewed, from whoever answers the request.",
    remediation="Download over https to a file, compare its checksum (`echo 'SHA256  file' | sha256sum -c`), then "
    "run it; with BuildKit: `ADD --checksum=sha256:... URL`. The checksum has to be updated with every new version.",
    references=("CIS-Docker-1.6:4.11", "NIST-800-190:4.1.3", "ATT&CK:T1105", "CWE-494"),
)
def unverified_download(image: Image, view: View) -> Verdict:
    """Judges RUN and ADD steps of the history.

    F: curl or wget piped to, or substituted into, a shell or interpreter; a download by curl, wget or ADD over http; a
    switched-off certificate check. P: none. NA: the history says nothing (imported). U: the history could not be read.
    Source: CIS Docker 4.11.
    """
    described = steps(image)
    if not described:
        return _nothing()
    found = [(step, what) for step in described if (what := _download(step))]
    if not found:
        return passed()
    what = ", ".join(dict.fromkeys(what for _step, what in found))
    return failed(f"the build has {what}", *_shown(step for step, _what in found))


@check(
    "IMG-016",
    "ADD used",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="ADD unpacks archives and fetches URLs silently; what it fetched from a URL nobody verified.",
    remediation="Use COPY for local files. For a URL: `ADD --checksum=sha256:... URL` or a RUN that verifies. COPY "
    "does not unpack archives: add a tar step where that was relied upon.",
    references=("CIS-Docker-1.6:4.9", "CWE-494", "CWE-829"),
)
def add_used(image: Image, view: View) -> Verdict:
    """Judges ADD steps of the history, except the one that made the lowest layer (the base image's root file system).

    F: ADD of a local file (low); of an http(s) or git source without --checksum (medium). P: none. NA: the history says
    nothing (imported). U: the history could not be read. Source: CIS Docker 4.9.
    """
    described = steps(image)
    if not described:
        return _nothing()
    base = max((step.index for step in described if step.size > 0), default=-1)
    added = [step for step in described if step.instruction == "ADD" and step.index != base]
    remote = [step for step in added if _REMOTE.search(step.text) and "--checksum=" not in step.text]
    if remote:
        return failed("ADD from a remote source without checksum", *_shown(remote), severity=Severity.MEDIUM)
    return failed(f"{len(added)} ADD step(s)", *_shown(added)) if added else passed()


@check(
    "IMG-017",
    "Package index update in its own step",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="The cached step keeps an old package index for ever, so a rebuild installs old packages.",
    remediation="Put both into one step: `RUN apt-get update && apt-get install -y --no-install-recommends PACKAGE && "
    "rm -rf /var/lib/apt/lists/*`. The step is then rebuilt as a whole.",
    references=("CIS-Docker-1.6:4.7",),
)
def lone_update(image: Image, view: View) -> Verdict:
    """Judges RUN steps of the history, untruncated.

    F: a step updates a package index (apt-get, apt, apk, zypper, yum, dnf) and installs nothing. P: none. NA: the
    history says nothing (imported). U: the history could not be read. Source: CIS Docker 4.7.
    """
    if not steps(image):
        return _nothing()
    found = [step for step in runs(image) if _UPDATE.search(step.text) and not _INSTALL.search(step.text)]
    return failed("a step only updates the package index", *_shown(found)) if found else passed()


@check(
    "IMG-029",
    "Package authenticity disabled",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="Without signature and certificate checks, whoever is on the path decides what gets installed.",
    remediation="Remove the option and add the repository's key or CA instead (`signed-by=`, "
    "`update-ca-certificates`). The build fails until the key is there.",
    references=("CIS-Docker-1.6:4.11", "ATT&CK:T1195", "CWE-295", "CWE-347"),
)
def unsigned_packages(image: Image, view: View) -> Verdict:
    """Judges the steps of the history and `Config.Env`.

    F: an option or variable that switches package signatures or TLS verification off (--allow-unauthenticated,
    --nogpgcheck, [trusted=yes], --allow-untrusted, --trusted-host, strict-ssl false, GIT_SSL_NO_VERIFY,
    PYTHONHTTPSVERIFY=0, NODE_TLS_REJECT_UNAUTHORIZED=0). P: none. U: history or configuration could not be read.
    """
    found = [Evidence("Config.Env", variable) for variable in image.env if _UNSIGNED.search(variable)]
    found += _shown(step for step in steps(image) if _UNSIGNED.search(f"{step.arguments} {step.text}"))
    return failed("signature or certificate checks are switched off", *found) if found else passed()


@check(
    "IMG-036",
    "dist-upgrade in build",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="An upgrade inside the build is not reproducible and hides that the base image is old.",
    remediation="Update the base image instead (`docker build --pull`), and drop the upgrade step.",
    references=("CIS-Docker-1.6:4.4",),
)
def upgrade_in_build(image: Image, view: View) -> Verdict:
    """Judges RUN steps of the history.

    F: `apt-get dist-upgrade` or `full-upgrade`. M: a plain upgrade (apt-get, apt, apk, yum, dnf). P: neither. NA: the
    history says nothing (imported). U: the history could not be read. Source: CIS Docker 4.4.
    """
    if not steps(image):
        return _nothing()
    complete = [step for step in runs(image) if _DIST_UPGRADE.search(step.text)]
    if complete:
        return failed("the build upgrades the whole distribution", *_shown(complete))
    plain = [step for step in runs(image) if _UPGRADE.search(step.text)]
    return manual("the build upgrades packages of its base image", *_shown(plain)) if plain else passed()


def _download(step: Step) -> str:
    if step.instruction == "ADD":
        return "a download without TLS" if re.search(r"(?:^|\s)http://", step.text, re.IGNORECASE) else ""
    if step.instruction != "RUN":
        return ""
    return next((what for pattern, what in _DOWNLOADS if pattern.search(step.text)), "")


def _shown(found: Iterable[Step]) -> list[Evidence]:
    return [step.evidence for step in found][:SHOWN]


def _nothing() -> Verdict:
    return not_applicable("the history holds no build step (imported image)")
