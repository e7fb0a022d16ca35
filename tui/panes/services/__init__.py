"""The Services pane."""

from tui.panes import PaneSpec

SPEC = PaneSpec("services", "4", "Services", "Svc")
