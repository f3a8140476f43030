"""A server's stores in this process, without a server, and what work on them costs."""

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from wandb_local.context import Context
from wandb_local.server import open_services
from wandb_local.store.database import Database
from wandb_local.store.folder import DataFolder


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Context]:
    """Stores that are empty at first, in a data folder below ``folder``."""
    services = open_services(DataFolder(folder / "data"))
    yield Context(**{field.name: getattr(services, field.name) for field in dataclasses.fields(services)})
    services.close()


def steps(database: Database, work: Callable[[], Any]) -> tuple[int, Any]:
    """How many steps SQLite takes for some work in this thread, in tens, and what the work gives."""
    counter, connection = itertools.count(), database._connection()
    connection.set_progress_handler(lambda: next(counter) < 0, 10)
    answer = work()
    connection.set_progress_handler(None, 0)
    return next(counter), answer
