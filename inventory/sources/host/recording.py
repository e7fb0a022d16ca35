"""A host's answers kept as JSON, and a host that gives them again."""

from __future__ import annotations

import base64
import errno
import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from inventory.sources.host.reader import HostReader, NotRecordedError, Space, Stat
from inventory.sources.host.tree import Node, Tree

T = TypeVar("T")


class Recorder:
    """Passes every question on and keeps the answer, errors too. `document` is what was heard."""

    def __init__(self, inner: HostReader) -> None:
        self._inner = inner
        self._heard: dict[str, Any] = {}

    def document(self) -> bytes:
        """Everything heard, as JSON: question -> answer, or the number of the error.

        A name that is no UTF-8 (a container may make such files) is written with lone surrogates, escaped.
        """
        return json.dumps(self._heard, sort_keys=True, ensure_ascii=True).encode()

    def read(self, path: str) -> bytes:
        return self._keep(f"read {path}", lambda: self._inner.read(path), lambda body: base64.b64encode(body).decode())

    def head(self, path: str, lines: int) -> bytes:
        return self._keep(
            f"read {path}", lambda: self._inner.head(path, lines), lambda body: base64.b64encode(body).decode()
        )

    def stat(self, path: str) -> Stat:
        return self._keep(f"stat {path}", lambda: self._inner.stat(path), msgspec.structs.astuple)

    def names(self, path: str) -> list[str]:
        return self._keep(f"names {path}", lambda: self._inner.names(path))

    def link(self, path: str) -> str:
        return self._keep(f"link {path}", lambda: self._inner.link(path))

    def node(self, path: str) -> Node:
        return self._keep(f"node {path}", lambda: self._inner.node(path), msgspec.structs.astuple)

    def tree(self, root: str, limit: int, depth: int) -> Tree:
        return self._keep(f"tree {root}", lambda: self._inner.tree(root, limit, depth), _plain)

    def read_below(self, base: str, path: str) -> bytes:
        return self._keep(
            f"read {base}{path}",
            lambda: self._inner.read_below(base, path),
            lambda body: base64.b64encode(body).decode(),
        )

    def stat_below(self, base: str, path: str) -> Stat:
        return self._keep(f"stat {base}{path}", lambda: self._inner.stat_below(base, path), msgspec.structs.astuple)

    def names_below(self, base: str, path: str) -> list[str]:
        return self._keep(f"names {base}{path}", lambda: self._inner.names_below(base, path))

    def space(self, path: str) -> Space:
        return self._keep(f"space {path}", lambda: self._inner.space(path), msgspec.structs.astuple)

    def clock_synchronised(self) -> bool:
        return self._keep("clock", self._inner.clock_synchronised)

    def peer(self, socket_path: str) -> int:
        return self._keep(f"peer {socket_path}", lambda: self._inner.peer(socket_path))

    def _keep(self, question: str, ask: Callable[[], T], plain: Callable[[T], Any] = lambda answer: answer) -> T:
        try:
            answer = ask()
        except OSError as error:
            self._heard[question] = {"errno": error.errno or errno.EIO}
            raise
        self._heard[question] = plain(answer)
        return answer


def _plain(found: Tree) -> Any:
    return msgspec.to_builtins(found)


class Replay:
    """Answers from a `Recorder`'s document; what was not asked then is an OSError (no such file)."""

    def __init__(self, document: bytes) -> None:
        """Raises `msgspec.MsgspecError` on a document that is no JSON object."""
        self._heard = _decode(document)

    def read(self, path: str) -> bytes:
        question = f"read {path}"
        try:
            return base64.b64decode(self._typed(question, str), validate=True)
        except ValueError:
            raise _odd(question) from None

    def head(self, path: str, lines: int) -> bytes:
        """All that was recorded of it."""
        return self.read(path)

    def stat(self, path: str) -> Stat:
        """An earlier version recorded the first four members only."""
        return self._struct(f"stat {path}", Stat)

    def names(self, path: str) -> list[str]:
        return self._typed(f"names {path}", list[str])

    def read_below(self, base: str, path: str) -> bytes:
        return self.read(base + path)

    def stat_below(self, base: str, path: str) -> Stat:
        return self.stat(base + path)

    def names_below(self, base: str, path: str) -> list[str]:
        return self.names(base + path)

    def link(self, path: str) -> str:
        return self._typed(f"link {path}", str)

    def node(self, path: str) -> Node:
        return self._struct(f"node {path}", Node)

    def tree(self, root: str, limit: int, depth: int) -> Tree:
        """As it was recorded, whatever the bounds are now."""
        return self._typed(f"tree {root}", Tree)

    def space(self, path: str) -> Space:
        return self._struct(f"space {path}", Space)

    def clock_synchronised(self) -> bool:
        return self._typed("clock", bool)

    def peer(self, socket_path: str) -> int:
        return self._typed(f"peer {socket_path}", int)

    def _struct(self, question: str, kind: type[T]) -> T:
        """One that was recorded as its members in their order."""
        answer = self._typed(question, list[Any])
        return _converted(question, dict(zip(kind.__annotations__, answer, strict=False)), kind)

    def _typed(self, question: str, kind: type[T]) -> T:
        if question not in self._heard:
            raise NotRecordedError(errno.ENOENT, "not in this recording", question)
        answer = self._heard[question]
        if isinstance(answer, dict) and answer.keys() == {"errno"}:
            number = answer["errno"]
            known = type(number) is int and number in errno.errorcode
            raise OSError(number if known else errno.EIO, os.strerror(number) if known else "unknown error", question)
        return _converted(question, answer, kind)


def _converted(question: str, answer: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError:
        raise _odd(question) from None


def _odd(question: str) -> OSError:
    return OSError(errno.EINVAL, "not an answer that a recording holds", question)


def _decode(document: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(document, type=dict[str, Any])
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        try:  # lone surrogates, which only the standard library reads
            found = json.loads(document)
        except (ValueError, RecursionError):
            raise error from None
        if not isinstance(found, dict):
            raise
        return found
