"""Compose files: each service as the container that it asks an engine for."""
