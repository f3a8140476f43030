"""Bringing offline runs into a data folder, with the unmodified client's ``wandb sync``.

The client gets copies of the logs in a temporary folder, so that it does not mark the user's files as synced: they can
be synced to W&B's cloud later. A copy has only complete records, because the client stops at a truncated one. It has
only records that were not imported before, because a resumed run would otherwise get its rows twice. The data folder
holds what was imported.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from wandb_local.client import ask
from wandb_local.offline.log import DamagedLogError, EmptyLogError, OfflineLog, read_log
from wandb_local.offline.replay import Replay, plan, remember
from wandb_local.proxies import bypass
from wandb_local.store.folder import DataFolder

_OVERRIDES = ("WANDB_MODE", "WANDB_ENTITY", "WANDB_PROJECT", "WANDB_RUN_ID", "WANDB_RESUME", "WANDB_DISABLED")
_POLL = 0.2  # seconds


@dataclass
class Imported:
    """The result of an import: the names ``ENTITY/PROJECT/RUN`` of the runs, and a line for each error."""

    new: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def import_logs(folder: DataFolder, url: str, paths: Sequence[Path]) -> Imported:
    """Import ``.wandb`` files through the server at ``url``; shows a progress bar.

    Raises:
        ValueError: the wandb package is not installed.
    """
    if importlib.util.find_spec("wandb") is None:
        raise ValueError("the import needs the wandb client; run `pip install wandb`")
    done = Imported()
    replays = []
    for log in _without_replaced(_readable(paths, done)):
        replay = plan(folder, log, stored=_is_stored(folder, url, log.run))
        done.errors += replay.lacking.values()
        if replay.records:
            replays.append(replay)
        else:
            done.known.append(log.run)
    if replays:
        _sync(folder, url, replays, done)
    return done


def _readable(paths: Sequence[Path], done: Imported) -> list[OfflineLog]:
    logs = []
    for path in tqdm(paths, desc="check", unit="run", leave=False, disable=None):
        try:
            log = read_log(path)
        except EmptyLogError as error:
            done.notes.append(str(error))
            continue
        except (DamagedLogError, OSError) as error:
            done.errors.append(str(error))
            continue
        logs.append(log)
        if log.flaw is not None:
            lines = done.errors if log.damaged else done.notes
            lines.append(f"{log.path}: the file {log.flaw}; the records before that are imported")
    return logs


def _without_replaced(logs: Iterable[OfflineLog]) -> list[OfflineLog]:
    """The logs by start time, without logs of a run that was later started again without resuming."""
    kept: list[OfflineLog] = []
    replaced = set()
    for log in sorted(logs, key=lambda log: log.started, reverse=True):
        if log.run not in replaced:
            kept.append(log)
        if not log.resumes:
            replaced.add(log.run)
    return kept[::-1]


def _is_stored(folder: DataFolder, url: str, name: str) -> bool:
    query = "query($e:String,$p:String!,$r:String!){project(entityName:$e,name:$p){run(name:$r){id}}}"
    entity, project, run = name.split("/")
    answer = ask(folder, url, "/graphql", {"query": query, "variables": {"e": entity, "p": project, "r": run}})
    return bool((answer["data"]["project"] or {}).get("run"))


def _sync(folder: DataFolder, url: str, replays: Sequence[Replay], done: Imported) -> None:
    with tempfile.TemporaryDirectory(prefix="wandb-import-") as temporary:
        left = {_copy(Path(temporary), number, replay): replay for number, replay in enumerate(replays)}
        output = _run_client(folder, url, Path(temporary), left)
        complaints = [line for line in output.splitlines() if "ERROR" in line or "WARNING" in line]
        said = " ".join(complaints) or output[-500:]
        done.errors += [f"{replay.log.path}: `wandb sync` did not finish: {said}" for replay in left.values()]
        done.new += [replay.log.run for replay in replays if replay not in left.values()]


def _copy(temporary: Path, number: int, replay: Replay) -> Path:
    """A copy of the run's folder with links to the files, because the client adds files of its own."""
    folder = temporary / f"offline-run-{number}"
    path = replay.log.path
    ours = shutil.ignore_patterns("*.synced", "*.syncstate", path.name)
    shutil.copytree(path.resolve().parent, folder, copy_function=os.symlink, ignore=ours)
    replay.write(folder / path.name)
    return folder / path.name


def _remember_finished(folder: DataFolder, left: dict[Path, Replay]) -> int:
    """Record the logs that the client has marked as synced, remove them from ``left``, and return their number."""
    finished = [copy for copy in left if copy.with_suffix(".wandb.synced").exists()]
    for copy in finished:
        remember(folder, left.pop(copy), copy)
    return len(finished)


def _run_client(folder: DataFolder, url: str, temporary: Path, left: dict[Path, Replay]) -> str:
    """Run ``wandb sync`` on all copies at once, because it sorts the parts of a resumed run; returns its output.

    Each finished log is recorded at once, because this process may be interrupted.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _OVERRIDES}
    ours = {"WANDB_BASE_URL": url, "WANDB_API_KEY": folder.api_key, **bypass(os.environ, url)}
    environment = {**kept, **ours, "WANDB_SILENT": "false"}
    environment["WANDB_DIR"] = str(temporary)  # for its own log
    command = [sys.executable, "-m", "wandb", "sync", *map(str, left)]
    with (
        (temporary / "output").open("w+") as output,
        tqdm(total=len(left), desc="import", unit="run", disable=None) as bar,
    ):
        client = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            while client.poll() is None:
                time.sleep(_POLL)
                bar.update(_remember_finished(folder, left))
        finally:
            client.terminate()
            client.wait()
            bar.update(_remember_finished(folder, left))
        output.seek(0)
        return output.read()
