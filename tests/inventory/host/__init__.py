"""The host below a local engine."""
