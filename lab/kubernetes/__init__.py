"""A Kubernetes API server to look at: recorded or generated objects, behaving like the real one, good days and bad."""
