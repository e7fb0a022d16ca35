"""The one screen: two header lines, a list with its preview or an opened resource, and a footer."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container as Box
from textual.timer import Timer
from textual.widget import Widget

from tui.keymap import ACTIONS
from tui.panes import specs
from tui.place import Place, Trail
from widgets.cells import EMPTY, Cell
from widgets.lean import LeanScreen
from widgets.statusline import FooterLine, StatusLine, Tab, TabLine, freshness_cell, host_cell
from widgets.textview import TextLine, TextView, line

if TYPE_CHECKING:
    from inventory.resource import ResourceKey
    from tui.app import DeckwatchApp
    from tui.listing import Filters, ListState
    from tui.panes.base import Entry, Pane
    from tui.panes.overview.pane import OverviewPane
    from tui.picture import Picture
    from tui.screens.detail import DetailView
    from widgets.table import ResourceTable

PREVIEW_DELAY = 0.12  # seconds the cursor must rest before the preview follows
SLOW_PREVIEW = 1.0  # the same over a slow link
SMALL, NARROW, WIDE = (60, 15), 120, 160

_FOOT_OVERVIEW = (
    ("enter", "open"), ("1-6", "panes"), ("x", "not seen"), (":", "command"), ("E", "export"), ("?", "help"),
)  # fmt: skip
_FOOT_LIST = (
    ("enter", "open"), ("l", "logs"), ("i", "inspect"), ("o", "related"), ("/", "filter"), ("s", "sort"), ("?", "help"),
)  # fmt: skip
_FOOT_DETAIL = (
    ("[ ]", "tab"), ("enter", "open"), ("/", "search"), ("c", "copy"), ("o", "related"), ("esc", "back"), ("?", "help"),
)  # fmt: skip


def _bindings() -> list[BindingType]:
    return [
        Binding(",".join(action.keys), action.run, action.text, show=False, id=action.id)
        for action in ACTIONS
        if action.run
    ]


class MainScreen(LeanScreen[None]):
    """Shows places; what a place shows comes from its pane or from the drill-down."""

    BINDINGS: ClassVar[list[BindingType]] = _bindings()
    whole: ClassVar[bool] = False
    """Whether there is more than the frame with its overview."""
    CSS = """
    #body { height: 1fr; layout: vertical; }
    #list { height: 1fr; }
    #preview { height: 9; border-top: ascii ansi_default; }
    #overview { height: 1fr; }
    .-gone { display: none; }
    #body.-beside { layout: horizontal; }
    #body.-beside #list { width: 3fr; height: 100%; }
    #body.-beside #preview { width: 2fr; height: 100%; border-top: none; border-left: ascii ansi_default; }
    #body.-beside.-narrow #list { width: 5fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.trail = Trail(Place("overview"))
        self.entries: Sequence[Entry] = ()
        self.zoomed = ""
        self._filters: Filters | None = None
        self._preview_timer: object = None
        self._previewed: object = None
        self._jumping = False
        self._ticking: Timer | None = None
        self.retired = False

    # -- parts --------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The frame and everything in it."""
        yield StatusLine(id="head")
        yield TabLine(id="tabs")
        yield from self.compose_middle()
        yield FooterLine(id="foot")

    def compose_middle(self) -> ComposeResult:
        """The overview alone: the rest brings more along than the first paint may."""
        with Box(id="body"):
            yield TextView(id="overview", cursor=True)

    @property
    def deck(self) -> DeckwatchApp:
        """The application, by its own type."""
        return cast("DeckwatchApp", self.app)

    @property
    def picture(self) -> Picture:
        """What there is to show."""
        return self.deck.picture

    @property
    def filters(self) -> Filters:
        """Filters of all panes."""
        if self._filters is None:
            from tui.listing import Filters

            self._filters = Filters()
        return self._filters

    @property
    def table(self) -> ResourceTable:
        """The list."""
        return cast("ResourceTable", self.query_one("#list"))

    @property
    def preview(self) -> TextView:
        """The selected row in short."""
        return self.query_one("#preview", TextView)

    @property
    def overview(self) -> TextView:
        """The overview's lines."""
        return self.query_one("#overview", TextView)

    @property
    def detail(self) -> DetailView | None:
        """The drill-down; the bare frame has none."""
        found = self.query("#detail")
        return cast("DetailView", found.first()) if found else None

    @property
    def pane(self) -> Pane | None:
        """The pane of this place, once panes can be loaded."""
        if not self.deck.ready:
            return None
        from tui.panes import load

        return load(self.trail.here.pane)

    @property
    def state(self) -> ListState | None:
        """Sorting and filters of this pane."""
        pane = self.pane
        return self.filters.state(pane.id, pane.order) if pane else None

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show at once that the program runs and what it talks to."""
        self.show_tabs()
        self.show_freshness()
        self.show_foot()
        self.overview.set_lines([line(f" connecting to {self.deck.target} ...", "dim")])
        self.overview.focus()
        self._ticking = self.set_interval(0.5, self.tick)

    def retire(self) -> None:
        """The frame has done its part: another screen lies over it for good."""
        self.retired = True
        if self._ticking is not None:
            self._ticking.stop()

    def tick(self) -> None:
        """What passes with time alone: freshness, ages, and tabs that read again."""
        self.show_freshness()
        detail = self.detail
        if detail is not None:
            detail.tick(self.deck.clock())
        if self.deck.minute_passed():
            self.show_picture()

    def on_resize(self, event: events.Resize) -> None:
        """Where the preview goes, and what the overview has room for."""
        super().on_resize(event)
        if self.retired:
            return
        self.arrange_body()
        self.show_picture()
        self.call_after_refresh(self.show_picture)  # lines are made for widths that are known only then

    # -- showing ------------------------------------------------------------------------------------------------

    def show_freshness(self) -> None:
        """The first line: program, host, engine, read-only, and how old everything is."""
        deck = self.deck
        fresh = deck.freshness()
        since = f"{fresh.age:.0f}s" if fresh.state in {"stale", "lost"} else ""
        if fresh.state == "recorded":
            since = time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(fresh.moment))
        right = Cell.of("FROZEN ", "high") if deck.frozen else EMPTY
        right = Cell.join(right, (deck.trouble(), "error"))
        right = Cell.join(right, freshness_cell(fresh.state, since), " ")  # type: ignore[arg-type]  # same words
        left = host_cell("deckwatch", deck.host_name, deck.engine_words())
        self.query_one("#head", StatusLine).update_cells(left, right)
        stale = fresh.state in {"stale", "lost"}
        for view in (self.overview, self.table, self.preview) if self.whole else (self.overview,):
            if view.stale != stale:
                view.stale = stale

    def show_tabs(self) -> None:
        """The second line: panes with their counts."""
        tabs, right = [], EMPTY
        width = self.size.width or 80
        if self.deck.ready:
            from tui.panes import load
            from tui.verdicts import total_badge

            judged = self.picture.evaluation
            right = Cell.join(total_badge(judged.total) if judged.judgements else Cell.of("..", "dim"), " ")
            for spec in specs():
                pane = load(spec.id)
                alarm = pane.alarm(self.picture)
                bad = sum(alarm.fails[3:])
                count = pane.count(self.picture) if width >= WIDE else ""
                words = f"{count}{f' !{bad}' if bad else ''}".strip() if spec.id != "findings" else ""
                name = spec.title if width >= NARROW else spec.short
                tabs.append(Tab(spec.digit, name, words, "accent" if bad else "dim"))
        else:
            tabs = [Tab(spec.digit, spec.title if width >= NARROW else spec.short) for spec in specs()]
        active = next(spec.digit for spec in specs() if spec.id == self.trail.here.pane)
        self.query_one("#tabs", TabLine).set_tabs(tabs, active, right)

    def show_foot(self) -> None:
        """The keys that matter here."""
        here = self.trail.here
        keys = _FOOT_DETAIL if here.opened else _FOOT_OVERVIEW if here.pane == "overview" else _FOOT_LIST
        pinned = self.filters.pinned if self._filters else ""
        right = Cell.of(f"& {pinned} ", "accent") if pinned else EMPTY
        self.query_one("#foot", FooterLine).set_keys(keys, right)

    def show_picture(self) -> None:
        """Bring what is visible up to date."""
        if self.retired or not self.deck.ready or not self.is_mounted:
            return
        self.show_tabs()
        here = self.trail.here
        if here.opened is not None:
            detail = self.detail
            if detail is not None:
                detail.update_picture(self.picture)
        elif here.pane == "overview":
            self.show_overview()
        else:
            self.show_list()

    def show_overview(self) -> None:
        """All lines of the overview, for the room there is."""
        pane = cast("OverviewPane", self.pane)
        view = self.overview
        width, height = view.size.width - 1, view.size.height
        if width > 0:
            view.set_lines(pane.lines(self.picture, width, height, self.deck.now()))
        self.query_one("#headline", StatusLine).set_class(True, "-gone")

    def show_list(self) -> None:
        """The rows of the pane that pass the filters."""
        from tui.listing import arrange
        from tui.panes.base import Shown

        pane, state = self.pane, self.state
        if pane is None or state is None:
            return
        entries = pane.entries(self.picture, self.deck.now())
        self.entries = arrange(entries, state, self.filters)
        table = self.table
        columns = pane.shown_columns()
        if table.columns != columns:
            table.set_rows(())  # rows of the other view have other cells
            table.set_columns(columns)
        table.set_sort(state.sort, state.descending)
        table.set_empty(Cell.of(self.empty_words(pane, len(entries)), "dim"))
        table.set_rows(entry.row for entry in self.entries)
        self.headline(pane.headline(self.picture, Shown(len(self.entries), len(entries))), state)
        self.show_preview()

    def empty_words(self, pane: Pane, total: int) -> str:
        """Why the list is empty."""
        if total:
            return f" none of {total} rows passes the filters (esc clears)"
        return " " + pane.empty(self.picture)

    def headline(self, facts: Cell, state: ListState) -> None:
        """The line over the list: facts left, what filters it right."""
        parts = []
        if self.filters.minimum:
            parts.append(f"min {self.filters.minimum.word}")
        if state.failures:
            parts.append("failures only (F)")
        if not state.minor:
            parts.append("running only (A)")
        if state.query:
            parts.append(f"/{state.query}")
        words = Cell.of("  ".join(parts) + " ", "accent") if parts else EMPTY
        bar = self.query_one("#headline", StatusLine)
        bar.set_class(False, "-gone")
        bar.update_cells(Cell.join(" ", facts), words)

    def show_preview(self) -> None:
        """The row under the cursor in a few lines."""
        pane, view = self.pane, self.preview
        if pane is None or view.has_class("-gone"):
            return
        key = self.table.cursor_key
        width = max(20, view.size.width - 2)
        now = self.deck.now()
        lines: list[TextLine] = pane.preview(key, self.picture, width, now) if key is not None else []
        if key != self._previewed:
            self._previewed = key
            view.move_to(0)
        view.set_lines(lines)

    def arrange_body(self) -> None:
        """List over preview, beside it, or alone."""
        if not self.whole:
            return
        width, height = self.size
        here = self.trail.here
        listing = here.opened is None and here.pane != "overview"
        beside = width >= NARROW
        room = height >= 20 or beside
        small = width < SMALL[0] or height < SMALL[1]
        body = self.query_one("#body")
        body.set_class(beside, "-beside")
        body.set_class(NARROW <= width < WIDE, "-narrow")
        self.preview.styles.height = None if beside else max(7, height // 3)
        self.overview.set_class(here.opened is not None or here.pane != "overview", "-gone")
        self.table.set_class(not listing or self.zoomed == "preview", "-gone")
        hidden = not listing or not room or small or self.zoomed == "list"
        self.preview.set_class(hidden and self.zoomed != "preview", "-gone")
        self.query_one("#headline", StatusLine).set_class(not listing, "-gone")

    # -- going places -------------------------------------------------------------------------------------------

    def show_place(self) -> None:
        """Show where the trail says we are."""
        here = self.trail.here
        self.zoomed = ""
        self._previewed = None
        detail = self.detail
        if here.opened is None and detail is not None:
            detail.close()
        self.arrange_body()
        self.show_foot()
        self.show_tabs()
        if here.opened is not None:
            self.open_detail(here.opened, here.tab, here.check)
            return
        self.look_at_rows(())
        self.show_picture()
        state = self.state
        if here.pane == "overview":
            self.overview.focus()
        else:
            if state is not None and state.cursor is not None:
                self.table.move_to(state.cursor)
            self.table.focus()
            self.call_after_refresh(self.show_preview)  # its width is known then

    def open_detail(self, key: ResourceKey, tab: str, check: str) -> None:
        """Show the drill-down on a tab, or on its first one if there is no such tab."""
        detail = self.detail
        if detail is not None:
            shown = detail.show(key, tab, self.picture, check)
            if shown != tab:
                self.trail.turn(shown)

    def enter(self, target: object) -> None:
        """Follow whatever a row or a line leads to."""
        place = self.place_of(target)
        if place is None:
            return
        self.remember_cursor()
        if place.opened is None:
            self.trail.go(place)
        else:
            self.trail.enter(place)
        self.show_place()
        if place.group is not None:
            self.table.move_to(place.group)

    def place_of(self, target: object) -> Place | None:
        """The place that a link stands for."""
        from inventory.resource import ResourceKey
        from inventory.snapshot import Event
        from tui.panes.findings.pane import results_of

        here = self.trail.here
        if isinstance(target, ResourceKey):
            return Place(here.pane, target)
        if isinstance(target, Event):
            found = next((r.key for r in self.picture.snapshot if r.key.id == target.id), None)
            return Place(here.pane, found, "events") if found else None
        if isinstance(target, tuple) and len(target) == 2:
            if isinstance(target[0], ResourceKey):
                return Place(here.pane, target[0], "findings", str(target[1]))
            results = results_of(target, self.picture)
            if len(results) == 1:
                return Place(here.pane, results[0].key, "findings", results[0].check.id)
            return Place("findings", group=cast(Hashable, target)) if results and here.pane != "findings" else None
        return None

    def remember_cursor(self) -> None:
        """Keep the row for when one comes back."""
        state = self.state
        if state is not None and self.trail.here.opened is None:
            state.cursor = self.table.cursor_key

    def selected(self) -> ResourceKey | None:
        """The resource that actions are about."""
        from inventory.resource import ResourceKey

        here = self.trail.here
        if here.opened is not None:
            return here.opened
        if here.pane == "overview":
            current = self.overview.current
            place = self.place_of(current.meta) if current else None
            return place.opened if place else None
        key = self.table.cursor_key
        if isinstance(key, ResourceKey):
            return key
        place = self.place_of(key)
        return place.opened if place else None

    # -- messages -----------------------------------------------------------------------------------------------

    def on_resource_table_cursor_moved(self, message: ResourceTable.CursorMoved) -> None:
        """The preview follows when the cursor rests; a held key costs nothing."""
        if message.table is self.table:
            self._preview_due()

    def _preview_due(self) -> None:
        timer = self._preview_timer
        if timer is not None:
            timer.stop()  # type: ignore[attr-defined]  # a Textual timer
        delay = SLOW_PREVIEW if self.deck.options.low_bandwidth else PREVIEW_DELAY
        self._preview_timer = self.set_timer(delay, self.show_preview)

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Enter on a row."""
        if message.table is self.table:
            if self.place_of(message.key) is None:
                self.preview.focus()
            else:
                self.enter(message.key)

    def on_resource_table_view_changed(self, message: ResourceTable.ViewChanged) -> None:
        """Live figures only for what is on the screen."""
        if message.table is self.table:
            pane = self.pane
            self.look_at_rows(self.table.visible_keys() if pane is not None and pane.stats else ())

    def look_at_rows(self, keys: Sequence[Hashable]) -> None:
        """Tell the session what is visible."""
        from inventory.resource import ResourceKey

        self.deck.session.look_at(tuple(key for key in keys if isinstance(key, ResourceKey)))

    def on_text_view_line_activated(self, message: TextView.LineActivated) -> None:
        """Enter on a line with a link."""
        self.enter(message.meta)

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        """A link in the drill-down."""
        self.enter(message.target)

    def on_tab_line_selected(self, message: TabLine.Selected) -> None:
        """A click on a pane's or a detail tab's title."""
        for spec in specs():
            if spec.digit == message.key:
                self.action_pane(spec.id)
                return
        self.turn(message.key.lower())

    def turn(self, tab: str) -> None:
        """Another tab of what is open."""
        here, detail = self.trail.here, self.detail
        if here.opened is not None and detail is not None:
            self.trail.turn(tab)
            detail.show(here.opened, tab, self.picture)

    def action_pane(self, pane: str) -> None:
        """Another pane; one asked for before there is anything to show is opened once there is."""
        if not self.deck.ready:
            self.deck.typed_ahead = pane
            return
        self.remember_cursor()
        self.trail.go(Place(pane))
        self.show_place()

    @property
    def region_widgets(self) -> list[Widget]:
        """What Tab goes through."""
        here = self.trail.here
        detail = self.detail
        if here.opened is not None and detail is not None:
            from tui.detail.tab import Shape

            if detail.tab is not None and detail.tab.shape is Shape.FINDINGS:
                return [detail.content, detail.query_one("#d-evidence")]
            return [detail.content]
        if here.pane == "overview":
            return [self.overview]
        return [widget for widget in (self.table, self.preview) if not widget.has_class("-gone")]
