"""docs/cis-docker.md and cis-kubernetes.md: each item of a benchmark, its checks, and the verdict on the demo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.frameworks import cis_docker, cis_kubernetes
from checks.frameworks.tally import Benchmarks, Row, benchmarks, outcomes
from checks.verdict import Outcome
from docs.markdown import table, text
from tui.collect import recorded
from tui.options import SourceOptions

_HEAD = """<!-- Written by `make docs` from the checks' references and the recording that `deckwatch --demo` opens. -->
# {title} {version}

The {count} items of the benchmark in words of this project, the checks that stand for each, and the verdict on the
recorded demo. An item fails if anything that it asks for fails; else it is *unknown*, *manual*, *waived* or *pass*
in this order, and *not applicable* only where everything was read and there was nothing to judge. *Manual* items say
what a person has to decide. In the explorer the same table is under `B`, in a JSON report under `benchmarks`."""


def docker() -> str:
    """The whole document on CIS Docker."""
    return "\n".join(_lines(verdicts(), cis_docker.ID)) + "\n"


def kubernetes() -> str:
    """The whole document on CIS Kubernetes."""
    return "\n".join(_lines(verdicts(), cis_kubernetes.ID)) + "\n"


@cache
def verdicts() -> Benchmarks:
    """All frameworks with the verdicts on the recorded host and cluster, by every check of this version."""
    snapshot = recorded(SourceOptions(demo=True)).snapshot()
    return benchmarks(Engine(catalogue()).evaluate(snapshot), snapshot)


def _lines(found: Benchmarks, name: str) -> Iterator[str]:
    framework, rows = next(each for each in found if each[0].id == name)
    yield _HEAD.format(title=framework.title, version=framework.version, count=len(framework.items))
    counts = outcomes(rows)
    yield "\nOn the demo: " + ", ".join(f"{counts[each]} {_words(each)}" for each in Outcome) + "."
    for section in framework.sections():
        yield f"\n## {section}\n"
        inside = [row for row in rows if row.item.section == section]
        yield from table(
            ("Item", "Asks for", "Checks", "On the demo", "Left to a person, or not read"), map(_row, inside)
        )


def _row(row: Row) -> Iterable[str]:
    checks = ", ".join(f"[{name}](checks.md#{name.lower()})" for name in row.item.checks)
    worst = f" ({row.worst.word})" if row.worst is not None else ""
    return (row.item.id, text(row.item.title), checks or "-", _words(row.outcome) + worst, text(row.why))


def _words(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")
