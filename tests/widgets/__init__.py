"""Tests of the widgets, each alone with plain data."""
