"""The command line. Every command is a module of its own, imported when it is asked for."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence

from tui.cli.problem import Exit, Problem


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status. Mistakes end in one line on standard error, never in a traceback.

    Without arguments it is the process: then it does not return, but ends as soon as everything is written.
    """
    if argv is not None:
        return _run(argv)
    status = _run(sys.argv[1:])
    _leave(status)
    return status


def _leave(status: int) -> None:
    """End here: to take apart what a scan has made would cost a tenth of its time, and nothing is left to be closed."""
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return  # the interpreter knows how to complain about that
    os._exit(status)


def _run(argv: Sequence[str]) -> int:
    from tui.cli.output import narrate

    try:
        from tui.cli.dispatch import run

        return int(run(list(argv)))
    except Problem as problem:
        for line in (str(problem), *problem.more):
            narrate(line)
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
