"""Looks through a value of a ConfigMap for secrets: as a whole, and line by line where it is a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inventory import secrets
from inventory.kubernetes.configuration import SecretFinding

LARGEST = 100_000
"""Characters of a value above which it is not looked through, and noted instead."""
MOST = 20
"""Findings of one value: a file with more is as bad as one with these."""
_LONGEST_LINE = 4000
_SPANS_LINES = "private-key"
# `name: value`, `- name: "value"`, `name = value`, `export NAME=value`. A comment does not begin with a name.
_SETTING = re.compile(
    r"""[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?["']?(?P<key>[A-Za-z_][\w.-]{0,200})["']?"""
    r"""[ \t]*(?::=|[:=])[ \t]*(?P<value>\S.*)"""
)
_COMMENT = re.compile(r"[ \t]+#.*$")


def suspicious(key: str, value: str) -> list[SecretFinding]:
    """What looks like a secret in a value, masked, in a time that the value's length bounds.

    In a file that is each setting by itself, named `key: setting`; what only the file as a whole shows, such as a
    private key, is named by the key.
    """
    whole = secrets.find(key, value)
    if "\n" not in value.strip() and len(value) < _LONGEST_LINE:
        return _single(key, value, whole)
    found = list(_in_lines(key, value))
    if whole is not None and (not found or (whole.rule == _SPANS_LINES and not any(one.by_value for one in found))):
        found.insert(0, SecretFinding(key, whole.rule, secrets.mask(value.strip()), whole.kind == "value"))
    return found[:MOST]


def _single(key: str, value: str, whole: secrets.SecretMatch | None) -> list[SecretFinding]:
    if whole is not None:
        return [SecretFinding(key, whole.rule, secrets.mask_pair(key, value)[:200], whole.kind == "value")]
    return list(_in_lines(key, value))[:MOST]


def _in_lines(key: str, value: str) -> Iterator[SecretFinding]:
    known: set[tuple[str, str]] = set()
    for line in value.splitlines():
        if len(line) > _LONGEST_LINE:
            line = line[:_LONGEST_LINE]
        for name, text in _settings(line):
            hit = secrets.find(name, text)
            if hit is not None and (name, text) not in known:
                known.add((name, text))
                if len(known) > MOST:
                    return
                masked = secrets.mask(text) if hit.kind == "name" else secrets.mask_pair(name, text)[:200]
                yield SecretFinding(f"{key}: {name}"[:300], hit.rule, masked, hit.kind == "value")


def _settings(line: str) -> Iterator[tuple[str, str]]:
    """Names and values of a line of a configuration file."""
    found = _SETTING.match(line)
    if found is not None:
        text = found["value"].rstrip().rstrip(",")
        text = text[1:].partition(text[0])[0] if text[0] in "\"'" else _COMMENT.sub("", text)
        yield found["key"], text
    for name, text in secrets.assignments(line):
        if found is None or name != found["key"]:
            yield name, text
