"""Reading what is installed in images."""
