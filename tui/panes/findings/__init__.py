"""The Findings pane."""

from tui.panes import PaneSpec

SPEC = PaneSpec("findings", "6", "Findings", "Fnd")
