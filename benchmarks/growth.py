"""Costs that grow with a run, a sweep or a data folder, each measured at two sizes. A part of `benchmarks.server`.

The figures are seconds of the processor, except for writers that wait.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.served import UPSERT, Server, row, serving, timed
from benchmarks.sweeps import early_termination, log
from wandb_local.context import Context
from wandb_local.maintenance import collect_garbage
from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records.projects import need_run
from wandb_local.server import open_services
from wandb_local.store.folder import DataFolder
from wandb_local.web.run.console import read_lines
from wandb_local.web.table.tables import Source, Tables

HISTORY = """
import sys, wandb
assert len(wandb.Api().run(sys.argv[1]).history(keys=["loss", "acc"], samples=500)) == 500
print(0)
"""


def growing(home: Path) -> None:
    """The rows, each with data of its own."""
    for count in (500, 2000):
        with serving(home / f"early-{count}") as server:
            row(f"a heartbeat with early termination, {count:,} trials", early_termination(server, count), 0.05, "s")
    with serving(home / "history") as server:
        for count, limit in ((100_000, 0.4), (300_000, 1.4)):
            row(f"run.history(keys) of {count:,} rows", history(server, home, count), limit, "s")
    for count, limit in ((10_000, 0.15), (100_000, 1.5)):
        took, kept = open_table(home / f"table-{count}", count)
        row(f"a table of {count:,} rows with images, opened", took, limit, "s")
        row("what is kept of it", kept, 256, "MB")
    for count in (2000, 20_000):
        row(f"a row of 2,050 bytes among {count:,}", row_on_disk(home / f"rows-{count}", count), 2500, "bytes")
    for count in (3000, 30_000):
        row(f"99 of 100 writers wait while gc deletes {count:,} blobs", garbage(home / f"gc-{count}", count), 0.05, "s")
    for count in (30_000, 300_000):
        row(f"a search that goes on in {count:,} lines", log_search(home / f"log-{count}", count), 0.1, "s")


def history(server: Server, home: Path, rows: int) -> float:
    """Time of the server for one ``run.history(keys=…)`` of the client."""
    connection = server.connect()
    server.graphql(connection, UPSERT, n=f"r{rows}")
    for start in range(0, rows, 10_000):
        records = [{"_step": n, "loss": 1 / (n + 1), "acc": n / rows} for n in range(start, start + 10_000)]
        log(server, connection, f"many/r{rows}", start, records)
    before = server.cpu()
    timed(server, home / f"history-{rows}", HISTORY, f"local/many/r{rows}", repeat=3)
    return (server.cpu() - before) / 3


@contextlib.contextmanager
def _stores(folder: Path) -> Iterator[Context]:
    """The stores of a new data folder with the run ``r``, without a server."""
    services = open_services(DataFolder(folder))
    context = Context(**{field.name: getattr(services, field.name) for field in dataclasses.fields(services)})
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": "r", "host": "h"})
    yield context
    services.close()


def _send(context: Context, file: str, offset: int, lines: list[str]) -> None:
    filestream.receive(context, "local", "p", "r", {"files": {file: {"offset": offset, "content": lines}}})


def open_table(folder: Path, rows: int) -> tuple[float, float]:
    """Time to read a table whose rows have six numbers and an image with two masks, and MB of memory that it keeps."""
    names = [f"{hashlib.sha256(str(number).encode()).hexdigest()[:20]}.png" for number in range(3 * rows)]
    paths = [f"media/images/{name}" for name in names]
    data = [
        [f"row {number}", number * 7919 % rows, _image(*paths[3 * number : 3 * number + 3]), *[number / rows] * 5]
        for number in range(rows)
    ]
    columns = ["name", "score", "image", *(f"metric {number}" for number in range(5))]
    with _stores(folder) as context:
        _send(context, "wandb-summary.json", 0, ['{"t": {"_type": "table-file", "path": "t.table.json"}}'])
        table = context.blobs.keep_bytes(json.dumps({"columns": columns, "data": data}).encode())
        image = context.blobs.keep_bytes(b"no image: it is not opened")
        with context.db.write() as connection:
            files = [("t.table.json", table), *((path, image) for path in paths)]
            sql = "INSERT INTO run_files (run_id, name, md5, updated_at) VALUES (1, ?, ?, 0)"
            connection.executemany(sql, files)
        del data, names, paths, files
        before = time.process_time()
        opened = Tables(context).open(Source("local", "p", "t", run="r"))
        assert not opened.table.faults and len(opened.table.rows) == rows
        return time.process_time() - before, opened.bytes / 1e6


def _image(image: str, truth: str, prediction: str) -> dict[str, Any]:
    digest = hashlib.sha256(image.encode()).hexdigest()
    masks = {
        name: {"_type": "mask", "path": path, "sha256": digest, "size": 900}
        for name, path in (("truth", truth), ("prediction", prediction))
    }
    about = {"sha256": digest, "size": 90_000, "format": "png", "width": 480, "height": 360, "caption": image}
    return {"_type": "image-file", "path": image, "masks": masks, **about}


def row_on_disk(folder: Path, rows: int) -> float:
    """Bytes on the disk for each row of history that is 2,050 long."""
    with _stores(folder) as context:
        for start in range(0, rows, 1000):
            _send(context, "wandb-history.jsonl", start, [json.dumps({"x": "y" * 2041})] * 1000)
    with _stores(folder / "empty"):
        pass
    sizes = [(place / "records.sqlite3").stat().st_size for place in (folder, folder / "empty")]
    return (sizes[0] - sizes[1]) / rows


def garbage(folder: Path, blobs: int) -> float:
    """The longest wait of 99 of 100 writers while ``gc`` deletes blobs that no record refers to."""
    with _stores(folder) as context:
        digests = [hashlib.md5(str(number).encode()).hexdigest() for number in range(blobs)]
        for md5 in digests:
            context.blobs.path(md5).parent.mkdir(exist_ok=True)
            context.blobs.path(md5).write_bytes(b"x")
        with context.db.write() as connection:
            connection.executemany("INSERT INTO blobs VALUES (?, 1, 0)", [(md5,) for md5 in digests])
        cleaner, waits = threading.Thread(target=collect_garbage, args=(context, 0)), [0.0]
        cleaner.start()
        while cleaner.is_alive():
            started = time.perf_counter()
            with context.db.write() as connection:
                connection.execute("UPDATE runs SET notes = ? WHERE id = 1", (str(started),))
            waits.append(time.perf_counter() - started)
            time.sleep(0.005)
        assert context.db.value("SELECT count(*) FROM blobs") == 0
        return sorted(waits)[len(waits) * 99 // 100]


def log_search(folder: Path, lines: int) -> float:
    """Time to update the results of a search after twenty new lines."""
    with _stores(folder) as context:
        text = [f"2026-01-01T00:00:00.000000 step {number}: loss 0.123456, 31 images/s\n" for number in range(lines)]
        for start in range(0, lines, 10_000):
            _send(context, "output.log", start, text[start : start + 10_000])
        run = need_run(context, "local", "p", "r")
        assert read_lines(context, run, "LOSS", 0)[1] == lines
        _send(context, "output.log", lines, text[:20])
        before = time.process_time()
        assert read_lines(context, run, "LOSS", 0)[1] == lines + 20
        return time.process_time() - before
