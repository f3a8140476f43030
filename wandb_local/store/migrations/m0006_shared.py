"""Runs with several writers: the place of each writer's lines. The types of artifacts that a registry accepts."""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE shared_lines (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, stream TEXT NOT NULL, writer TEXT NOT NULL,
        line INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (run_id, stream, writer, line)) WITHOUT ROWID""",
    "ALTER TABLE projects ADD COLUMN access TEXT NOT NULL DEFAULT 'PRIVATE'",
    "ALTER TABLE projects ADD COLUMN all_types INTEGER NOT NULL DEFAULT 1",
)
