"""A run that has ended and that one of its writers has joined since: the state to which it goes back."""

STATEMENTS: tuple[str, ...] = ("ALTER TABLE runs ADD COLUMN ended_state TEXT",)
