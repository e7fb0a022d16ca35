"""Changes the waivers in `deckwatch.toml` on disk: as a whole or not at all, and only if the result is valid."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from checks.policy import Waiver
from tui.config import ConfigError, Names, judge, parse, read
from tui.options import Settings
from tui.toml_edit import appended, block_lines, lines_of, without


class Refused(Exception):  # noqa: N818 - nothing is at fault: the file is left as it is, for the reason given
    """The file was not changed; says why in one line."""


class PolicyFile:
    """One file, which may not exist yet. Every method reads it anew: an editor may be open on it as well."""

    def __init__(self, path: Path, checks: Names, actions: Names) -> None:
        self.path = path
        self._checks = checks
        self._actions = actions

    def add(self, lines: list[str]) -> Settings:
        """Append a waiver; what the file says then. Raises `Refused`."""

        def change(text: str) -> str:
            if "waiver" in parse(self.path, text) and block_lines(text, 0) is None:
                raise Refused(f"{self.path}: waivers are not written as [[waiver]] blocks there; add it by hand")
            return appended(text, lines)

        return self._change(change, 1)

    def take_out(self, waiver: Waiver) -> Settings:
        """Take out the first waiver that says this; what the file says then. Raises `Refused`."""

        def change(text: str) -> str:
            changed = without(text, self._number(text, waiver))
            if changed is None:
                raise Refused(f"{self.path}: waivers are not written as [[waiver]] blocks there; take it out by hand")
            return changed

        return self._change(change, -1)

    def lines_of(self, waiver: Waiver) -> tuple[int, list[str]]:
        """The first line (from 1) and the lines of a waiver in the file. Raises `Refused`."""
        text = self._read()
        found = block_lines(text, self._number(text, waiver))
        if found is None:
            raise Refused(f"{self.path}: waivers are not written as [[waiver]] blocks there; take it out by hand")
        return found.start + 1, [line.rstrip("\r\n") for line in lines_of(text)[found.start : found.stop]]

    def _number(self, text: str, waiver: Waiver) -> int:
        waivers = self._judge(text).policy.waivers
        if waiver not in waivers:
            raise Refused(f"{self.path}: this waiver is not in it any more")
        return waivers.index(waiver)

    def _change(self, change: Callable[[str], str], more: int) -> Settings:
        before = self._read()
        known = self._judge(before)
        after = change(before)
        settings = self._judge(after, "it would not be valid then")
        if not _only_waivers(parse(self.path, before), parse(self.path, after)):
            raise Refused(f"{self.path}: cannot be changed without touching other lines; do it by hand")
        if len(settings.policy.waivers) != len(known.policy.waivers) + more:
            raise Refused(f"{self.path}: cannot be changed without touching other waivers; do it by hand")
        write(self.path, after)
        return settings

    def _read(self) -> str:
        try:
            return read(self.path) if self.path.exists() else ""
        except ConfigError as error:
            raise Refused(str(error)) from None
        except OSError as error:
            raise Refused(f"{self.path}: cannot be read: {error.strerror}") from None

    def _judge(self, text: str, otherwise: str = "the file is not valid any more") -> Settings:
        try:
            return judge(text, self.path, checks=self._checks, actions=self._actions)
        except ConfigError as error:
            raise Refused(f"not written, {otherwise}: {error}") from None


def _only_waivers(before: dict[str, object], after: dict[str, object]) -> bool:
    return {**before, "waiver": None} == {**after, "waiver": None}


def write(path: Path, text: str) -> None:
    """Replace the file's text, or make the file. Links are followed; mode and owner stay. Raises `Refused`."""
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        before = _status(target)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if before is not None and not os.access(target, os.W_OK):
            raise Refused(f"{path}: is not writable by you")
        _write_new(part, text, before)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise Refused(f"{path}: cannot be written: {error.strerror} ({target.parent})") from None


def _status(target: Path) -> os.stat_result | None:
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"{target}: is no regular file")
    return found


def _write_new(part: Path, text: str, before: os.stat_result | None) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if before else 0o666)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        if before is not None:
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
