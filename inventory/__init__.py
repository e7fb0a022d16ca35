"""What runs here: typed, immutable facts read from engines, clusters and the host. Knows no check and no widget."""
