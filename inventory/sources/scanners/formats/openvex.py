"""OpenVEX: statements that a vulnerability does or does not concern a product."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from inventory.sources.scanners.report import Report
from inventory.sources.scanners.tree import Node, at, moment, nodes, text, texts
from inventory.vulnerabilities.model import Said, Vulnerability

_EXCUSED = frozenset({"not_affected", "fixed"})


def parse(document: Node, path: str) -> Report | None:
    """The statements, None where the document is another. `@context` names OpenVEX.

    The products of all statements together say which images it is about: those that it names by digest.
    """
    if not text(document, "@context").startswith("https://openvex.dev/") or at(document, "statements") is None:
        return None
    when = moment(text(document, "timestamp"))
    statements = list(nodes(document, "statements"))
    ids = frozenset(digest for one in statements for digest in _digests(one))
    found = tuple(excuse for one in statements for excuse in _of(one))
    return Report(Said("openvex", text(document, "version"), path, when, when), found, ids, statements=True)


def _of(statement: Node) -> Iterator[Vulnerability]:
    status = text(statement, "status")
    if status not in _EXCUSED:
        return
    why = ", ".join(filter(None, (status, text(statement, "justification"), text(statement, "impact_statement")[:200])))
    told = at(statement, "vulnerability")
    name = told if isinstance(told, str) else text(told, "name")
    aliases = () if isinstance(told, str) else texts(told, "aliases")
    if name:
        yield Vulnerability(name, "", "", aliases=aliases, said_by=("openvex",), excused=f"VEX: {why}")


def _digests(statement: Node) -> Iterator[str]:
    for product in nodes(statement, "products"):
        names = (text(product, "@id"), text(product, "identifiers", "purl"))
        for name in (*names, *texts(statement, "products")):
            version = unquote(name.partition("?")[0].rpartition("@")[2])
            if version.startswith("sha256:"):
                yield version
        digest = text(product, "hashes", "sha-256")
        if digest:
            yield f"sha256:{digest}"
