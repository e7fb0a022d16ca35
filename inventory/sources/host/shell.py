"""Questions to a host as a script for its POSIX shell, and the answers out of what the script prints.

The script only reads: `head`, `stat`, `readlink`, `adjtimex --print` and `ss`, each on paths that are quoted as
single words. Every answer is framed by a number that nobody on the host can know beforehand: what a process writes into
its own command line, or how a file is called, cannot pass for the answer to another question.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

LIMIT = 4 << 20
"""Bytes of a file that are read at most."""


class Question(NamedTuple):
    """`ask` is read, stat, names, link, space, clock or peer; `path` what about ("" for the clock).

    `base` is the start of `path` below which no link is followed; None where all are.
    """

    ask: str
    path: str = ""
    base: str | None = None


Answer = bytes | OSError

# One function for each question: $1 is its number, $2 the path. Each prints the answer and then a frame with the number
# and the error (errno(3)): `why` tells it from what a program complains of in the C locale.
_PRELUDE = """\
LC_ALL=C; export LC_ALL; N={nonce}; exec 2>/dev/null
why() {{ case "$1" in *"No such file"*) return 2;; *ermission*|*"not permitted"*) return 13;;
  *"Not a dir"*) return 20;; *) return 5;; esac; }}
end() {{ printf '\\n%s %s %s\\n' "$N" "$1" "$2"; }}
r() {{ if [ -f "$2" ] && head -c {limit} -- "$2"; then end "$1" 0; return; fi
  e=$(stat -L -- "$2" 2>&1 >/dev/null) && e=ermission; why "$e"; end "$1" $?; }}
c() {{ if {{ while IFS= read -r l; do printf '%s\\n' "$l"; done; printf %s "$l"; }} <"$2"; then end "$1" 0
  else r "$1" "$2"; fi; }}
s() {{ if e=$(stat -L -c '%f %u %g %Y %s %i %t %T %Z' -- "$2" 2>&1); then printf %s "$e"; end "$1" 0
  else why "$e"; end "$1" $?; fi; }}
n() {{ if (cd -- "$2" && [ -r . ] && printf '%s\\0' * .[!.]* ..?*); then end "$1" 0; return; fi
  e=$(ls -- "$2/" 2>&1 >/dev/null) && e=ermission; why "$e"; end "$1" $?; }}
k() {{ if l=$(readlink -- "$2" && echo .); then printf %s "${{l%??}}"; end "$1" 0; return; fi
  e=$(stat -- "$2" 2>&1 >/dev/null) && {{ [ -L "$2" ] && e=ermission || {{ end "$1" 22; return; }}; }}
  why "$e"; end "$1" $?; }}
l() {{ i=$1; shift; for d; do if [ -L "$d" ]; then end "$i" 40; return 1; fi; done; }}
f() {{ if e=$(stat -f -c '%S %b %a %c %d' -- "$2" 2>&1); then printf %s "$e"; end "$1" 0
  else why "$e"; end "$1" $?; fi; }}
t() {{ if e=$(adjtimex --print); then printf %s "$e"; end "$1" 0; else end "$1" 38; fi; }}
p() {{ if e=$(ss -xlpH); then printf %s "$e"; end "$1" 0; else end "$1" 38; fi; }}
"""
_WORDS = {"read": "r", "stat": "s", "names": "n", "link": "k", "space": "f", "clock": "t", "peer": "p"}
# A few lines of text without zero bytes: the shell reads them without starting a program.
_SHORT = re.compile(r"/proc/\d+/(?:comm|cgroup|[ug]id_map)|/sys/fs/cgroup/.*(?:\.max|limit_in_bytes)")
_PATTERNS = frozenset({b"*", b".[!.]*", b"..?*"})  # what the shell leaves of a pattern that nothing fits


def script(questions: Iterable[Question], nonce: str) -> bytes:
    """The script that asks these in order. `nonce` must be new and unguessable: 32 hexadecimal digits or so."""
    lines = [_PRELUDE.format(nonce=nonce, limit=LIMIT)]
    for number, question in enumerate(questions):
        word = "c" if question.ask == "read" and _SHORT.fullmatch(question.path) else _WORDS[question.ask]
        lines.append(f"{_guard(number, question)}{word} {number} {shlex.quote(os.fsdecode(question.path))}\n")
    lines.append("end 0 end\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _guard(number: int, question: Question) -> str:
    """Ask only if none of what is below `base` is a link, looked at from above: a link's target is never touched."""
    if question.base is None:
        return ""
    at, places = question.base, []
    for name in question.path.removeprefix(question.base).split("/"):
        if name:
            at = f"{at}/{name}"
            places.append(shlex.quote(os.fsdecode(at)))
    return f"l {number} {' '.join(places)} && "


def last_words(nonce: str) -> bytes:
    """What the output of a script ends with."""
    return f"\n{nonce} 0 end\n".encode()


def answers(questions: list[Question], nonce: str, said: bytes) -> Mapping[Question, Answer]:
    """What the script's output answers; a question whose answer did not arrive is not in it."""
    found: dict[Question, Answer] = {}
    for body, number, status in _frames(nonce, said):
        if number >= len(questions):
            continue
        question = questions[number]
        if status == 0:
            found[question] = _names(body) if question.ask == "names" else body
        else:
            code = errno.EACCES if status == errno.EACCES else status
            found[question] = OSError(code, os.strerror(code), question.path)
    return found


def _frames(nonce: str, said: bytes) -> Iterator[tuple[bytes, int, int]]:
    mark = re.compile(rb"\n" + re.escape(nonce.encode()) + rb" (\d{1,9}) (\d{1,3})\n")
    at = 0
    for frame in mark.finditer(said):
        yield said[at : frame.start()], int(frame[1]), int(frame[2])
        at = frame.end()


def _names(body: bytes) -> bytes:
    """Without what the shell leaves of a pattern that nothing fits."""
    return b"\0".join(name for name in body.split(b"\0") if name and name not in _PATTERNS)
