"""The command line. Every command is a module of its own, imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tui.cli.problem import Exit, Problem


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status. Mistakes end in one line on standard error, never in a traceback."""
    from tui.cli.output import narrate

    try:
        from tui.cli.dispatch import run

        return int(run(list(sys.argv[1:] if argv is None else argv)))
    except Problem as problem:
        narrate(str(problem))
        return int(problem.status)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    """A fault of the program: its trace, with the text from outside that it may hold made harmless."""
    import traceback

    from tui.cli.output import narrate

    for entry in traceback.format_exception(error):
        for line in entry.splitlines():
            narrate(line)
    narrate("this is a fault in deckwatch; please report it with the lines above")
    return int(Exit.FAULT)
