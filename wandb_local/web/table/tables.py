"""Opened tables: each is read once, and kept with the orders in which its rows were last shown."""

from __future__ import annotations

import contextlib
import gc
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.records.artifacts.collections import find_member
from wandb_local.records.files import newest_ids
from wandb_local.records.projects import need_project, need_run
from wandb_local.web.recent import Recent, size
from wandb_local.web.table.cells import File, Folder, Table
from wandb_local.web.table.compare import compare, key_columns
from wandb_local.web.table.files import ArtifactFiles, RunFiles
from wandb_local.web.table.joined import join
from wandb_local.web.table.language import parse
from wandb_local.web.table.logged import logged_value
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.order import ordered, sortings_of
from wandb_local.web.table.predicates import Predicate
from wandb_local.web.table.read import make_table
from wandb_local.web.table.sources import Document, Join, find_table, read_document
from wandb_local.web.table.tokens import FUNCTIONS

MOST_BYTES = 256 << 20  # of the tables that stay in memory, as of the comparisons; the last one stays in any case
_ORDERS = 32  # of each
_NUMBER = 4  # bytes of a row's
_KEY = 500  # bytes of a filter and column names


@dataclass(frozen=True)
class Source:
    """Which table: a run's, under a key (``run``, ``key``, ``step``), or a file in an artifact (``name``, ``version``,
    ``key``); with ``other``, beside the table of that run, joined ``on`` a column."""

    entity: str
    project: str
    key: str
    run: str = ""
    step: int | None = None
    name: str = ""
    version: str = ""
    other: str = ""
    on: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Source:
        """The source in what a browser sent.

        Raises:
            NotFoundError: it is none.
        """
        known = {field.name: data.get(field.name, field.default) for field in fields(cls)}
        step = known.pop("step")
        if not all(isinstance(value, str) for value in known.values()) or not isinstance(step, int | None):
            raise NotFoundError("this is not a table")
        return cls(step=step, **known)


class Opened:
    """An opened table, with the orders in which it was last shown."""

    def __init__(self, table: Table, counts: MaskCounts) -> None:
        self.table = table
        self._counts = counts
        self._orders: Recent[Sequence[int]] = Recent(_ORDERS * self._order_bytes(table.rows), self._order_bytes)
        self._size = size(table.rows)

    @property
    def bytes(self) -> int:
        """About as many as it takes in memory with its orders."""
        return self._size + self._orders.size

    @staticmethod
    def _order_bytes(rows: Sequence[Any]) -> int:
        return _KEY + _NUMBER * len(rows)

    def check(self, expression: str) -> Predicate:
        """The test of a row by a filter; no row is read yet.

        Raises:
            FilterError: the expression is invalid.
        """
        return parse(expression, self.table.columns, self.table.sets, self._counts)

    def order(self, expression: str, sort: Sequence[str]) -> Sequence[int]:
        """The numbers of the rows that fit a filter, sorted by columns (``-name`` downwards).

        Raises:
            FilterError: the expression is invalid.
        """
        return self._orders.get((expression.strip(), tuple(sort)), lambda: self._ordered(expression, sort))

    def _ordered(self, expression: str, sort: Sequence[str]) -> Sequence[int]:
        table, fits = self.table, self.check(expression)
        sortings = sortings_of(table, sort)
        if not any(name in expression.lower() for name in FUNCTIONS):
            return array("I", ordered(table.rows, fits, sortings))
        with _listed(table.folders):
            return array("I", ordered(table.rows, fits, sortings, self._counts.each))


class Tables:
    """All tables of the server."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = MaskCounts(context)
        self._compared: Recent[_Compared] = Recent(MOST_BYTES, lambda made: made.bytes)
        self._read_tables: Recent[tuple[tuple[Any, ...], Opened]] = Recent(MOST_BYTES, lambda made: made[1].bytes)

    def open(self, source: Source) -> Opened:
        """The table, or the comparison of two.

        Raises:
            NotFoundError: it is not stored.
        """
        if not source.other:
            return self._single(source, source.run)
        one, other = self._single(source, source.run), self._single(source, source.other)
        keys = key_columns(one.table, other.table)
        on = source.on or (keys[0] if keys else "")
        if on not in keys:
            raise NotFoundError(
                f"the tables cannot be joined on {on!r}; columns that both have: {', '.join(keys) or 'none'}"
            )
        return self._compared.get((id(one), id(other), on), lambda: self._compare(one, other, on))

    def _compare(self, one: Opened, other: Opened, on: str) -> _Compared:
        with _listed(one.table.folders + other.table.folders):
            return _Compared(one, other, compare(one.table, other.table, on), self._counts)

    def _single(self, source: Source, run_name: str) -> Opened:
        """A complete table is read once. A table with faults is read again if files or versions have been added."""
        stored = newest_ids(self._context.db)
        file, incremental = self._find(source, run_name)
        _, opened = self._read_tables.get(
            (file.md5, file.url, incremental),
            lambda: (stored, self._make(file, incremental)),
            lambda made: made[0] == stored or not made[1].table.faults,
        )
        return opened

    def _find(self, source: Source, run_name: str) -> tuple[File, bool]:
        context = self._context
        if source.name:
            project = need_project(context, source.entity, source.project)
            place = find_member(context, project["id"], f"{source.name}:{source.version}")
            if place is None:
                raise NotFoundError(f"artifact {source.name}:{source.version} does not exist")
            file = ArtifactFiles(context, place["artifact_id"]).find(source.key)
            if file is None:
                raise NotFoundError(f"artifact {source.name}:{source.version} has no file {source.key!r}")
            return file, False
        run = need_run(context, source.entity, source.project, run_name)
        value = logged_value(context, run, source.key, source.step if run_name == source.run else None)
        own = RunFiles(context, (source.entity, source.project, run_name), run["id"])
        return find_table(context, value, own)

    def _make(self, file: File, incremental: bool) -> Opened:
        with _without_searches():
            return self._read(read_document(file, incremental))

    def _read(self, read: Document | Join) -> Opened:
        if isinstance(read, Document):
            return Opened(make_table(read, self._counts), self._counts)
        one, other = (make_table(document, self._counts) for document in (read.one, read.other))
        return Opened(join(one, other, read.keys), self._counts)


class _Compared(Opened):
    """A comparison; it keeps its two tables, so that their identities stay theirs."""

    def __init__(self, one: Opened, other: Opened, table: Table, counts: MaskCounts) -> None:
        super().__init__(table, counts)
        self.parts = (one, other)

    @property
    def bytes(self) -> int:
        """With those of its parts, which it keeps."""
        return super().bytes + sum(part.bytes for part in self.parts)


@contextlib.contextmanager
def _listed(folders: Iterable[Folder]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for folder in {*folders}:
            stack.enter_context(folder.listed())
        yield


@contextlib.contextmanager
def _without_searches() -> Iterator[None]:
    """Python looks for cycles among all that lives whenever that has grown by a quarter: half the time that a large
    table takes. What was made counts as old afterwards, so that the next search passes it over."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.freeze()
            gc.unfreeze()
            gc.enable()
