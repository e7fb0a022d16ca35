"""The Overview pane."""

from tui.panes import PaneSpec

SPEC = PaneSpec("overview", "0", "Overview", "Ovr")
