"""Which image it is made from."""

from __future__ import annotations

from collections.abc import Iterator

from checks.remedy.fix import Fix, Wanted
from inventory.container import Container
from inventory.image import Image


def pinned(container: Container, wanted: Wanted, image: Image | None) -> Iterator[Fix]:
    """The digest under which the image that runs was pulled, behind the name that its user wrote."""
    reference, checks = container.image_ref, wanted.any("IMG-002", "IMG-003", "IMG-047")
    if image is None or not checks or "@" in reference:
        return
    digests = image.peek("repo_digests")
    digest = _digest(reference, digests) if isinstance(digests, tuple) else ""
    if digest:
        yield Fix(
            checks,
            "the very image that runs now",
            {"image_ref": f"{reference}@{digest}"},
            "A new version comes only when the digest is changed here.",
        )


def _digest(reference: str, digests: tuple[str, ...]) -> str:
    repository = _repository(reference)
    found = (each.partition("@") for each in digests)
    return next((digest for name, _, digest in found if _repository(name) == repository), "")


def _repository(reference: str) -> str:
    """Without tag, registry and namespace of the default registry."""
    head, slash, last = reference.rpartition("/")
    name = f"{head}{slash}{last.partition(':')[0]}"
    return name.removeprefix("docker.io/").removeprefix("library/")
