"""Which records of a log the client gets, and which it got before.

The data folder has a file for each log, named by the log's identity. It holds how many records were imported, which of
them are still missing because the files of their artifact were missing, and the step at which the rows begin.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wandb_local.offline.log import OfflineLog, read_records, resuming, write_log
from wandb_local.store.folder import DataFolder, write_private


@dataclass(frozen=True)
class Replay:
    """A log, and the records of it that will be imported now.

    Attributes:
        log: the log.
        records: the numbers of these records; empty if there is nothing to import.
        lacking: a line for each artifact whose files are not there, by the number of its record.
        step: the step at which the rows begin, from an earlier import, or None.
    """

    log: OfflineLog
    records: Sequence[int]
    lacking: Mapping[int, str]
    step: int | None

    def write(self, path: Path) -> None:
        """Write the log for the client, and the step beside it, as the client itself writes it."""
        write_log(path, self._chosen())
        if self.step is not None:
            _step_file(path).write_text(json.dumps({"starting_step": self.step}))

    def _chosen(self) -> Iterator[bytes]:
        """The records; where the first ones were imported before, those that begin and end the run are added."""
        again = self.log.opening not in self.records
        wanted = {*self.records, *((self.log.opening, self.log.exit) if again else ())}
        every = read_records(self.log.path)
        for number, record in zip(range(self.log.count), every, strict=False):  # the file may have grown since
            if number in wanted:
                yield resuming(record) if again and number == self.log.opening else record


def plan(folder: DataFolder, log: OfflineLog, *, stored: bool) -> Replay:
    """The records of a log that have to be imported.

    Args:
        folder: the data folder.
        log: the log.
        stored: whether the server has the run; a deleted run is imported again.
    """
    known = _recall(folder, log) if stored else {}
    records = [*known.get("lacking", []), *range(known.get("records", 0), log.count)]
    lacking = {}
    for number in log.artifacts.keys() & set(records):
        if gone := log.artifacts[number].lacking():
            more, them = (f" and {len(gone) - 1} more of its files were", "them") if gone[1:] else (" was", "it")
            lacking[number] = (
                f"{log.path}: artifact {log.artifacts[number].name} was not imported, because "
                f"{gone[0].absolute()}{more} changed or removed after it was logged; put {them} back and import again"
            )
    return Replay(log, [number for number in records if number not in lacking], lacking, known.get("step"))


def _recall(folder: DataFolder, log: OfflineLog) -> dict[str, Any]:
    memory = folder.imported / log.identity
    if memory.exists():
        known: dict[str, Any] = json.loads(memory.read_text())
        return known
    with log.path.open("rb") as file:  # earlier versions remembered whole files
        digest = hashlib.file_digest(file, "md5").hexdigest()
    return {"records": log.count} if (folder.imported / digest).exists() else {}


def remember(folder: DataFolder, replay: Replay, copy: Path) -> None:
    """Note that the client has imported what it was given as ``copy``."""
    step = json.loads(_step_file(copy).read_text())["starting_step"]
    known = {"run": replay.log.run, "records": replay.log.count, "lacking": list(replay.lacking), "step": step}
    write_private(folder.imported / replay.log.identity, json.dumps(known))


def _step_file(log: Path) -> Path:
    return log.with_suffix(".wandb.syncstate")
