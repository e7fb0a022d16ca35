"""Days when the server is sick: rules that come before every answer."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from enum import Enum


class Manner(Enum):
    """What happens to a request that a rule is for."""

    HANG = "read, never answered"
    DROP = "the connection is closed without an answer"
    THROTTLE = "429 with Retry-After"
    ERROR = "a status with plain text, as a proxy answers"
    CUT = "half of the body, then the connection is closed"
    SLOW = "answered in small pieces with pauses"
    GARBAGE = "200 with a body that is no JSON"
    NOISE = "bytes that are no HTTP"
    GONE = "HTTP 410 with a Status"
    UNAUTHORIZED = "401, whatever the credentials"


@dataclass(slots=True, eq=False)
class Fault:
    """`pattern` is searched in path and query; `times` None: until removed; `value`: status, or seconds to wait."""

    pattern: re.Pattern[str]
    manner: Manner
    times: int | None = None
    value: int = 0
    pause: float = 0.05
    account: str = ""
    hits: int = 0


@dataclass(slots=True)
class Faults:
    """The rules in force; the first that matches counts."""

    rules: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self, manner: Manner, pattern: str = "", *, times: int | None = None, value: int = 0, pause: float = 0.05,
        account: str = "",
    ) -> Fault:  # fmt: skip
        rule = Fault(re.compile(pattern), manner, times, value, pause, account)
        with self.lock:
            self.rules.append(rule)
        return rule

    def remove(self, rule: Fault) -> None:
        with self.lock:
            if rule in self.rules:
                self.rules.remove(rule)

    def clear(self) -> None:
        with self.lock:
            self.rules.clear()

    def hit(self, target: str, account: str) -> Fault | None:
        """The rule for this request, if any; it counts down."""
        with self.lock:
            for rule in self.rules:
                if rule.account not in ("", account) or not rule.pattern.search(target):
                    continue
                rule.hits += 1
                if rule.times is not None and rule.hits >= rule.times:
                    self.rules.remove(rule)
                return rule
        return None
