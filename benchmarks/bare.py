"""The least that a Textual application can be: what a first paint costs before anybody has written anything."""

from textual.app import App, ComposeResult
from textual.widgets import Static

MARK = "bare-app-painted"


class BareApp(App[None]):
    """One widget."""

    def __init__(self) -> None:
        super().__init__(ansi_color=True)

    def compose(self) -> ComposeResult:
        """Some text."""
        yield Static(MARK)


if __name__ == "__main__":
    BareApp().run()
