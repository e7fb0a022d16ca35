"""OpenVEX: statements that a vulnerability does or does not concern a product."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from inventory.sources.scanners.formats.purls import named
from inventory.sources.scanners.report import Report, Statement
from inventory.sources.scanners.tree import MOST, Node, at, moment, nodes, text, texts
from inventory.vulnerabilities.combine import STATEMENT
from inventory.vulnerabilities.model import Said, Vulnerability

_EXCUSED = frozenset({"not_affected", "fixed"})
Scope = tuple[str, str, str]
"""The digest of an image or "", the name of a package or "", its version or ""."""


def parse(document: Node, path: str) -> Report | None:
    """The statements, None where the document is another. `@context` names OpenVEX.

    Each statement is about its own products: images by digest, or packages in any image; about all images only where
    it names no product. The latest one on a vulnerability of a product counts (OpenVEX specification, "Updating").
    """
    if not text(document, "@context").startswith("https://openvex.dev/") or at(document, "statements") is None:
        return None
    when = moment(text(document, "timestamp"))
    told: dict[tuple[str, Scope], Statement | None] = {}
    for one in sorted(nodes(document, "statements"), key=lambda one: moment(text(one, "timestamp")) or when):
        for scope in _scopes(one):
            for name, statement in _of(one, *scope):
                told[name, scope] = statement
    stated = tuple(one for one in told.values() if one is not None)
    said = Said(STATEMENT, text(document, "version"), path, when, when)
    # Without a single one left it is about none: an id that no image has.
    return Report(said, ids=frozenset() if stated else frozenset(("",)), statements=True, stated=stated)


def _of(statement: Node, digest: str, package: str, version: str) -> Iterator[tuple[str, Statement | None]]:
    status = text(statement, "status")
    why = ", ".join(filter(None, (status, text(statement, "justification"), text(statement, "impact_statement")[:200])))
    told = at(statement, "vulnerability")
    name = told if isinstance(told, str) else text(told, "name")
    aliases = () if isinstance(told, str) else texts(told, "aliases")
    if name:
        excuse = Vulnerability(name, package, version, aliases=aliases, said_by=(STATEMENT,), excused=f"VEX: {why}")
        ids = frozenset((digest,)) if digest else frozenset[str]()
        yield name, Statement(excuse, ids) if status in _EXCUSED else None


def _scopes(statement: Node) -> Iterator[Scope]:
    """What it is about; nothing where it is about a product that cannot be an image or a package here."""
    products = at(statement, "products")
    if not products:
        yield "", "", ""
    for told in products[:MOST] if isinstance(products, list) else ():
        product = {"@id": told} if isinstance(told, str) else told
        names = [text(product, "@id"), text(product, "identifiers", "purl")]
        digests = list(dict.fromkeys(filter(None, (*map(_digest, names), _hash(product)))))
        inside = at(product, "subcomponents")
        if digests:
            packages = [_package(one) for one in inside[:MOST]] if isinstance(inside, list) and inside else [("", "")]
            yield from ((digest, *package) for digest in digests for package in packages if package is not None)
        elif not inside and (package := next(filter(None, map(named, names)), None)):
            yield "", *package


def _package(told: object) -> tuple[str, str] | None:
    names = (told,) if isinstance(told, str) else (text(told, "@id"), text(told, "identifiers", "purl"))
    return next(filter(None, map(named, names)), None)


def _digest(name: str) -> str:
    version = unquote(name.partition("?")[0].rpartition("@")[2])
    return version if version.startswith("sha256:") else ""


def _hash(product: object) -> str:
    digest = text(product, "hashes", "sha-256")
    return f"sha256:{digest}" if digest else ""
