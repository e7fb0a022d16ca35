"""Asks published ports for TLS: a few handshakes with ports that the inventory shows, and nothing else."""
