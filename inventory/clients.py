"""Where passwords stand on the command lines of well-known clients: their options are short and say nothing alone.

Sources: mysql(1), redis-cli --help, curl(1), mongosh --help, ldapsearch(1), sshpass(1), sqlcmd, docker login --help.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class _Client(NamedTuple):
    """`apart`: the next word is the password; `joined`: the rest of the word is; `pairs`: the next is user:password.

    `after` is the subcommand that must come first.
    """

    apart: frozenset[str] = frozenset()
    joined: tuple[str, ...] = ()
    pairs: re.Pattern[str] | None = None
    after: str = ""


_MYSQL = _Client(joined=("-p",))  # a word after `-p` is the database, not the password
_REDIS = _Client(frozenset({"-a"}))
_MONGO = _Client(frozenset({"-p"}))
_LDAP = _Client(frozenset({"-w"}))
_LOGIN = _Client(frozenset({"-p"}), after="login")  # `docker run -p` publishes a port
_CURL = _Client(pairs=re.compile(r"-[#0-46GIJLNOSafgiklnqsvj]{0,20}[uU]|--user|--proxy-user"))
_TOOLS = ("", "dump", "admin", "import", "check", "show", "slap", "pump", "binlog", "backup", "sh")
_CLIENTS = {
    **{f"{family}{tool}": _MYSQL for family in ("mysql", "mariadb", "mariadb-") for tool in _TOOLS},
    **dict.fromkeys(("redis-cli", "redis-benchmark", "valkey-cli", "keydb-cli"), _REDIS),
    **dict.fromkeys(("mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport"), _MONGO),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd"), _LDAP),
    **dict.fromkeys(("docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oras", "crane"), _LOGIN),
    "sshpass": _Client(frozenset({"-p"}), ("-p",)),
    "sqlcmd": _Client(frozenset({"-P"}), ("-P",)),
    "curl": _CURL,
}
_NAMED = frozenset({"--name", "--hostname", "--network", "--net", "--network-alias", "--service", "--link", "--label"})
_QUOTES = "\"'"
_HINT = re.compile(r"mysql|mariadb|-cli\b|-benchmark|mongo|ldap|login|sshpass|sqlcmd|curl")
_START = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(_CLIENTS, reverse=True)))})(?=[\"']?[ \t])")
# Every repetition has an end: who wrote the text may be an attacker. A command ends at the shell's operators.
_WORD = re.compile(r"""[ \t]*+((?:"[^"\n]{0,4000}+"|'[^'\n]{0,4000}+'|[^\s;&|"']{1,4000}+){1,20}+)""")
_MOST_WORDS = 100


def password_words(words: Iterable[str]) -> Iterator[tuple[int, int]]:
    """`(index, offset)` of each word of a command line that is a password from that offset on."""
    client: _Client | None = None
    ready = False
    before, expected = "", ""
    for index, word in enumerate(words):
        bare = word.strip(_QUOTES)
        known = None if before in _NAMED else _CLIENTS.get(bare.rpartition("/")[2])
        if expected:
            offset = word.find(":") + 1 if expected == "pair" else len(word) - len(word.lstrip(_QUOTES))
            if expected == "word" or offset:
                yield index, offset
            expected = ""
        elif known is not None:
            client, ready = known, not known.after
        elif client is not None:
            ready = ready or bare == client.after
            offset = _joined(client, word) if ready else 0
            if offset:
                yield index, offset
            elif ready:
                expected = _expected(client, bare)
        before = bare


def _expected(client: _Client, option: str) -> str:
    """What the word after this option is."""
    if option in client.apart:
        return "word"
    return "pair" if client.pairs is not None and client.pairs.fullmatch(option) else ""


def _joined(client: _Client, word: str) -> int:
    """Where the password in this very word begins; 0 where there is none."""
    quotes = len(word) - len(word.lstrip(_QUOTES))
    for option in client.joined:
        if word.startswith(option, quotes) and len(word.strip(_QUOTES)) > len(option):
            return quotes + len(option)
    if client.pairs is not None and word[quotes : quotes + 1] == "-":
        option, equals, _ = word[quotes:].partition("=")
        glued = option in {"--user", "--proxy-user"} if equals else client.pairs.match(word[quotes : quotes + 2])
        return word.find(":") + 1 if glued and not client.pairs.fullmatch(word.strip(_QUOTES)) else 0
    return 0


def passwords(text: str) -> Iterator[tuple[int, int]]:
    """`(start, end)` of each password on a command line somewhere in free text, such as what `sh -c` is given."""
    if not _HINT.search(text):
        return
    at = 0
    while found := _START.search(text, at):
        spans = [found.span()]
        at = found.end() + (text[found.end()] in _QUOTES)
        while len(spans) < _MOST_WORDS and (word := _WORD.match(text, at)):
            spans.append(word.span(1))
            at = word.end()
        for index, offset in password_words(text[start:end] for start, end in spans):
            start, end = spans[index]
            yield start + offset, end
