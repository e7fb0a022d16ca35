"""The parts of the HTML report. Every text from outside passes `text.shown` on its way into the page."""
