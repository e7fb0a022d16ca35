"""How severities and verdicts look: a letter first, colour second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from widgets.cells import Cell, Span
from widgets.style import Role

Judged = Literal["judged", "pending", "unknown"]

SEVERITIES: tuple[tuple[str, str, Role], ...] = (
    ("critical", "C", "critical"),
    ("high", "H", "high"),
    ("medium", "M", "medium"),
    ("low", "L", "low"),
    ("info", "I", "info"),
)
"""Severity, letter, role; the worst first."""

_LETTERS: Mapping[str, Span] = {name: (letter, role) for name, letter, role in SEVERITIES}

_VERDICTS: Mapping[str, tuple[str, Role]] = {
    "fail": ("FAIL", "normal"),
    "manual": ("manual", "accent"),
    "unknown": ("unknown", "unknown"),
    "pass": ("pass", "pass"),
    "waived": ("waived", "waived"),
    "not_applicable": ("n/a", "dim"),
}


def letter(severity: str) -> Span:
    """The letter of a severity and its role; `?` for a word that is none."""
    return _LETTERS.get(severity.lower(), ("?", "unknown"))


def verdict_cell(verdict: str) -> Cell:
    """A verdict in words."""
    text, role = _VERDICTS.get(verdict, (verdict, "unknown"))
    return Cell.of(text, role)


def mark(severity: str, verdict: str) -> Cell:
    """The sign before a finding: the severity's letter if it fails, `.` pass, `a` accepted, `m` manual, else `?`."""
    signs: Mapping[str, Span] = {
        "fail": letter(severity),
        "pass": (".", "pass"),
        "waived": ("a", "waived"),
        "not_applicable": ("-", "dim"),
        "manual": ("m", "accent"),
    }
    text, role = signs.get(verdict, ("?", "unknown"))
    return Cell.of(text, role)


def severity_cell(counts: Mapping[str, int], state: Judged = "judged", *, unknown: int = 0, top: int = 3) -> Cell:
    """`C1 H2 M4`: failures of the `top` worst severities. None: `ok`, or `?` if something could not be judged.

    `pending` is `..` and `unknown` is `?` whatever the counts: an object that was not judged is never shown as ok.
    """
    if state == "pending":
        return Cell.of("..", "dim")
    if state == "unknown":
        return Cell.of("?", "unknown")
    spans: list[Span] = []
    shown = [(sign, role, counts[name]) for name, sign, role in SEVERITIES if counts.get(name, 0) > 0]
    for sign, role, count in shown[:top]:
        if spans:
            spans.append((" ", "normal"))
        spans.append((f"{sign}{count}", role))
    if not spans:
        return Cell.of("?", "unknown") if unknown else Cell.of("ok", "pass")
    return Cell(tuple(spans))
