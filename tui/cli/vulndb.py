"""`deckwatch vulndb`: the offline database of known vulnerabilities."""

from __future__ import annotations

import json
import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.cli.output import emit, narrate
from tui.cli.parser import one_of
from tui.cli.problem import Exit, Problem
from tui.data_home import cache_home, vulnerabilities_file
from tui.near import hint

if TYPE_CHECKING:
    from inventory.sources.vulndb.database import Database

ADDRESS: Final = "DECKWATCH_VULNDB_URL"
OLD: Final = 7.0
"""Days after which data is said to be old."""
_DAY: Final = 86_400.0


def add_arguments(parser: ArgumentParser) -> None:
    """`status`, `import PATH ...`, or `update [ECOSYSTEM ...]`."""
    parser.add_argument(
        "what",
        nargs="?",
        type=one_of("status", "import", "update"),
        default="status",
        help="status (default): what there is and how old; import: take files; update: fetch newer archives",
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="PATH|ECOSYSTEM",
        help="import: OSV archives (all.zip), directories, records (.json), CISA KEV, EPSS; "
        "update: Debian, Ubuntu, Alpine, PyPI, npm, Go ... (default: those there are)",
    )
    parser.add_argument("--format", type=one_of("text", "json"), default="text", help="of status: text (default), json")
    parser.add_argument(
        "--mirror", default="", metavar="URL", help=f"update from here, with the same paths (${ADDRESS})"
    )
    parser.add_argument(
        "--whole", action="store_true", help="import: these records are all there is of their ecosystems"
    )
    parser.add_argument(
        "--accept-fewer", action="store_true", help="take an archive with far fewer records than before"
    )


def run(args: Namespace) -> int:
    """Do it; raises `Problem` with what could not be read, fetched or written."""
    from inventory.sources.vulndb.building import BuildError
    from inventory.sources.vulndb.fetching import FetchError

    path = vulnerabilities_file()
    try:
        if args.what == "status":
            if args.words:
                raise Problem(f"unexpected argument {args.words[0]!r}; to take files: deckwatch vulndb import PATH ...")
            return _status(path, args.format)
        if args.what == "import":
            return _import(path, args)
        return _update(path, args)
    except (BuildError, FetchError) as error:
        raise Problem(str(error)) from None


def _import(path: Path, args: Namespace) -> int:
    from inventory.sources.vulndb.importing import take

    if not args.words:
        raise Problem("which files? deckwatch vulndb import PATH ...")
    take([Path(word) for word in args.words], path, narrate, whole=args.whole, accept_fewer=args.accept_fewer)
    narrate(f"wrote {path}")
    return Exit.OK


def _update(path: Path, args: Namespace) -> int:
    from inventory.sources.vulndb.fetching import update
    from inventory.vulnerabilities.ecosystems import ORDER, named

    families = []
    for word in args.words:
        family = named(word.partition(":")[0])
        if family is None:
            near = hint(word.title(), ORDER) or hint(word, ORDER)
            raise Problem(f"unknown ecosystem {word!r}{near}; there are: {', '.join(ORDER)}")
        families.append(family)
    if not families:
        database = _opened(path)
        families = [one.family for one in database.archives() if one.whole] if database else []
    if not families:
        raise Problem("which ecosystems? for instance: deckwatch vulndb update Debian Alpine PyPI npm Go")
    base = args.mirror or os.environ.get(ADDRESS, "")
    wanted = list(dict.fromkeys(families))
    cache = cache_home() / "vulndb"
    fetched, problems = update(wanted, path, cache, narrate, base=base, accept_fewer=args.accept_fewer)
    for problem in problems:
        narrate(problem)
    if problems and not fetched:
        raise Problem("nothing could be fetched; the database is as it was", Exit.NO_SOURCE)
    narrate(f"wrote {path}")
    return Exit.NO_SOURCE if problems else Exit.OK


def _opened(path: Path) -> Database | None:
    """The database, None where there is none."""
    from inventory.sources.vulndb.database import Database
    from inventory.vulnerabilities.records import RecordsError

    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        narrate(f"{path} cannot be read: {error.strerror}; it counts as absent (is HOME that of another user?)")
        return None
    try:
        return Database.open(path)
    except RecordsError as error:
        raise Problem(f"{error}; make a new one: deckwatch vulndb import PATH ...") from None


def _status(path: Path, form: str) -> int:
    from inventory.vulnerabilities.records import RecordsError

    database = _opened(path)
    try:
        emit(_json(database, path) if form == "json" else _text(database, path))
    except RecordsError as error:
        raise Problem(f"{error}; make a new one: deckwatch vulndb import PATH ...") from None
    return Exit.OK


def _text(database: Database | None, path: Path) -> Iterator[str]:
    from checks.report.text import visible

    if database is None:
        yield f"no vulnerability database at {path}\n"
        yield "fetch one: deckwatch vulndb update Debian Alpine PyPI npm Go\n"
        yield "or take files: deckwatch vulndb import PATH ...\n"
        return
    now = time.time()
    for one in database.archives():
        releases = sum(name.partition(":")[0] == one.family for name in database.ecosystems)
        scope = f"{releases} releases" if releases > 1 else ""
        words = _age(one.data_at, now) if one.whole else "single records only, which says nothing of other packages"
        if one.refused:
            words += f", {one.refused:,} records could not be read"
        yield f"{one.family:<14}{one.records:>9,} records  {scope:<12}  {words}; {visible(one.source, 200)}\n"
    for listing in database.lists():
        words = _age(listing.data_at, now)
        yield f"{listing.name:<14}{listing.count:>9,} entries  {'':<12}  {words}; {visible(listing.source, 200)}\n"
    yield f"{path}, {path.stat().st_size / 1e6:,.1f} MB\n"


def _age(at: float, now: float) -> str:
    """The day of the data and how long ago that is."""
    if not at:
        return "of an unknown day"
    days = max(0.0, (now - at) / _DAY)
    return f"{_day(at)}, {int(days)} days old{', old' if days > OLD else ''}"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _json(database: Database | None, path: Path) -> Iterator[str]:
    found: dict[str, object] = {"path": str(path), "exists": database is not None}
    if database is not None:
        now = time.time()
        found |= {
            "size": path.stat().st_size,
            "ecosystems": [
                {
                    "name": one.family,
                    "records": one.records,
                    "complete": one.whole,
                    "refused": one.refused,
                    "data_at": _moment(one.data_at),
                    "age_days": round((now - one.data_at) / _DAY, 1) if one.data_at else None,
                    "imported_at": _moment(one.imported_at),
                    "source": one.source,
                    "releases": {
                        name: coverage.records
                        for name, coverage in sorted(database.ecosystems.items())
                        if name.partition(":")[0] == one.family
                    },
                }
                for one in database.archives()
            ],
            "lists": [
                {
                    "name": one.name,
                    "entries": one.count,
                    "data_at": _moment(one.data_at),
                    "imported_at": _moment(one.imported_at),
                    "source": one.source,
                }
                for one in database.lists()
            ],
        }
    yield json.dumps(found, indent=2, ensure_ascii=True) + "\n"


def _moment(at: float) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
