"""Files that hold secrets, or are named as if. What was found is masked at once and never kept."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from inventory.contents.files.finder import Idle
from inventory.contents.files.secret_places import STORE, STORES, Place, packaged, place, readable
from inventory.contents.files.secret_rules import Hit, hits, keys, logins, password_hashes
from inventory.contents.finding import AnyFind, Entry, SecretsAt
from inventory.contents.model import SecretFile
from inventory.secrets import mask

NAMED = 1 << 18
"""Bytes that are read of a file whose name gives a reason."""
SMALL = 1 << 16
"""Size up to which any other text is read, whole: settings are no larger, data is."""
_BARE = 1 << 14
_LOGINS = frozenset((".netrc", "_netrc", ".pgpass"))
_STRICT = frozenset(("json", "yml", "yaml", "toml", "xml"))
_SETTINGS = (
    frozenset(("env", "properties", "ini", "cfg", "conf", "cnf", "tfvars", "tfstate", "netrc", "config")) | _STRICT
)
_DER = re.compile(rb"0(?:\x82..|\x81.|[\x20-\x7f])\x02\x01(?:\x000|\x00\x02[\x41-\x82]|\x01\x04[\x1c-\x42])", re.DOTALL)
"""PKCS #8, PKCS #1 and SEC 1 without a passphrase; a certificate has another SEQUENCE where these have a version."""
_SNAKEOIL = "ssl-cert-snakeoil.key"


class Secrets(Idle):
    """By name where that says enough, else by what is written in it (`inventory.secrets` and formats of clients).

    A package's files are looked at only where their names ask for it, and not at all in its tests, examples and
    documents: those keys are public. Other text is read where it is small and was put there for this image.
    """

    name: ClassVar[str] = "secrets"

    def notice(self, entry: Entry) -> SecretsAt | None:
        """Key stores, of which nothing can be read."""
        path = entry.path
        if path[path.rfind(".") + 1 :].lower() not in STORES or not entry.size or entry.kind != "file":
            return None
        found = place(path)
        return _by_name(entry, found) if found is not None and found.rule == STORE else None

    def wants(self, entry: Entry) -> int:
        """The beginning of a file with a telling name, all of a small text."""
        found = place(entry.path)
        if found is not None:
            return 0 if found.rule == STORE else NAMED
        return SMALL if entry.size <= SMALL and readable(entry.path) else 0

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """At most one find, with everything in the file."""
        if not head:
            return ()
        known = place(entry.path)
        text = _text(head)
        found = tuple(_kept(entry, hit) for hit in _hits(entry.path, known, head, text))
        if found:
            return (SecretsAt(entry.path, found),)
        if known is None or not known.rule or (known.cleared and len(head) >= entry.size):
            return ()
        return (_by_name(entry, known),)


def _hits(path: str, known: Place | None, head: bytes, text: str | None) -> Iterator[Hit]:
    if text is None:
        if known is not None and not known.rule and _DER.match(head):
            yield Hit("private-key", head.hex())
        return
    name = path[path.rfind("/") + 1 :]
    if known is not None and known.rule == "password-file":
        yield from password_hashes(text)
        return
    if name in _LOGINS:
        yield from logins(text)
    extension = name[name.rfind(".") + 1 :].lower()
    if known is not None and not known.rule and len(text) > _BARE:
        yield from keys(text)  # a bundle of certificates, most likely: base64 has no other secrets in it
        return
    environment = known is not None and known.rule in ("env-file", "credentials-file", "client-configuration")
    settings = environment or (extension in _SETTINGS and not packaged(path))
    yield from hits(text, settings=settings, strict=extension in _STRICT and not environment)


def _kept(entry: Entry, hit: Hit) -> SecretFile:
    """As it may be kept. A password gets no digest: whoever has the recording could try all likely ones."""
    digest = "" if hit.guessable else hashlib.sha256(hit.secret.encode("utf-8", "replace")).hexdigest()[:12]
    masked = f"{hit.name[:60]}={mask(hit.secret)}" if hit.name else mask(hit.secret)
    if entry.path.endswith(_SNAKEOIL):
        return SecretFile("/" + entry.path, "", entry.size, "snakeoil-key", "name", masked, digest=digest)
    return SecretFile("/" + entry.path, "", entry.size, hit.rule, "content", masked, digest=digest)


def _by_name(entry: Entry, known: Place) -> SecretsAt:
    return SecretsAt(entry.path, (SecretFile("/" + entry.path, "", entry.size, known.rule, "name"),))


def _text(head: bytes) -> str | None:
    """The file as text, None where it is none."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    return None if b"\0" in head[:8192] else head.decode("utf-8", "replace")
