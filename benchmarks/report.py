"""The figures as a table on the terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.figures import Figure, number

_HEAD = ("figure", "measured", "bar", "", "how")
RESULTS = Path(__file__).parent / "results"


def cells(figure: Figure) -> tuple[str, str, str, str, str]:
    """Name, value with unit, bar, verdict, how it was measured."""
    value = f"{number(figure.value)} {figure.unit}".rstrip() if figure.value is not None else "not measured"
    bar = "" if figure.bar is None else f"<= {number(figure.bar)}"
    return figure.name, value, bar, figure.verdict, figure.how


def as_text(figures: Sequence[Figure]) -> str:
    """A table for a terminal, one block per section."""
    blocks = []
    for section, group in groupby(figures, key=lambda figure: figure.section):
        rows = [cells(figure) for figure in group]
        widths = [max(len(row[column]) for row in (*rows, _HEAD)) for column in range(4)]
        lines = [section, "-" * len(section)]
        lines += [_text_row(row, widths) for row in (_HEAD, *rows)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _text_row(row: tuple[str, str, str, str, str], widths: Sequence[int]) -> str:
    name, value, bar, verdict, how = row
    return f"  {name:<{widths[0]}}  {value:>{widths[1]}}  {bar:>{widths[2]}}  {verdict:<{widths[3]}}  {how}".rstrip()


def as_markdown(figures: Sequence[Figure], facts: Mapping[str, str]) -> str:
    """The same as a document."""
    lines = ["# Measured figures", "", *(f"- {name}: {value}" for name, value in facts.items())]
    for section, group in groupby(figures, key=lambda figure: figure.section):
        lines += ["", f"## {section}", "", "| figure | measured | bar | | how |", "|---|---:|---:|---|---|"]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells(figure)) + " |" for figure in group]
    return "\n".join(lines) + "\n"


def as_json(figures: Sequence[Figure], facts: Mapping[str, str]) -> str:
    """The same for programs."""
    return json.dumps({"facts": dict(facts), "figures": [figure.as_dict() for figure in figures]}, indent=1) + "\n"


def summary(figures: Iterable[Figure]) -> str:
    """How many bars are met, and which are not."""
    judged = [figure for figure in figures if figure.verdict]
    missed = [figure.name for figure in judged if figure.verdict == "MISS"]
    words = f"{len(judged) - len(missed)} of {len(judged)} bars met"
    return f"{words}; missed: {'; '.join(missed)}" if missed else words


def write(figures: Sequence[Figure], facts: Mapping[str, str], directory: Path = RESULTS) -> Path:
    """Keep the figures as `latest.md` and `latest.json`; returns the former."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "latest.json").write_text(as_json(figures, facts), encoding="utf-8")
    path = directory / "latest.md"
    path.write_text(as_markdown(figures, facts), encoding="utf-8")
    return path
