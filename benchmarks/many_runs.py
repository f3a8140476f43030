"""Time of the server for the list of runs, with few runs and with many. A part of `benchmarks.server`."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.served import Server, row, serving
from wandb_local.store.database import Database
from wandb_local.store.folder import DataFolder

ADD = (
    "INSERT INTO runs (project_id, name, display_name, state, config, summary, started, created_at, updated_at,"
    " heartbeat_at) VALUES (1, ?1, ?1, 'finished', ?2, ?3, 1, ?4, ?4, ?4)"
)
LIST = """query($a:String) {
    project(name:"many") { runs(first:1000, after:$a) { edges{node{name}} pageInfo{endCursor} } }
}"""
PAGE = {"runs-page.data": {"entity": "local", "project": "many"}, "runs-columns.value": ["summary.loss"]}


class Pages:
    """Requests the pages of a server as a browser does, with a cookie of its own."""

    def __init__(self, server: Server) -> None:
        self._connection, self._headers = server.connect(), {"Origin": server.url}
        answer, _ = self._ask("POST", "/login", urlencode({"key": server.key}))
        self._headers["Cookie"] = str(answer.getheader("Set-Cookie")).partition(";")[0]
        self._known = json.loads(self._ask("GET", "/_dash-dependencies")[1])

    def _ask(self, method: str, path: str, body: str = "", kind: str = "") -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request(method, path, body, self._headers | {"Content-Type": kind})
        answer = self._connection.getresponse()
        return answer, answer.read()

    def call(self, asked: str, values: dict[str, Any]) -> Any:
        """What the callback answers whose first input is the property ``asked`` (``id.property``)."""
        found = next(each for each in self._known if _first(each) == asked and not each["clientside_function"])
        names = [name.split("@")[0].rsplit(".", 1) for name in found["output"].strip(".").split("...")]
        outputs = [{"id": name, "property": what} for name, what in names]
        given = {
            kind: [{**part, "value": values.get(f"{part['id']}.{part['property']}")} for part in found[kind]]
            for kind in ("inputs", "state")
        }
        body = {"output": found["output"], "outputs": outputs, "changedPropIds": [asked], **given}
        answer, text = self._ask("POST", "/_dash-update-component", json.dumps(body), "application/json")
        if answer.status not in (200, 204):
            raise RuntimeError(f"{asked}: {answer.status} {text[:200]!r}")
        return json.loads(text or b"{}").get("response")


def _first(callback: dict[str, Any]) -> str:
    first = callback["inputs"][0]
    return f"{first['id']}.{first['property']}"


def many_runs(home: Path) -> None:
    """Rows for a project of 1,000 and one of 50,000 runs: seconds of CPU that the server takes."""
    for count in (1000, 50_000):
        insert_runs(home / f"runs-{count}" / "data", count)
        with serving(home / f"runs-{count}") as server:
            measure(server, count)


def measure(server: Server, count: int) -> None:
    """The rows for one server."""
    pages, connection, size = Pages(server), server.connect(), f"{count:,} runs"
    request = "runs-grid.getRowsRequest"

    def took(what: str, limit: float, work: Callable[[], Any], times: int = 1) -> Any:
        seconds = server.cpu()
        for _ in range(times):
            answer = work()
        row(f"{size}: {what}", (server.cpu() - seconds) / times, limit, "s")
        return answer

    def first() -> Any:
        shown = pages.call("shell-url.pathname", {"shell-url.pathname": "/local/many", "shell-url.search": ""})
        pages.call(request, {request: {"startRow": 0, "endRow": 100}, **PAGE})
        return shown["shell-page"]["children"]["props"]["children"]

    parts = took("the project's page", 0.2, first)
    seen = next(part["props"]["data"] for part in parts if part["props"].get("id") == "runs-seen")
    tick = partial(pages.call, "runs-tick.n_intervals", {"runs-seen.data": seen, "runs-view.data": {}, **PAGE})
    took("its tick", 0.02, tick, times=20)
    files = {"wandb-summary.json": {"offset": 0, "content": ['{"loss": 0.5}']}}
    server.post(connection, "/files/local/many/r7/file_stream", {"files": files})
    took("its tick when a run has changed", 0.02, tick, times=20)
    by_loss = {"startRow": 0, "endRow": 100, "sortModel": [{"colId": "summary.loss", "sort": "asc"}]}
    took("sorted by a metric", 1, partial(pages.call, request, {request: by_loss, **PAGE}))
    took(
        "all listed by the API, a thousand at a time", 0.05 * count / 1000, partial(list_all, server, connection, count)
    )


def list_all(server: Server, connection: http.client.HTTPConnection, count: int) -> None:
    """List all runs in pages of a thousand."""
    after: str | None = None
    names: list[str] = []
    while len(names) < count:
        page = server.graphql(connection, LIST, a=after)["project"]["runs"]
        after = page["pageInfo"]["endCursor"]
        names += [edge["node"]["name"] for edge in page["edges"]]
    assert len({*names}) == count


def insert_runs(data: Path, count: int) -> None:
    """A data folder with a project of finished runs, each with 41 settings and two results."""
    folder = DataFolder(data)
    folder.prepare()
    records = Database(folder.database)
    settings = {f"setting {number}": {"value": number} for number in range(40)}
    with records.write() as connection:
        connection.execute("INSERT INTO projects (id, entity, name, created_at) VALUES (1, 'local', 'many', 0)")
        for number in range(count):
            config = json.dumps(settings | {"lr": {"value": 1 / (number + 1)}})
            summary = json.dumps({"loss": number * 7919 % count, "acc": number / count})
            connection.execute(ADD, (f"r{number}", config, summary, number))
    records.close()
