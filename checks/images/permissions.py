"""Rights of the files in an image that give away more than their owner meant."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase

from checks.check import Domain, check
from checks.images.looked_into import as_far_as_read, contents_of, evidence_of, remark, shown
from checks.policy import Policy
from checks.verdict import Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.contents.files.trusted_paths import trusted
from inventory.contents.model import FileFact
from inventory.image import Image

# What the base systems of Debian, Ubuntu, Alpine and the RPM family bring along, below the usual directories.
_USUAL = frozenset(
    (
        "su", "mount", "umount", "ping", "ping6", "passwd", "chsh", "chfn", "newgrp", "sg", "gpasswd", "chage",
        "expiry", "unix_chkpwd", "pam_timestamp_check", "wall", "write", "write.ul", "bbsuid",
    )
)  # fmt: skip
_SYSTEM = frozenset(("/bin", "/sbin", "/usr/bin", "/usr/sbin"))
_SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@check(
    "IMG-015",
    "Setuid or setgid files in image",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="A program that runs as its owner gives root back to a user who is not root.",
    remediation="Take the bit away where nobody needs it: `RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +` "
    "as the last step that runs as root; su, ping and passwd then work for root only. What is wanted goes into "
    "images.allowed_set_id. --security-opt no-new-privileges makes the bits without effect.",
    references=("CIS-Docker-1.6:4.8", "ATT&CK:T1548.001", "CWE-250"),
)
def set_id_files(image: Image, view: View) -> Verdict:
    """Judges the regular files that are left when all layers are laid over each other.

    F: one with the set-user-id or set-group-id bit that is neither one of those of root that base systems bring along
    (su, mount, passwd and the like in /bin, /sbin, /usr/bin, /usr/sbin) nor fits images.allowed_set_id; sudo is allowed
    by the policy only. M: only such. P: none. U: nobody looked into the image, or not all of it could be read. Source:
    CIS Docker 4.8.
    """
    contents = contents_of(image, view)
    found = sorted(contents.set_id, key=lambda file: file.path)
    if not found:
        return as_far_as_read(contents, passed())
    odd = [file for file in found if not _allowed(file, view.policy)]
    evidence = shown(odd or found, lambda file: evidence_of(contents, file))
    if odd:
        message = f"{len(odd)} set-id file(s) that no base system brings along"
        return failed(message + remark(contents), *evidence, salient=odd[0].path)
    return manual(f"{len(found)} usual or allowed set-id file(s){remark(contents)}", *evidence)


def _allowed(file: FileFact, policy: Policy) -> bool:
    directory, _, name = file.path.rpartition("/")
    usual = name in _USUAL and directory in _SYSTEM and file.uid == 0
    return usual or any(fnmatchcase(file.path, pattern) for pattern in policy.allowed_set_id)


@check(
    "IMG-030",
    "World-writable files in trusted paths",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="Anyone inside can replace what root runs.",
    remediation="Take the right away in the step that copies: `COPY --chmod=755 ...`, or `RUN chmod -R o-w PATH`. A "
    "program that writes beside itself needs a directory of its own, owned by its user.",
    references=("CIS-Docker-1.6:4.3", "CWE-732"),
)
def world_writable_files(image: Image, view: View) -> Verdict:
    """Judges what is left when all layers are laid over each other.

    F: a file, or a directory without the sticky bit, that everybody may write to below /bin, /sbin, /usr, /lib*, /etc
    or /opt, or the program that the image starts. P: none. U: nobody looked into the image, or not all of it could be
    read. Source: CIS Docker 4.3.
    """
    contents = contents_of(image, view)
    starts = frozenset(_started(image)) if contents.world_writable else frozenset()
    found = sorted(
        (file for file in contents.world_writable if file.path in starts or trusted(file.path.lstrip("/"))),
        key=lambda file: (file.path not in starts, file.path),
    )
    if not found:
        return as_far_as_read(contents, passed())
    evidence = shown(found, lambda file: evidence_of(contents, file))
    message = f"everybody may write to {len(found)} file(s) or directories that others trust"
    return failed(message + remark(contents), *evidence, salient=found[0].path)


def _started(image: Image) -> Iterator[str]:
    """Where the first word of the entrypoint, or else of the command, may be."""
    words = (*image.entrypoint, *image.command)
    first = words[0] if words else ""
    if not first:
        return
    if "/" in first:
        yield posixpath.normpath(posixpath.join("/", image.working_dir, first)).replace("//", "/")
        return
    search = next((one.partition("=")[2] for one in image.env if one.startswith("PATH=")), "") or _SEARCH
    for directory in search.split(":")[:100]:
        yield posixpath.normpath(posixpath.join("/", directory, first)).replace("//", "/")
