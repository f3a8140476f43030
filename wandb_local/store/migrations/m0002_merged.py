"""Versions that were merged into an earlier one: their rows refer to it, because clients keep their ids."""

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE artifacts ADD COLUMN merged_into INTEGER REFERENCES artifacts ON DELETE CASCADE",
    "ALTER TABLE artifacts ADD COLUMN deduplicate INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX artifacts_by_merger ON artifacts (merged_into) WHERE merged_into IS NOT NULL",
)
