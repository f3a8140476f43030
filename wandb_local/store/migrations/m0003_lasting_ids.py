"""An id names one record for ever: clients hold ids, and references and upload URLs are made of them.

SQLite gives the highest id out again once its record is deleted, unless a table says AUTOINCREMENT. It cannot be added,
so each table is made anew. What ids an older server has given out for records that are gone is not known: in a folder
that has been used, numbering goes on far above them.
"""

import re
from collections.abc import Iterator

from wandb_local.store.migrations import m0001_initial, m0002_merged

_BEFORE = m0001_initial.STATEMENTS + m0002_merged.STATEMENTS
_NUMBERED = re.compile(r"CREATE TABLE (\w+) \(\s*id INTEGER PRIMARY KEY,")
_GAP = 1_000_000


def _renew(table: str) -> Iterator[str]:
    for statement in _BEFORE:
        if re.match(rf"(CREATE|ALTER) TABLE {table} ", statement):
            anew = statement.replace(f"TABLE {table} ", f"TABLE new_{table} ", 1)
            yield anew.replace("id INTEGER PRIMARY KEY,", "id INTEGER PRIMARY KEY AUTOINCREMENT,")
    yield f"INSERT INTO new_{table} SELECT * FROM {table}"
    yield f"DROP TABLE {table}"
    yield f"ALTER TABLE new_{table} RENAME TO {table}"
    yield from (statement for statement in _BEFORE if re.match(rf"CREATE INDEX \w+ ON {table} ", statement))


STATEMENTS: tuple[str, ...] = (
    *(line for found in map(_NUMBERED.match, _BEFORE) if found for line in _renew(found[1])),
    f"UPDATE sqlite_sequence SET seq = seq + {_GAP} WHERE EXISTS (SELECT 1 FROM projects)",
)
