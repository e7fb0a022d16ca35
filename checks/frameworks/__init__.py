"""Published lists of requirements, which check stands for which of their items, and what an evaluation says to each."""
