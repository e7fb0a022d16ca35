"""Who signed an image: what a signature says, whom the site trusts, and whether the one satisfies the other."""
