"""One module per format of report, each with `parse`: what is in a document says which it is, not a file's name."""
