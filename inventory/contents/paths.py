"""Names as layers write them, made into paths that stay inside: nothing here is ever opened by such a name."""

from __future__ import annotations

LONGEST = 4096
LONGEST_NAME = 255
DEEPEST = 256
_PREFIX = ".wh."
_OPAQUE = ".wh..wh..opq"


class RefusedError(ValueError):
    """No path of a file system tree; says why."""


def normalised(name: bytes) -> str:
    """The path without leading slash, `.` and doubled slashes; "" for the root itself. Raises `RefusedError`.

    An absolute name means the same below the root, as engines unpack it. Bytes that are no UTF-8 become `\\xff`.
    """
    if len(name) > LONGEST:
        raise RefusedError("name too long")
    if b"\0" in name:
        raise RefusedError("name with a NUL byte")
    try:
        text = name.decode()
    except UnicodeDecodeError:
        text = name.decode("utf-8", "backslashreplace")
    if "//" not in text and "/." not in text and text[:1] not in {"/", "."} and text[-1:] != "/":
        parts = text.split("/")
    else:
        parts = [part for part in text.split("/") if part not in {"", "."}]
        text = "/".join(parts)
        if ".." in parts:
            raise RefusedError("name that leads out of the tree")
    if len(parts) > DEEPEST:
        raise RefusedError("directories too deep")
    if len(text) > LONGEST_NAME and max(map(len, parts)) > LONGEST_NAME * 4:
        raise RefusedError("name too long")
    return text


def whiteout(path: str) -> tuple[str, str]:
    """What a marker of the AUFS form means: (path, "whiteout"), (directory, "opaque"), ("", "skip") or (path, "")."""
    directory, _, name = path.rpartition("/")
    if not name.startswith(_PREFIX):
        return path, ""
    if name == _OPAQUE:
        return directory, "opaque"
    if name.startswith(_PREFIX + _PREFIX) or name in {_PREFIX, _PREFIX + ".", _PREFIX + ".."}:
        return "", "skip"
    hidden = name[len(_PREFIX) :]
    return (f"{directory}/{hidden}" if directory else hidden), "whiteout"
