"""The projects on the front page."""

from wandb_local.clock import now
from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.web.projects import project_rows


def test_the_project_in_which_a_run_is_at_work_comes_first(context):
    for project in ("busy", "idle"):
        runs.upsert(context, {"entityName": "local", "modelName": project, "name": "r", "host": "h"})
    with context.db.write() as connection:
        connection.execute("UPDATE runs SET updated_at = id, heartbeat_at = id")  # long ago
    assert [row["name"] for row in project_rows(context)] == ["idle", "busy"]
    before = now()
    filestream.receive(context, "local", "busy", "r", {"files": {}})  # that it is alive
    busy, idle = project_rows(context)
    assert (busy["name"], idle["updated"]) == ("busy", 2)
    assert before <= busy["updated"] <= now()
