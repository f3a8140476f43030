"""Listing many runs: pages that begin where the last one ended."""

import json
from functools import partial

import pytest

from tests.wandb_local.opened import steps
from wandb_local.errors import ClientError
from wandb_local.protocol.graphql.public import PROJECT, list_runs
from wandb_local.records.keyset import OF_PROJECT

ADD = (
    "INSERT INTO runs (project_id, name, state, config, summary, created_at, updated_at, heartbeat_at)"
    " VALUES (1, ?1, 'finished', ?2, ?3, ?4, ?4, ?4)"
)


def add(context, numbers):
    """Runs r0, r1, …: two of each time, every seventh without a loss, every fifth with one that is no number."""
    rows = []
    for number in numbers:
        loss = {} if number % 7 == 3 else {"loss": "NaN" if number % 5 == 4 else number % 6}
        rows.append((f"r{number:05}", json.dumps({"lr": {"value": number % 3}}), json.dumps(loss), number // 2))
    with context.db.write() as connection:
        connection.execute("INSERT OR IGNORE INTO projects (id, entity, name, created_at) VALUES (1, 'local', 'p', 0)")
        connection.executemany(ADD, rows)


def page(context, after, **arguments):
    found = list_runs(context, OF_PROJECT, 1, {"after": after, "first": 50, **arguments})
    return found["pageInfo"], [edge["node"].record["name"] for edge in found["edges"]]


def pages(context, **arguments):
    """The names on all pages, and the steps that each page took."""
    names, cost, after, more = [], [], None, True
    while more:
        taken, (info, found) = steps(context.db, partial(page, context, after, **arguments))
        after, more = info["endCursor"], info["hasNextPage"]
        names += found
        cost.append(taken)
    return names, cost


@pytest.mark.parametrize("order", [None, "+created_at", "-created_at", "-name"])
def test_the_last_page_costs_what_the_first_one_does(context, order):
    add(context, range(1000))
    names, cost = pages(context, order=order)
    forward = [f"r{number:05}" for number in range(1000)]
    assert names == (forward[::-1] if (order or "+").startswith("-") else forward)
    assert len(cost) == 20 and max(cost) < 1.2 * min(cost)


def test_counting_runs_costs_the_same_for_many(context):
    found = []
    for numbers in (range(10), range(10, 1000)):
        add(context, numbers)
        found.append(steps(context.db, lambda: PROJECT["runCount"](context, {"id": 1}, {})))
    assert found[0][1:] == (10,) and found[1][1:] == (1000,) and found[1][0] < found[0][0] + 5


ORDERS = (
    "-created_at",
    "-summary_metrics.loss",
    "+summary_metrics.loss,-name",
    "-summary.none",
    "+config.lr,-duration",
)


@pytest.mark.parametrize("order", ORDERS)
def test_each_run_comes_once_whatever_the_order(context, order):
    add(context, range(160))
    _, whole = page(context, None, order=order, first=1000)
    names, _ = pages(context, order=order, first=7)
    assert names == whole and len({*names}) == 160
    filters = json.dumps({"config.lr": {"$gt": 0}})
    kept = [name for name in whole if int(name[1:]) % 3]
    assert pages(context, order=order, first=7, filters=filters)[0] == kept


def test_what_comes_and_goes_in_between_moves_no_page(context):
    add(context, range(20))
    info, first = page(context, None, order="-created_at", first=5)
    add(context, range(20, 30))
    with context.db.write() as connection:
        connection.execute("DELETE FROM runs WHERE name = ?", (first[-1],))
    _, second = page(context, info["endCursor"], order="-created_at", first=5)
    assert [int(name[1:]) for name in first + second] == list(range(19, 9, -1))


@pytest.mark.parametrize("cursor", ["5", "x", "e30=", "W3t9LDFd", "WzEsMiwzXQ=="])
def test_a_cursor_of_another_list_is_an_error(context, cursor):
    with pytest.raises(ClientError, match="after"):
        page(context, cursor)
