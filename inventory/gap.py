"""What could not be read, as data: a gap is never an empty list and never a zero."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Reason(StrEnum):
    """Why a fact is missing."""

    PENDING = "pending"  # asked for, not answered yet
    DENIED = "denied"  # the reader lacks the permission
    TIMEOUT = "timeout"  # no answer within the deadline
    ABSENT = "absent"  # the answer came without this field
    UNSUPPORTED = "unsupported"  # this engine, version or place does not offer it
    MALFORMED = "malformed"  # answered with another type than the API documents
    ERROR = "error"  # refused or broken for another reason


class Gap(msgspec.Struct, frozen=True):
    """One missing fact: `path` in the source's terms (`HostConfig.Memory`, `GET /services`), `detail` for people."""

    reason: Reason
    path: str
    detail: str = ""

    def __str__(self) -> str:
        """The sentence that an `unknown` verdict shows."""
        words = _WORDS[self.reason].format(path=self.path)
        return f"{words}: {self.detail}" if self.detail else words


_WORDS = {
    Reason.PENDING: "{path} not read yet",
    Reason.DENIED: "no permission to read {path}",
    Reason.TIMEOUT: "timed out reading {path}",
    Reason.ABSENT: "{path} missing in the answer",
    Reason.UNSUPPORTED: "{path} not supported here",
    Reason.MALFORMED: "{path} has an unexpected type",
    Reason.ERROR: "could not read {path}",
}


class Unread(Exception):  # noqa: N818 - a fact about the reading, not a program error
    """A fact was needed that has not been read; carries the gap that says why."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(str(gap))
        self.gap = gap
