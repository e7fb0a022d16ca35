"""The list of bad programs that a configuration names: whether it can be read and holds any digests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.schema import Document
    from tui.toml_lines import Path as Place

_LOOKED_AT = 1 << 20  # bytes: a list that goes wrong does so at its beginning, and a start must not wait for all of it


def listed(doc: Document, place: Place, value: Any) -> str:
    """The path of the list, relative to the configuration; raises what is wrong with it, by its line."""
    from inventory.contents.files.hash_list import parse

    name = doc.value(place, value, str, "the name of a file")
    if not name:
        return ""
    path = doc.path.parent / Path(name).expanduser()
    try:
        with path.open("rb") as file:
            head = file.read(_LOOKED_AT)
    except OSError as error:
        raise doc.error(place, f"{place[-1]!r}: {path}: {error.strerror or error}") from error
    lines = head.decode("utf-8", "replace").splitlines()
    read = parse("\n".join(lines[:-1] if len(head) == _LOOKED_AT else lines))
    if read.wrong:
        raise doc.error(place, f"{place[-1]!r}: {path}:{read.wrong[0]} does not begin with a SHA-256 digest")
    if not read.digests:
        raise doc.error(place, f"{place[-1]!r}: {path} holds no digest")
    return str(path)
