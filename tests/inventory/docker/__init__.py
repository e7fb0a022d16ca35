"""The Docker source: its translation, transport, one-shot reading and following."""
