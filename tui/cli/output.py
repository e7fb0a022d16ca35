"""Standard output is data, standard error is narration; a reader that goes away is no fault."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tui.cli.problem import Problem


def narrate(message: str) -> None:
    """One line for the person on standard error; control characters are written out."""
    from checks.report.text import visible

    line = f"deckwatch: {visible(message, 4000)}\n"
    try:
        sys.stderr.write(line.encode("ascii", "backslashreplace").decode())
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # nobody listens, and there is nobody left to tell


def emit(pieces: Iterable[str], target: Path | None = None) -> None:
    """Write data to standard output (`None` or `-`) or, completely or not at all, to a file."""
    if target is None or str(target) == "-":
        _to_stdout(pieces)
    elif os.path.exists(target) and not os.path.isfile(target):
        _to_device(pieces, target)
    else:
        _to_file(pieces, target)


def _to_stdout(pieces: Iterable[str]) -> None:
    if sys.stdout is None:
        raise Problem("standard output is closed; use -o FILE")
    encoding = sys.stdout.encoding or "ascii"
    try:
        for piece in pieces:
            # What the terminal cannot show is spelt out; without this a single name could stop the whole report.
            sys.stdout.write(piece.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout.fileno())
    except OSError as error:
        _silence(sys.stdout.fileno())
        raise Problem(f"cannot write to standard output: {error.strerror}") from None


def _silence(descriptor: int) -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain about it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _to_device(pieces: Iterable[str], target: Path) -> None:
    try:
        with target.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(pieces)
    except BrokenPipeError:
        pass
    except OSError as error:
        raise Problem(f"cannot write {target}: {error.strerror}") from None


def _to_file(pieces: Iterable[str], target: Path) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(pieces)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Problem(f"cannot write {target}: {error.strerror}") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
