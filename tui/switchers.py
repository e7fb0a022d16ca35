"""Menus that choose what is looked at: a view of the pane, namespaces, one cluster or host."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.result import NOTHING, Summary
from inventory.resource import CLUSTER_KINDS, Kind
from inventory.text import safe
from tui.picture import Picture, add_up
from tui.scope import Scope, namespace_of
from tui.verdicts import total_badge
from widgets.overlay import Choice, Option, Picker

if TYPE_CHECKING:
    from tui.screens.deck import DeckScreen

ALL = "*"
_SPACE = "="  # before a namespace in the id of an option: `*` may be a namespace of a hostile server


def choose_view(screen: DeckScreen) -> None:
    """A menu of the views of this pane, where it has several."""
    views = screen.pane.views(screen.listed)
    if not views:
        return
    options = [Option(str(number), name, hint) for number, (name, hint) in enumerate(views)]

    def chosen(choice: Choice | None) -> None:
        if choice is not None and choice.id is not None:
            screen.remember_cursor()
            screen.pane.show_view(int(choice.id))
            screen.show_view()

    screen.app.push_screen(Picker("views", options), chosen)


def choose_namespaces(screen: DeckScreen) -> None:
    """A menu of all namespaces with their pods and worst findings. Choosing one shows it alone.

    What is typed may name several, with commas: `prod,staging`; those that are marked with `+` are looked at already.
    """
    picture = screen.lens.through(screen.picture, replace(screen.filters.scope, namespaces=frozenset()))
    found = namespaces(picture)
    if not found:
        screen.flash("no namespace is known")
        return
    now = screen.filters.scope.namespaces
    everything = Option(ALL, f"{' ' if now else '+'} all namespaces", f"{len(found)}")
    options = [everything, *(_option(name, count, summary, name in now) for name, (count, summary) in found.items())]

    def chosen(choice: Choice | None) -> None:
        if choice is None:
            return
        wanted = frozenset(part.strip() for part in choice.typed.split(",") if part.strip())
        if "," in choice.typed:
            look(screen, replace(screen.filters.scope, namespaces=wanted & found.keys()))
        elif choice.id is not None:
            only = frozenset() if choice.id == ALL else frozenset({choice.id.removeprefix(_SPACE)})
            look(screen, replace(screen.filters.scope, namespaces=only))

    screen.app.push_screen(Picker("namespaces   a,b looks at several", options, free=True), chosen)


def _option(name: str, count: int, summary: Summary, chosen: bool) -> Option:
    worst = total_badge(summary, top=2).text
    role = "accent" if chosen else "normal"
    return Option(f"{_SPACE}{name}", f"{'+' if chosen else ' '} {safe(name, 63)}", f"{count} pods  {worst:<9}", role)  # type: ignore[arg-type]  # one of the roles


def namespaces(picture: Picture) -> dict[str, tuple[int, Summary]]:
    """Every namespace that is known by itself or by what is in it, with its pods and verdicts; the worst first."""
    counts: dict[str, Counter[Summary]] = {}
    pods: Counter[str] = Counter()
    for kind in CLUSTER_KINDS:
        for key, resource in picture.snapshot.by_kind.get(kind, {}).items():
            name = namespace_of(resource)
            if not name:
                continue
            pods[name] += kind is Kind.POD
            judgement = picture.judgement(key)
            counts.setdefault(name, Counter())[judgement.summary if judgement is not None else NOTHING] += 1
    found = {name: (pods[name], add_up(summaries)) for name, summaries in counts.items()}
    return dict(sorted(found.items(), key=lambda item: ([-each for each in item[1][1].rank], item[0])))


def choose_context(screen: DeckScreen) -> None:
    """A menu of the sources of this session. Choosing one shows it alone in every pane."""
    snapshot, now = screen.picture.snapshot, screen.filters.scope.source
    options = [Option(ALL, f"{' ' if now else '+'} everything", f"{len(snapshot.sources)} sources")]
    counts: dict[str, Counter[Summary]] = {}
    for key, judgement in screen.picture.evaluation.judgements.items():
        counts.setdefault(key.source, Counter())[judgement.summary] += 1
    for name, health in snapshot.sources.items():
        worst = total_badge(add_up(counts[name]), top=2).text if name in counts else ".."
        label = f"{'+' if name == now else ' '} {safe(name, 40):<24} {safe(f'{health.kind} {health.version}', 30)}"
        options.append(Option(f"{_SPACE}{name}", label, f"{health.status.value}  {worst:<9}"))

    def chosen(choice: Choice | None) -> None:
        if choice is not None and choice.id is not None:
            name = "" if choice.id == ALL else choice.id.removeprefix(_SPACE)
            look(screen, Scope(name))  # namespaces of one cluster are not those of another

    screen.app.push_screen(Picker("contexts", options), chosen)


def look(screen: DeckScreen, scope: Scope) -> None:
    """Look at this from now on."""
    screen.filters.scope = scope
    screen.show_foot()
    screen.show_picture()
