"""A verdict on one resource by one check, with the evidence that a person needs to believe it."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

from inventory.resource import ResourceKey


class Severity(IntEnum):
    """How bad a failure is; a greater number is worse.

    critical: gives the host or cluster to whoever controls the workload, or to the network, now. high: one common step
    away from that. medium: weakens a barrier. low: hygiene. info: a fact worth knowing.
    """

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The word that reports use."""
        return self.name.lower()


class Outcome(StrEnum):
    """What a check concluded. Only PASS is good news; UNKNOWN never counts as one."""

    FAIL = "fail"
    MANUAL = "manual"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    NOT_APPLICABLE = "not_applicable"


class Evidence(msgspec.Struct, frozen=True):
    """Where to look (`path` in the source's own terms, such as `HostConfig.PidMode`) and what was there.

    `value` must already be masked where it is a secret. `target` points to another resource that matters here.
    """

    path: str
    value: str
    target: ResourceKey | None = None


class Verdict(msgspec.Struct, frozen=True):
    """`severity` None means the check's own. `salient` keeps the fingerprint of one of several faults apart."""

    outcome: Outcome
    message: str = ""
    evidence: tuple[Evidence, ...] = ()
    severity: Severity | None = None
    salient: str = ""


PASSED = Verdict(Outcome.PASS)


def passed(message: str = "", *evidence: Evidence) -> Verdict:
    """The condition is proven absent: every field it depends on was read."""
    return Verdict(Outcome.PASS, message, evidence) if message or evidence else PASSED


def failed(message: str, *evidence: Evidence, severity: Severity | None = None, salient: str = "") -> Verdict:
    """The condition is proven by the evidence, of which there must be some."""
    if not evidence:
        raise ValueError("a failure needs evidence")
    return Verdict(Outcome.FAIL, message, evidence, severity, salient)


def manual(message: str, *evidence: Evidence, policy: str = "", severity: Severity | None = None) -> Verdict:
    """A person or a policy has to decide; `policy` is the configuration key that would."""
    if policy:
        message = f"{message} (decided by {policy})"
    return Verdict(Outcome.MANUAL, message, evidence, severity)


def not_applicable(why: str) -> Verdict:
    """The check has no meaning here, for this reason."""
    return Verdict(Outcome.NOT_APPLICABLE, why)


def unknown(why: str, *evidence: Evidence) -> Verdict:
    """It could not be read; says what was missing and, where one can, how to get it."""
    return Verdict(Outcome.UNKNOWN, why, evidence)
