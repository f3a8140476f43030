"""Changes to existing versions and collections: texts, tags, aliases."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.clock import now
from wandb_local.names import checked_tag

Tags = Sequence[Mapping[str, Any]]


def change(connection: sqlite3.Connection, table: str, record_id: int, changes: Mapping[str, Any]) -> None:
    """Change columns of one of the ``artifacts`` or ``collections``."""
    columns = {**changes, "updated_at": now()}
    assignments = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", [*columns.values(), record_id])


def drop_alias(connection: sqlite3.Connection, membership_id: int, alias: object) -> None:
    """Let an alias mean no version any more, if it means the one at this place."""
    connection.execute("DELETE FROM aliases WHERE membership_id = ? AND alias = ?", (membership_id, str(alias)))


def delete_collection(connection: sqlite3.Connection, collection_id: int) -> None:
    """Delete a collection with its versions."""
    connection.execute("DELETE FROM collections WHERE id = ?", (collection_id,))


def change_tags(connection: sqlite3.Connection, what: str, record_id: int, add: Tags = (), remove: Tags = ()) -> None:
    """Add and remove the tags (``[{"tagName": …}]``) of an ``artifact`` or a ``collection``."""
    for tag in add:
        sql = f"INSERT OR IGNORE INTO {what}_tags ({what}_id, name) VALUES (?, ?)"
        connection.execute(sql, (record_id, checked_tag(tag.get("tagName"))))
    for tag in remove:
        sql = f"DELETE FROM {what}_tags WHERE {what}_id = ? AND name = ?"
        connection.execute(sql, (record_id, str(tag.get("tagName"))))
