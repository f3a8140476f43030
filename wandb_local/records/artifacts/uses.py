"""Which runs have used (``input``) or logged (``output``) which versions."""

from wandb_local.store.database import Database, Row

_COMMITTED = "(SELECT state FROM artifacts WHERE id = artifact_id) = 'COMMITTED'"
_OF_A_RUN = (
    "SELECT direction, collections.name, artifacts.version, artifact_types.name AS type, artifacts.size, file_count,"
    " run_artifacts.created_at, projects.entity, projects.name AS project,"
    " (SELECT group_concat(alias, ', ') FROM aliases JOIN memberships ON memberships.id = membership_id"
    "  WHERE artifact_id = artifacts.id AND memberships.collection_id = artifacts.collection_id) AS aliases"
    " FROM run_artifacts JOIN artifacts ON artifacts.id = artifact_id"
    " JOIN collections ON collections.id = artifacts.collection_id JOIN artifact_types ON artifact_types.id = type_id"
    " JOIN projects ON projects.id = collections.project_id"
    " WHERE run_artifacts.run_id = ? AND artifacts.state = 'COMMITTED' ORDER BY direction, run_artifacts.created_at"
)


def runs_of(db: Database, artifact_id: int, direction: str) -> list[Row]:
    """The runs that have used or logged a version, newest first, with ``entity`` and ``project``."""
    return db.rows(
        "SELECT runs.*, projects.entity, projects.name AS project FROM run_artifacts JOIN runs ON runs.id = run_id"
        " JOIN projects ON projects.id = runs.project_id WHERE artifact_id = ? AND direction = ? ORDER BY runs.id DESC",
        (artifact_id, direction),
    )


def versions_of(db: Database, run_id: int) -> list[Row]:
    """The versions that a run has used, then those that it has logged: where they are, how large, with their aliases as
    a text."""
    return db.rows(_OF_A_RUN, (run_id,))


def run_ids(db: Database, artifact_id: int, direction: str) -> list[int]:
    """The record numbers of the runs that have used or logged a committed version, newest first."""
    sql = f"SELECT run_id FROM run_artifacts WHERE artifact_id = ? AND direction = ? AND {_COMMITTED}"
    return [row[0] for row in db.rows(f"{sql} ORDER BY run_id DESC", (artifact_id, direction))]


def version_ids(db: Database, run_id: int, direction: str) -> list[int]:
    """The record numbers of the committed versions that a run has used or logged, newest first."""
    sql = f"SELECT artifact_id FROM run_artifacts WHERE run_id = ? AND direction = ? AND {_COMMITTED}"
    return [row[0] for row in db.rows(f"{sql} ORDER BY artifact_id DESC", (run_id, direction))]
