"""Checks of Kubernetes clusters and manifests; loaded only where there is one."""
