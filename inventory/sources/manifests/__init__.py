"""Kubernetes objects from files: YAML and JSON as `kubectl` reads them, with the line of every member."""
