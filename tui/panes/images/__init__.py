"""The Images pane."""

from tui.panes import PaneSpec

SPEC = PaneSpec("images", "1", "Images", "Img")
