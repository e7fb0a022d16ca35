"""The explorer: pure parts, keyboard walks, hostile text, pictures, and the program in a real terminal."""
