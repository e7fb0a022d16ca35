"""Everything that was asked: proof of what a client did and did not do."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

_REVIEWS = ("/selfsubjectaccessreviews", "/selfsubjectrulesreviews", "/selfsubjectreviews")


@dataclass(slots=True)
class Request:
    """`status` is 0 until it has been answered."""

    method: str
    path: str
    query: dict[str, str]
    account: str
    target: str = ""
    """Path and query as they came."""
    accept: str = ""
    agent: str = ""
    status: int = 0
    at: float = field(default_factory=time.monotonic)

    @property
    def watch(self) -> bool:
        return self.query.get("watch") in ("1", "true")


class Journal:
    """All requests since it was last cleared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []

    def note(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    def writes(self) -> list[Request]:
        """Whatever is neither a read nor a question about one's own rights."""
        return [
            one for one in self.requests
            if one.method not in ("GET", "HEAD") and not (one.method == "POST" and one.path.endswith(_REVIEWS))
        ]  # fmt: skip

    def answered(self, status: int) -> list[Request]:
        return [one for one in self.requests if one.status == status]

    def repeated(self, status: int = 403) -> dict[tuple[str, str], int]:
        """Paths that one account was refused more than once, watches and lists of a path together."""
        counts = Counter((one.account, one.path) for one in self.answered(status))
        return {key: count for key, count in counts.items() if count > 1}

    def count(self, text: str = "", watch: bool | None = None) -> int:
        return sum(text in one.path and watch in (None, one.watch) for one in self.requests)
