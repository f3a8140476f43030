"""The shown rows as CSV, which a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence

from wandb_local.web.documents import is_number
from wandb_local.web.table.cells import Cell, Table, is_missing, written

_FORMULA = ("=", "+", "-", "@")  # OWASP, "CSV injection", as are the controls
_CONTROLS = ("\t", "\r", "\n")


def to_csv(table: Table, order: Sequence[int], columns: Sequence[int]) -> str:
    """The rows ``order`` with these columns, images as their paths; a text that a spreadsheet would take for a formula
    gets an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_harmless(table.columns[place].name) for place in columns])
    for number in order:
        row = table.rows[number]
        writer.writerow([_exported(row[place]) for place in columns])
    return text.getvalue()


def _exported(cell: Cell) -> str:
    if is_number(cell):
        return "" if is_missing(cell) else written(cell)
    return _harmless(written(cell))


def _harmless(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    seen = next((letter for letter in text if not letter.isspace() and unicodedata.category(letter) != "Cf"), "")
    wide = unicodedata.normalize("NFKC", seen)  # full-width and small forms count as well
    return f"'{text}" if text.startswith(_CONTROLS) or wide.startswith(_FORMULA) else text
