"""Secrets in an engine's address: an address is shown on screens and in reports, so it may hold none."""

from __future__ import annotations

OVER_TCP = frozenset({"tcp", "http", "https"})
ADVICE = (
    "the address holds a user or password, which would be shown; "
    "use a client certificate (DOCKER_CERT_PATH) or an SSH key instead"
)


def holds_secret(text: str) -> bool:
    """Whether an address has `user:password@`, or over TCP and HTTP a user alone: that is how tokens are passed."""
    scheme, separator, rest = text.partition("://")
    user, at, _ = (rest if separator else text).rpartition("@")
    if not at or scheme == "unix" or text.startswith(("/", "./", "~")):
        return False
    return ":" in user or scheme in OVER_TCP


def without_secret(text: str) -> str:
    """The address as it may be shown."""
    if not holds_secret(text):
        return text
    scheme, separator, rest = text.partition("://")
    return f"{scheme}://…@{rest.rpartition('@')[2]}" if separator else f"…@{text.rpartition('@')[2]}"
