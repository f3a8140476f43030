"""Data folders of earlier servers, and ids that last."""

import contextlib
import itertools
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.wandb_local.process import ROOT
from wandb_local.store.database import Database
from wandb_local.store.migrations import MIGRATIONS

VALUES = itertools.count(1)
KEPT = {  # what triggers keep, and how it would be counted
    "run_changes": "SELECT id, project_id FROM runs ORDER BY id",
    "run_states": "SELECT project_id, state, count(*) FROM runs GROUP BY project_id, state",
    "run_columns": "SELECT DISTINCT project_id, 'config.' || key AS name FROM runs, json_each(config)"
    " UNION SELECT project_id, 'summary.' || key FROM runs, json_each(summary) ORDER BY project_id, name",
}


def tables(db):
    """The names of all tables that no trigger fills, in the order of their making: each refers to earlier ones."""
    history = "".join(itertools.chain(*MIGRATIONS))
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    names = {row["name"] for row in db.rows(sql)} - set(KEPT)
    return sorted(names, key=lambda name: history.find(f"TABLE {name} "))


def fill(db, made):
    """A record in every table, with a value of its own in every column but those that refer to the record just made
    (``merged_into``: to the one before). Answers the keys of the records by table."""
    made = dict(made)
    with db.write() as connection:
        for table in tables(db):
            parents = {row["from"]: row["table"] for row in db.rows(f"PRAGMA foreign_key_list({table})")}
            columns = [row["name"] for row in db.rows(f"PRAGMA table_info({table})")]
            row = [made.get(parents[name]) if name in parents else str(next(VALUES)) for name in columns]
            if columns[0] == "id":
                row[0] = None
            marks = ", ".join("?" * len(row))
            inserted = connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)
            made[table] = inserted.lastrowid if columns[0] == "id" else row[0]
    return made


def delete(db, made):
    """Delete a project with all that is in it."""
    with db.write() as connection:
        connection.execute("DELETE FROM projects WHERE id = ?", (made["projects"],))


def numbers(made):
    """The ids among the keys of records."""
    return {table: key for table, key in made.items() if isinstance(key, int)}


def contents(db):
    return {table: [tuple(row) for row in db.rows(f"SELECT * FROM {table}")] for table in tables(db)}


def of_before(records, before):
    """The records without columns and empty tables that came later."""
    kept = {table: rows for table, rows in records.items() if rows or table in before}
    return {
        table: [row[: len(old)] for row, old in zip(rows, before[table], strict=True)] for table, rows in kept.items()
    }


def shape(db):
    """Columns, references and indexes of every table."""
    looks = ("table_info", "foreign_key_list")
    indexes = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') ORDER BY name"
    return {
        table: [tuple(row) for look in looks for row in db.rows(f"PRAGMA {look}({table})")]
        + [tuple(row) for row in db.rows(indexes, (table,))]
        for table in tables(db)
    }


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A database as a server of schema 2 left it."""
    with monkeypatch.context() as patch:
        patch.setattr("wandb_local.store.database.MIGRATIONS", MIGRATIONS[:2])
        database = Database(tmp_path / "records.sqlite3")
    yield database
    database.close()


def test_the_id_of_a_deleted_record_is_not_given_out_again(tmp_path):
    db = Database(tmp_path / "records.sqlite3")
    first = numbers(fill(db, {}))
    assert set(first.values()) == {1}
    second = fill(db, first)
    delete(db, second)
    assert {len(rows) for table, rows in contents(db).items() if table != "blobs"} == {1}
    third = numbers(fill(db, first))
    assert {table: number > second[table] for table, number in third.items()} == dict.fromkeys(third, True)
    db.close()


def test_a_data_folder_of_the_schema_before_keeps_all_it_holds(earlier, tmp_path):
    kept = fill(earlier, {})
    kept = fill(earlier, kept)
    gone = fill(earlier, kept)
    delete(earlier, gone)
    before = contents(earlier)
    earlier.close()
    db = Database(tmp_path / "records.sqlite3")
    new = Database(tmp_path / "new.sqlite3")
    assert (of_before(contents(db), before), shape(db)) == (before, shape(new))
    assert db.value("PRAGMA page_size") == new.value("PRAGMA page_size")
    assert db.value("PRAGMA journal_mode") == "wal"
    new.close()
    assert db.value("PRAGMA user_version") == len(MIGRATIONS)
    assert db.value("PRAGMA integrity_check") == "ok"
    made = numbers(fill(db, kept))
    earlier_ids = numbers(gone)
    assert {table: made[table] > number for table, number in earlier_ids.items()} == dict.fromkeys(earlier_ids, True)
    delete(db, kept)
    delete(db, made)
    assert {len(contents(db)[table]) for table in before if table != "blobs"} == {1}
    db.close()


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [("DELETE FROM projects", ValueError, "refer"), ("DELETE FROM nothing", sqlite3.OperationalError, "nothing")],
)
def test_a_migration_that_fails_changes_nothing(earlier, tmp_path, monkeypatch, statement, error, message):
    fill(earlier, {})
    before = contents(earlier)
    monkeypatch.setattr("wandb_local.store.database.MIGRATIONS", (*MIGRATIONS, (statement,)))
    with pytest.raises(error, match=message):
        Database(tmp_path / "records.sqlite3")
    assert contents(earlier) == before
    assert earlier.value("PRAGMA user_version") == 2


def kept(db):
    """What triggers have kept, without the numbers of changes and what is counted as zero."""
    changes = "SELECT run_id, project_id FROM run_changes WHERE run_id IN (SELECT id FROM runs) ORDER BY run_id"
    looks = {"run_changes": changes, "run_states": "SELECT * FROM run_states WHERE runs > 0"}
    return [[tuple(row) for row in db.rows(looks.get(table, f"SELECT * FROM {table}"))] for table in KEPT]


def counted(db):
    return [[tuple(row) for row in db.rows(sql)] for sql in KEPT.values()]


ADD = (
    "INSERT INTO runs (project_id, name, state, config, summary, created_at, updated_at, heartbeat_at)"
    " VALUES (?, ?, 'running', ?, ?, 1, 1, 1)"
)
CONFIG = r'{"a": {"value": 1}, "\u00e9\"": {"value": 2}}'


def test_what_is_kept_for_lists_is_what_a_count_would_give(earlier, tmp_path):
    project = fill(earlier, {})["projects"]
    with earlier.write() as connection:
        connection.execute("UPDATE runs SET config = ?, summary = '{}', state = 'running'", (CONFIG,))
        connection.execute(ADD, (project, "b", "{}", '{"loss": 1}'))
    earlier.close()
    db = Database(tmp_path / "records.sqlite3")
    assert kept(db) == counted(db)
    assert [len(rows) for rows in kept(db)] == [2, 1, 3]
    last, number = (f"SELECT {what} FROM run_changes ORDER BY number DESC" for what in ("run_id", "number"))
    for sql, given in (
        (ADD, (project, "c", '{"b": {"value": 1}}', '{"acc": 1}')),
        ("UPDATE runs SET state = ? WHERE name = 'c'", ("finished",)),
        ("UPDATE runs SET config = ? WHERE name = 'c'", (CONFIG,)),
        ("UPDATE runs SET summary = ? WHERE name = 'c'", ('{"acc": 1, "f1": 2}',)),
        ("DELETE FROM runs WHERE name = ?", ("c",)),
    ):
        before, changed = db.value(number), db.value("SELECT max(id) FROM runs WHERE name = 'c'")
        with db.write() as connection:
            connection.execute(sql, given)
        assert kept(db)[:2] == counted(db)[:2]
        assert db.value(number) == before + 1
        assert db.value(last) == (changed or db.value("SELECT max(id) FROM runs"))
        assert {*counted(db)[2]} <= {*kept(db)[2]}
    assert {name for _, name in kept(db)[2]} == {"config.a", 'config.é"', "config.b"} | {
        f"summary.{name}" for name in ("loss", "acc", "f1")
    }
    with db.write() as connection:
        connection.execute("DELETE FROM runs")
    assert kept(db) == [[], [], []]
    with db.write() as connection:
        connection.execute("DELETE FROM projects")
    assert db.rows("SELECT * FROM run_changes") == db.rows("SELECT * FROM run_states") == []
    db.close()


MIGRATE = (
    "import sys, pathlib; from wandb_local.store.database import Database; Database(pathlib.Path(sys.argv[1])).close()"
)


@pytest.mark.soak
def test_a_migration_that_is_killed_at_any_moment_is_done_by_the_next_start(earlier, tmp_path):
    kept = fill(earlier, {})
    with earlier.write() as connection:
        rows = ((kept["runs"], number, number, "x" * 300) for number in range(100_000, 160_000))
        connection.executemany("INSERT INTO history VALUES (?, ?, ?, ?)", rows)
    before = contents(earlier)
    earlier.close()
    path = tmp_path / "records.sqlite3"
    begun = time.monotonic()
    shutil.copyfile(path, tmp_path / "whole.sqlite3")
    subprocess.run([sys.executable, "-c", MIGRATE, str(tmp_path / "whole.sqlite3")], check=True, timeout=60, cwd=ROOT)
    whole, killed = time.monotonic() - begun, 0
    for number in range(12):
        process = subprocess.Popen([sys.executable, "-c", MIGRATE, str(path)], cwd=ROOT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(whole * (number + 1) / 13)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        with contextlib.closing(sqlite3.connect(path)) as records:
            assert records.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert records.execute("SELECT count(*) FROM history").fetchone() == (60_001,)
    assert killed > 3
    db = Database(path)
    assert of_before(contents(db), before) == before
    assert db.value("PRAGMA user_version") == len(MIGRATIONS)
    db.close()


def test_a_row_of_two_kilobytes_takes_little_more_on_the_disk(tmp_path):
    db = Database(tmp_path / "records.sqlite3")
    made = fill(db, {})
    with db.write() as connection:
        rows = ((made["runs"], number, number, "x" * 2050) for number in range(100_000, 102_000))
        connection.executemany("INSERT INTO history VALUES (?, ?, ?, ?)", rows)
    db.close()
    assert (tmp_path / "records.sqlite3").stat().st_size < 2000 * 2500 + 1_000_000  # the empty tables have a page each
