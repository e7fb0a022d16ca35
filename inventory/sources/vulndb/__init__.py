"""The offline database of known vulnerabilities: one SQLite file, made from OSV records, read-only while in use."""
