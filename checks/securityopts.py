"""`HostConfig.SecurityOpt`, parsed: one option is `name=value` or, in older spelling, `name:value`, or a bare name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_OPTION = re.compile(r"([A-Za-z-]+)(?:[=:](.*))?", re.DOTALL)
_FALSE = {"false", "0", "f"}


def options(security_opt: Iterable[str], name: str) -> Iterator[str]:
    """The values given for an option, in order; a bare name gives ""."""
    for text in security_opt:
        match = _OPTION.fullmatch(text)
        if match and match[1].lower() == name:
            yield match[2] or ""


def option(security_opt: Iterable[str], name: str) -> str | None:
    """The last value given for an option (engines let the last one win), or None."""
    values = tuple(options(security_opt, name))
    return values[-1] if values else None


def no_new_privileges(security_opt: Iterable[str]) -> bool | None:
    """What the container asks for: True, False, or None where it leaves the choice to the engine."""
    value = option(security_opt, "no-new-privileges")
    return None if value is None else value.lower() not in _FALSE


def selinux_labels(security_opt: Iterable[str]) -> tuple[str, ...]:
    """The SELinux options: `disable`, `type:spc_t`, `level:s0`, ..."""
    return tuple(value.lower() for value in options(security_opt, "label"))
