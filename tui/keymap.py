"""Every action of the program in one table: keys, help, palette and footer are all made from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """`id` is what `[keys]` in the configuration names; `run` the app action; `keys` its default keys.

    `widget` actions live in a widget's own bindings under the same id and are listed here for help and rebinding only.
    """

    id: str
    keys: tuple[str, ...]
    group: str
    text: str
    run: str = ""

    @property
    def widget(self) -> bool:
        """Whether a focused widget handles it."""
        return not self.run


def _action(name: str, keys: str, group: str, text: str, run: str = "") -> Action:
    return Action(name, tuple(keys.split()), group, text, run)


ACTIONS: tuple[Action, ...] = (
    _action("pane.overview", "0", "PANES", "Overview", "pane('overview')"),
    _action("pane.images", "1", "PANES", "Images", "pane('images')"),
    _action("pane.containers", "2", "PANES", "Containers", "pane('containers')"),
    _action("pane.networks", "3", "PANES", "Networks", "pane('networks')"),
    _action("pane.services", "4", "PANES", "Services", "pane('services')"),
    _action("pane.monitoring", "5", "PANES", "Monitoring", "pane('monitoring')"),
    _action("pane.findings", "6", "PANES", "Findings", "pane('findings')"),
    _action("table.down", "j down", "MOVE", "Row down"),
    _action("table.up", "k up", "MOVE", "Row up"),
    _action("table.first", "g home", "MOVE", "First row"),
    _action("table.last", "G end", "MOVE", "Last row"),
    _action("table.half_down", "ctrl+d", "MOVE", "Half a page down"),
    _action("table.half_up", "ctrl+u", "MOVE", "Half a page up"),
    _action("table.left", "left", "MOVE", "Columns to the left"),
    _action("table.right", "right", "MOVE", "Columns to the right"),
    _action("finding.next", "full_stop", "MOVE", "Next row with a failure", "next_finding(1)"),
    _action("finding.previous", "comma", "MOVE", "Previous row with a failure", "next_finding(-1)"),
    _action("preview.down", "J", "MOVE", "Scroll the preview down", "scroll_preview(1)"),
    _action("preview.up", "K", "MOVE", "Scroll the preview up", "scroll_preview(-1)"),
    _action("focus.next", "tab", "MOVE", "Next region", "focus_region(1)"),
    _action("focus.previous", "shift+tab", "MOVE", "Previous region", "focus_region(-1)"),
    _action("table.open", "enter", "OPEN", "Open the row; follow the link"),
    _action("nav.back", "escape", "OPEN", "Clear the filter, else one level up", "back"),
    _action("nav.up", "q", "OPEN", "One level up; at the top quits", "up"),
    _action("nav.last", "minus", "OPEN", "Last view and back", "last_view"),
    _action("look.related", "o", "OPEN", "Related objects", "related"),
    _action("tab.next", "right_square_bracket right_parenthesis ctrl+right", "OPEN", "Next tab or view", "tab(1)"),
    _action("tab.previous", "left_square_bracket left_parenthesis ctrl+left", "OPEN", "Tab or view before", "tab(-1)"),
    _action("tab.jump", "t", "OPEN", "Jump to a detail tab by its first letter; views of a list", "jump_tab"),
    _action("view.zoom", "z", "OPEN", "Zoom the list or the preview", "zoom"),
    _action("look.findings", "d", "LOOK", "Findings of the row", "look('findings')"),
    _action("look.inspect", "i y", "LOOK", "Inspect: the raw object", "look('inspect')"),
    _action("look.logs", "l", "LOOK", "Logs", "look('logs')"),
    _action("look.processes", "p", "LOOK", "Processes", "look('processes')"),
    _action("look.changes", "D", "LOOK", "Files changed since the image", "look('changes')"),
    _action("look.events", "e", "LOOK", "Events", "look('events')"),
    _action("look.fix", "X", "LOOK", "Fix: command line and Compose service to paste", "look('fix')"),
    _action("image.scan", "v", "IMAGES", "Look into the image, or the marked ones: trust, contents, holes", "scan"),
    _action("image.scan_running", "V", "IMAGES", "Look into every image that runs", "scan_running"),
    _action("image.cancel", "ctrl+x", "IMAGES", "Cancel looking into images", "cancel_scan"),
    _action("find.filter", "slash", "FIND", "Filter the list, search in text", "filter"),
    _action("find.pin", "ampersand", "FIND", "Pin the filter over all panes", "pin"),
    _action("text.next_match", "n", "FIND", "Next match (text)"),
    _action("text.prev_match", "N", "FIND", "Previous match (text)"),
    _action("find.severity_up", "greater_than_sign", "FIND", "Raise the minimum severity", "minimum(1)"),
    _action("find.severity_down", "less_than_sign", "FIND", "Lower the minimum severity", "minimum(-1)"),
    _action("find.failures", "F", "FIND", "Only rows with failures", "failures"),
    _action("find.all", "A", "FIND", "Show or hide stopped, unused and system rows", "everything"),
    _action("list.group", "b", "FIND", "The next view: findings by object, monitoring by container, pods", "group"),
    _action("scope.namespaces", "m", "FIND", "Namespaces: all, one or several", "namespaces"),
    _action("scope.contexts", "C", "FIND", "Contexts: clusters and hosts of this session, all or one", "contexts"),
    _action("list.benchmarks", "B", "FIND", "Benchmarks: CIS, NIST, OWASP, domains; again: the next", "benchmarks"),
    _action("list.sort", "s", "FIND", "Sort by...", "sort"),
    _action("list.reverse", "S", "FIND", "Reverse the order", "reverse"),
    _action("table.mark", "space", "FIND", "Mark the row"),
    _action("text.wrap", "ctrl+w", "TEXT", "Wrap long lines"),
    _action("text.follow", "f", "TEXT", "Follow the end"),
    _action("text.timestamps", "T", "TEXT", "Timestamps in logs", "timestamps"),
    _action("text.more", "plus", "TEXT", "Logs further back", "more_logs"),
    _action("finding.accept", "w", "POLICY", "Accept this finding (a waiver), or take that back", "accept"),
    _action("policy.waivers", "W", "POLICY", "All waivers: used, unused, expired", "waivers"),
    _action("tool.copy", "c", "TOOL", "Copy: name, id, evidence, command", "copy_menu"),
    _action("tool.commands", "a", "TOOL", "Commands for this object, to copy (nothing is run)", "commands"),
    _action("tool.export", "E", "TOOL", "Export findings or this view", "export"),
    _action("tool.palette", "colon ctrl+p", "TOOL", "Command palette", "palette"),
    _action("tool.help", "question_mark f1", "TOOL", "Help for this place", "help_keys"),
    _action("tool.sources", "x", "TOOL", "Sources: health, what could not be seen", "sources"),
    _action("tool.refresh", "R f5 ctrl+r", "TOOL", "Read everything again now", "refresh"),
    _action("tool.recheck", "r", "TOOL", "Read and check this row again", "refresh"),
    _action("tool.freeze", "ctrl+f", "TOOL", "Freeze the screen; reading goes on", "freeze"),
    _action("tool.mouse", "M", "TOOL", "Mouse on or off", "mouse"),
    _action("screen.redraw", "ctrl+l", "TOOL", "Redraw the screen"),
    _action("tool.suspend", "ctrl+z", "TOOL", "Suspend to the shell", "suspend_process"),
    _action("tool.interrupt", "ctrl+c", "TOOL", "Twice within 2 s quits", "interrupt"),
    _action("app.quit", "Q ctrl+q", "TOOL", "Quit at once, from anywhere", "quit_now"),
)  # fmt: skip

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

_KEY_NAMES = {
    "full_stop": ".", "comma": ",", "slash": "/", "colon": ":", "question_mark": "?", "ampersand": "&", "minus": "-",
    "left_square_bracket": "[", "right_square_bracket": "]", "left_parenthesis": "(", "right_parenthesis": ")",
    "escape": "esc", "plus": "+", "greater_than_sign": ">", "less_than_sign": "<",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as people write it: `/` for slash, `^d` for ctrl+d."""
    prefix, plus, letter = key.rpartition("ctrl+")
    if plus and not prefix:
        return f"^{_KEY_NAMES.get(letter, letter)}"
    return _KEY_NAMES.get(key, key)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two actions on one key; the one named second keeps its default keys."""

    key: str
    kept: str
    refused: str

    def __str__(self) -> str:
        """One line for the person who wrote the configuration."""
        return f"key {key_name(self.key)!r} is {self.kept} already: {self.refused} keeps its default"


def resolve(wanted: Mapping[str, Sequence[str]]) -> tuple[Mapping[str, tuple[str, ...]], tuple[Clash, ...]]:
    """The keys of every action after the configuration's wishes, and the wishes that clash.

    All wishes are taken together, so that two actions may swap keys and the order in the file does not matter. Where
    two actions end up on one key, the wish is refused; of two wishes, that for the action further down in the table.
    """
    wishes = {action.id: tuple(wanted[action.id]) for action in ACTIONS if action.id in wanted}
    clashes: list[Clash] = []
    while True:
        keys = {action.id: wishes.get(action.id, action.keys) for action in ACTIONS}
        clash = _clash(keys, wishes)
        if clash is None:
            return keys, tuple(clashes)
        clashes.append(clash)
        del wishes[clash.refused]


def _clash(keys: Mapping[str, Sequence[str]], wishes: Mapping[str, object]) -> Clash | None:
    """The first key in the order of the table that two actions share."""
    holders: dict[str, str] = {}
    for name, theirs in keys.items():
        for key in dict.fromkeys(theirs):
            other = holders.setdefault(key, name)
            if other != name:
                return Clash(key, other, name) if name in wishes else Clash(key, name, other)
    return None


def help_groups(keys: Mapping[str, tuple[str, ...]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Rows for the help screen, in the order of the table."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for action in ACTIONS:
        shown = " ".join(key_name(key) for key in keys.get(action.id, action.keys))
        groups.setdefault(action.group, []).append((shown, action.text))
    groups["FILTERS"] = list(FILTERS)
    groups["MARKS"] = list(MARKS)
    return list(groups.items())


FILTERS = (
    ("sev:high+", "high and worse; verdict: domain: kind: state: name: img: label: net: port: project: ns:"),
    ("!net:front", "not; state:exited,dead is one of them; ~regex, name:~regex"),
    ("trust:BAD", "images, by all that TRUST says, or by who signed: trust:release"),
    ("vuln:high+", "images: critical high medium low unrated none; cve:CVE-2021-44228 for one"),
    ("exploited:", "images with exploited ones; fixed: with ones that have a fix"),
    ("package:zlib", "images that hold it; distro:debian, distro:eol"),
)
"""What lists can be filtered by."""
MARKS = (
    ("C H M L I", "failures: critical, high, medium, low, info"),
    ("m ? a . -", "a person must decide; could not be judged; accepted; passed; does not apply"),
    ("ok  ?  ..", "nothing wrong; nothing wrong found but not all could be judged; not known yet"),
    ("2 Ctr !28", "behind a pane: its critical and high findings"),
    ("8080*", "published on all addresses"),
    ("ok BAD none", "TRUST: signed by whom the policy names; not good; unsigned"),
    ("ok? n/a ? -", "TRUST: for a digest; not checkable; not known; not looked at"),
    ("2/14/31", "VULNS: critical, high and medium ones"),
    ("! ? +", "VULNS: exploited ones; old or incomplete; unrated ones too"),
    ("EOL debian 9", "DISTRO: gets no more fixes"),
    ("LIVE", "younger than 3 s; STALE and LOST say how old"),
)
"""What the signs on the screen mean."""


def action_ids() -> Iterable[str]:
    """What `[keys]` may name."""
    return BY_ID.keys()
