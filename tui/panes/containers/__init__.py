"""The Containers pane."""

from tui.panes import PaneSpec

SPEC = PaneSpec("containers", "2", "Containers", "Ctr")
