"""How an image says that it wants to be run: user, command, environment, ports, volumes, labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from inventory.gap import Gap
from inventory.image import Image
from inventory.resource import Kind
from inventory.secrets import mask_args, mask_pair
from inventory.text import safe
from tui.detail.tab import Context, Shape, Tab
from tui.format import size, stamp
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

LONGEST = 1000
MOST = 500


def config_lines(image: Image, context: Context) -> Iterator[TextLine]:
    """Each field in a line, or in one per value; secrets masked."""
    yield _field(image, "user", "user", _user)
    yield _field(image, "entrypoint", "entrypoint", _command)
    yield _field(image, "command", "command", _command)
    yield _field(image, "working_dir", "directory", lambda value: (value or "/", "normal"))
    yield _field(image, "exposed_ports", "ports", _list)
    yield _field(image, "volumes", "volumes", _list)
    yield _field(image, "healthcheck", "healthcheck", _health)
    yield _field(image, "on_build", "on build", _list)
    yield _field(image, "os", "platform", lambda value: (f"{value}/{_told(image, 'architecture')}", "normal"))
    yield _field(image, "created", "created", lambda value: (stamp(value), "normal"))
    yield _field(image, "size", "size", lambda value: (size(value), "normal"))
    yield _field(image, "comment", "comment", lambda value: (mask_pair("comment", value) or "-", "dim"))
    yield _field(image, "repo_tags", "tags", _list)
    yield _field(image, "repo_digests", "digests", _list)
    yield line("")
    yield from _environment(image)
    yield line("")
    yield from _labels(image)


def _field(image: Image, name: str, title: str, words: Callable[[Any], tuple[str, Role]]) -> TextLine:
    value = image.peek(name)
    text, role = (str(value), "unknown") if isinstance(value, Gap) else words(value)
    return TextLine(Cell.join((f" {title:<12} ", "header"), (safe(text, LONGEST), role)), copy=text)  # type: ignore[arg-type]  # one of the roles


def _told(image: Image, name: str) -> str:
    value = image.peek(name)
    return "?" if isinstance(value, Gap) else str(value)


def _user(value: str) -> tuple[str, Role]:
    return (value, "normal") if value else ("root: none is set", "high")


def _command(value: tuple[str, ...]) -> tuple[str, Role]:
    return (" ".join(mask_args(list(value))), "normal") if value else ("-", "dim")


def _list(value: tuple[str, ...]) -> tuple[str, Role]:
    return ("  ".join(mask_pair("", one) for one in value[:MOST]), "normal") if value else ("-", "dim")


def _health(value: Any) -> tuple[str, Role]:
    if value is None:
        return "none is set", "dim"
    test = getattr(value, "test", ())
    return " ".join(mask_args([str(word) for word in test])) or "none is set", "normal"


def _environment(image: Image) -> Iterator[TextLine]:
    env = image.peek("env")
    if isinstance(env, Gap):
        yield line(f" environment: {safe(str(env), 300)}", "unknown")
        return
    yield line(f" ENVIRONMENT {len(env)}", "header")
    for entry in env[:MOST]:
        name, _, value = entry.partition("=")
        yield _pair(name, mask_pair(name, value))
    if len(env) > MOST:
        yield line(f"   and {len(env) - MOST} more: i shows them", "unknown")


def _labels(image: Image) -> Iterator[TextLine]:
    yield line(f" LABELS {len(image.labels)}", "header")
    for name, value in sorted(image.labels.items())[:MOST]:
        yield _pair(name, mask_pair(name, value))
    if len(image.labels) > MOST:
        yield line(f"   and {len(image.labels) - MOST} more: i shows them", "unknown")


def _pair(name: str, value: str) -> TextLine:
    return TextLine(Cell.join((f"   {safe(name, 200)}", "accent"), f" = {safe(value, LONGEST)}"))


TABS = (Tab("config", "Config", Shape.TEXT, frozenset({Kind.IMAGE}), 9, lines=config_lines),)
