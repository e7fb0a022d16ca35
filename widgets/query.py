"""The filter language of all lists.

`word` is found in any field, `key:value` in that field, `key:a,b` is a or b, `!` before a term turns it round, `~regex`
and `key:~regex` are regular expressions, `"two words"` holds blanks together. All terms must hold. Case does not count.
In a field that says words of an order, `sev:high+` is that word and all before it. Without a value, a field that says
yes or no means yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from widgets.patterns import compile_pattern

Test = Callable[[str], bool]

_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_KEY = re.compile(r"([A-Za-z][\w.-]*):(.*)", re.DOTALL)


Words = Mapping[str, Sequence[str]]
"""Field -> all that it can say, the worst first, for the fields that say one of a few words."""


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of fields: `words` is all that some can say, `scales` orders words of others, worst first.

    `flags` say yes or no.
    """

    words: Words = field(default_factory=dict)
    scales: Words = field(default_factory=dict)
    flags: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: on a field, or with `key` "" on all fields together. `value` is what was typed for it."""

    key: str
    test: Test
    negated: bool = False
    value: str = ""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Whether the condition holds; a field that is absent holds no text."""
        text = fields.get(self.key, "") if self.key else "\n".join(fields.values())
        return self.test(text) != self.negated


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed filter. What could not be understood is in `errors` and filters nothing."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether everything matches."""
        return not self.terms

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether all terms hold for an object's fields."""
        return all(term.holds(fields) for term in self.terms)


def parse(text: str, keys: Collection[str] | None = None, language: Language | None = None) -> Query:
    """Never fails. `keys` are the known fields (None: any); a word close to one of them before a colon is an error.

    So is, for a field in `language.words`, a value that is part of none of its words: `sev:hihg` would only ever show
    nothing.
    """
    terms: list[Term] = []
    errors: list[str] = []
    for token in _TOKEN.findall(text):
        made = _term(token, keys, language or Language())
        if isinstance(made, str):
            errors.append(made)
        elif made is not None:
            terms.append(made)
    return Query(text, tuple(terms), tuple(errors))


def field_of(token: str, fields: Collection[str] = ()) -> str:
    """The name before the colon of a token that is about a field, at least if it is one of `fields`; else ""."""
    found = _KEY.fullmatch(token.removeprefix("!"))
    if found is None:
        return ""
    name = found[1].lower()
    return name if name in fields or _is_field(name, found[2]) else ""


def tokens(text: str) -> list[str]:
    """The terms of a filter as they were typed."""
    return _TOKEN.findall(text)


def near(word: str, known: Collection[str]) -> str:
    """The known word that was most likely meant; "" if none is near."""
    return next(iter(get_close_matches(word.casefold(), sorted(known), 1, 0.6)), "")


def _term(token: str, keys: Collection[str] | None, language: Language) -> Term | str | None:
    negated = token.startswith("!") and len(token) > 1
    body = token[1:] if negated else token
    key, value = "", body
    found = _KEY.fullmatch(body)
    if found:
        name = found[1].lower()
        if keys is not None and name not in keys:
            meant = get_close_matches(name, sorted(keys), 1, 0.75)
            if meant:
                return f"no field {name}: did you mean {meant[0]}?"
        elif keys is not None or _is_field(name, found[2]):
            order = language.words.get(name) or language.scales.get(name, ())
            key, value = name, _with_worse(found[2], order) or ("yes" if name in language.flags else "")
    test = _misspelt(key, value, language.words) or _test(value, alternatives=bool(key))
    if isinstance(test, str):
        return test
    return None if test is None else Term(key, test, negated, value)


def _with_worse(value: str, words: Sequence[str]) -> str:
    """`high+` as the words that are meant; anything else as it is."""
    if not value.endswith("+") or not words:
        return value
    wanted = value.removesuffix("+").casefold()
    place = next((number for number, word in enumerate(words) if wanted and wanted in word.casefold()), None)
    return value if place is None else ",".join(words[: place + 1])


def _misspelt(key: str, value: str, words: Words) -> str:
    if key not in words or value.startswith("~"):
        return ""
    known = [word.casefold() for word in words[key]]
    for part in _wanted(value, alternatives=True):
        if not any(part in word for word in known):
            meant = near(part, known)
            return f"no {key} is {part}" + (f": did you mean {meant}?" if meant else f": {' '.join(words[key])}")
    return ""


def _is_field(name: str, value: str) -> bool:
    """Where any field is known, `nginx:1.25` and `http://x` are words all the same."""
    return not value.startswith("//") and not value[:1].isdigit() and name.isalpha()


def _test(value: str, alternatives: bool) -> Test | str | None:
    if value.startswith("~"):
        return _regex(value[1:])
    wanted = tuple(_wanted(value, alternatives))
    if not wanted:
        return None
    if len(wanted) == 1:
        only = wanted[0]
        return lambda text: only in text.casefold()
    return lambda text: any(word in text.casefold() for word in wanted)


def _wanted(value: str, alternatives: bool) -> Iterator[str]:
    for part in value.split(",") if alternatives else (value,):
        word = part.replace('"', "").casefold()
        if word:
            yield word


def _regex(pattern: str) -> Test | str | None:
    if not pattern:
        return None
    compiled = compile_pattern(pattern, re.IGNORECASE)
    return compiled if isinstance(compiled, str) else lambda text: compiled.search(text) is not None
