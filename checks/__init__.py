"""What is wrong: one declaration per check, pure functions from facts to verdicts. Opens no socket and no file."""
