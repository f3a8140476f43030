"""Which runs of a list have changed since a look."""

from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records.listing import changed, mark


def test_the_list_changes_although_the_clock_was_set_back(context):
    for name in ("ended", "lively"):
        runs.upsert(context, {"entityName": "local", "modelName": "p", "name": name, "host": "h"})
    with context.db.write() as connection:
        connection.execute(
            "UPDATE runs SET heartbeat_at = heartbeat_at + 7200, state = 'finished' WHERE name = 'ended'"
        )
    seen = mark(context.db, 1)
    assert changed(context.db, 1, seen) == []
    filestream.receive(context, "local", "p", "lively", {})
    assert changed(context.db, 1, seen) == [context.db.value("SELECT id FROM runs WHERE name = 'lively'")]
