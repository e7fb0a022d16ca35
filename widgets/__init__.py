"""Terminal widgets that show plain data; they know nothing of where it came from."""
