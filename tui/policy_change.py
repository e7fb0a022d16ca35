"""From the screen to the policy's file and back: which file it is, and judging by what it says once it has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from checks.catalogue import catalogue
from inventory.text import safe
from tui.config import find, user_file
from tui.keymap import BY_ID
from tui.options import Settings
from tui.policy_file import PolicyFile, Refused
from tui.threads import spawn
from widgets.form import Form

if TYPE_CHECKING:
    from tui.screens.deck import DeckScreen


def file_of(screen: DeckScreen) -> PolicyFile:
    """The file that is in use, else the one that would be found the next time, else a new one for this user."""
    path = screen.deck.options.settings.path
    if path is None:
        try:
            path = find(os.environ, Path.cwd())
        except OSError:  # the working directory is gone
            path = None
    return PolicyFile(path or user_file(os.environ), _check_ids, BY_ID.keys)


def change(screen: DeckScreen, form: Form, act: Callable[[], Settings], said: str) -> None:
    """Change the file, in a thread because a disk may hang; then judge by what it says, and close the form."""
    spawn("policy", lambda: _change(screen, form, act, said))


def _change(screen: DeckScreen, form: Form, act: Callable[[], Settings], said: str) -> None:
    try:
        settings = act()
    except (Refused, OSError) as refused:
        screen.deck.from_thread(form.trouble, safe(str(refused), 600))
    except Exception as error:  # a form that waits for ever would hide it
        screen.deck.from_thread(form.trouble, safe(f"fault: {type(error).__name__}: {error}", 600))
    else:
        screen.deck.from_thread(_changed, screen, form, settings, said)


def _changed(screen: DeckScreen, form: Form, settings: Settings, said: str) -> None:
    screen.deck.adopt(settings)
    form.done()
    screen.flash(said)


def _check_ids() -> list[str]:
    return [check.id for check in catalogue()]
