"""Which known vulnerabilities an image's packages have (OSV schema), and who says so."""
