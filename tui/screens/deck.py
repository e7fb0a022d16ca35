"""The actions of the screen: what each key of the key map does."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Container as Box

from checks.verdict import Severity
from inventory.text import safe
from tui import accepting, menus, scanning, switchers, waiver_list
from tui.keymap import BY_ID, help_groups
from tui.listing import next_failing
from tui.panes import PaneSpec, load, specs
from tui.place import Place
from tui.screens.detail import DetailView
from tui.screens.main import MainScreen
from widgets.filterbar import FilterBar
from widgets.overlay import Choice, HelpScreen, Notice, Option, Picker
from widgets.statusline import StatusLine
from widgets.table import ResourceTable
from widgets.textview import TextView

if TYPE_CHECKING:
    from tui.panes.findings.pane import FindingsPane

SEARCH_HINT = "~regex   n N next, previous   enter keep   esc clear"
FILTER_HINT = "sev: state: name: img: label: net: port: project:   ! not   , or   enter keep   esc clear"
IMAGE_HINT = "trust: vuln: distro: exploited:yes fixed:yes package: cve:   ! not   , or   enter keep   esc clear"
DESCENDING = frozenset(("sec", "cpu", "mem", "pids", "size", "used", "members", "up", "trust", "vulns"))
CLUSTER_HINT = "ns: kind: state: node: image: label: sev: name:   ! not   , or   enter keep   esc clear"


class DeckScreen(MainScreen):
    """The screen with its actions. They come from the key map, the palette and typed commands alike."""

    def compose_middle(self) -> ComposeResult:
        """The overview, a list with its preview, the drill-down, and the line to type filters into."""
        yield StatusLine(id="headline")
        with Box(id="body"):
            yield TextView(id="overview", cursor=True)
            yield ResourceTable(id="list", classes="-gone")
            yield TextView(id="preview", classes="-gone", cursor=True)
            yield DetailView(self.deck.session, id="detail")
        yield FilterBar(id="filter")

    def stood_up(self) -> None:
        """Take over from the frame."""
        super().stood_up()
        self.deck.welcome()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that are being typed, or that a text view has a use for, are not taken from them."""
        if not self.standing:
            return action in {"quit_now", "interrupt", "pane"}  # a pane that is asked for is opened once there is one
        if isinstance(self.focused, FilterBar):
            return False  # ctrl+q is the application's and quits from here too
        if self._jumping:
            return action in {"quit_now", "interrupt"}
        reading = isinstance(self.focused, TextView) and self.focused is not self.overview
        if reading and (action == "group" or (action == "look" and parameters == ("logs",))):
            return False  # b and l move in a text
        if reading and action == "accept" and not self._on_findings():
            return False  # and w wraps it
        return super().check_action(action, parameters)

    # -- moving -------------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Close a search or a filter, else leave a level; never quits."""
        detail = self.detail
        if self.trail.here.opened is not None and detail is not None:
            text = detail.text
            if text is not None and text.search.pattern:
                text.set_search("")
                return
            if detail.content is not self.focused and self.focused is not None and detail.tab is not None:
                detail.focus_content()
                return
        state = self.state
        if self.trail.here.opened is None and state is not None and (state.query or state.failures):
            state.query, state.failures = "", False
            self.show_picture()
            return
        if (self.trail.here.opened is None and self.pane is not None and self.pane.leave_view()) or self.trail.up():
            self.show_place()
        elif self.zoomed:
            self.action_zoom()

    def action_up(self) -> None:
        """One level up; at the top the program ends."""
        if self.trail.up():
            self.show_place()
        elif self.trail.here.pane != "overview":
            self.action_pane("overview")
        else:
            self.deck.leave()

    def action_last_view(self) -> None:
        """Between the two latest places."""
        self.remember_cursor()
        if self.trail.last():
            self.show_place()

    def action_next_finding(self, step: int) -> None:
        """The next row that fails at or over the minimum severity."""
        if self.trail.here.opened is not None or self.trail.here.pane == "overview":
            return
        key = next_failing(self.entries, self.table.cursor_key, step, self.filters.minimum)
        if key is not None:
            self.table.move_to(key)

    def action_scroll_preview(self, lines: int) -> None:
        """Scroll the preview without leaving the list."""
        view = self.preview
        if lines > 0:
            view.action_down()
        else:
            view.action_up()

    def action_focus_region(self, step: int) -> None:
        """The next region takes the keys."""
        regions = self.region_widgets
        if not regions:
            return
        place = regions.index(self.focused) if self.focused in regions else -1
        regions[(place + step) % len(regions)].focus()

    def action_zoom(self) -> None:
        """The focused region alone, or both again."""
        if self.trail.here.opened is None:
            focused = "preview" if self.focused is self.preview else "list"
            self.zoomed = "" if self.zoomed else focused
            self.arrange_body()
            self.call_after_refresh(self.show_picture)

    def action_tab(self, step: int) -> None:
        """The next detail tab, or the next view of a list."""
        if self.trail.here.opened is None:
            self._turn_view(step)
            return
        detail = self.detail
        name = detail.tab_after(step) if detail is not None else None
        if name is not None:
            self.turn(name)

    def action_jump_tab(self) -> None:
        """The next letter is the first of a tab's title; on a list, choose one of its views."""
        self._jumping = self.trail.here.opened is not None
        if self._jumping:
            self.set_focus(None)  # a text would take `l` or `g` for its own
        else:
            switchers.choose_view(self)

    def on_key(self, event: events.Key) -> None:
        """The letter after `t`."""
        if not self._jumping or event.key == "t":
            return
        self._jumping = False
        detail = self.detail
        name = detail.tab_starting(event.character or "") if detail is not None else None
        detail.focus_content()
        if name is not None:
            event.stop()
            event.prevent_default()
            self.turn(name)

    def action_look(self, tab: str) -> None:
        """The drill-down of the selected row, on this tab."""
        if self.trail.here.opened is not None:
            self.turn(tab)
            return
        key = self.selected()
        if key is not None:
            self.remember_cursor()
            self.trail.enter(Place(self.trail.here.pane, key, tab))
            self.show_place()

    def action_related(self) -> None:
        """Choose one of the related objects."""
        from tui.detail.related import related
        from tui.verdicts import link_text

        key = self.selected()
        resource = self.picture.snapshot.get(key) if key else None
        if resource is None:
            return
        found = list(related(resource, self.picture.snapshot))
        options = [
            Option(str(number), f"{why:<16} {link_text(target, self.picture.snapshot)}")
            for number, (why, target) in enumerate(found)
        ]

        def chosen(choice: Choice | None) -> None:
            if choice is not None and choice.id is not None:
                self.enter(found[int(choice.id)][1])

        self.app.push_screen(Picker(f"related to {safe(resource.name, 60)}", options), chosen)

    # -- images -------------------------------------------------------------------------------------------------

    def action_scan(self) -> None:
        """Look into the image of the selected row, or those of the marked ones."""
        scanning.scan(self, scanning.selected_images(self), "no image here that the engine still has")

    def action_scan_running(self) -> None:
        """Look into every image that runs."""
        scanning.scan_running(self)

    def action_cancel_scan(self) -> None:
        """Look into no image any more."""
        scanning.cancel(self)

    # -- finding ------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Type a filter for the list, or a search in the text."""
        bar = self.query_one("#filter", FilterBar)
        if self.trail.here.opened is not None or self.trail.here.pane == "overview":
            bar.set_hint(SEARCH_HINT)
            bar.open("", "/")
            return
        usual = CLUSTER_HINT if self.pane.views(self.listed) else FILTER_HINT
        bar.set_hint(IMAGE_HINT if self.trail.here.pane == "images" else usual)
        bar.open(self.state.query if self.state else "", "/")

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Live: what is typed holds at once."""
        text = self._searched()
        if text is not None:
            pattern = message.value
            count = text.set_search(pattern.removeprefix("~"), regex=pattern.startswith("~"))
            message.bar.set_error(text.search.error or ("not found" if pattern and not count else ""))
            message.bar.set_hint(f"{count} found   n N next, previous" if count else SEARCH_HINT)
            return
        if self.state is not None:
            self.state.query = message.value
            self.show_picture()
            message.bar.set_error(self.filter_problem)

    def on_filter_bar_submitted(self, message: FilterBar.Submitted) -> None:
        """Keep it and go back to the list."""
        self._after_filter()

    def on_filter_bar_cancelled(self, message: FilterBar.Cancelled) -> None:
        """Drop it."""
        text = self._searched()
        if text is not None:
            text.set_search("")
        elif self.state is not None:
            self.state.query = ""
            self.show_picture()
        self._after_filter()

    def _searched(self) -> TextView | None:
        detail = self.detail
        if self.trail.here.opened is not None and detail is not None:
            return detail.text
        return self.overview if self.trail.here.pane == "overview" else None

    def _after_filter(self) -> None:
        regions = self.region_widgets
        if regions:
            regions[0].focus()

    def action_pin(self) -> None:
        """The filter of this pane holds everywhere, or no longer does."""
        state = self.state
        if state is not None and state.query:
            self.filters.pinned, state.query = state.query, ""
        else:
            self.filters.pinned = ""
        self.show_foot()
        self.show_picture()

    def action_minimum(self, step: int) -> None:
        """Raise or lower the severity that rows must fail with."""
        level = min(max(self.filters.minimum + step, Severity.INFO), Severity.CRITICAL)
        self.filters.minimum = Severity(level)
        self.show_picture()

    def action_failures(self) -> None:
        """Only rows with failures, or all."""
        if self.state is not None:
            self.state.failures = not self.state.failures
            self.show_picture()

    def action_everything(self) -> None:
        """Stopped, unused and built-in rows, or not."""
        if self.state is not None:
            self.state.minor = not self.state.minor
            self.show_picture()

    def action_group(self) -> None:
        """The pane's other view: findings by check or by object, monitoring by component or by container."""
        if self.trail.here.opened is None:
            self._turn_view(1)

    def _turn_view(self, step: int) -> None:
        self.remember_cursor()
        if self.pane.turn(step):
            self.show_view()

    def action_namespaces(self) -> None:
        """Choose which namespaces are looked at."""
        switchers.choose_namespaces(self)

    def action_contexts(self) -> None:
        """Choose which cluster or host is looked at."""
        switchers.choose_context(self)

    def action_benchmarks(self) -> None:
        """The benchmarks view of the findings; where it is shown already, the next framework."""
        pane = cast("FindingsPane", load("findings"))
        here = self.trail.here
        self.remember_cursor()
        if here == Place("findings") and pane.benchmarking:
            pane.next_framework()
        pane.benchmarking = True
        if here != Place("findings"):
            self.trail.go(Place("findings"))
        self.show_place()

    def action_sort(self) -> None:
        """Choose a column."""
        pane, state = self.pane, self.state
        if pane is None or state is None or not pane.shown_columns() or self.trail.here.opened is not None:
            return
        options = [Option(column.key, column.title.lower() or column.key) for column in pane.shown_columns()]

        def chosen(choice: Choice | None) -> None:
            if choice is not None and choice.id is not None:
                state.sort = choice.id
                state.descending = choice.id in {
                    "sec",
                    "cpu",
                    "mem",
                    "pids",
                    "size",
                    "used",
                    "members",
                    "up",
                    "trust",
                    "vulns",
                }
                self.show_picture()

        self.app.push_screen(Picker("sort by", options), chosen)

    def action_reverse(self) -> None:
        """The other way round."""
        if self.state is not None:
            self.state.descending = not self.state.descending
            self.show_picture()

    # -- texts --------------------------------------------------------------------------------------------------

    def action_timestamps(self) -> None:
        """Timestamps in logs, or not."""
        detail = self.detail
        if detail is not None and detail.tab is not None and detail.tab.id == "logs":
            detail.timestamps = not detail.timestamps
            detail.reload()

    def action_more_logs(self) -> None:
        """Logs from further back."""
        detail = self.detail
        if detail is not None and detail.tab is not None and detail.tab.id == "logs":
            detail.tail *= 4
            detail.reload()

    # -- policy -------------------------------------------------------------------------------------------------

    def _on_findings(self) -> bool:
        """Whether what is read is about findings: a preview, or the evidence beside the findings of an object."""
        here = self.trail.here
        return here.opened is None or here.tab == "findings"

    def action_accept(self) -> None:
        """Accept the selected finding, or take that back."""
        accepting.accept(self)

    def action_waivers(self) -> None:
        """All waivers and how they stand."""
        waiver_list.listed(self)

    # -- tools --------------------------------------------------------------------------------------------------

    def action_copy_menu(self) -> None:
        """Choose what goes to the clipboard of the terminal (OSC 52)."""
        options = menus.copy_options(self)
        texts = {option.id: text for option, text in options}

        def chosen(choice: Choice | None) -> None:
            if choice is not None and choice.id is not None:
                menus.copy(self, texts[choice.id])

        if options:
            self.app.push_screen(Picker("copy", [option for option, _ in options]), chosen)

    def action_commands(self) -> None:
        """Commands for this object; choosing one copies it, nothing is run."""
        options = menus.command_options(self)
        if not options:
            return

        def chosen(choice: Choice | None) -> None:
            if choice is not None and choice.id is not None:
                menus.copy(self, choice.id)

        self.app.push_screen(Picker("commands to copy; nothing is run", options), chosen)

    def action_export(self) -> None:
        """Choose a form; the file is written to the working directory."""
        options = menus.export_options(self)

        def chosen(choice: Choice | None) -> None:
            if choice is not None and choice.id is not None:
                menus.export(self, choice.id)

        self.app.push_screen(Picker("export to the working directory", options), chosen)

    def action_palette(self) -> None:
        """Every action by name, and typed commands."""
        self.app.push_screen(Picker("command", menus.palette_options(self.deck.keys), prompt=":", free=True), self._run)

    def _run(self, choice: Choice | None) -> None:
        if choice is None:
            return
        if choice.typed in menus.TYPED:
            self._act(menus.TYPED[choice.typed])
        elif choice.id is None or (" " in choice.typed and _pane_named(choice.typed.split()[0])):
            self._typed(choice.typed)
        else:
            self._act(choice.id)

    def _act(self, name: str) -> None:
        action = BY_ID.get(name)
        if action is None:
            return
        if action.run:
            self.call_later(self.run_action, action.run)
        elif self.focused is not None:
            menus.run_widget_action(self.focused, name)

    def _typed(self, text: str) -> None:
        """`2 sev:high` opens a pane and filters it; a pane's name or digit alone opens it."""
        word, _, rest = text.partition(" ")
        spec = _pane_named(word)
        if spec is None:
            self.notice("no such command", [f"{text!r}: try a pane's number with a filter, such as 2 sev:high"])
            return
        self.action_pane(spec.id)
        if rest and self.state is not None:
            self.state.query = rest
            self.show_picture()

    def notice(self, title: str, lines: list[str]) -> None:
        """Say something; any key goes on."""
        self.app.push_screen(Notice(title, lines))

    def action_help_keys(self) -> None:
        """What the keys do."""
        self.app.push_screen(HelpScreen("Help: keys", help_groups(self.deck.keys)))

    def action_sources(self) -> None:
        """What is read from where, and what could not be seen."""
        self.notice("sources, and what could not be seen", menus.source_lines(self))

    def action_refresh(self) -> None:
        """Read everything again."""
        detail = self.detail
        if self.trail.here.opened is not None and detail is not None:
            detail.reload()
        self.deck.session.refresh()
        self.flash("reading everything again")

    def action_freeze(self) -> None:
        """Stop taking new pictures, or go on."""
        self.deck.toggle_freeze()

    def action_mouse(self) -> None:
        """Mouse on or off."""
        self.deck.toggle_mouse()

    def action_suspend_process(self) -> None:
        """To the shell, and back with `fg`."""
        self.app.action_suspend_process()

    def action_interrupt(self) -> None:
        """The second time within two seconds quits."""
        self.deck.interrupt()
        self.flash("once more quits")

    def action_quit_now(self) -> None:
        """Quit, whatever is going on."""
        self.deck.leave()


def _pane_named(word: str) -> PaneSpec | None:
    """The pane of this name, short name or digit."""
    return next((s for s in specs() if word.lower() in {s.id, s.digit, s.short.lower(), s.title.lower()}), None)
