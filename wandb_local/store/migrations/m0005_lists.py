"""What a list of runs needs of all of them, kept by triggers, so that no look at the list reads all runs.

``run_changes`` numbers each change: a run has the number of its last one, and one that is deleted leaves its number.
``run_states`` counts. ``run_columns`` has the names of what configs and summaries hold, as ``config.lr``;
they stay when a run goes, until the project has no runs any more.
"""

_SHOWN = "display_name, state, config, summary, tags, sweep_id, updated_at, heartbeat_at"
_NOTE = (
    "INSERT OR REPLACE INTO run_changes (project_id, number, run_id) SELECT {run}.project_id, coalesce("
    "(SELECT max(number) FROM run_changes WHERE project_id = {run}.project_id), 0) + 1, {run}.id"
)
_COUNT = (
    "INSERT INTO run_states VALUES (new.project_id, new.state, 1)"
    " ON CONFLICT (project_id, state) DO UPDATE SET runs = runs + 1"
)
_LESS = "UPDATE run_states SET runs = runs - 1 WHERE project_id = old.project_id AND state = old.state"
_NAMES = "INSERT OR IGNORE INTO run_columns SELECT {run}project_id, value FROM {more}json_each(column_names({what}))"


def _name(word: str, run: str = "new.", more: str = "") -> str:
    return _NAMES.format(run=run, more=more, what=f"'{word}', {run}{word}")


STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE run_changes (
        project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, number INTEGER NOT NULL,
        run_id INTEGER NOT NULL UNIQUE, PRIMARY KEY (project_id, number)) WITHOUT ROWID""",
    """CREATE TABLE run_states (
        project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, state TEXT NOT NULL, runs INTEGER NOT NULL,
        PRIMARY KEY (project_id, state)) WITHOUT ROWID""",
    """CREATE TABLE run_columns (
        project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, name TEXT NOT NULL,
        PRIMARY KEY (project_id, name)) WITHOUT ROWID""",
    "CREATE INDEX runs_alive ON runs (project_id, heartbeat_at) WHERE state IN ('running', 'preempting')",
    "INSERT INTO run_changes SELECT project_id, row_number() OVER (PARTITION BY project_id ORDER BY id), id FROM runs",
    "INSERT INTO run_states SELECT project_id, state, count(*) FROM runs GROUP BY project_id, state",
    _name("config", run="runs.", more="runs, "),
    _name("summary", run="runs.", more="runs, "),
    f"""CREATE TRIGGER runs_made AFTER INSERT ON runs BEGIN
        {_NOTE.format(run="new")}; {_COUNT}; {_name("config")}; {_name("summary")}; END""",
    f"""CREATE TRIGGER runs_changed AFTER UPDATE OF {_SHOWN} ON runs BEGIN
        {_NOTE.format(run="new")}; END""",
    f"""CREATE TRIGGER runs_in_state AFTER UPDATE OF state ON runs WHEN old.state != new.state BEGIN
        {_LESS}; {_COUNT}; END""",
    f"""CREATE TRIGGER runs_configured AFTER UPDATE OF config ON runs WHEN old.config != new.config BEGIN
        {_name("config")}; END""",
    f"""CREATE TRIGGER runs_summed AFTER UPDATE OF summary ON runs WHEN old.summary != new.summary BEGIN
        {_name("summary")}; END""",
    f"""CREATE TRIGGER runs_gone AFTER DELETE ON runs BEGIN
        {_NOTE.format(run="old")} FROM projects WHERE id = old.project_id; {_LESS};
        DELETE FROM run_columns WHERE project_id = old.project_id
        AND NOT EXISTS (SELECT 1 FROM runs WHERE project_id = old.project_id); END""",
)
