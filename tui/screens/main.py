"""Places on the screen: a list with its preview, or an opened resource, and the ways between them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.timer import Timer
from textual.widget import Widget

from checks.verdict import Severity
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Event
from tui.arranging import Arranger, Wish
from tui.detail.kube import opens_on
from tui.detail.tab import Shape
from tui.keymap import key_name
from tui.listing import Filters, ListState
from tui.panes import PaneSpec, load, specs
from tui.panes.base import Entry, Pane
from tui.panes.findings.benchmarks import is_item
from tui.panes.findings.pane import results_of
from tui.place import Place, Trail
from tui.scanning import progress_cell
from tui.scope import Lens, scope_words
from tui.screens.detail import DetailView
from tui.screens.frame import FOOT_OVERVIEW, NARROW, FrameScreen
from tui.verdicts import total_badge
from widgets.cells import EMPTY, Cell
from widgets.statusline import FooterLine, StatusLine, Tab, TabLine
from widgets.table import ResourceTable
from widgets.textview import TextLine, TextView

if TYPE_CHECKING:
    from tui.analysing import Progress
    from tui.panes.overview.pane import OverviewPane
    from tui.picture import Picture

PREVIEW_DELAY = 0.12  # seconds the cursor must rest before the preview follows
SLOW_PREVIEW = 1.0  # the same over a slow link
FLASH = 4.0  # seconds that a confirmation stays
SMALL, WIDE = (60, 15), 160

_FOOT_LIST = (
    ("enter", "open"), ("l", "logs"), ("i", "inspect"), ("o", "related"), ("/", "filter"), ("s", "sort"), ("?", "help"),
)  # fmt: skip
_FOOT_IMAGES = (
    ("enter", "open"), ("v", "look into"), ("V", "all that run"), ("o", "related"), ("/", "filter"), ("s", "sort"),
    ("?", "help"),
)  # fmt: skip
_FOOT_DETAIL = (
    ("[ ]", "tab"), ("enter", "open"), ("/", "search"), ("c", "copy"), ("o", "related"), ("esc", "back"), ("?", "help"),
)  # fmt: skip
_FOOT_IMAGE = (
    ("[ ]", "tab"), ("v", "look into"), ("/", "search"), ("c", "copy"), ("o", "related"), ("esc", "back"),
    ("?", "help"),
)  # fmt: skip
_FOOT_FINDINGS = (
    ("enter", "open"), ("w", "accept"), ("W", "waivers"), ("B", "benchmarks"), ("/", "filter"), ("E", "export"),
    ("?", "help"),
)  # fmt: skip
_FOOT_VIEWS = (
    ("enter", "open"), ("l", "logs"), ("t", "views"), ("m", "namespace"), ("/", "filter"), ("s", "sort"), ("?", "help"),
)  # fmt: skip
_FOOT_VERDICTS = (
    ("[ ]", "tab"), ("enter", "evidence"), ("w", "accept"), ("c", "copy"), ("o", "related"), ("esc", "back"),
    ("?", "help"),
)  # fmt: skip


class MainScreen(FrameScreen):
    """Shows places; what a place shows comes from its pane or from the drill-down."""

    def __init__(self) -> None:
        super().__init__()
        self.trail = Trail(Place("overview"))
        self.entries: Sequence[Entry] = ()
        self.filters = Filters()
        self.lens = Lens()
        self.arranger = Arranger(lambda: self.deck.from_thread(self.show_picture))
        self._listed = ""  # the list whose rows the table has
        self.filter_problem = ""  # what is most likely misspelt in the filter of the list
        self.zoomed = ""
        self._preview_timer: Timer | None = None
        self._previewed: object = None
        self._jumping = False
        self._flash = ""
        self._progress: Progress | None = None  # that the footer shows
        self._stood = False  # whether all parts, also those within others, have been there

    # -- parts --------------------------------------------------------------------------------------------------

    @property
    def picture(self) -> Picture:
        """What there is to show."""
        return self.deck.picture

    @property
    def listed(self) -> Picture:
        """What of it the lists and the overview show: all of it, or one cluster, or some namespaces."""
        return self.lens.through(self.picture, self.filters.scope)

    def warm(self, picture: Picture, now: float) -> None:
        """Make what the place that is open shows of a new picture; called in the judging thread, before it is told.

        The screen then finds it made, and no key has to wait.
        """
        here, seen = self.trail.here, self.lens.through(picture, self.filters.scope)
        seen.summary()
        pane = load(here.pane)
        pane.look_at(seen)
        if pane.shown_columns():
            wish = Wish.of(pane, seen, self.state, self.filters)
            pane.entries(seen, now)
            self.arranger.prepare(wish, now)
        else:
            pane.prepared(seen)

    @property
    def table(self) -> ResourceTable:
        """The list."""
        return self.query_one("#list", ResourceTable)

    @property
    def preview(self) -> TextView:
        """The selected row in short."""
        return self.query_one("#preview", TextView)

    @property
    def aging(self) -> Iterable[TextView | ResourceTable]:
        """All views but the drill-down's, which are titled with their resource's state."""
        return (self.overview, self.table, self.preview)

    @property
    def detail(self) -> DetailView:
        """The drill-down."""
        return self.query_one("#detail", DetailView)

    @property
    def pane(self) -> Pane:
        """The pane of this place."""
        return load(self.trail.here.pane)

    @property
    def state(self) -> ListState:
        """Sorting and filters of this pane."""
        pane = self.pane
        return self.filters.state(pane.list_id, pane.list_order(), pane.shows_minor)

    # -- life ---------------------------------------------------------------------------------------------------

    @property
    def standing(self) -> bool:
        """A picture may come while parts are still being put into others: there is nothing to paint on yet."""
        return self._stood and super().standing

    def stood_up(self) -> None:
        """All parts are there."""
        self._stood = True

    def tick(self) -> None:
        """What passes with time alone: freshness, ages, and tabs that read again."""
        if not self.standing:
            return
        super().tick()
        self.detail.tick(self.deck.clock())
        if self.progress != self._progress:
            self.show_foot()
        if self.deck.minute_passed():
            self.show_picture()

    def on_resize(self, _: events.Resize) -> None:
        """Where the preview goes, and what the overview has room for."""
        self.arrange_body()
        self.show_picture()
        self.call_after_refresh(self.show_picture)  # lines are made for widths that are known only then

    # -- showing ------------------------------------------------------------------------------------------------

    def show_tabs(self) -> None:
        """The second line: panes with their counts."""
        judged = self.listed.evaluation
        right = Cell.join(total_badge(judged.total) if judged.judgements else Cell.of("..", "dim"), " ")
        self.set_tabs([self._tab(load(spec.id), spec) for spec in specs()], self.trail.here.pane, right)

    def _tab(self, pane: Pane, spec: PaneSpec) -> Tab:
        bad = sum(pane.alarm(self.listed).fails[Severity.HIGH :])
        count = pane.count(self.listed) if self.size.width >= WIDE else ""
        words = f"{count}{f' !{bad}' if bad else ''}".strip() if spec.id != "findings" else ""
        return Tab(spec.digit, spec.title if self.roomy else spec.short, words, "accent" if bad else "dim")

    def show_foot(self) -> None:
        """The keys that matter here."""
        here = self.trail.here
        keys: Sequence[tuple[str, str]]
        if here.opened:
            of_image = here.opened.kind is Kind.IMAGE
            usual = _FOOT_IMAGE if of_image else _FOOT_DETAIL
            keys = _FOOT_VERDICTS if here.tab == "findings" else usual
        else:
            listing = _FOOT_VIEWS if self.pane.views(self.listed) else _FOOT_LIST
            special = {"overview": FOOT_OVERVIEW, "findings": _FOOT_FINDINGS, "images": _FOOT_IMAGES}
            keys = special.get(here.pane, listing)
        pinned = self.filters.pinned
        held = " ".join(filter(None, (scope_words(self.filters.scope), f"& {pinned}" if pinned else "")))
        right = Cell.of(f"{held} ", "accent") if held else EMPTY
        progress = self._progress = self.progress
        if progress is not None:
            right = progress_cell(progress, self.picture, key_name(next(iter(self.deck.keys["image.cancel"]), ":")))
        right = Cell.of(f"{self._flash} ", "accent") if self._flash else right
        self.query_one("#foot", FooterLine).set_keys(keys, right)

    @property
    def progress(self) -> Progress | None:
        """How far looking into images is."""
        analyst = self.deck.session.analyst
        return analyst.progress if analyst is not None else None

    def flash(self, words: str) -> None:
        """Say in the footer, for a moment, that something was done."""
        self._flash = words
        self.show_foot()
        self.set_timer(FLASH, self._flashed)

    def _flashed(self) -> None:
        self._flash = ""
        if self.standing:
            self.show_foot()

    def show_picture(self) -> None:
        """Bring what is visible up to date."""
        if not self.standing:
            return
        self.show_tabs()
        here = self.trail.here
        if here.opened is not None:
            self.detail.update_picture(self.picture)
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
            view.set_lines(pane.lines(self.listed, width, height, self.deck.now()))
        self.query_one("#headline", StatusLine).set_class(True, "-gone")

    def show_list(self) -> None:
        """The rows of the pane that pass the filters."""
        pane, picture = self.pane, self.listed
        pane.look_at(picture)
        state = self.state
        made = self.arranger.get(Wish.of(pane, picture, state, self.filters), self.deck.now())
        table = self.table
        columns = pane.shown_columns()
        if table.columns != columns:
            table.set_rows(())  # rows of the other view have other cells
            table.set_columns(columns)
        table.set_sort(state.sort, state.descending)
        if made is None:  # on its way; until then the rows that stand there, unless they are another list's
            if self._listed != pane.list_id:
                self.entries = ()
                table.set_empty(Cell.of(f" sorting {pane.size(picture)} rows ..", "dim"))
                table.set_rows(())
            return
        self.entries, self._listed = made.entries, pane.list_id
        table.set_empty(Cell.of(self.empty_words(pane, made.total), "dim"))
        table.set_rows(made.rows, made.index)
        self.filter_problem = made.problem
        self.headline(made.headline, state)
        self.show_preview()

    def empty_words(self, pane: Pane, total: int) -> str:
        """Why the list is empty."""
        if total:
            shown = "" if self.state.minor else f" or are {pane.hidden}, which A shows"
            return f" none of {total} rows passes the filters (esc clears){shown}"
        return " " + pane.empty(self.listed)

    def headline(self, facts: Cell, state: ListState) -> None:
        """The line over the list: facts left, what filters it right."""
        parts: list[str] = []
        if self.filters.minimum:
            parts.append(f"min {self.filters.minimum.word}")
        if state.failures:
            parts.append("failures only (F)")
        if not state.minor:
            parts.append("running only (A)" if self.pane.shows_minor else "")
        if state.query:
            parts.append(f"/{state.query}")
        words = Cell.of("  ".join(filter(None, parts)) + " ", "accent") if any(parts) else EMPTY
        if self.filter_problem:
            words = Cell.join((f"{self.filter_problem}  ", "error"), words)
        bar = self.query_one("#headline", StatusLine)
        bar.set_class(False, "-gone")
        bar.update_cells(Cell.join(" ", facts), words)

    def show_preview(self) -> None:
        """The row under the cursor in a few lines."""
        if not self.standing:
            return
        pane, view = self.pane, self.preview
        if view.has_class("-gone"):
            return
        key = self.table.cursor_key
        width = max(20, view.size.width - 2)
        now = self.deck.now()
        lines: list[TextLine] = pane.preview(key, self.listed, width, now) if key is not None else []
        if key != self._previewed:
            self._previewed = key
            view.move_to(0)
        view.set_lines(lines)

    def show_view(self) -> None:
        """Another view of the pane: its own rows, its own cursor."""
        cursor = self.state.cursor
        self.show_picture()
        if cursor is not None:
            self.table.move_to(cursor)

    def arrange_body(self) -> None:
        """List over preview, beside it, or alone."""
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
        if here.opened is None:
            self.detail.close()
            self.pane.look_within(here.within)
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
            self.set_focus(self.overview)
            self.call_after_refresh(self.show_picture)  # while another place was shown, it had no size
        else:
            if state.cursor is not None:
                self.table.move_to(state.cursor)
            self.set_focus(self.table)
            self.call_after_refresh(self.show_preview)  # its width is known then

    def open_detail(self, key: ResourceKey, tab: str, check: str) -> None:
        """Show the drill-down on a tab, or on its first one if there is no such tab."""
        shown = self.detail.show(key, tab, self.picture, check)
        if shown != tab:
            self.trail.turn(shown)

    def enter(self, target: object) -> None:
        """Follow whatever a row or a line leads to."""
        place = self.place_of(target)
        if place is None:
            return
        self.remember_cursor()
        if place.opened is None and place.within is None:
            self.trail.go(place)
        else:
            self.trail.enter(place)
        self.show_place()
        if place.group is not None:
            self.table.move_to(place.group)

    def place_of(self, target: object) -> Place | None:
        """The place that a link stands for."""
        here = self.trail.here
        if isinstance(target, ResourceKey):
            return Place(here.pane, target, opens_on(self.picture.snapshot.get(target), self.deck.now()))
        if isinstance(target, Event):
            found = next((r.key for r in self.picture.snapshot if r.key.id == target.id), None)
            return Place(here.pane, found, "events") if found else None
        if is_item(target):
            return Place("findings", within=target)
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
        if self.trail.here.opened is None:
            self.state.cursor = self.table.cursor_key

    def selected(self) -> ResourceKey | None:
        """The resource that actions are about."""
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
        if self._preview_timer is not None:
            self._preview_timer.stop()
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
            self.look_at_rows(self.table.visible_keys() if self.pane.stats else ())

    def look_at_rows(self, keys: Sequence[Hashable]) -> None:
        """Tell the session what is visible."""
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
        here = self.trail.here
        if here.opened is not None:
            self.trail.turn(tab)
            self.detail.show(here.opened, tab, self.picture)
            self.show_foot()

    def action_pane(self, pane: str) -> None:
        """Another pane."""
        if not self.standing:
            super().action_pane(pane)
            return
        self.remember_cursor()
        load(pane).leave_view()
        self.trail.go(Place(pane))
        self.show_place()

    @property
    def region_widgets(self) -> list[Widget]:
        """What Tab goes through."""
        here = self.trail.here
        detail = self.detail
        if here.opened is not None:
            if detail.tab is not None and detail.tab.shape is Shape.FINDINGS:
                return [detail.content, detail.query_one("#d-evidence")]
            return [detail.content]
        if here.pane == "overview":
            return [self.overview]
        return [widget for widget in (self.table, self.preview) if not widget.has_class("-gone")]
