"""Adds a waiver to the text of a `deckwatch.toml`, or takes one out. Pure; no byte of the rest is touched."""

from __future__ import annotations

from collections.abc import Iterator

from checks.policy import Waiver
from tui.toml_statements import Statement, statements

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
HEADER = "[[waiver]]"


def quoted(text: str) -> str:
    """A TOML string. What cannot be seen is written as an escape; what is no character at all, as a `?` glob."""
    return f'"{"".join(map(_written, text))}"'


def _written(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    code = ord(sign)
    if 0xD800 <= code <= 0xDFFF:
        return "?"
    if sign.isprintable():
        return sign
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def block(waiver: Waiver, remark: str = "") -> list[str]:
    """The lines of a waiver; `remark` explains the check behind its id."""
    said = "".join(sign if sign.isprintable() else " " for sign in remark)
    return [HEADER, f"check = {quoted(waiver.check)}{f'  # {said}' if said else ''}", *_pairs(waiver)]


def _pairs(waiver: Waiver) -> Iterator[str]:
    selectors = ("kind", "image", "label", "project", "namespace", "source")
    if waiver.resource != "*" or not (waiver.value or any(getattr(waiver, name) for name in selectors)):
        yield f"resource = {quoted(waiver.resource)}"
    for name in selectors:
        if getattr(waiver, name):
            yield f"{name} = {quoted(getattr(waiver, name))}"
    if waiver.value:
        listed = ", ".join(map(quoted, waiver.value))
        yield f"value = {listed}" if len(waiver.value) == 1 else f"value = [{listed}]"
    yield f"reason = {quoted(waiver.reason)}"
    if waiver.owner:
        yield f"owner = {quoted(waiver.owner)}"
    if waiver.expires is not None:
        yield f"expires = {waiver.expires.isoformat()}"


def appended(text: str, lines: list[str]) -> str:
    """The text with a block behind it, after a blank line, with the line ends that the text has."""
    end = "\r\n" if "\r\n" in text else "\n"
    before = text if not text or text.endswith("\n") else text + end
    return before + (end if before else "") + "".join(f"{line}{end}" for line in lines)


def block_lines(text: str, number: int) -> range | None:
    """The lines (from 0) of waiver `number`: its header and keys, with the comments between them; None if not there."""
    found = statements(text)
    starts = [place for place, one in enumerate(found) if _opens(one)]
    if not 0 <= number < len(starts):
        return None
    start = starts[number]
    last = start
    for place in range(start + 1, len(found)):
        if found[place].kind == "header":
            break
        if found[place].kind == "key":
            last = place
    return range(found[start].start, found[last].end)


def without(text: str, number: int) -> str | None:
    """The text without waiver `number` and the blank line before it; comments outside of it stay. None: no such one."""
    lines = lines_of(text)
    block = block_lines(text, number)
    if block is None:
        return None
    start = block.start - 1 if block.start and not lines[block.start - 1].strip() else block.start
    return "".join(lines[:start] + lines[block.stop :])


def lines_of(text: str) -> list[str]:
    """The lines with their ends. Only a line feed ends a line of TOML; a string may hold what else looks like one."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [text.rpartition("\n")[2]]


def _opens(statement: Statement) -> bool:
    if statement.kind != "header" or not statement.text.lstrip().startswith("[["):
        return False
    name = statement.text.lstrip()[2:].partition("]")[0].strip().strip("\"'")
    return name == "waiver"
