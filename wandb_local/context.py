"""What the handlers of requests share: the stores, the signer, and the list of fields that no resolver knows."""

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from wandb_local.auth import Signer
from wandb_local.store.blobs import BlobStore
from wandb_local.store.database import Database

logger = logging.getLogger(__name__)
_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class Dispatching(Protocol):
    """The object that gives runs to the agents of sweeps: `wandb_local.dispatcher.Dispatcher`."""

    reader: Any  # `wandb_local.records.trials.TrialReader`

    def heartbeat(self, context: Any, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The commands for an agent."""
        ...

    def note_end_of_run(self, context: Any, sweep_id: int) -> None:
        """A run of the sweep has ended."""
        ...


class Unknowns:
    """Operations' fields that the server could not answer, each logged once with the client's version."""

    def __init__(self, limit: int = 1000) -> None:
        self._seen: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._limit = limit

    def report(self, operation: str, field: str, client: str) -> None:
        """Remember that ``operation`` asked for ``field`` (``Kind.name``), which is answered with null."""
        with self._lock:
            if (operation, field) in self._seen or len(self._seen) >= self._limit:
                return
            self._seen[operation, field] = client
        logger.warning(
            "the field %s of operation %s (client %s) is unknown and was answered with null", field, operation, client
        )

    def listed(self) -> list[dict[str, str]]:
        """All of them, oldest first."""
        with self._lock:
            return [{"operation": o, "field": f, "client": c} for (o, f), c in self._seen.items()]


@dataclass(frozen=True)
class Services:
    """The stores of one server, and a fixed number of threads that use them, each with its own connection."""

    db: Database
    blobs: BlobStore
    signer: Signer
    unknowns: Unknowns
    dispatcher: Dispatching
    threads: ThreadPoolExecutor

    async def run(self, function: Callable[_Given, _Answer], *given: _Given.args, **named: _Given.kwargs) -> _Answer:
        """Call a function that reads or writes records, without holding up the event loop.

        When this returns, everything that the function has written is on the disk.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self.threads, self._settled, functools.partial(function, *given, **named)
        )

    def _settled(self, function: Callable[[], _Answer]) -> _Answer:
        answer = function()
        self.db.unsettled.settle()
        return answer

    def close(self) -> None:
        """Wait for what is being done, then close the database."""
        self.threads.shutdown()
        self.db.close()


@dataclass(frozen=True)
class Context(Services):
    """The stores, and the request that is being answered."""

    base_url: str = ""
    client: str = ""
    writer: str = ""  # which of the writers of a run sends, if there are several

    def download_url(self, md5: str, name: str) -> str:
        """A signed URL of a blob; ``name`` gives the file name and the media type."""
        return f"{self.base_url}/storage/{self.signer.sign({'get': md5, 'name': name})}"

    def upload_url(self, claim: dict[str, object]) -> str:
        """A signed URL to PUT one thing to; see ``storage.put``."""
        return f"{self.base_url}/storage/{self.signer.sign(claim)}"
