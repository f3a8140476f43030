"""SQL on the tables of W&B's records stands in `records/`, and in the store that makes them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import wandb_local
from tests.wandb_local.opened import opened

PACKAGE = Path(wandb_local.__file__).parent
ROOMS = ("records", "store")
ELSEWHERE = {
    "clock.py": "the store is built upon the clock, which moves the signs of life along",
    "backup.py": "copies the records of a folder whose server may be running, with a connection of its own",
    "export.py": "reads such a folder, too",
    "verify.py": "reads such a folder, too",
}


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> re.Pattern[str]:
    """A statement, or a part of one that names a table."""
    with opened(tmp_path_factory.mktemp("tables")) as context:
        rows = context.db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = "|".join(row["name"] for row in rows)
    statement = r"SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+(OR\s+\w+\s+)?\S+\s+SET\s|DELETE\s+FROM\s"
    return re.compile(rf"\b({statement}|(FROM|JOIN|INTO|UPDATE)\s+({tables})\b)")


def texts(source: str) -> Iterator[str]:
    """The strings of a module; ``{}`` stands for what an f-string takes in."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_sql_on_records_stands_in_records_alone(sql):
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        statements = [text for text in texts(path.read_text(encoding="utf-8")) if sql.search(text)]
        if statements and place.parts[0] not in (*ROOMS, "build"):
            found[place.as_posix()] = statements
    assert {place: found[place] for place in found.keys() - ELSEWHERE.keys()} == {}
    assert found.keys() == ELSEWHERE.keys(), "an exception that is none any more"


@pytest.mark.parametrize(
    "code",
    [
        "rows('SELECT name FROM runs')",
        "f'SELECT count(*) FROM {table} WHERE run_id = ?'",
        "f'UPDATE {table} SET x = 1'",
        "'INSERT OR IGNORE ' 'INTO artifact_tags (name) VALUES (?)'",
        "f'DELETE FROM ' f'{table} WHERE id = ?'",
        "f'… {order} FROM memberships JOIN artifacts'",
    ],
)
def test_every_statement_is_seen(sql, code):
    assert any(map(sql.search, texts(code)))


@pytest.mark.parametrize("code", ["'Update the runs'", "'SELECT'", "'a row FROM a table, not INTO it'"])
def test_prose_is_no_statement(sql, code):
    assert not any(map(sql.search, texts(code)))
