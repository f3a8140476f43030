"""Bringing offline runs into a data folder, with the unmodified client's ``wandb sync``.

The client is given links in a temporary folder, so that it leaves no marks beside the user's files: these can be synced
to W&B's cloud later. What has been imported is remembered in the data folder by the file's digest, because a run that
was resumed would otherwise grow by a second copy of its rows.
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
from wandb_local.folder import DataFolder, write_private
from wandb_local.offline.log import DamagedLogError, OfflineLog, read_log

_OVERRIDES = ("WANDB_MODE", "WANDB_ENTITY", "WANDB_PROJECT", "WANDB_RUN_ID", "WANDB_RESUME", "WANDB_DISABLED")
_POLL = 0.2  # seconds


@dataclass
class Imported:
    """What became of the runs: their names ``ENTITY/PROJECT/RUN``, and one line for each thing that went wrong."""

    new: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def find_logs(paths: Iterable[Path]) -> list[Path]:
    """The ``.wandb`` files of run folders, or of folders that hold offline runs, without repetition, sorted.

    Raises:
        ValueError: there is no offline run at a path.
    """
    found: dict[tuple[int, int], Path] = {}
    for path in paths:
        logs = [path] if path.suffix == ".wandb" and path.is_file() else sorted(path.glob("*.wandb"))
        logs = logs or sorted([*path.glob("offline-run-*/*.wandb"), *path.glob("wandb/offline-run-*/*.wandb")])
        if not logs:
            raise ValueError(f"{path}: no offline run; give wandb/offline-run-…, or a folder that holds such folders")
        found.update({(log.stat().st_dev, log.stat().st_ino): log for log in logs})
    return sorted(found.values())


def import_logs(folder: DataFolder, url: str, paths: Sequence[Path]) -> Imported:
    """Import ``.wandb`` files through the server at ``url``; shows a progress bar.

    Raises:
        ValueError: the wandb package is not installed.
    """
    if importlib.util.find_spec("wandb") is None:
        raise ValueError("importing needs the wandb client: install it with `pip install wandb`")
    done, logs = Imported(), []
    for path in tqdm(paths, desc="check", unit="run", leave=False, disable=None):
        try:
            log = read_log(path)
        except (DamagedLogError, OSError) as error:
            done.errors.append(str(error))
            continue
        if _is_known(folder, url, log):
            done.known.append(log.run)
        else:
            logs.append(log)
        if log.flaw is not None:
            (done.errors if log.damaged else done.notes).append(
                f"{log.path}: {log.flaw}; what is before it is imported"
            )
    if logs:
        _sync(folder, url, logs, done)
    return done


def _is_known(folder: DataFolder, url: str, log: OfflineLog) -> bool:
    """Whether these very bytes have been imported, and the run has not been deleted since."""
    return (folder.imported / log.digest).exists() and _is_stored(folder, url, log.run)


def _is_stored(folder: DataFolder, url: str, name: str) -> bool:
    query = "query($e:String,$p:String!,$r:String!){project(entityName:$e,name:$p){run(name:$r){id}}}"
    entity, project, run = name.split("/")
    answer = ask(folder, url, "/graphql", {"query": query, "variables": {"e": entity, "p": project, "r": run}})
    return bool((answer["data"]["project"] or {}).get("run"))


def _sync(folder: DataFolder, url: str, logs: Sequence[OfflineLog], done: Imported) -> None:
    with tempfile.TemporaryDirectory(prefix="wandb-import-") as temporary:
        links = [_link(Path(temporary), number, log) for number, log in enumerate(logs)]
        output = _run_client(folder, url, Path(temporary), links)
        for link, log in zip(links, logs, strict=True):
            if not _mark(link).exists() and not (log.flaw and _is_stored(folder, url, log.run)):
                complaints = [line for line in output.splitlines() if "ERROR" in line or "WARNING" in line]
                done.errors.append(f"{log.path}: `wandb sync` did not finish: {' '.join(complaints) or output[-500:]}")
                continue
            write_private(folder.imported / log.digest, log.run)
            done.new.append(log.run)


def _link(temporary: Path, number: int, log: OfflineLog) -> Path:
    """A copy of the run's folder with links for files: the client adds files and marks of its own."""
    folder = temporary / f"offline-run-{number}"
    marks = shutil.ignore_patterns("*.synced", "*.syncstate")
    shutil.copytree(log.path.resolve().parent, folder, copy_function=os.symlink, ignore=marks)
    return folder / log.path.name


def _mark(log: Path) -> Path:
    return log.with_suffix(".wandb.synced")


def _run_client(folder: DataFolder, url: str, temporary: Path, links: Sequence[Path]) -> str:
    """Run ``wandb sync`` on the links, all at once as it puts the parts of a resumed run in order; its output."""
    kept = {name: value for name, value in os.environ.items() if name not in _OVERRIDES}
    environment = {**kept, "WANDB_SILENT": "false", "WANDB_BASE_URL": url, "WANDB_API_KEY": folder.api_key}
    environment["WANDB_DIR"] = str(temporary)  # for its own log
    command = [sys.executable, "-m", "wandb", "sync", *map(str, links)]
    with (
        (temporary / "output").open("w+") as output,
        tqdm(total=len(links), desc="import", unit="run", disable=None) as bar,
    ):
        client = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            while client.poll() is None:
                time.sleep(_POLL)
                bar.update(sum(_mark(link).exists() for link in links) - bar.n)
        finally:
            client.terminate()
            client.wait()
        bar.update(len(links) - bar.n if client.returncode == 0 else 0)
        output.seek(0)
        return output.read()
