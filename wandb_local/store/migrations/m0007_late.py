"""For a run that a writer joined after its end: the state to which the run returns."""

STATEMENTS: tuple[str, ...] = ("ALTER TABLE runs ADD COLUMN ended_state TEXT",)
