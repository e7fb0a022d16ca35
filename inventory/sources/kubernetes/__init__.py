"""Reads Kubernetes: what a cluster's API server tells, live by list and watch."""
