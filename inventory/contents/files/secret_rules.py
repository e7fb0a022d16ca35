"""Which secrets a text holds: keys, things with a secret's shape, and settings whose names ask for one. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from inventory.secrets import find, shaped

_WINDOW, _OVERLAP = 4096, 1024  # as for environments: a hostile author can make a text that is slow as a whole
_LONGEST_KEY = 32_768
_LONGEST_LINE = 4096
MOST = 20
"""Secrets of one file that are told apart."""


class Hit(NamedTuple):
    """A secret; `name` is the setting that holds it, "" where it was found by its shape. `guessable`: a password."""

    rule: str
    secret: str
    name: str = ""
    guessable: bool = False


_PASSWORDS = frozenset(("url-password", "connection-string", "authorization", "key-name", "password-hash", "login"))
"""Rules whose secrets people choose: a digest of one could be turned back into it by trying."""
_BEGIN = re.compile(r"-----BEGIN (?P<label>(?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?)-----")
_DASHES, _END = "-----", "-----END "
_BODY = re.compile(r"[A-Za-z0-9+/=]{32}")
_HASH = re.compile(
    r"(?m)^[^\s:#]{1,128}:(?P<secret>\$(?:apr1|2[abxy]|[1567y]|gy|argon2\w*)\$[^\s:]{8,256}|\{S?SHA\}[\w+/=]{20,64})(?=:|\s|$)"
)
_NETRC = re.compile(r"(?m)^[^#\n]{0,500}?\bpassword[ \t]+(?P<secret>\S{1,200})")
_PGPASS = re.compile(r"(?m)^[^:#\n]{1,200}:[\d*]{1,5}:[^:\n]{1,100}:[^:\n]{1,100}:(?P<secret>[^\n]{1,200})$")
_DOCKER = re.compile(r'"(?:auth|identitytoken|registrytoken)"\s{0,20}:\s{0,20}"(?P<secret>[^"\\]{8,8000})"')
_KUBE_KEY = re.compile(r"client-key-data:\s{0,9}[\"']?(?P<secret>LS0tLS1CRUdJTi[\w+/=]{40,32000})")
_PHP = re.compile(
    r"""define\(\s{0,9}['"](?P<name>\w{1,80})['"]\s{0,9},\s{0,9}(?P<quote>['"])(?P<secret>[^'"\n]{1,200})(?P=quote)"""
)
_SETTING = re.compile(
    r"""^[ \t]{0,40}(?:export[ \t]{1,9}|-[ \t]{1,9}|//[^\s:=]{1,200}:)?"""
    r"""(?P<quote>["']?)(?P<name>[A-Za-z_][\w.-]{0,100})(?P=quote)[ \t]{0,20}[:=][ \t]{0,20}"""
    r"""(?P<value>"[^"\n]{1,1000}"|'[^'\n]{1,1000}'|[^\s"'#,{\[(][^\s,]{0,1000})"""
    r"""[ \t]{0,20},?(?:[ \t]{1,20}[#;].*)?$"""
)
_COMMENT = ("#", ";", "// ", "*", "<!--")
_EXAMPLE = re.compile(
    r"(?i)(?:testing|test|foo|bar|baz|demo|sample|example|fake|mock|user|none|secret|password|passwd|pass|pwd|pw|token|key|my|your"
    r"|abc|123|[x.*_-])++\W{0,2}$"
)
_NO_SECRET = re.compile(
    r"[\^~<>=!v ]{0,4}\d{1,9}(?:\.[\dx*]{1,9}){1,4}(?:[-+.][\w.+-]{0,60})?$"  # a version
    r"|[\w.$/-]{1,200}\.(?:key|pem|crt|cer|der|p12|jks|json|ya?ml|txt|conf|cnf|py|js|sh)$"  # a file
    r"|[a-z]{1,40}(?:_[a-z]{1,40}){1,9}$"  # a name in some program
)
_NUMBER_OR_MARK = re.compile(r"[\d\W_]")
_OPEN_CIPHER = b"none"


def hits(text: str, *, settings: bool = False, strict: bool = True) -> Iterator[Hit]:
    """Every secret, each once; keys first. `settings`: the text is a list of `name = value`.

    `strict` asks more of a value than its name: a translation says `"password": "Passwort"` too.
    """
    seen: list[str] = []
    for hit in _all(text, settings, strict):
        if len(seen) >= MOST:
            return
        if not any(hit.secret in other for other in seen):
            seen.append(hit.secret)
            yield hit


def keys(text: str) -> Iterator[Hit]:
    """Private keys alone."""
    return islice((hit for _start, _end, hit in _keys(text)), MOST)


def password_hashes(text: str) -> Iterator[Hit]:
    """Of a file of accounts, such as htpasswd(5) and shadow(5)."""
    found = islice(_HASH.finditer(text), MOST)
    return (Hit("password-hash", one["secret"], guessable=True) for one in found)


def logins(text: str) -> Iterator[Hit]:
    """Of netrc(5) and of a PostgreSQL password file."""
    for pattern in (_NETRC, _PGPASS):
        for found in islice(pattern.finditer(text), MOST):
            if not _EXAMPLE.match(found["secret"]):
                yield Hit("login", found["secret"], guessable=True)


def _all(text: str, settings: bool, strict: bool) -> Iterator[Hit]:
    rest, last = [], 0
    for start, end, hit in _keys(text):
        yield hit
        rest.append(text[last:start])
        last = end
    plain = "\n".join((*rest, text[last:])) if last else text
    if "client-key-data" in plain:
        yield from (Hit("private-key", found["secret"]) for found in _KUBE_KEY.finditer(plain))
    if '"auth' in plain or 'token"' in plain:
        yield from (
            Hit("registry-login", found["secret"]) for found in _DOCKER.finditer(plain) if _login(found["secret"])
        )
    for window in _windows(plain):
        for rule, secret in shaped(window):
            if rule != "private-key" and not _EXAMPLE.match(secret) and _likely(rule, secret):
                yield Hit(rule, secret, guessable=rule in _PASSWORDS)
    if settings:
        yield from _settings(plain, strict)
    if "define(" in plain:
        for found in _PHP.finditer(plain):
            if (match := find(found["name"], found["secret"])) and match.kind == "name":
                yield Hit("key-name", found["secret"], found["name"], guessable=True)


def _keys(text: str) -> Iterator[tuple[int, int, Hit]]:
    """Private keys in PEM, also in a string where ends of lines are `\\n`. Code that only names them has no body."""
    at = 0
    while found := _BEGIN.search(text, at):
        at = found.end()
        end = text.find(_DASHES, at, at + _LONGEST_KEY)
        stop = end if end >= 0 else min(len(text), at + _LONGEST_KEY)
        body = text[at:stop].replace("\\r", "").replace("\\n", "\n")
        if _BODY.search(body) is None:
            continue
        rule = "encrypted-private-key" if _encrypted(found["label"], body) else "private-key"
        if text.startswith(_END, stop):
            closed = text.find(_DASHES, stop + len(_END), stop + 100)
            stop = closed + len(_DASHES) if closed >= 0 else stop
        yield found.start(), stop, Hit(rule, "".join(body.split()))
        at = stop


def _encrypted(label: str, body: str) -> bool:
    if label.startswith("ENCRYPTED") or "Proc-Type: 4,ENCRYPTED" in body[:200]:
        return True
    if not label.startswith("OPENSSH"):
        return False
    try:
        start = base64.b64decode("".join(body.split())[:64])
    except (binascii.Error, ValueError):
        return False
    size = int.from_bytes(start[15:19], "big")
    return start.startswith(b"openssh-key-v1\0") and start[19 : 19 + size] != _OPEN_CIPHER


def _login(text: str) -> bool:
    """Whether it is a token, or `user:password` in base64 with something for a password."""
    try:
        user, colon, password = base64.b64decode(text, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return len(text) >= 20
    return bool(colon and password.strip(b"\0")) if user.isascii() else len(text) >= 20


def _likely(rule: str, secret: str) -> bool:
    """Prose speaks of `basic authentication` and `bearer tokens`, and style sheets have names like `sk-...`."""
    if rule not in ("authorization", "model-api-key", "slack-token", "vault-token"):
        return True
    return any(character.isdigit() for character in secret) and any(character.isalpha() for character in secret)


def _settings(text: str, strict: bool) -> Iterator[Hit]:
    for line in text.splitlines():
        if len(line) > _LONGEST_LINE or ("=" not in line and ":" not in line) or line.lstrip().startswith(_COMMENT):
            continue
        found = _SETTING.match(line)
        if found is None:
            continue
        name, value = found["name"], found["value"].strip("\"'").strip()
        match = find(name, value)
        if match is None or match.kind != "name" or " " in value or _EXAMPLE.match(value) or _NO_SECRET.match(value):
            continue
        if not strict or _NUMBER_OR_MARK.search(value):
            yield Hit("key-name", value, name, guessable=True)


def _windows(text: str) -> Iterator[str]:
    """Whole lines as far as they fit; where one does not, windows that overlap."""
    start = 0
    while start < len(text):
        end = start + _WINDOW
        cut = text.rfind("\n", start, end) + 1 if end < len(text) else 0
        yield text[start : cut or end]
        start = cut if cut > start else max(end - _OVERLAP, end if end >= len(text) else 0)
