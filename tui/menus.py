"""What the menus offer: copy, commands, export, palette, sources."""

from __future__ import annotations

import base64
import os
import shlex
import time
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from checks.verdict import Outcome
from inventory.container import Container
from inventory.gap import Gap, Unread
from inventory.image import Image
from inventory.network import Network, Volume
from inventory.resource import Resource
from inventory.swarm import Node, Service
from inventory.text import safe
from tui.export import FORMATS, write, write_text
from tui.fixes import FORMS, forms, plan_for, text
from tui.format import known, stamp
from tui.keymap import ACTIONS, key_name
from tui.threads import spawn
from widgets.findings import FindingsList
from widgets.overlay import Option

if TYPE_CHECKING:
    from tui.screens.deck import DeckScreen

TYPED = {"q": "app.quit", "quit": "app.quit", "q!": "app.quit", "help": "tool.help", "h": "tool.help"}
_FIX = "fix "
OSC52_LIMIT = 74_000  # bytes of base64 that common terminals accept


def palette_options(keys: Mapping[str, tuple[str, ...]]) -> list[Option]:
    """Every action with its keys."""
    return [
        Option(action.id, action.text, " ".join(key_name(key) for key in keys.get(action.id, action.keys)))
        for action in ACTIONS
    ]


def run_widget_action(widget: Widget, name: str) -> None:
    """Run the action that a widget has bound under this id."""
    for bindings in widget._bindings.key_to_bindings.values():
        for binding in bindings:
            if binding.id == name:
                widget.call_later(widget.run_action, binding.action)
                return


def copy_options(screen: DeckScreen) -> list[tuple[Option, str]]:
    """What can be copied here, with the text of each."""
    found: list[tuple[str, str]] = []
    key = screen.selected()
    resource = screen.picture.snapshot.get(key) if key else None
    if resource is not None:
        found += [("name", resource.name), ("id", resource.key.id)]
        found += _special(resource)
        found += [("command", command) for command in commands(resource, client_of(screen, resource.key.source))[:1]]
    detail = screen.detail
    if screen.trail.here.opened is not None and detail is not None:
        current = detail.query_one(FindingsList).current
        if current is not None and detail.tab is not None and detail.tab.id == "findings":
            found.append(("finding", f"{current.check_id} {current.severity} {current.object}: {current.message}"))
            found += [("evidence", f"{piece.path} = {piece.value}") for piece in current.evidence]
            found.append(("fix", current.fix))
        elif detail.text is not None:
            found += list(fix_texts(screen).items())
            found.append(("line", detail.text.current_text))
    return [(Option(str(n), f"{label:<9} {safe(text, 200)}"), text) for n, (label, text) in enumerate(found) if text]


def fix_texts(screen: DeckScreen) -> Mapping[str, str]:
    """The remedies that the Fix tab shows, by the name of their form; none on any other tab."""
    detail, key = screen.detail, screen.trail.here.opened
    resource = screen.picture.snapshot.get(key) if key else None
    if detail.tab is None or detail.tab.id != "fix" or not isinstance(resource, Container):
        return {}
    try:
        found = plan_for(resource, screen.picture.snapshot, screen.picture.evaluation)
        return {form: text(found, form) for form in forms(found)} if found else {}
    except Unread:
        return {}


def _special(resource: Resource) -> list[tuple[str, str]]:
    if isinstance(resource, Container):
        return [("image", known(resource, "image_ref", "")), ("image id", known(resource, "image_id", ""))]
    if isinstance(resource, Image):
        digests = resource.peek("repo_digests")
        return [] if isinstance(digests, Gap) else [("digest", digest) for digest in digests]
    return []


def copy(screen: DeckScreen, text: str) -> None:
    """Put a text on the clipboard of the terminal by OSC 52; without one that listens, the file still has it."""
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate cannot be encoded
    encoded = base64.b64encode(text.encode())
    if len(encoded) > OSC52_LIMIT:
        screen.notice("too long for the clipboard", [f"{len(text)} characters; E writes it to a file instead"])
        return
    screen.app.copy_to_clipboard(text)
    screen.flash(f"sent {len(text)} characters to the terminal's clipboard (OSC 52)")


def command_options(screen: DeckScreen) -> list[Option]:
    """Commands for the selected object."""
    key = screen.selected()
    resource = screen.picture.snapshot.get(key) if key else None
    if resource is None:
        return []
    client = client_of(screen, resource.key.source)
    return [Option(command, safe(command, 200)) for command in commands(resource, client)]


def commands(resource: Resource, client: str = "docker") -> list[str]:
    """What one would type next, harmless first, containment after that; `client` reaches the resource's engine."""
    name = shlex.quote(resource.name)
    if isinstance(resource, Container):
        words = [f"inspect {name}", f"logs --since 10m {name}", f"top {name}", f"diff {name}", f"pause {name}"]
        networks = resource.peek("networks")
        attached = () if isinstance(networks, Gap) else networks
        words += [f"network disconnect {shlex.quote(entry.network)} {name}" for entry in attached]
        words.append(f"stop {name}")
    elif isinstance(resource, Image):
        words = [f"image inspect {name}", f"history --no-trunc {name}"]
    elif isinstance(resource, Network):
        words = [f"network inspect {name}"]
    elif isinstance(resource, Volume):
        words = [f"volume inspect {name}"]
    elif isinstance(resource, Service):
        words = [f"service ps --no-trunc {name}", f"service inspect {name}", f"service logs {name}"]
    elif isinstance(resource, Node):
        words = [f"node inspect {shlex.quote(resource.key.id)}"]
    else:
        words = []
    return [f"{client} {word}" for word in words]


def client_of(screen: DeckScreen, source: str) -> str:
    """The command line client with the address of this engine: a pasted command must not act on another host."""
    health = screen.picture.snapshot.sources.get(source)
    if health is None or health.kind == "bundle":
        return "docker"
    return f"docker -H {shlex.quote(health.target)}" if "://" in health.target else "docker"


def export_options(screen: DeckScreen) -> list[Option]:
    """The forms that findings can be written in; on the Fix tab the remedies first."""
    remedies = [Option(_FIX + form, f"{FORMS[form][1]}, to a file") for form in fix_texts(screen)]
    return [*remedies, *(Option(name, text) for name, text in FORMATS.items())]


def export(screen: DeckScreen, form: str) -> None:
    """Write the file, in a thread because a directory may hang, and say where it is."""
    if form.startswith(_FIX):
        _export_fix(screen, form.removeprefix(_FIX))
        return
    name = f"deckwatch-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(screen.deck.clock()))}.{form}"
    only = {key for key in screen.table.marked if key} if screen.table.marked else None
    spawn("export", lambda: _export(screen, name, form, only))


def _export_fix(screen: DeckScreen, form: str) -> None:
    stamped = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(screen.deck.clock()))
    name, words = f"deckwatch-fix-{stamped}.{FORMS[form][0]}", fix_texts(screen).get(form, "")
    spawn("export", lambda: _written(screen, name, lambda target: write_text(target, words)))


def _export(screen: DeckScreen, name: str, form: str, only: set[Hashable] | None) -> None:
    _written(screen, name, lambda target: write(target, form, screen.deck, only))


def _written(screen: DeckScreen, name: str, write_to: Callable[[Path], int]) -> None:
    target = Path(name)
    try:
        target = Path.cwd() / target  # which may have been removed meanwhile
        count = write_to(target)
    except OSError as error:
        screen.deck.from_thread(screen.notice, "not written", [f"{target}: {os.strerror(error.errno or 0)}"])
        return
    told = [f"{target}", f"{count} bytes, readable by you alone; secrets are masked"]
    screen.deck.from_thread(screen.notice, "written", told)


def source_lines(screen: DeckScreen) -> list[str]:
    """Every source with its health, then every gap and the reasons of unknown verdicts."""
    snapshot = screen.picture.snapshot
    lines = []
    for name, health in snapshot.sources.items():
        answered = screen.deck.session.store.answered_at(name)
        last = f"last answer {stamp(answered)}" if answered else "no answer yet"
        lines.append(f"{health.status.value:<12} {name}  {health.kind} {health.version}  {health.target}  {last}")
        if health.detail:
            lines.append(f"             {health.detail}")
        lines += [f"             tried {tried}" for tried in health.tried]
    lines += [f"not read: {kind.plural} of {source}: {gap}" for (source, kind), gap in snapshot.gaps.items()]
    lines += [screen.deck.session.fault] if screen.deck.session.fault else []
    reasons: dict[str, int] = {}
    for result in screen.picture.evaluation.results():
        if result.outcome is Outcome.UNKNOWN:
            reasons[result.message] = reasons.get(result.message, 0) + 1
    lines.append(f"unknown verdicts: {sum(reasons.values())}")
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    lines += [f"  {count:>5}  {reason}" for reason, count in ordered[:100]]
    return [safe(text, 300) for text in lines]
