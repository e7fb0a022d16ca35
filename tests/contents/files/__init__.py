"""What finders pick out of single files."""
