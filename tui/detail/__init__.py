"""The drill-down into one resource: a tab per question that one asks about it."""
