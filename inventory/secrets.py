"""What looks like a secret, and how it is hidden. Pure text rules; no entropy, which alone proves nothing.

Two questions, two answers: `find` says whether a key and its value are a *finding* and is careful not to cry wolf;
`mask_document` and `mask_text` hide whatever *might* be a secret before it is shown, logged or exported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal

import msgspec

from inventory.clients import password_words, passwords


class SecretMatch(msgspec.Struct, frozen=True):
    """`rule` names the pattern; kind `value`: the value itself has a secret's shape, `name`: only its key says so."""

    rule: str
    kind: Literal["value", "name"]


_VALUE_RULES: tuple[tuple[str, str], ...] = (
    (
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[^-]|-(?!----)){0,16000}-----END[^-]{0,60}-----)?",
    ),
    ("service-account", r'"private_key"\s*:\s*"(?P<secret>[^"]{8,})"'),
    ("aws-access-key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    ("azure-account-key", r"(?i)\bAccountKey=(?P<secret>[A-Za-z0-9+/]{40,}={0,2})"),
    ("google-api-key", r"\bAIza[\w-]{35}\b"),
    ("github-token", r"\b(?:gh[opsur]_[A-Za-z0-9]{36,}|github_pat_\w{22,})"),
    ("gitlab-token", r"\bgl(?:pat|dt|rt|cbt|ptt|soat)-[\w-]{20,}"),
    ("slack-token", r"\bxox[abeoprs]-[\w-]{10,}|https://hooks\.slack\.com/services/(?P<secret>[\w/]{20,})"),
    ("stripe-key", r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
    ("npm-token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi-token", r"\bpypi-AgE[\w-]{50,}"),
    ("docker-token", r"\bdckr_[op]at_[\w-]{20,}"),
    ("swarm-token", r"\bSWM(?:TKN|KEY)-1-[\w+/-]{10,}"),
    ("vault-token", r"\bhv[bsr]\.[\w-]{20,}"),
    ("sendgrid-key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    ("telegram-token", r"\b\d{8,10}:AA[\w-]{33}\b"),
    ("model-api-key", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    ("jwt", r"(?<![\w-])eyJ[\w-]{8,8000}\.eyJ[\w-]{8,8000}\.[\w-]{8,8000}"),
    ("url-password", r"(?i)\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{0,200}:(?P<secret>[^\s/@\"']{1,200})@"),
    ("authorization", r"(?i)\b(?:basic\s+(?P<secret>[a-z0-9+/]{12,}={0,2})|bearer\s+(?P<secret2>[\w.~+/-]{16,}=*))"),
    (
        "connection-string",
        r"(?i)(?:[;?&]|\bhost=(?>\S{1,100})(?=\s).{0,100}?\s)(?:password|pwd)\s{0,9}=\s{0,9}(?P<secret>[^;&\s\"']{1,200})",
    ),
    ("connection-string", r"(?i)\b(?:password|pwd)\s{0,9}=\s{0,9}(?P<secret>[^;\s\"']{1,200});\s{0,9}\w[\w ]{0,40}="),
)
# One cheap look before two dozen expressions: every rule above needs one of these.
_HINT = re.compile(
    r"(?i)private|a[ks]ia|ab?cia|acca|accountkey|aiza|gh[opsur]_|github_|gl[a-z]{2,4}-|xox|hooks\.|k_live|npm_|pypi-|dckr_|swm"
    r"|hv[bsr]\.|sg\.|:aa|sk-|eyj|://|basic\s|bearer\s|password\s{0,9}=|pwd\s{0,9}="
)

# Names are compared in snake case. A word that only continues a longer one is none: TOKENIZERS, secretary, AUTHOR.
_NAME = re.compile(
    r"(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|credential)s?"
    r"(?=$|[^a-z])|(?:^|[^a-z])(?:pass|pwd|auth|dsn)[^a-z]*$|(?:requirepass|masterauth)$"
)
_HARMLESS_SUFFIX = re.compile(
    r"(?:^|[^a-z])(?:files?|path|dir|directory|url|uri|endpoint|host|port|enabled|disabled|required|ttl|type|algorithm"
    r"|algo|alg|method|mode|policy|realm|issuer|header|name|user|username|version|expiry|expires|expiration|lifetime"
    r"|timeout|length|min|max|format|provider|audience|scopes?|region|count|validation|rotation|key[_-]?id|public|pub"
    r"|fingerprint|hint|reset|driver|opt|mount|store)$"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_API_KEYS = frozenset({"SecretID", "SecretName", "SecretReference", "AuthorizationPlugins"})

_TEMPLATE = re.compile(
    r"\$\{[^}]{0,200}\}|\{\{.{0,200}?\}\}|\$\([^)]{0,200}\)|\$[A-Za-z_]\w*$|<[A-Za-z_ -]+>$|%\([a-z_]+\)s|%[A-Z_]+%$"
)
_PATH = re.compile(r"(?:file://)?(?:~|\.{1,2})?(?:/[\w.@+-]+)*/?$|[A-Za-z]:[\\/]")
_WORD = re.compile(
    r"(?i)(?:true|false|yes|no|on|off|null|nil|none|undefined|default|required|optional|enabled|disabled)$"
)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|d|[kKmMgG]i?[bB]?)?$")
_PUBLIC = re.compile(
    r"-----BEGIN (?:CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|PGP PUBLIC KEY BLOCK)|(?:ssh|ecdsa)-[\w-]+ AAAA"
    r"|(?:[0-9A-F]{4} ?){10}$|0x[0-9A-Fa-f]{8,16}$"
)
_PLACEHOLDER = re.compile(
    r"(?i)(?:.*change[_-]?(?:me|this|it).*|example|placeholder|your[_-].*|x{3,}|\*{3,}|dummy|todo|replace[_-]?me"
    r"|(?:my)?(?:secret|password|passw0rd|token)|admin|root|letmein|qwerty\d*|guest|prom-operator|minioadmin)[!\d]*$"
)
_MASKED = re.compile(r"(?:..)?\*\*\*", re.DOTALL)
_PEM_BEGIN, _PEM_END = "-----BEGIN", "-----END"
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY")
LONGEST_KEY = 400
"""Lines; 16384 bits of RSA take 200. A log that only speaks of a key's beginning is not hidden for ever."""
MARGIN = 8192
"""Characters beyond those that are shown that are looked at."""
SHORTEST = 6
"""A value shorter than this is no finding by its key's name alone."""


def find(key: str, value: str) -> SecretMatch | None:
    """Whether `key=value` (variable, label, option, argument) carries a secret; `key` may be empty for bare text.

    Paths, templates, switches, numbers, public keys and placeholders are none (see `weak_default` for the last).
    """
    for rule, secret, _start, _end in _value_hits(value):
        if not _harmless(secret) and not weak_default(key, secret):
            return SecretMatch(rule, "value")
    if not is_secret_name(key) or len(value) < SHORTEST:
        return None
    if _harmless(value) or value.lower() == key.lower() or _PLACEHOLDER.match(value):
        return None
    if "://" in value and not re.search(r"://[^/\s]*:[^/\s]*@", value):
        return None
    return SecretMatch("key-name", "name")


def shaped(text: str) -> Iterator[tuple[str, str]]:
    """Rule and secret of every part of a text that has a secret's shape and is no path, template or placeholder."""
    for rule, secret, _start, _end in _value_hits(text):
        if not _harmless(secret) and not _PLACEHOLDER.match(secret):
            yield rule, secret


def weak_default(key: str, value: str) -> bool:
    """Whether a key that asks for a secret holds a placeholder that everybody knows (`changeme`, `admin`)."""
    return is_secret_name(key) and bool(_PLACEHOLDER.match(value))


@lru_cache(maxsize=4096)
def is_secret_name(key: str) -> bool:
    """Whether a variable, option or label of this name is meant to hold a secret (not where one is kept)."""
    name = _HUMP.sub("_", key).lower()
    return _NAME.search(name) is not None and key not in _API_KEYS and _HARMLESS_SUFFIX.search(name) is None


def mask(value: str) -> str:
    """`value` unreadable but recognisable: its length, and two characters of each end when it is long enough."""
    ends = f"{value[:2]}***{value[-2:]}" if len(value) >= 16 else "***"
    return f"{ends} ({len(value)} characters)"


def mask_pair(key: str, value: str) -> str:
    """`value` as it may be shown beside `key`."""
    if _MASKED.match(value):
        return value
    if is_secret_name(key) and value and not _WORD.match(value) and not _is_path(value) and not _is_template(value):
        return mask(value)
    return mask_text(value)


def mask_text(text: str) -> str:
    """Free text, command line or JSON text with every secret-looking part masked and the rest kept."""
    if not text:
        return text
    pieces, last = [], 0
    for _rule, secret, start, end in _value_hits(text):
        if _MASKED.match(secret):
            continue
        pieces += [text[last:start], mask(secret)]
        last = end
    text = _mask_clients("".join((*pieces, text[last:])))
    text = _ASSIGNMENT.sub(_mask_assignment, text)
    return _mask_settings(text) if _NAME_HINT.search(text) else text


def mask_start(text: str, limit: int) -> str:
    """The first `limit` characters of the masked text, in a time that `limit` bounds.

    What is looked at reaches further than what is shown, so that a secret which the end cuts is still known as one.
    """
    return mask_text(text[: limit + MARGIN])[:limit]


class PrivateKeyLines:
    """Tells which lines are inside of a private key in PEM (RFC 7468), where a text comes line by line."""

    def __init__(self) -> None:
        self._left = 0

    def inside(self, line: str) -> bool:
        """Whether the next line belongs to a key: its last one does, its first does not (`mask_text` knows that)."""
        within = self._left > 0
        begin, end = line.rfind(_PEM_BEGIN), line.rfind(_PEM_END)
        if begin > end and _PRIVATE.search(line, begin):
            self._left = LONGEST_KEY
        elif within:
            self._left = 0 if end >= 0 else self._left - 1
        return within


def mask_args(args: Sequence[str]) -> list[str]:
    """A command line, one word per item: also hides the word after `--password`, and what `inventory.clients` knows."""
    masked: list[str] = []
    flag = ""
    offsets = dict(password_words(args))
    for index, word in enumerate(args):
        if index in offsets:
            masked.append(word[: offsets[index]] + _mask_password(word[offsets[index] :]))
        else:
            masked.append(mask_pair(flag, word) if flag and not word.startswith("-") else mask_text(word))
        flag = word.lstrip("-") if word.startswith("--") and "=" not in word and " " not in word else ""
    return masked


def _mask_clients(text: str) -> str:
    pieces, last = [], 0
    for start, end in passwords(text):
        pieces += [text[last:start], _mask_password(text[start:end])]
        last = end
    return "".join((*pieces, text[last:]))


def _mask_password(word: str) -> str:
    """What is known to be a password, whatever it looks like; the shell's quotes around it stay."""
    inner = word.strip("\"'\\")
    if not inner or _MASKED.match(inner) or _is_template(inner):
        return word
    before, _, after = word.partition(inner)
    return before + mask(inner) + after


def mask_document(document: Any) -> Any:
    """A copy of decoded JSON (an inspect answer, a bundle member) with every secret-looking string masked."""
    return _mask_value("", document)


def arguments(args: Sequence[str]) -> Iterator[tuple[str, str]]:
    """`(name, value)` of every option and assignment on a command line: `--name=v`, `--name v`, `NAME=v`."""
    flag = ""
    for word in args:
        if flag and not word.startswith("-"):
            yield flag, word
        flag = word.lstrip("-") if word.startswith("--") and "=" not in word and " " not in word else ""
        yield from assignments(word)


def assignments(text: str) -> Iterator[tuple[str, str]]:
    """`(key, value)` of every `key=value`, `"key": "value"` and `--key value` in free text such as a build step."""
    for found in _ASSIGNMENT.finditer(text):
        yield _parts(found)


# Every repetition has an end: labels and build steps are written by others, and a slow expression is an attack.
_QUOTED = r"""(?:"(?:[^"\\]|\\.){0,16000}"|'[^']{0,16000}')"""
_ASSIGNMENT = re.compile(
    rf"""(?<![\w.-])(?:--?)?(?P<key>[A-Za-z_][\w.-]{{0,200}})=(?P<value>{_QUOTED}|[^\s;&|"']+)"""
    r"""|"(?P<json>[^"\\]{1,200})"\s{0,20}:\s{0,20}(?P<text>"(?:[^"\\]|\\.){0,16000}")"""
    r"""|(?<![\w-])(?P<option>--[A-Za-z][\w-]{0,100})[ ]{1,20}(?P<word>(?!-)[^\s;&|]+)"""
)


def _parts(found: re.Match[str]) -> tuple[str, str]:
    """The key and the value without its quotes."""
    value = found["text"] or found["word"] or found["value"]
    key = found["json"] or found["option"] or found["key"]
    return key.lstrip("-"), value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _mask_assignment(found: re.Match[str]) -> str:
    key, value = _parts(found)
    if not is_secret_name(key) or _MASKED.match(value):
        return found.group(0)
    before, _, after = found.group(0).rpartition(value)
    return before + mask_pair(key, value) + after


# Configuration files and logs write `password = x` and `password: x`; colour codes stick to a word's beginning and end.
_COLOUR = r"\x1b\[[\d;]{0,20}m"
_SETTING = re.compile(
    rf"""(?:{_COLOUR}|(?<![A-Za-z_.-]))(?P<key>[A-Za-z_][\w.-]{{0,100}}+)(?P<between>(?:{_COLOUR})?(?:\\{{0,3}}["'])?"""
    rf"""[ \t]{{0,9}}[:=](?:{_COLOUR})?[ \t]{{0,9}}(?:\\{{0,3}}["'])?)(?=[^\s"',;])"""
)
_SET = re.compile(r"""(?<=[^\\]")(?:[^"\\\n]|\\.){1,4000}+(?=")|(?<=[^\\]')[^'\n]{1,4000}+(?=')|[^\s"',;]{1,4000}+""")
# `auth:1.2` is an image and its tag, `password:x` is nothing else.
_NO_IMAGE = re.compile(r"(?i)(?:passw(?:or)?d|passphrase|key)s?$")
_NAME_HINT = re.compile(r"(?i)pass|pwd|secret|token|key|credential|auth|dsn")


def _mask_settings(text: str) -> str:
    pieces, last = [], 0
    for found in _SETTING.finditer(text):  # which stop before the value: `msg="password: x"` holds another setting
        value = _SET.match(text, found.end()) if found.end() > last and _asks(found) else None
        if value is not None:
            pieces += [text[last : found.end()], mask_pair(found["key"], value[0])]
            last = value.end()
    return "".join((*pieces, text[last:]))


def _asks(found: re.Match[str]) -> bool:
    """Whether what follows this key is to be hidden, and is not yet."""
    key = found["key"]
    if not is_secret_name(key) or _MASKED.match(found.string, found.end()):
        return False
    return found["between"] != ":" or _NO_IMAGE.search(key) is not None


def _mask_value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return f"({len(value)} characters, not shown)" if key == "Data" and value else mask_pair(key, value)
    if isinstance(value, Mapping):
        # `{"name": ..., "value": ...}` is how Kubernetes writes variables, headers and parameters.
        called = value.get("name")
        named = called if isinstance(called, str) and isinstance(value.get("value"), str) else ""
        return {
            name: mask_pair(named, inner) if named and name == "value" else _mask_value(name, inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return _mask_list(key, value)
    return value


def _mask_list(key: str, values: list[Any]) -> list[Any]:
    if not all(isinstance(value, str) for value in values):
        return [_mask_value(key, value) for value in values]
    if key == "Env":
        return [_mask_variable(value) for value in values]
    return mask_args(values)


def _mask_variable(variable: str) -> str:
    name, equals, value = variable.partition("=")
    return name + equals + mask_pair(name, value) if equals else mask_text(variable)


@cache
def _value_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Compiled when the first text gives a reason to look, which most never do."""
    return tuple((rule, re.compile(pattern, re.DOTALL)) for rule, pattern in _VALUE_RULES)


def _value_hits(text: str) -> list[tuple[str, str, int, int]]:
    """`(rule, secret, start, end)` of every part with a secret's shape, in order and without overlaps."""
    if not _HINT.search(text):
        return []
    hits = sorted((start, end, rule) for rule, pattern in _value_patterns() for start, end in _spans(pattern, text))
    apart: list[tuple[str, str, int, int]] = []
    for start, end, rule in hits:
        if not apart or start >= apart[-1][3]:
            apart.append((rule, text[start:end], start, end))
    return apart


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for found in pattern.finditer(text):
        yield found.span(next((name for name, value in found.groupdict().items() if value is not None), 0))


def _harmless(value: str) -> bool:
    return any(shape.match(value) for shape in (_WORD, _NUMBER, _PUBLIC)) or _is_path(value) or _is_template(value)


def _is_template(value: str) -> bool:
    return _TEMPLATE.search(value) is not None


def _is_path(value: str) -> bool:
    """Base64 may start with a slash too: a single long segment without a dot is no path."""
    if not value.startswith(("/", "./", "../", "~/", "file://")) and not re.match(r"[A-Za-z]:[\\/]", value):
        return False
    return _PATH.match(value) is not None and (value.count("/") > 1 or len(value) < 24 or "." in value)
