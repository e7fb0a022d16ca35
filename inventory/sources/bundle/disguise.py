"""Secrets replaced by meaningless ones of the same shape, so that a recording leaks none and is judged like its host.

What has to be hidden is decided by `inventory.secrets` alone: its masked text is laid beside the original, and each
part that it hides becomes other characters of the same kind and number. The same secret becomes the same everywhere
within one recording and in all recordings of one host, because some checks compare values and so do people; the key
that decides is never written.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Iterator, Sequence
from pathlib import Path

from inventory.secrets import find, weak_default

_MASK = re.compile(r"(?:..\*\*\*..|\*\*\*) \((\d+) characters\)", re.DOTALL)
_FRAME = re.compile(
    r"-----[A-Z ]+-----|(?<![\w-])eyJ"
)  # what tells a PEM block and a JSON web token; secret is the rest
_MACHINE_ID = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_ENDS = 2  # characters at each end that masks show too
_LONG = 16
_LONGEST_PREFIX = 14  # of the rules that know a secret by how it begins


def host_key(places: Sequence[str] = _MACHINE_ID) -> bytes | None:
    """A key that stays the same on this host and is known on it alone, so that two recordings of it can be compared.

    None where the host has no such name: every recording then has a key of its own.
    """
    for place in places:
        try:
            name = Path(place).read_bytes().strip()
        except OSError:
            continue
        if len(name) >= _LONG:
            return hashlib.blake2b(name, digest_size=32, person=b"deckwatch").digest()
    return None


class Disguise:
    """One recording's way of replacing secrets."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def text(self, original: str, masked: str) -> str:
        """`original` with other characters wherever `masked` hides something; `masked` itself where they do not fit."""
        if original == masked:
            return original
        pieces: list[str] = []
        at = 0
        for literal, length in _parts(masked):
            if not original.startswith(literal, at):
                return masked
            pieces.append(literal)
            at += len(literal)
            if at + length > len(original):
                return masked
            pieces.append(self.secret(original[at : at + length]))
            at += length
        return "".join(pieces) if at == len(original) else masked

    def secret(self, value: str) -> str:
        """Another value of the same shape; a default that everybody knows hides nothing and stays."""
        if weak_default("password", value):
            return value
        if _FRAME.search(value):
            return "".join(part if _FRAME.fullmatch(part) else self._other(part, 0) for part in _framed(value))
        known = find("", value)
        longest = min(_LONGEST_PREFIX, len(value) // 2)
        for kept in range(_ENDS if len(value) >= _LONG else 0, longest + 1):
            other = self._other(value, kept)
            if find("", other) == known:
                return other
        return self._other(value, 0)

    def _other(self, value: str, kept: int) -> str:
        last = len(value) - _ENDS if len(value) >= _LONG else len(value)
        stream = self._stream(value)
        return "".join(
            _other_char(char, next(stream)) if kept <= index < last else char for index, char in enumerate(value)
        )

    def _stream(self, value: str) -> Iterator[int]:
        block = 0
        while True:
            seed = value.encode("utf-8", "surrogatepass") + block.to_bytes(8, "big")
            yield from hashlib.blake2b(seed, key=self._key).digest()
            block += 1


def _parts(masked: str) -> Iterator[tuple[str, int]]:
    """Literal text and the length of what was hidden behind it (0 after the last)."""
    at = 0
    for found in _MASK.finditer(masked):
        yield masked[at : found.start()], int(found[1])
        at = found.end()
    yield masked[at:], 0


def _framed(value: str) -> Iterator[str]:
    at = 0
    for found in _FRAME.finditer(value):
        yield value[at : found.start()]
        yield found[0]
        at = found.end()
    yield value[at:]


def _other_char(char: str, number: int) -> str:
    for letters in _CLASSES:
        if char in letters:
            return letters[number % len(letters)]
    return char if char.isascii() else string.ascii_lowercase[number % 26]
