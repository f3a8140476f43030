"""The artifacts of a project: collections, their versions, types and tags."""

from wandb_local.store.database import Database, Row


def collections_of(db: Database, project_id: int) -> list[Row]:
    """The collections of a project that have versions, by type and name: how many, the newest one, the size of all, and
    aliases and tags as texts."""
    return db.rows(
        "SELECT collections.name, artifact_types.name AS type, collections.updated_at, count(*) AS versions,"
        " max(memberships.version) AS newest, sum(artifacts.size) AS size,"
        " (SELECT group_concat(alias, ', ') FROM aliases WHERE aliases.collection_id = collections.id) AS aliases,"
        " (SELECT group_concat(name, ', ') FROM collection_tags AS t WHERE t.collection_id = collections.id) AS tags"
        " FROM collections JOIN artifact_types ON artifact_types.id = type_id"
        " JOIN memberships ON memberships.collection_id = collections.id JOIN artifacts ON artifacts.id = artifact_id"
        " WHERE collections.project_id = ? AND artifacts.state = 'COMMITTED' GROUP BY collections.id ORDER BY 2, 1",
        (project_id,),
    )


def versions_of(db: Database, collection_id: int) -> list[Row]:
    """The versions in a collection, newest first, each with its ``number`` there and its ``aliases`` as JSON."""
    return db.rows(
        "SELECT artifacts.*, memberships.version AS number,"
        " (SELECT json_group_array(alias) FROM aliases WHERE membership_id = memberships.id) AS aliases"
        " FROM memberships JOIN artifacts ON artifacts.id = artifact_id"
        " WHERE memberships.collection_id = ? AND state = 'COMMITTED' ORDER BY memberships.version DESC",
        (collection_id,),
    )


def type_of(db: Database, collection_id: int) -> Row:
    """The type of a collection, which must exist."""
    sql = "SELECT * FROM artifact_types WHERE id = (SELECT type_id FROM collections WHERE id = ?)"
    return db.rows(sql, (collection_id,))[0]


def tags_of(db: Database, what: str, record_id: int) -> list[Row]:
    """The tags of an ``artifact`` or a ``collection``, oldest first: ``id`` and ``name``."""
    return db.rows(f"SELECT id, name FROM {what}_tags WHERE {what}_id = ? ORDER BY id", (record_id,))


def aliases_of_version(db: Database, artifact_id: int) -> list[Row]:
    """The aliases of a version in all collections, oldest first."""
    sql = "SELECT aliases.* FROM aliases JOIN memberships ON memberships.id = membership_id WHERE artifact_id = ?"
    return db.rows(f"{sql} ORDER BY aliases.id", (artifact_id,))


def aliases_at(db: Database, membership_id: int) -> list[Row]:
    """The aliases of a version in one collection, by its place there; oldest first."""
    return db.rows("SELECT * FROM aliases WHERE membership_id = ? ORDER BY id", (membership_id,))


def find_type(db: Database, project_id: int, name: object) -> Row | None:
    """The artifact type of that name in a project, or None."""
    return db.row("SELECT * FROM artifact_types WHERE project_id = ? AND name = ?", (project_id, str(name)))


def newest_in(db: Database, collection_id: int) -> int | None:
    """The record number of the newest version in a collection, or None."""
    sql = "SELECT artifact_id FROM memberships WHERE collection_id = ? ORDER BY version DESC LIMIT 1"
    number: int | None = db.value(sql, (collection_id,))
    return number


def place_of(db: Database, artifact_id: int, *, metadata: bool = False) -> Row | None:
    """Where a committed version is: entity, project, type, name and version; perhaps with its metadata, which may be
    large. None if there is no such version."""
    more = ", artifacts.metadata" if metadata else ""
    sql = (
        "SELECT entity, projects.name AS project, artifact_types.name AS type, collections.name, artifacts.version"
        f"{more} FROM artifacts JOIN collections ON collections.id = artifacts.collection_id"
        " JOIN artifact_types ON artifact_types.id = type_id JOIN projects ON projects.id = collections.project_id"
        " WHERE artifacts.id = ? AND artifacts.state = 'COMMITTED'"
    )
    return db.row(sql, (artifact_id,))
