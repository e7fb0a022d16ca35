"""The Monitoring pane."""

from tui.panes import PaneSpec

SPEC = PaneSpec("monitoring", "5", "Monitoring", "Mon")
