"""What runs in the container: the words after the image, where they are not the image's own."""

from __future__ import annotations

from checks.remedy.option import PLACEHOLDER
from inventory.container import Container
from inventory.image import Image
from inventory.secrets import mask_args


def entrypoint(container: Container, image: Image | None) -> tuple[str, ...] | None:
    """The entry point, or None where the image's own is used."""
    own = image.peek("entrypoint") if image is not None else None
    given = _shown(container.entrypoint)
    return None if not given or container.entrypoint == own else given


def command(container: Container, image: Image | None) -> tuple[str, ...] | None:
    """The command, or None where the image's own is used."""
    own = image.peek("command") if image is not None else None
    changed = entrypoint(container, image) is not None
    if not container.command or (container.command == own and not changed):
        return None
    return _shown(container.command)


def _shown(words: tuple[str, ...]) -> tuple[str, ...]:
    """With a placeholder for each word that holds a secret."""
    return tuple(word if word == masked else PLACEHOLDER for word, masked in zip(words, mask_args(words), strict=True))
