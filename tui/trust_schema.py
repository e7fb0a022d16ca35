"""`[trust]` and its `[[trust.rule]]`: whose images are trusted, and whose signatures count."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from inventory.signatures.key_files import (
    MAX_CERTIFICATES,
    MAX_KEY,
    MAX_KEYRING,
    MAX_ROOT,
    certificates_mistake,
    keyring_mistake,
    public_key_mistake,
)
from inventory.signatures.policy import Authority, GpgKeys, Identity, NotationTrust, PublicKey, Rule, TrustPolicy
from inventory.signatures.rules import normalised, normalised_pattern
from tui.near import hint

if TYPE_CHECKING:  # it calls this module
    from tui.schema import Document
    from tui.toml_lines import Path as Place

REQUIRE = ("digest", "immutable-tag", "signature", "sbom", "provenance")
SEVERITIES = ("critical", "high", "medium", "low", "negligible")
_RULE = (
    "match", "trusted", "require", "signed_by", "signed_as", "annotations", "max_age_days", "max_severity",
    "plain_http",
)  # fmt: skip
_UNLISTED, _HOST_POLICY = ("untrusted", "allowed"), ("evidence", "keys")
_FORMS = {"key": ("until",), "issuer": ("subject",), "gpg": ("lookaside",), "notation_roots": ("subject",)}
_AUTHORITY = tuple(dict.fromkeys((*_FORMS, "until", "subject", "lookaside")))
_SCHEMES = ("https", "http", "file")
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot+json"
_MOST_RULES = 1000


def trust(doc: Document) -> TrustPolicy:
    """What the file says; mistakes are noted in `doc`, each with its line."""
    found: dict[str, Any] = {}
    table = doc.document.get("trust")
    entries = table if isinstance(table, Mapping) else {}
    readers: Mapping[str, Callable[[Document, Place, Any], Mapping[str, Any]]] = {
        "unlisted": _unlisted, "root": _root, "use_host_policy": _host_policy,
        "signature_directories": _directories, "rule": _rules,
    }  # fmt: skip
    for name, read in readers.items():
        if name in entries:
            with doc.noting():
                found |= read(doc, ("trust", name), entries[name])
    if found.get("unlisted") == "allowed" and entries.get("registries"):
        said = "'registries' lists all that is trusted: beside it, what is not listed cannot be allowed"
        doc.mistakes.append(doc.error(("trust", "unlisted"), said))
    return TrustPolicy(**found)


def _unlisted(doc: Document, place: Place, value: Any) -> Mapping[str, Any]:
    return {"unlisted": _word(doc, place, value, _UNLISTED)}


def _host_policy(doc: Document, place: Place, value: Any) -> Mapping[str, Any]:
    return {"host_policy": "" if value is False else _word(doc, place, value, _HOST_POLICY, " or false")}


def _directories(doc: Document, place: Place, value: Any) -> Mapping[str, Any]:
    paths = doc.strings(place, value)
    for index, path in enumerate(paths):
        _nothing_odd(doc, (*place, index), path)
    return {"signature_directories": tuple(str(doc.path.parent / path) for path in paths)}


def _root(doc: Document, place: Place, value: Any) -> Mapping[str, Any]:
    name = doc.value(place, value, str, "the path of a trusted_root.json")
    content = _file(doc, place, name, MAX_ROOT)
    try:
        kind = msgspec.json.decode(content, type=dict[str, Any]).get("mediaType")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        kind = None
    if not isinstance(kind, str) or not kind.startswith(_ROOT_TYPE):
        raise doc.error(place, f"{name} is no sigstore trusted_root.json: no mediaType {_ROOT_TYPE}")
    return {"root": content, "root_name": name}


# -- rules -----------------------------------------------------------------------------------------------------------


def _rules(doc: Document, place: Place, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, list) or len(value) > _MOST_RULES:
        raise doc.error(place, f"rules are written [[trust.rule]], one table each, {_MOST_RULES} at most")
    return {"rules": tuple(_each(doc, place, value))}


def _each(doc: Document, place: Place, entries: list[Any]) -> Iterator[Rule]:
    taken: dict[str, int] = {}
    for index in range(len(entries)):
        with doc.noting():
            before = len(doc.mistakes)
            found = dict(_rule(doc, (*place, index)))
            _twice(doc, (*place, index, "match"), found.get("match", ()), taken, index + 1)
            if len(doc.mistakes) == before:
                yield Rule(number=index + 1, line=doc.line((*place, index)), **found)


def _rule(doc: Document, place: Place) -> Iterator[tuple[str, Any]]:
    entry = doc.table(*place)
    for name, value in entry.items():
        with doc.noting():
            if name not in _RULE:
                raise doc.unknown((*place, name), "key", _RULE)
            yield name, _MEMBERS[name](doc, (*place, name), value)
    misspelt = any(name not in _RULE for name in entry)  # most likely the one that is missing; one mistake is told once
    if "match" not in entry and not misspelt:
        raise doc.error(place, "a rule needs 'match': which repositories it is about")
    require = entry.get("require")
    signed_by = entry.get("signed_by")
    if isinstance(require, list) and "signature" in require and not signed_by and not misspelt:
        place = (*place, "signed_by" if "signed_by" in entry else "require")
        raise doc.error(place, "a signature is required, but 'signed_by' names nobody whose signature counts")


def _twice(doc: Document, place: Place, patterns: tuple[str, ...], taken: dict[str, int], number: int) -> None:
    for index, pattern in enumerate(patterns):
        first = taken.setdefault(normalised_pattern(pattern), number)
        if first != number:
            doc.mistakes.append(
                doc.error((*place, index), f"{pattern!r} stands in rule {first} too, which always wins")
            )


def _patterns(doc: Document, place: Place, value: Any) -> tuple[str, ...]:
    patterns = (value,) if isinstance(value, str) else doc.strings(place, value)
    if not patterns:
        raise doc.error(place, "'match' names no repository")
    for index, pattern in enumerate(patterns):
        wrong = _pattern_mistake(pattern)
        if wrong:
            raise doc.error((*place, index), f"{pattern!r} {wrong}")
    return patterns


def _pattern_mistake(pattern: str) -> str:
    """Why a pattern can never be what somebody meant, "" if it can."""
    head, slash, rest = pattern.partition("/")
    if not pattern or pattern != pattern.strip() or not pattern.isprintable():
        return "is no pattern of repositories"
    if "://" in pattern:
        return "begins with a scheme: leave it out"
    if "@" in pattern or (slash and ":" in pattern.rpartition("/")[2]):
        return "has a tag or digest: a rule is about repositories"
    if pattern == "*":
        return "is one path segment only; every repository is '**'"
    if not slash and pattern != "**" and ("." in head or ":" in head or "*" in head or head == "localhost"):
        return f"names no repository; everything there is '{pattern}/**'"
    if rest != rest.lower():
        return "has capital letters in its path: no repository has any, so it is about none"
    if slash and not rest:
        return f"ends with a slash; everything there is '{pattern}**'"
    return ""


def _require(doc: Document, place: Place, value: Any) -> tuple[str, ...]:
    words = doc.strings(place, value)
    for index, word in enumerate(words):
        if word not in REQUIRE:
            raise doc.unknown((*place, index, word), "requirement", REQUIRE)
    return tuple(dict.fromkeys(words))


def _signed_as(doc: Document, place: Place, value: Any) -> str:
    text = doc.value(place, value, str, "repository, any or another repository's name")
    if text in {"repository", "any"}:
        return str(text)
    if "/" not in text or "*" in text or not normalised(text):
        said = hint(text, ("repository", "any")) or "; a repository is written with its registry"
        raise doc.error(place, f"'signed_as' must be repository, any or another repository's name, not {text!r}{said}")
    return normalised(text)


def _annotations(doc: Document, place: Place, value: Any) -> tuple[tuple[str, str], ...]:
    doc.value(place, value, dict, 'a table such as { env = "prod" }')
    return tuple((name, doc.value((*place, name), text, str, "a string")) for name, text in value.items())


def _days(doc: Document, place: Place, value: Any) -> int:
    number = doc.value(place, value, int, "a whole number of days")
    if number < 1:
        raise doc.error(place, f"{place[-1]!r} must be at least one day")
    return int(number)


def _severity(doc: Document, place: Place, value: Any) -> str:
    return _word(doc, place, value, SEVERITIES)


def _truth(doc: Document, place: Place, value: Any) -> bool:
    return bool(doc.value(place, value, bool, "true or false"))


# -- whose signatures count -------------------------------------------------------------------------------------------


def _signers(doc: Document, place: Place, value: Any) -> tuple[Authority, ...]:
    if not isinstance(value, list):
        raise doc.error(place, "'signed_by' must be a list of tables such as { key = \"release.pub\" }")
    found: list[Authority] = []
    for index in range(len(value)):
        with doc.noting():
            found.append(_authority(doc, (*place, index)))
    return tuple(found)


def _authority(doc: Document, place: Place) -> Authority:
    if not isinstance(_at(doc, place), Mapping):
        raise doc.error(place, "'signed_by' holds tables such as { key = \"release.pub\" }")
    entry = doc.table(*place)
    for name in entry:
        if name not in _AUTHORITY:
            raise doc.unknown((*place, name), "key", _AUTHORITY)
    forms = [name for name in _FORMS if name in entry]
    if len(forms) != 1:
        said = f"{' and '.join(map(repr, forms))} cannot stand together" if forms else "names nobody"
        raise doc.error(place, f"{said}: one of 'key', 'gpg', 'notation_roots', or 'issuer' with 'subject'")
    form = forms[0]
    for name in entry:
        if name != form and name not in _FORMS[form]:
            belongs = next(other for other, with_it in _FORMS.items() if name in with_it)
            raise doc.error((*place, name), f"{name!r} belongs to {belongs!r}, not to {form!r}")
    return _AUTHORITIES[form](doc, place, entry)


def _public_key(doc: Document, place: Place, entry: Mapping[str, Any]) -> PublicKey:
    name = doc.value((*place, "key"), entry["key"], str, "the path of a public key")
    pem = _judged(doc, (*place, "key"), name, MAX_KEY, public_key_mistake)
    until = entry.get("until")
    if until is not None and type(until) is not date:
        raise doc.error((*place, "until"), "'until' must be a date such as 2030-12-31, without quotes or a time")
    return PublicKey(name, pem, until)


def _identity(doc: Document, place: Place, entry: Mapping[str, Any]) -> Identity:
    found = {}
    for name in ("issuer", "subject"):
        text = doc.value((*place, name), entry.get(name, ""), str, "a string")
        if not text.strip():
            raise doc.error(place, "a keyless identity is an 'issuer' and a 'subject'")
        found[name] = text
    if "*" in found["issuer"]:
        raise doc.error((*place, "issuer"), "'issuer' is compared as it stands; only 'subject' may have a *")
    return Identity(**found)


def _gpg(doc: Document, place: Place, entry: Mapping[str, Any]) -> GpgKeys:
    name = doc.value((*place, "gpg"), entry["gpg"], str, "the path of a keyring")
    keyring = _judged(doc, (*place, "gpg"), name, MAX_KEYRING, keyring_mistake)
    lookaside = doc.value((*place, "lookaside"), entry.get("lookaside", ""), str, "a URL or a path")
    if not lookaside:
        return GpgKeys(name, keyring)
    scheme, mark, rest = lookaside.partition("://")
    if not mark:
        _nothing_odd(doc, (*place, "lookaside"), lookaside)
        return GpgKeys(name, keyring, str(doc.path.parent / lookaside))
    if scheme not in _SCHEMES:
        said = f"'lookaside' must be a path or begin with {', '.join(f'{each}://' for each in _SCHEMES)}"
        raise doc.error((*place, "lookaside"), said)
    if "@" in rest.partition("/")[0]:
        raise doc.error((*place, "lookaside"), "'lookaside' has credentials in it, which belong into no configuration")
    return GpgKeys(name, keyring, lookaside.rstrip("/"))


def _notation(doc: Document, place: Place, entry: Mapping[str, Any]) -> NotationTrust:
    listed = entry["notation_roots"]
    names = (listed,) if isinstance(listed, str) else doc.strings((*place, "notation_roots"), listed)
    if not names:
        raise doc.error((*place, "notation_roots"), "'notation_roots' names no certificate")
    roots = [_judged(doc, (*place, "notation_roots"), name, MAX_CERTIFICATES, certificates_mistake) for name in names]
    subject = doc.value((*place, "subject"), entry.get("subject", ""), str, "a string")
    subject = subject.removeprefix("x509.subject:").strip()
    if subject not in {"", "*"} and not all("=" in part for part in subject.split(",")):
        raise doc.error((*place, "subject"), "'subject' must be * or attributes such as C=XX, O=Example, CN=release")
    return NotationTrust(", ".join(names), tuple(roots), "" if subject == "*" else subject)


_AUTHORITIES: Mapping[str, Callable[[Document, Place, Mapping[str, Any]], Authority]] = {
    "key": _public_key, "issuer": _identity, "gpg": _gpg, "notation_roots": _notation,
}  # fmt: skip
_MEMBERS: Mapping[str, Callable[[Document, Place, Any], Any]] = {
    "match": _patterns, "trusted": _truth, "require": _require, "signed_by": _signers, "signed_as": _signed_as,
    "annotations": _annotations, "max_age_days": _days, "max_severity": _severity, "plain_http": _truth,
}  # fmt: skip


# -- files -----------------------------------------------------------------------------------------------------------


def _judged(doc: Document, place: Place, name: str, limit: int, mistake: Callable[[bytes], str]) -> bytes:
    content = _file(doc, place, name, limit)
    wrong = mistake(content)
    if wrong:
        raise doc.error(place, f"{name} {wrong}")
    return content


def _file(doc: Document, place: Place, name: str, limit: int) -> bytes:
    """A file beside the configuration; a pipe or a device is neither waited for nor read."""
    _nothing_odd(doc, place, name)
    path = doc.path.parent / name
    try:
        if not path.is_file():  # to open a device may be enough to do harm
            path.stat()
            raise doc.error(place, f"{name} is no regular file")
        with open(os.open(path, _OPEN), "rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise doc.error(place, f"{name} cannot be read: {error.strerror}") from None
    if len(content) > limit:
        raise doc.error(place, f"{name} is larger than {limit >> 10} KiB, which nothing of this kind is")
    return content


def _nothing_odd(doc: Document, place: Place, name: str) -> None:
    if not name.strip() or not name.isprintable():
        raise doc.error(place, f"{place[-1]!r} must be a path")


def _at(doc: Document, place: Place) -> Any:
    found: Any = doc.document
    for part in place:
        found = found[part]
    return found


def _word(doc: Document, place: Place, value: Any, words: Collection[str], more: str = "") -> str:
    if not isinstance(value, str) or value not in words:
        said = hint(value, words) if isinstance(value, str) else ""
        raise doc.error(place, f"{place[-1]!r} must be {', '.join(words)}{more}, not {value!r}{said}")
    return value
