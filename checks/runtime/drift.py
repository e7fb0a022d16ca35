"""What has changed in a running container since its image: new programs, and how much was written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.activity import Change
from inventory.container import Container
from inventory.gap import Gap, Reason, Unread
from inventory.host import Host
from inventory.secrets import mask_text

SHOWN = 10
LARGE = 1 << 30
WORTH_COMPARING = 64 << 20
"""A layer below this is a small part of any disk's free space that is still usable."""
SHARE = 0.2
_PROGRAMS = re.compile(r"/(?:usr/(?:local/)?)?s?bin/[^/]+|/opt/(?:[^/]+/){0,8}s?bin/[^/]+")
_LIBRARY = re.compile(r"/(?:usr/(?:local/)?)?lib(?:32|64|x32)?/(?:[^/]+/){0,12}[^/]+\.so(?:\.[0-9.]+)?")
# Whoever writes these is run as root, or let in, whatever their mode.
_TRIGGERS = re.compile(
    r"/etc/ld\.so\.(?:preload|conf)|/etc/ld\.so\.conf\.d/[^/]+|/etc/cron[^/]*(?:/[^/]+)?|/var/spool/cron/.+"
    r"|/(?:root|home/[^/]+)/\.ssh/authorized_keys2?|/etc/sudoers(?:\.d/[^/]+)?|/etc/(?:init\.d|profile\.d)/[^/]+"
)
_CANDIDATES = ("/usr/", "/opt/", "/tmp/", "/var/tmp/", "/root/", "/home/", "/srv/", "/app/")  # noqa: S108 - judged only
# What nobody would run; in a tree that was copied from elsewhere, it often has an x bit like everything else.
_DATA = re.compile(
    r".*\.(?:jpe?g|png|gif|svg|webp|ico|bmp|tiff?|pdf|docx?|xlsx?|odt|json|xml|ya?ml|txt|md|csv|html?|css|map"
    r"|woff2?|ttf|otf|eot|mp[34]|webm|ogg|wav|db|sqlite3?)",
    re.IGNORECASE,
)
_NOT_FOR_DATA = ("/tmp/", "/var/tmp/", "/dev/shm/", "/run/", "/var/run/", "/var/log/")  # noqa: S108 - judged only
_VOLATILE = re.compile(r".*\.(?:pid|log|lock|sock)")  # no settings
# The engines make these themselves when they start a container.
_ENGINES = frozenset({
    "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/run/.containerenv", "/.dockerenv",
    "/sbin/docker-init", "/dev/init", "/run/podman-init",
})  # fmt: skip


@check(
    "RUN-045",
    "Executable drift",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="New code in a running container is how an intrusion looks; the image that was reviewed is not what runs.",
    remediation=(
        "Find out who wrote it (Processes and Events of the container), keep a copy if it may be an intrusion, and "
        "make the container anew from its image. --read-only keeps programs from being added; data goes to a volume "
        "mounted noexec. Software that updates itself inside a container has to be updated through its image."
    ),
    references=(
        "NIST-800-190:4.4.5", "OWASP-Docker:D09", "ATT&CK:T1525", "ATT&CK:T1105", "ATT&CK:T1036", "CWE-494",
    ),
)  # fmt: skip
def executable_drift(container: Container, view: View) -> Verdict:
    """Fail: an added or modified file that can be executed (mode x, not empty), wherever it lies and whatever it is
    called; a program in a bin directory or a shared library in a lib directory, whatever its mode; ld.so.preload and
    ld.so.conf, cron tables, sudoers, init.d and profile.d, authorized_keys.

    Where only the engine was asked, modes are not told: then what lies in bin and lib directories counts, and the
    verdict is unknown while there are other files that may be programs. Manual (low): other files in /etc, which many
    images write when they start; a file with an x bit and the name of data (photo.jpg) outside of bin, lib and
    temporary directories, as a copied tree has them. Pass: none of these. Not applicable: read-only root file system,
    or not running. Source: `GET /containers/{id}/changes` or the overlay's upper directory; NIST SP 800-190 4.4.5.
    """
    if not container.running or not container.pid:
        return not_applicable("the container does not run")
    if container.readonly_rootfs:
        return not_applicable("its root file system is read-only")
    activity = view.activity(container.id)
    kept = _leaves(change for change in activity.changes if change.kind != "deleted")
    grave = [change for change in kept if _grave(change)]
    if grave:
        told = "" if all(change.mode is not None for change in grave) else " (modes are not told by the engine)"
        return failed(f"{_count(grave)} added or changed since it was made{told}", *_shown(grave))
    if not activity.changes_complete:
        return unknown("more files have changed than are looked at; no program was among those looked at")
    unclear = [change for change in kept if change.mode is None and change.path.startswith(_CANDIDATES)]
    if unclear:
        return unknown(
            f"the engine does not tell whether {len(unclear)} new or changed files can be executed", *_shown(unclear)
        )
    return _doubtful(kept)


def _doubtful(kept: list[Change]) -> Verdict:
    """What a person may want to look at, though no program is among it."""
    data = [change for change in kept if _executable(change)]
    settings = [change for change in kept if change.path.startswith("/etc/") and not _VOLATILE.fullmatch(change.path)]
    said = "its configuration in /etc was changed" if settings else ""
    if data:
        said += f"{'; ' if said else ''}{len(data)} new or changed files of data can be executed"
    found = [*settings, *(change for change in data if change not in settings)]
    return manual(said, *_shown(found), severity=Severity.LOW) if found else passed()


def _leaves(changes: Iterable[Change]) -> list[Change]:
    """Without directories that are listed because something in them changed, and without what engines write."""
    found = [one for one in changes if one.path not in _ENGINES]
    parents = {one.path.rpartition("/")[0] for one in found}
    return [one for one in found if one.file != "directory" and one.path not in parents]


def _grave(change: Change) -> bool:
    if change.size == 0 and change.file == "file":  # where something is mounted, the engines leave an empty file
        return False
    if _TRIGGERS.fullmatch(change.path) or _PROGRAMS.fullmatch(change.path) or _LIBRARY.fullmatch(change.path):
        return change.file in {"file", "symlink", ""}
    return _executable(change) and not _data(change)


def _executable(change: Change) -> bool:
    regular = change.file == "file" and change.size != 0
    return regular and change.mode is not None and bool(change.mode & 0o111)


def _data(change: Change) -> bool:
    """Whether only its x bit speaks for a program, and its name and place against."""
    set_id = change.mode is not None and change.mode & 0o6000
    return not set_id and bool(_DATA.fullmatch(change.path)) and not change.path.startswith(_NOT_FOR_DATA)


def _count(grave: list[Change]) -> str:
    return mask_text(grave[0].path) if len(grave) == 1 else f"{len(grave)} programs, libraries or triggers"


def _shown(found: list[Change]) -> list[Evidence]:
    return capped((_change(change) for change in found), SHOWN)


def _change(change: Change) -> Evidence:
    parts = [change.kind]
    parts += [f"mode {change.mode:04o}"] if change.mode is not None else []
    parts += [f"{change.size} bytes"] if change.size is not None else []
    parts += [_moment(change.modified)] if change.modified is not None else []
    return seen(f"changes: {mask_text(change.path)}", ", ".join(parts))


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "at no date"


@check(
    "RUN-046",
    "Large writable layer",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="What is written beside volumes grows without a bound until the engine's disk is full, for every container.",
    remediation=(
        "Write data to a volume and logs to stdout; find what grows under the container's Changes. Making the "
        "container anew frees the space and loses what was written."
    ),
    references=("OWASP-Docker:D07", "ATT&CK:T1499", "CWE-770"),
)
def large_layer(container: Container, view: View) -> Verdict:
    """Fail: the writable layer holds more than 1 GiB, or (above 64 MiB) more than a fifth of what is free on the disk
    of the engine's data directory. Pass: less. Not applicable: not running. Unknown: its size was not told (an engine
    on another machine: asking it makes it go through all layers), or there are more files than are counted.
    """
    if not container.running or not container.pid:
        return not_applicable("the container does not run")
    activity = view.activity(container.id)
    size = activity.size_rw
    evidence = seen("SizeRw", f"{size} bytes")
    if size > LARGE:
        return failed(f"has written {size / LARGE:.1f} GiB to its own layer", evidence)
    if size > WORTH_COMPARING and size > SHARE * (free := _free(view.host())):
        words = f"its own layer ({size >> 20} MiB) is more than a fifth of what is free"
        return failed(words, evidence, seen("free", f"{free} bytes"))
    if not activity.changes_complete:
        return unknown("it has changed more files than are counted", evidence)
    return passed("", evidence)


def _free(host: Host) -> int:
    found = [disk.free for disk in host.disks if disk.role == "engine"]
    if not found:
        raise Unread(Gap(Reason.ABSENT, "free space of the engine's data directory"))
    return min(found)
