"""Verdicts on owner and mode: root's own, and no permission beyond what is allowed."""

from __future__ import annotations

from collections.abc import Iterable

from checks.verdict import Evidence, Verdict, failed, not_applicable, passed
from inventory.gap import Gap, Reason, Unread
from inventory.model import FileFacts, Host


def owned(files: Iterable[FileFacts], allowed: int) -> Verdict:
    """Pass when all belong to root:root with no permission beyond `allowed` (for a directory: plus execute)."""
    judged = tuple(files)
    bad = [one for one in judged if one.uid or one.gid or beyond(one, allowed)]
    return failed(f"{len(bad)} too open or not root's", *stats(bad)) if bad else passed("", *stats(judged))


def beyond(facts: FileFacts, allowed: int) -> int:
    """The permission bits that a file has and should not (for a directory execute is allowed too)."""
    return facts.mode & 0o777 & ~(allowed | 0o111 if facts.kind == "directory" else allowed)


def absent(host: Host, paths: Iterable[str], why: str) -> Verdict:
    """Not applicable, unless one of the paths may not be looked at: then nobody knows."""
    hidden = next((path for path in paths if path in denied(host)), "")
    if hidden:
        raise Unread(Gap(Reason.DENIED, hidden))
    return not_applicable(why)


def denied(host: Host) -> tuple[str, ...]:
    """The paths that may not be looked at."""
    paths = host.peek("files_denied")
    return () if isinstance(paths, Gap) else paths


def stats(files: Iterable[FileFacts]) -> list[Evidence]:
    """Owner, group and mode of each."""
    return [
        Evidence(f"stat {one.path}", f"{one.owner or one.uid}:{one.group or one.gid} {one.mode:04o}") for one in files
    ]
