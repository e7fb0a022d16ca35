"""`deckwatch tables`: how old the tables of versions are, and newer ones."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.output import emit, narrate
from tui.cli.parser import one_of
from tui.cli.problem import Problem
from tui.data_home import tables_file

if TYPE_CHECKING:
    from checks.data.updates import Tables


def add_arguments(parser: ArgumentParser) -> None:
    """`status`, `update`, or `import FILE ...`."""
    choose = one_of("status", "update", "import")
    parser.add_argument(
        "what",
        nargs="?",
        type=choose,
        default="status",
        help="status (default): how old they are; update: fetch newer ones; import: take files fetched elsewhere",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="OSV records, endoflife.date products")
    parser.add_argument("--mirror", default="", metavar="URL", help="update from here, with the same paths")


def run(args: Namespace) -> int:
    """Do it; raises `Problem` with what could not be read, fetched or written."""
    from tui.tables import TablesError

    if args.files and args.what != "import":
        raise Problem(f"unexpected argument {str(args.files[0])!r}; to take files: deckwatch tables import FILE ...")
    try:
        return _run(args)
    except TablesError as error:
        raise Problem(str(error)) from None


def _run(args: Namespace) -> int:
    from tui.tables import fetched, imported, over_https, stored, written

    path, today = tables_file(), datetime.now(UTC).date()
    tables = stored(path)
    if args.what == "status":
        emit(_status(tables, path, today))
        return 0
    if args.what == "update":
        tables = fetched(tables, over_https(args.mirror), today, narrate)
    elif not args.files:
        raise Problem("which files? deckwatch tables import FILE ...")
    else:
        tables, said = imported(tables, args.files, today)
        for line in said:
            narrate(line)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"cannot make {path.parent}: {error.strerror}") from None
    emit((written(tables),), path)
    narrate(f"wrote {path}")
    return 0


def _status(tables: Tables, path: Path, today: date) -> Iterator[str]:
    from checks.data import containerd, docker_engine, kernel, lifetimes, runc
    from checks.data.tables import MAX_AGE

    programs = (("runc", runc), ("containerd", containerd), ("docker-engine", docker_engine))
    rows = [(name, table.TABLE_DATE, len(table.ADVISORIES), "vulnerabilities") for name, table in programs]
    rows += [("docker-engine-releases", lifetimes.TABLE_DATE, len(lifetimes.DOCKER_ENGINE), "major versions")]
    rows += [(one.name, lifetimes.TABLE_DATE, len(one.releases), "releases") for one in lifetimes.DISTRIBUTIONS]
    rows += [("kernel", kernel.TABLE_DATE, len(kernel.BUGS), "bugs; comes with the program only")]
    for name, shipped, count, noun in rows:
        made, origin = tables.dates.get(name, shipped), "fetched"
        if made <= shipped:
            made, origin = shipped, "shipped"
        else:
            count = len(tables.records.get(name, ())) or len(tables.endings.get(name, ()))
        old = ", too old to prove that something is fine" if today - made > MAX_AGE else ""
        yield f"{name:<26}{made}  {origin:<9}{(today - made).days:>4} days old{old}; {count} {noun}\n"
    yield f"fetched ones are kept in {path}\n"
