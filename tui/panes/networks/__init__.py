"""The Networks pane."""

from tui.panes import PaneSpec

SPEC = PaneSpec("networks", "3", "Networks", "Net")
