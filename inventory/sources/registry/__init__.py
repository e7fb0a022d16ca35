"""Asking image registries: manifests, signatures and attestations. Reads only, believes nothing that has no digest."""
