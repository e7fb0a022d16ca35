"""What a scan says, in each of its formats: pure functions from a `Report` to text, one module per format."""
