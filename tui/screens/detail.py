"""The drill-down: a title, tabs, and what the chosen tab shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.app import ComposeResult
from textual.containers import Container as Box
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from checks.result import Result
from inventory.gap import Gap, Reason, Unread
from inventory.resource import Kind, Resource, ResourceKey
from inventory.text import safe
from tui.detail.raw import raw_value
from tui.detail.tab import Context, Reader, Shape, Tab, tabs_of
from tui.logs import Feed, LogQuery
from tui.picture import Picture
from tui.session import Session
from tui.talk import Talk, Talks
from tui.verdicts import badge, finding_view
from tui.worker import Worker
from widgets import statusline
from widgets.cells import Cell
from widgets.evidence import evidence_lines
from widgets.findings import FindingsList
from widgets.jsontree import JsonView
from widgets.statusline import StatusLine, TabLine
from widgets.textview import TextLine, TextView, line

if TYPE_CHECKING:
    from tui.app import DeckwatchApp

WIDE = 120


class DetailView(Vertical):
    """Shows one resource. It asks the session's readers, in threads, for what the picture does not hold."""

    DEFAULT_CSS = """
    DetailView { display: none; height: 1fr; }
    DetailView.-open { display: block; }
    DetailView #d-findings { height: 1fr; layout: vertical; }
    DetailView #d-list { height: 1fr; }
    DetailView #d-evidence { height: 1fr; border-top: ascii ansi_default; }
    DetailView.-wide #d-findings { layout: horizontal; }
    DetailView.-wide #d-list { width: 1fr; height: 100%; }
    DetailView.-wide #d-evidence { width: 1fr; height: 100%; border-top: none; border-left: ascii ansi_default; }
    DetailView .-hidden { display: none; }
    """

    class Followed(Message):
        """A link was followed."""

        def __init__(self, target: object) -> None:
            super().__init__()
            self.target = target

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._session = session
        self._resource: Resource | None = None
        self._key: ResourceKey | None = None
        self._tab: Tab | None = None
        self._shown: object = None
        self._answer: Any = None
        self._asked = 0  # a number per question: late answers to earlier ones are dropped
        self._again = 0.0
        self._talks = Talks(session.reader)
        self._reading, self._following = Worker("read"), Worker("logs")
        self._feed: Feed | None = None
        self.timestamps = False
        self.tail = 500

    def compose(self) -> ComposeResult:
        """All views; one of them is shown at a time."""
        yield StatusLine(id="crumb")
        yield TabLine(id="d-tabs")
        with Box(id="d-findings"):
            yield FindingsList(objects=False, id="d-list")
            yield TextView(id="d-evidence", wrap=True)
        yield JsonView(id="d-tree")
        yield TextView(id="d-text", cursor=True)
        yield TextView(id="d-logs")

    # -- what the screen calls ----------------------------------------------------------------------------------

    def show(self, key: ResourceKey, tab: str, picture: Picture, check: str = "") -> str:
        """Open a resource on a tab (the first if it has no such tab); the id of the tab that is shown."""
        self.add_class("-open")
        self._key = key
        self._resource = picture.snapshot.get(key)
        available = tabs_of(self._resource) if self._resource else ()
        chosen = next((entry for entry in available if entry.id == tab), available[0] if available else None)
        self._forget()
        self._tab = chosen
        for view in self.query(TextView):
            view.set_search("")  # what was looked for elsewhere
        self._paint(picture, fresh=True)
        if check:
            self.query_one(FindingsList).move_to((key, check, 0))
        self.focus_content()
        self.call_after_refresh(self._fit)
        return chosen.id if chosen else tab

    def close(self) -> None:
        """Hide it and forget open questions."""
        self._forget()
        self.remove_class("-open")
        self._key = self._resource = self._tab = None

    def update_picture(self, picture: Picture) -> None:
        """Show what changed."""
        if self._key is None:
            return
        self._resource = picture.snapshot.get(self._key) or self._resource
        self._paint(picture)

    def tab_after(self, step: int) -> str | None:
        """The id of the tab `step` places further, round the end."""
        available = tabs_of(self._resource) if self._resource else ()
        if not available or self._tab is None:
            return None
        return available[(available.index(self._tab) + step) % len(available)].id

    def tab_starting(self, letter: str) -> str | None:
        """The id of the next tab whose title starts with this letter."""
        available = tabs_of(self._resource) if self._resource else ()
        found = [tab for tab in available if tab.title.lower().startswith(letter.lower())]
        if not found:
            return None
        place = found.index(self._tab) + 1 if self._tab in found else 0
        return found[place % len(found)].id

    @property
    def resource(self) -> Resource | None:
        """What is open."""
        return self._resource

    @property
    def tab(self) -> Tab | None:
        """The open tab."""
        return self._tab

    @property
    def content(self) -> Widget:
        """The widget that takes the keys."""
        names = {Shape.FINDINGS: "#d-list", Shape.TREE: "#d-tree", Shape.LOGS: "#d-logs"}
        return self.query_one(names.get(self._tab.shape if self._tab else Shape.TEXT, "#d-text"))

    @property
    def text(self) -> TextView | None:
        """The text view that is shown, for search and copy."""
        content = self.content
        return content if isinstance(content, TextView) else self.query_one("#d-evidence", TextView)

    def focus_content(self) -> None:
        """Give the keys to the content."""
        self.screen.set_focus(self.content)  # at once: the next key is meant for it

    def reload(self) -> None:
        """Read again what this tab had to read."""
        self._forget()
        self._paint(self._deck.picture, fresh=True)

    def _forget(self) -> None:
        """Nothing that was asked so far is wanted any more."""
        self._asked += 1
        self._answer = self._shown = None
        self._again = 0.0
        self._reading.drop()
        self._following.drop()
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def tick(self, now: float) -> None:
        """Ask again for what changes by itself, unless the screen is to hold still."""
        tab = self._tab
        if not self._deck.frozen and tab is not None and tab.every and self._again and now >= self._again:
            self._ask(tab)

    # -- painting -----------------------------------------------------------------------------------------------

    def _paint(self, picture: Picture, *, fresh: bool = False) -> None:
        resource, tab = self._resource, self._tab
        self._crumb(picture)
        for name, shape in (("#d-findings", Shape.FINDINGS), ("#d-tree", Shape.TREE), ("#d-logs", Shape.LOGS)):
            self.query_one(name).set_class(tab is None or tab.shape is not shape, "-hidden")
        self.query_one("#d-text").set_class(tab is not None and tab.shape not in (Shape.TEXT, Shape.READ), "-hidden")
        if resource is None or tab is None:
            self._shown = None
            self.query_one("#d-text", TextView).set_lines([line(" this object is not there any more", "dim")])
            return
        self._tab_line(resource, picture)
        context = self._lines_context(picture)
        if tab.shape is Shape.FINDINGS:
            self._findings(resource, picture)
        elif tab.shape is Shape.TREE and self._shown is not resource:
            self._shown = resource
            self.query_one(JsonView).set_value(raw_value(resource))
        elif tab.shape is Shape.TEXT and tab.lines is not None:
            lines = tab.lines(resource, context)
            if lines is not self._shown:  # a tab that keeps its lines tells by that that they are the same
                self._shown = lines
                self.query_one("#d-text", TextView).set_lines(lines)
        elif tab.shape is Shape.READ:
            self._read(tab, context, fresh)
        elif tab.shape is Shape.LOGS and fresh:
            self._follow(resource)

    def _lines_context(self, picture: Picture) -> Context:
        looking = self._session.analyst is not None
        return Context(picture, self.size.width or 80, self._deck.now(), looking)

    def _crumb(self, picture: Picture) -> None:
        if self._key is None:
            return
        name = safe(self._resource.name) if self._resource else self._key.id[:12]
        gone = picture.snapshot.get(self._key) is None
        state = Cell.of("  gone; last known", "error") if gone else Cell()
        left = Cell.join(f" {self._key.kind} > ", (name, "title"), state, "   ", badge(picture.judgement(self._key)))
        self.query_one("#crumb", StatusLine).update_cells(left, Cell.of("esc back  - last view ", "dim"))

    def _tab_line(self, resource: Resource, picture: Picture) -> None:
        shown = []
        for tab in tabs_of(resource):
            number = tab.count(resource, picture) if tab.count else 0
            shown.append(statusline.Tab("", tab.title, str(number) if number else ""))
        self.query_one("#d-tabs", TabLine).set_tabs(shown, self._tab.title if self._tab else "")

    def _findings(self, resource: Resource, picture: Picture) -> None:
        judgement = picture.judgement(resource.key)
        results: list[Result] = [*judgement.results, *judgement.passed] if judgement else []
        views = [finding_view(result, picture.snapshot) for result in results]
        listing = self.query_one(FindingsList)
        nothing = " judged with its engine" if resource.key.kind is Kind.HOST else " no check applies to this"
        listing.set_empty(Cell.of(" not judged yet" if judgement is None else nothing, "dim"))
        listing.set_findings(views)
        self._evidence()

    def _evidence(self) -> None:
        current = self.query_one(FindingsList).current
        view = self.query_one("#d-evidence", TextView)
        view.set_lines(evidence_lines(current, max(30, view.size.width - 2)) if current else ())

    def on_resource_table_cursor_moved(self, message: FindingsList.CursorMoved) -> None:
        """Another finding: its evidence."""
        if isinstance(message.table, FindingsList):
            message.stop()
            self._evidence()

    def on_resource_table_opened(self, message: FindingsList.Opened) -> None:
        """Enter on a finding: into its evidence."""
        message.stop()
        self.query_one("#d-evidence").focus()

    def on_text_view_line_activated(self, message: TextView.LineActivated) -> None:
        """Enter on a line with a link."""
        message.stop()
        self.post_message(self.Followed(message.meta))

    def on_resize(self) -> None:
        """Side by side where there is room."""
        self.set_class(self.size.width >= WIDE, "-wide")
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Lines that depend on the width, once it is known."""
        if self._tab is not None and self._tab.shape is Shape.FINDINGS:
            self._evidence()

    # -- reading ------------------------------------------------------------------------------------------------

    def _read(self, tab: Tab, context: Context, fresh: bool) -> None:
        if fresh:
            self.query_one("#d-text", TextView).set_lines([line(" reading ...", "dim")])
            self._ask(tab)
        elif self._answer is not None:
            self._show_answer(tab, context)

    def _show_answer(self, tab: Tab, context: Context) -> None:
        view = self.query_one("#d-text", TextView)
        if isinstance(self._answer, Gap):
            view.set_lines([line(f" {safe(str(self._answer), 400)}", "unknown")])
        elif tab.show is not None:
            view.set_lines(tab.show(self._answer, context))

    def _ask(self, tab: Tab) -> None:
        resource, asked, read = self._resource, self._asked, tab.read
        self._again = 0.0
        if resource is None or read is None:
            return

        def work() -> None:
            if asked == self._asked:
                answer = self._attempt(read, resource)
                self._from_thread(self._answered, asked, tab, answer)

        self._reading.give(work)

    def _attempt(self, read: Reader, resource: Resource) -> Any:
        """What was read; a tab must not wait for ever because reading it failed in an unforeseen way."""
        source = resource.key.source
        try:
            talk = self._talks.to(source)
            answer = talk if isinstance(talk, Gap) else read(resource, talk)
        except Unread as missing:
            answer = missing.gap
        except Exception as error:
            answer = Gap(Reason.ERROR, "reading on demand", f"{type(error).__name__}: {error}")
        self._talks.heard(source, answer)
        return answer

    def _answered(self, asked: int, tab: Tab, answer: Any) -> None:
        if asked != self._asked or tab is not self._tab:
            return
        self._answer = answer
        self._again = self._deck.clock() + tab.every if tab.every else 0.0
        self._show_answer(tab, self._lines_context(self._deck.picture))

    @property
    def _deck(self) -> DeckwatchApp:
        return cast("DeckwatchApp", self.app)

    def _from_thread(self, function: Any, *arguments: Any) -> None:
        self._deck.from_thread(function, *arguments)

    # -- logs ---------------------------------------------------------------------------------------------------

    def _follow(self, resource: Resource) -> None:
        view = self.query_one("#d-logs", TextView)
        view.clear()
        view.set_lines([line(" reading ...", "dim")])
        view.follow = True
        tab, tail, timestamps = self._tab, self.tail, self.timestamps
        if tab is None or tab.read is None:
            return
        read = tab.read
        deck = self._deck  # which the thread must not look for: the screen may be gone by then
        self._feed = feed = Feed(deck.from_thread, self._log_lines, lambda: deck.frozen)

        def follow(found: Resource, talk: Talk) -> Any:
            return read(found, LogQuery(talk, tail, timestamps, feed, deck.picture.snapshot))

        def work() -> None:
            if feed.closed:
                return
            problem = self._attempt(follow, resource)
            if isinstance(problem, Gap):
                feed.show([line(f" {safe(str(problem), 400)}", "unknown")])
            else:
                feed.show([line(" -- end of the log --", "dim")])

        self._following.give(work)

    def _log_lines(self, lines: list[TextLine], first: bool) -> None:
        view = self.query_one("#d-logs", TextView)
        if first:
            view.set_lines(lines)
        else:
            view.append_lines(lines)
