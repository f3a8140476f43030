"""Which runs the list shows in which order, and what that costs with few runs and with many."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.wandb_local.opened import opened, steps
from tests.wandb_local.web.table.steps import NAMES
from wandb_local.clock import CLOCK, now
from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records.listing import changed, mark, states
from wandb_local.records.states import QUIET_AFTER
from wandb_local.web.project.asked import Asked, asked_of
from wandb_local.web.project.columns import newest, offered, runs_of
from wandb_local.web.project.order import Orders

ADD = (
    "INSERT INTO runs (project_id, name, display_name, state, config, summary, tags, created_at, updated_at,"
    " heartbeat_at) VALUES (1, ?1, ?1, ?2, ?3, ?4, ?5, ?6, ?6, ?6)"
)
DAY = 86400.0
RUNS: tuple[Any, ...] = (  # name, config, summary, tags; one a day, in UTC, from the first of January 1970 on
    ("v9", {"lr": 0.1, "net": {"depth": 3}, "net.width": 8, "é": "Ü"}, {"loss": 2}, ["base"]),
    ("v10", {"lr": 0.2, "net": {"depth": 1}, "net.width": 4, "é": "a"}, {"loss": "NaN"}, []),
    ("V2", {"lr": "auto", "flag": True}, {"loss": 0.5, "list": [1]}, ["top", "bäse"]),
    ("w", {"lr": 10, "flag": False, "say": 'a "b" \\ c'}, {}, []),
)


def add(context, *rows):
    def stored(name, config, summary, tags):
        entries = {key: {"value": value} for key, value in config.items()}
        return name, "finished", *map(json.dumps, (entries, summary, tags))

    with context.db.write() as connection:
        connection.execute("INSERT OR IGNORE INTO projects (id, entity, name, created_at) VALUES (1, 'local', 'p', 0)")
        first = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        connection.executemany(ADD, [(*stored(*row), (first + number) * DAY) for number, row in enumerate(rows)])


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Stores with the runs above, for tests that change nothing."""
    with opened(tmp_path_factory.mktemp("few")) as context:
        add(context, *RUNS)
        yield context


def many(context, first, end):
    """Runs n0, n1, … with some settings, as many as asked for."""
    add(context, *((f"n{number}", {"lr": number % 7, "same": 1}, {"loss": number}, []) for number in range(first, end)))


def names(context, order):
    return [run.row["name"] for run in runs_of(context, order.ids(0, 1000))]


def ask(find="", sort=(), columns=(), **filters):
    model = [{"colId": name.removeprefix("-"), "sort": "desc" if name.startswith("-") else "asc"} for name in sort]
    return asked_of(1, find, {"sortModel": model, "filterModel": filters}, list(columns))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ((), "w V2 v10 v9"),
        (("created",), "v9 v10 V2 w"),
        (("name",), "V2 v9 v10 w"),
        (("-name",), "w v10 v9 V2"),
        (("config.lr",), "v9 v10 w V2"),  # numbers before words
        (("-config.lr",), "V2 w v10 v9"),
        (("summary.loss",), "V2 v9 w v10"),  # what is missing comes last both ways
        (("-summary.loss",), "v9 V2 w v10"),
        (("config.net.depth",), "v10 v9 w V2"),
        (("config.net.width",), "v10 v9 w V2"),
        (("-config.é",), "v9 v10 w V2"),
        (("config.flag", "created"), "w V2 v9 v10"),
        (("tags",), "w v10 v9 V2"),
        (("config.none", "summary.list", "sweep", "no.such", "-created"), "w V2 v10 v9"),
    ],
)
def test_orders(few, sort, expected):
    assert names(few, Orders(few.db).get(ask(sort=sort))) == expected.split()


def number(kind, one=None, other=None):
    return {"filterType": "number", "type": kind, "filter": one, "filterTo": other}


def both(operator, *conditions):
    return {"filterType": "number", "operator": operator, "conditions": list(conditions)}


def text(kind, one=None):
    return {"filterType": "text", "type": kind, "filter": one}


def day(kind, one=None, other=None):
    return {"filterType": "date", "type": kind, "dateFrom": one and f"1970-01-0{one} 00:00:00", "dateTo": other}


@pytest.mark.parametrize(
    ("column", "model", "expected"),
    [
        ("config.lr", number("equals", 0.1), "v9"),
        ("config.lr", number("notEqual", 0.1), "v10 w"),
        ("config.lr", number("lessThan", 10), "v9 v10"),
        ("config.lr", number("lessThanOrEqual", 10), "v9 v10 w"),
        ("config.lr", number("greaterThan", 0.1), "v10 w"),
        ("config.lr", number("greaterThanOrEqual", 0.1), "v9 v10 w"),
        ("config.lr", number("inRange", 0.1, 10), "v10"),
        ("summary.loss", number("blank"), "v10 w"),
        ("summary.loss", number("notBlank"), "v9 V2"),
        ("config.lr", text("contains", "AUT"), "V2"),
        ("config.lr", text("equals", "10"), "w"),
        ("config.flag", text("equals", "true"), "V2"),
        ("config.say", text("contains", '"B" \\'), "w"),
        ("config.é", text("notEqual", "ü"), "v10 V2 w"),
        ("name", text("startsWith", "v"), "v9 v10 V2"),
        ("name", text("endsWith", "0"), "v10"),
        ("tags", text("notContains", "base"), "v10 V2 w"),
        ("state", text("contains", "finish"), "v9 v10 V2 w"),
        ("created", day("equals", 2), "v10"),
        ("created", day("notEqual", 2), "v9 V2 w"),
        ("created", day("lessThan", 2), "v9"),
        ("created", day("greaterThan", 2), "V2 w"),
        ("created", day("inRange", 1, "1970-01-04"), "v10 V2"),
        ("config.lr", both("OR", number("equals", 10), number("lessThan", 0.2)), "v9 w"),
        ("config.lr", both("AND", number("lessThan", 9), number("greaterThan", 0.1)), "v10"),
        ("created", day("equals"), "v9 v10 V2 w"),  # half written, or no filter at all: all fit
        ("config.lr", number("inRange", 1), "v9 v10 V2 w"),
        ("config.lr", number("near", 1), "v9 v10 V2 w"),
        ("config.lr", "nonsense", "v9 v10 V2 w"),
    ],
)
def test_filters(few, column, model, expected):
    order = Orders(few.db).get(ask(sort=("created",), **{column: model}))
    assert names(few, order) == expected.split()


@pytest.mark.parametrize(
    ("find", "columns", "expected"),
    [
        ("V", (), "v9 v10 V2"),
        ("finished v1", (), "v10"),
        ("BÄSE", (), "V2"),
        ("auto", (), ""),
        ("auto", ("config.lr",), "V2"),
        ("lr", ("config.lr",), ""),
        ('"b"', ("config.say",), "w"),
        ("ü", ("config.é",), "v9"),
        ("v9 0.1", ("config.lr", "summary.loss"), "v9"),
        ("%", (), ""),
    ],
)
def test_words_are_found_in_what_is_shown(few, find, columns, expected):
    order = Orders(few.db).get(ask(find, sort=("created",), columns=columns))
    assert names(few, order) == expected.split()


ODD = (".", "a..b", ".a", "a.", "'", '"', "\\", "$", "[0]", "a[0]", "#-1", "é.b", "%", "?", "a.b.c.d.e.f.g", "value")


def test_an_order_by_a_column_with_any_name(context):
    every = ("", "\n", *NAMES, *ODD)
    add(context, *((f"n{place}", dict.fromkeys(every, place), {}, []) for place in range(3)))
    for name in every:
        order = Orders(context.db).get(ask(sort=(f"-config.{name}",), **{f"config.{name}": number("greaterThan", 0)}))
        assert names(context, order) == ["n2", "n1"], name


LOSS = number("greaterThan", 2)


@pytest.mark.parametrize("asked", [ask(), ask(sort=("-summary.loss",)), ask("n", **{"summary.loss": LOSS})])
def test_an_order_follows_what_changes_as_if_it_were_read_anew(context, asked):
    many(context, 0, 8)
    order = Orders(context.db).get(asked)
    for sql, given, moves in (
        ("UPDATE runs SET heartbeat_at = 5 WHERE name = ?", ("n3",), False),
        ("""UPDATE runs SET summary = '{"loss": 9}' WHERE name = ?""", ("n1",), asked != ask()),
        ("""UPDATE runs SET summary = '{}' WHERE name = ?""", ("n5",), asked != ask()),
        ("DELETE FROM runs WHERE name = ?", ("n7",), True),
        (ADD, ("n7", "finished", "{}", '{"loss": 4}', "[]", 1.0), True),
        ("DELETE FROM runs WHERE project_id = ?", (1,), True),
    ):
        turn = order.turn
        with context.db.write() as connection:
            connection.execute(sql, given)
        assert names(context, order.follow(context.db)) == names(context, Orders(context.db).get(asked))
        assert (order.turn != turn) == moves
    assert len(order) == 0


def test_a_run_that_falls_silent_changes_although_nobody_writes(context, monkeypatch):
    for name in ("silent", "lively"):
        runs.upsert(context, {"entityName": "local", "modelName": "p", "name": name, "host": "h"})
    crashed = Orders(context.db).get(ask(state=text("equals", "crashed")))
    seen, silent = mark(context.db, 1), context.db.value("SELECT id FROM runs WHERE name = 'silent'")

    def later(seconds):
        """The names of crashed runs and the ids of changed ones so much later, one run having been heard of."""
        monkeypatch.setattr(CLOCK, "_seen", (time.monotonic(), now() + seconds))
        with context.db.write() as connection:
            connection.execute("UPDATE runs SET heartbeat_at = ? WHERE name = 'lively'", (now() + seconds,))
        return names(context, crashed.follow(context.db)), silent in changed(context.db, 1, seen)

    assert later(QUIET_AFTER - 10) == ([], False)
    assert later(QUIET_AFTER + 10) == ([], True)
    assert later(400) == (["silent"], True)
    assert states(context.db, 1) == {"running": 1, "crashed": 1}


def test_a_run_that_a_writer_has_joined_after_its_end_is_counted_as_it_was_before(context, monkeypatch):
    given = {"entityName": "local", "modelName": "p", "name": "r", "host": "h"}
    for writer, message in (("a", {"complete": True, "exitcode": 3}), ("late", {})):
        sender = replace(context, writer=writer)
        runs.upsert(sender, given)
        filestream.receive(sender, "local", "p", "r", message)
    assert +states(context.db, 1) == {"running": 1}
    monkeypatch.setattr(CLOCK, "_seen", (time.monotonic(), now() + 400))
    assert +states(context.db, 1) == {"failed": 1}
    assert names(context, Orders(context.db).get(ask(state=text("equals", "failed")))) == ["r"]


def test_a_look_at_many_runs_costs_what_one_at_few_does(context):
    """A block in the middle, a tick without and with a change, the counts, the columns: the steps that SQLite takes."""
    orders, cost = Orders(context.db), []
    asks = (ask(), ask(sort=("-summary.loss",)), ask("n"))
    for first, end in ((0, 300), (300, 3000)):
        many(context, first, end)
        for asked in asks:
            orders.get(asked)  # is read once
        seen = mark(context.db, 1)
        with context.db.write() as connection:
            connection.execute("UPDATE runs SET heartbeat_at = 7 WHERE name = 'n5'")
        order = orders.get(ask())
        looks = (
            lambda: changed(context.db, 1, mark(context.db, 1)),
            lambda seen=seen: changed(context.db, 1, seen),
            lambda: [orders.get(asked) for asked in asks],
            lambda order=order, end=end: runs_of(context, order.ids(end // 2, end // 2 + 100)),
            lambda order=order: newest(context, order),
            lambda: states(context.db, 1),
            lambda: offered(context, 1),
        )
        cost.append([steps(context.db, look)[0] for look in looks])
    few, lots = cost
    assert all(there <= 1.1 * here + 5 for here, there in zip(few, lots, strict=True)), cost


def test_few_orders_are_kept(context, monkeypatch):
    monkeypatch.setattr("wandb_local.web.project.order._KEPT", 20)
    many(context, 0, 8)
    orders = Orders(context.db)
    one = orders.get(Asked(1))
    for column in ("name", "state", "created"):
        assert orders.get(Asked(1, sort=(column,))) is orders.get(Asked(1, sort=(column,)))
    assert orders.get(Asked(1)) is not one
