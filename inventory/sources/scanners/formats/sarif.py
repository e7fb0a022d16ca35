"""SARIF 2.1.0 as Trivy, Grype and Docker Scout write it: vulnerabilities are rules, packages stand in the words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from inventory.sources.scanners.formats.purls import parts
from inventory.sources.scanners.report import Report, named
from inventory.sources.scanners.tree import Node, at, nodes, number, rated, rating, text, texts
from inventory.vulnerabilities.model import Rating, Said, Vulnerability

_ID = re.compile(r"(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|[A-Z]{2,10}-\d{4}-\d+|DSA-\d+-\d+|TEMP-[0-9A-Z-]+)")
_LINE = re.compile(r"^\s*([A-Z][A-Za-z ]{1,20}?)\s*:\s*(.*?)\s*$", re.MULTILINE)
_WORDS = 8000


def parse(document: Node, path: str) -> Report | None:
    """The report, None where the document is another; several runs of one file are one report."""
    runs = list(nodes(document, "runs"))
    if not text(document, "version").startswith("2.") or not runs:
        return None
    driver = at(runs[0], "tool", "driver")
    by = text(driver, "name").lower() or "sarif"
    version = text(driver, "version") or text(driver, "semanticVersion")
    found, ids, names, left_out = [], frozenset[str](), frozenset[str](), 0
    for run in runs:
        properties = at(run, "properties")
        more_ids, more_names = named(
            (*texts(properties, "repoDigests"), *texts(properties, "repoTags"), text(properties, "imageName"))
        )
        ids |= more_ids | ({text(properties, "imageID")} - {""})
        names |= more_names
        rules = {text(rule, "id"): rule for rule in nodes(run, "tool", "driver", "rules")}
        for result in nodes(run, "results"):
            one = _of(result, rules, by)
            if one is None:
                left_out += 1
            else:
                found.append(one)
    note = f"{left_out} results name no vulnerability of a package" if left_out else ""
    return Report(Said(by, version, path, note=note), tuple(found), ids, names)


def _of(result: Node, rules: Mapping[str, Node], by: str) -> Vulnerability | None:
    name = text(result, "ruleId")
    rule = rules.get(name, {})
    properties = at(rule, "properties")
    words = dict(_lines(text(rule, "help", "text"))) | dict(_lines(text(result, "message", "text")))
    told = _ID.search(name) or _ID.search(words.get("vulnerability", ""))
    if told is None:
        return None
    purl = next(iter(texts(properties, "purls")), "") or _purl(words.get("package", ""))
    kind, package, installed = parts(purl)
    score = number(properties, "security-severity")
    word = next((word for word in (words.get("severity", ""), *texts(properties, "tags")) if rating(word)), "")
    place = next(nodes(result, "locations"), {})
    path = text(place, "physicalLocation", "artifactLocation", "uri")
    package = package or words.get("package", "")
    if not package:
        return None
    return Vulnerability(
        id=told[0],
        package=package,
        installed=installed or words.get("installed version", "") or words.get("version", ""),
        type=kind or words.get("type", ""),
        fixed=_fix(text(properties, "fixed_version") or words.get("fixed version", "") or words.get("fix version", "")),
        rating=rating(word) or (rated(score) if score is not None else Rating.UNKNOWN),
        score=score or None,
        summary=text(rule, "shortDescription", "text")[:200],
        url=text(rule, "helpUri"),
        path=f"/{path.lstrip('/')}" if path and "://" not in path else "",
        said_by=(by,),
    )


def _lines(words: str) -> Iterator[tuple[str, str]]:
    """`Key: value` lines, keys in lower case."""
    return ((key.lower(), value) for key, value in _LINE.findall(words[:_WORDS]))


def _fix(version: str) -> str:
    return "" if version.lower() in {"not fixed", "n/a", "none"} else version.partition(",")[0].strip()


def _purl(word: str) -> str:
    return word if word.startswith("pkg:") else ""
