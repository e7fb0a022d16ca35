"""Programs in an image that serve whoever got in, and those that nobody wants."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.looked_into import as_far_as_read, brought_by, contents_of, remark, shown
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.contents.model import Contents, Executable
from inventory.image import Image

_NAMED = 12


@check(
    "IMG-033",
    "Shell, package manager, compiler or network tools in image",
    domain=Domain.IMAGES,
    severity=Severity.INFO,
    subject=Image,
    why="Tools that the application does not need serve whoever got in.",
    remediation="Build in one stage and copy only the result into a small last one (`FROM scratch`, a distroless base, "
    "or a slim one). Without a shell nobody can `exec` one for a look either.",
    references=("CIS-Docker-1.6:4.3", "NIST-800-190:4.1.2", "ATT&CK:T1059", "ATT&CK:T1105"),
)
def tools_in_image(image: Image, view: View) -> Verdict:
    """Judges the names in the directories of programs when all layers are laid over each other.

    M: always, with the tools by class (shell, package manager, compiler, network, interpreter, debugger); the score is
    the number of classes. P: none of them (distroless). U: nobody looked into the image, or not all of it could be
    read. Source: NIST SP 800-190 4.1.2, CIS Docker 4.3.
    """
    contents = contents_of(image, view)
    found = {kind: paths for kind, paths in sorted(contents.tools.items()) if paths}
    if not found:
        return as_far_as_read(contents, passed())
    message = f"tools of {len(found)} class(es): {', '.join(found)}"
    return manual(message + remark(contents), *(Evidence(kind, _listed(paths)) for kind, paths in found.items()))


def _listed(paths: tuple[str, ...]) -> str:
    rest = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


@check(
    "IMG-034",
    "Known-bad file or name",
    domain=Domain.IMAGES,
    severity=Severity.CRITICAL,
    subject=Image,
    why="A miner or another malicious program was built into the image, or came with its base.",
    remediation="Stop what runs from the image, keep one container for the investigation, and find out which build "
    "step or base image brought the file. Build anew from a base that you trust; change credentials that it had.",
    references=("NIST-800-190:4.1.3", "ATT&CK:T1204.003", "ATT&CK:T1496", "CWE-506"),
)
def known_bad_file(image: Image, view: View) -> Verdict:
    """Judges the executable files that are left when all layers are laid over each other.

    F: one has the name of a known miner, or a SHA-256 that the list of images.bad_hashes holds. P: none, and there is
    such a list. NA: there is none. U: nobody looked into the image, not all of it could be read, or it was not compared
    with the list. Source: NIST SP 800-190 4.1.3.
    """
    contents = contents_of(image, view)
    if contents.suspicious:
        evidence = shown(contents.suspicious, lambda one: _evidence(contents, one))
        first = contents.suspicious[0]
        message = f"{len(contents.suspicious)} known-bad program(s), such as {first.path}"
        return failed(message + remark(contents), *evidence, salient=first.path)
    if not view.policy.bad_hashes:
        return not_applicable("there is no list of bad programs (images.bad_hashes)")
    if not contents.hashes_checked:
        again = "press v on the image, or scan --deep"
        return unknown(f"its programs were not compared with the list of images.bad_hashes as it is now: {again}")
    return as_far_as_read(contents, passed(f"compared with the list of {contents.hashes_checked} digests"))


def _evidence(contents: Contents, one: Executable) -> Evidence:
    origin = brought_by(contents, one.layer)
    said = [one.rule, f"sha256 {one.sha256}" if one.sha256 else "", origin]
    return Evidence(one.path, ", ".join(part for part in said if part))
