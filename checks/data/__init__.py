"""Tables that age: each says what its date is, and a verdict that rests on one shows that date."""
