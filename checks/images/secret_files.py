"""Secrets in the files of an image's layers, whether or not a later layer deletes them."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.looked_into import as_far_as_read, brought_by, contents_of, remark, shown
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.contents.model import Contents, SecretFile
from inventory.image import Image

_KEY = "private-key"


@check(
    "IMG-014",
    "Secret file in a layer, also when deleted later",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="Whoever can pull the image has every file of every layer, also those that a later layer deletes.",
    remediation="Change the secret: what was in an image counts as known. Then rebuild without it: name it in "
    ".dockerignore, give it to a build step as `RUN --mount=type=secret,id=NAME`, and to the container at run time as "
    "a file. Deleting it in a later step changes nothing.",
    references=("CIS-Docker-1.6:4.10", "NIST-800-190:4.1.4", "ATT&CK:T1552.001", "CWE-538"),
)
def secret_file(image: Image, view: View) -> Verdict:
    """Judges the files of all layers, those that a later layer deletes or replaces too.

    F: a file holds a secret (high); it is a private key that no passphrase protects (critical). M: files are only named
    as if they did, or hold a key that comes with a package and that everybody has. P: none. U: nobody looked into the
    image, or not all of it could be read. Values are shown masked. Source: CIS Docker 4.10.
    """
    contents = contents_of(image, view)
    found = sorted(contents.secrets, key=lambda one: (one.kind != "content", one.rule != _KEY, one.path, one.layer))
    held = [one for one in found if one.kind == "content"]
    if not held:
        if not found:
            return as_far_as_read(contents, passed())
        message = f"{len(found)} file(s) named as if they held secrets{remark(contents)}"
        return manual(message, *_shown(contents, found))
    deleted = sum(1 for one in held if one.removed_in)
    message = f"{len(held)} secret(s) in the files of its layers"
    if deleted:
        message += f", {deleted} of them deleted or replaced later and still shipped"
    severity = Severity.CRITICAL if any(one.rule == _KEY for one in held) else Severity.HIGH
    return failed(message + remark(contents), *_shown(contents, held), severity=severity, salient=held[0].path)


def _shown(contents: Contents, found: list[SecretFile]) -> list[Evidence]:
    return shown(found, lambda one: _evidence(contents, one))


def _evidence(contents: Contents, secret: SecretFile) -> Evidence:
    said = [f"[{secret.rule}]", f"{secret.size} bytes"]
    if secret.masked:
        said.insert(0, secret.masked)
    value = " ".join(said[:-1]) + f", {said[-1]}"
    if origin := brought_by(contents, secret.layer):
        value += f", {origin}"
    if secret.removed_in:
        number = contents.layer_number(secret.removed_in)
        value += f", deleted or replaced in layer {number}" if number else ", deleted or replaced later"
    return Evidence(secret.path, value)
