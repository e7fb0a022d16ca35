"""A report of another scanner, whatever its format: about which image, what it found, who says so."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from inventory.image import Image
from inventory.reference import parse
from inventory.vulnerabilities.model import Said, Vulnerabilities, Vulnerability


class Statement(msgspec.Struct, frozen=True):
    """That a vulnerability does not count in the images with these digests; in all of them where it names none."""

    excuse: Vulnerability
    ids: frozenset[str] = frozenset()


class Report(msgspec.Struct, frozen=True):
    """One report about one image. `ids` are image ids and manifest digests (`sha256:...`), `names` what it calls it.

    A report that names digests is about those and nothing else; by a name alone it counts only where it names none.
    `statements` says that it excuses (VEX) and finds nothing by itself: nobody has looked because of it. `stated` are
    statements that are each about products of their own.
    """

    said: Said
    found: tuple[Vulnerability, ...] = ()
    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    unmatched: tuple[str, ...] = ()
    statements: bool = False
    stated: tuple[Statement, ...] = ()

    def about(self, image: Image) -> bool:
        """Whether it is about this image. One that names nothing is about none, but for VEX statements."""
        if self.stated:
            known = digests(image)
            return any(not one.ids or not one.ids.isdisjoint(known) for one in self.stated)
        if self.ids:
            return not self.ids.isdisjoint(digests(image))
        if self.names:
            return not {canonical(name) for name in self.names}.isdisjoint(map(canonical, _references(image)))
        return self.statements

    def answer(self, digest: str, known: frozenset[str] = frozenset()) -> Vulnerabilities:
        """What it says of the image with this id, whose other digests are `known`."""
        mine = known | {digest}
        stated = (one.excuse for one in self.stated if not one.ids or not one.ids.isdisjoint(mine))
        said = () if self.statements else (self.said,)
        return Vulnerabilities(digest, (*self.found, *stated), said, self.unmatched)


def digests(image: Image) -> frozenset[str]:
    """The image's id and the digests by which registries know it."""
    known = (reference.partition("@")[2] for reference in _references(image))
    return frozenset((image.key.id, *filter(None, known)))


def _references(image: Image) -> tuple[str, ...]:
    tags, known = image.peek("repo_tags"), image.peek("repo_digests")
    return (*(tags if isinstance(tags, tuple) else ()), *(known if isinstance(known, tuple) else ()))


def canonical(name: str) -> str:
    """`registry/repository:tag` in full."""
    found = parse(name)
    tag = f"@{found.digest}" if found.digest else f":{found.tag or 'latest'}"
    return f"{found.registry}/{found.repository}{tag}"


def named(references: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Digests and plain names out of references as reports write them."""
    ids, names = set(), set()
    for reference in references:
        digest = reference.rpartition("@")[2]
        if digest.startswith("sha256:"):
            ids.add(digest)
        elif reference:
            names.add(reference)
    return frozenset(ids), frozenset(names)
