"""A W&B run: started online or offline by one rule, finished whatever happens, and where it can be found."""

from __future__ import annotations

import glob
import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import wandb
from wandb.sdk.lib.wbauth import read_netrc_auth

from artifacts.errors import CLIENT_ERRORS
from artifacts.leaving import on_this_machine

ROOT = Path(__file__).resolve().parent.parent
CHOICES = ("WANDB_MODE", "WANDB_BASE_URL", "WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")
EPOCH_METRICS = ("train/*", "val/*", "lr", "throughput")  # drawn over epochs
REASON_LENGTH = 2000
RESERVED = ":;,#?/'\\"  # in the id of a run, which is the name of its folder too


def start_run(
    config: Mapping[str, Any],
    *,
    project: str,
    folder: Path,
    entity: str | None = None,
    name: str = "",
    tags: Iterable[str] = (),
    job_type: str = "train",
    resume_id: str | None = None,
    whole: bool = False,
    disabled: bool = False,
) -> wandb.Run:
    """Start a run whose files lie under `folder`/wandb and whose config tells the code version under `code`.

    Args:
        config: plain values by key.
        project: W&B project.
        folder: the run's own folder; made if missing.
        entity: user or team; None takes the client's default.
        name: display name; empty lets W&B choose.
        tags: tags of the run.
        job_type: what the run does, e.g. train or evaluate.
        resume_id: of the run to start or to go on with; offline it becomes one more part of that run. None makes one.
        whole: the caller logs again what an earlier process of the run has logged. Offline, this part then replaces the
            earlier ones, the ends of which are missing after a kill: the client writes its log in blocks of 32 KiB.
        disabled: a run that tracks nothing, such as those of the other processes of a training.

    Raises:
        ValueError: a project, an id or tags that W&B does not allow; nothing was made.
        ConnectionError: no server, or it refuses the key; the message names the ways out.
    """
    try:
        wandb.Settings(project=project or None, run_id=resume_id, run_tags=tuple(tags) or None)
    except (wandb.errors.UsageError, ValueError) as error:
        raise ValueError(f"W&B: {' '.join(str(error).split())}") from error
    folder.mkdir(parents=True, exist_ok=True)
    mode: Literal["disabled", "offline"] | None = "disabled" if disabled else tracking_mode()
    replaces = whole and (mode or wandb.setup().settings.mode) in ("offline", "dryrun")
    try:
        run = wandb.init(
            entity=entity,
            project=project,
            name=name or None,
            tags=list(tags) or None,
            job_type=job_type,
            dir=str(folder),
            config={**config, "code": code_version()},
            id=resume_id or secrets.token_hex(4),  # else WANDB_RUN_ID, which is that of a training
            resume="allow" if resume_id and not replaces else None,  # a log without it replaces the run when synced
            mode=mode,
        )
    except CLIENT_ERRORS as error:
        raise ConnectionError(
            f"W&B: no run could be started ({error}); check WANDB_BASE_URL and the key, or set WANDB_MODE=offline"
        ) from error
    if whole and not (run.offline or run.disabled):
        _set_aside_earlier_parts(run)
    run.define_metric("epoch")
    for pattern in EPOCH_METRICS:
        run.define_metric(pattern, step_metric="epoch")
    return run


def new_run_id() -> str:
    """WANDB_RUN_ID, which an agent of a sweep or a job sets, else an id that sorts by time.

    Raises:
        ValueError: an id that W&B does not allow, or that names no folder.
    """
    given = os.environ.get("WANDB_RUN_ID", "")
    if set(given) & set(RESERVED) or given != given.strip() or (given and not given.strip(".")):
        raise ValueError(f"WANDB_RUN_ID={given!r}: take letters, digits, dashes and underscores; none of {RESERVED}")
    return given or f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def require_answer() -> None:
    """Ask for a connection to a server on this machine; the client itself waits for 90 seconds.

    Raises:
        ConnectionError: the run would be tracked there, and nothing listens.
    """
    settings = wandb.setup().settings
    url = urlsplit(settings.base_url)
    if tracking_mode() or settings.mode != "online" or not on_this_machine(settings.base_url):
        return
    try:
        socket.create_connection((url.hostname, url.port or {"https": 443}.get(url.scheme, 80)), timeout=10).close()
    except OSError as error:
        raise ConnectionError(
            f"W&B: nothing answers at {settings.base_url} ({error.strerror or error}); start the server, set "
            "WANDB_BASE_URL to one that runs, or set WANDB_MODE=offline"
        ) from error


def tracking_mode() -> Literal["offline"] | None:
    """ "offline" where nothing says which server to use; None leaves it to the client's settings.

    A server is said by any of the variables in `CHOICES`, or by credentials that `wandb login` stored.
    """
    if any(os.environ.get(variable) for variable in CHOICES):
        return None
    settings = wandb.setup().settings
    return None if settings.api_key or read_netrc_auth(host=settings.base_url) else "offline"


def code_version(root: Path = ROOT) -> dict[str, str | bool | None]:
    """Commit, whether tracked files differ from it, and the program's name; None where this is no checkout."""
    top = _git(root, "rev-parse", "--show-toplevel")
    version: dict[str, str | bool | None] = {"commit": None, "dirty": None, "program": Path(sys.argv[0]).name}
    if top and Path(top).resolve() == root.resolve():  # installed into someone else's checkout, theirs says nothing
        version["commit"] = _git(root, "rev-parse", "HEAD") or None
        version["dirty"] = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    return version


def sync_hint(run: wandb.Run, table: str = "") -> str:
    """Where the run can be seen: its URL, or offline its folder and the command that sends it to a server.

    Args:
        run: under way or finished.
        table: key of a table that it has logged; on wandb_local, which has a page for each, its URL is named too.
    """
    if run.disabled:
        return "W&B: nothing was tracked (WANDB_MODE=disabled)"
    if not run.offline:
        known = table and has_table_pages(run.settings.base_url)
        return f"W&B run: {run.url}" + (f"\ntable:   {run.url}/tables/{quote(table)}" if known else "")
    folder = Path(run.sync_dir)
    logs = sorted(folder.parent.glob(f"offline-run-*/run-{run.id}.wandb"))  # a resumed run has several
    command = shlex.join(["wandb", "sync", *(str(log.parent) for log in logs)])
    return f"W&B run (offline): {folder}\nto send it to a server: {command}"


def has_table_pages(base_url: str) -> bool:
    """Whether this is wandb_local: W&B's own servers show tables on the run's page alone."""
    try:
        with urllib.request.urlopen(f"{base_url}/healthz", timeout=5) as answer:
            return bool(json.load(answer).get("server") == "wandb_local")
    except (OSError, ValueError, AttributeError):
        return False


@contextmanager
def tracked(run: wandb.Run) -> Iterator[wandb.Run]:
    """Finish the run at the end of the block; where the block raises, as failed, with the reason in its summary."""
    try:
        yield run
    except BaseException as error:
        finish_failed(run, error)
        raise
    _finish(run)


def finish_failed(run: wandb.Run, error: BaseException) -> None:
    """Finish the run as failed; its summary says why under `error`."""
    run.summary["error"] = f"{type(error).__name__}: {error}"[:REASON_LENGTH]
    _finish(run, exit_code=1)


def _finish(run: wandb.Run, exit_code: int = 0) -> None:
    run.finish(exit_code)
    if run.offline and not run.settings.resume:  # only now is all on the disk that the earlier parts hold
        _set_aside_earlier_parts(run)


def _set_aside_earlier_parts(run: wandb.Run) -> None:
    """Renames what was tracked offline before the run started again, so that `wandb sync` and import pass over it."""
    mine = Path(run.sync_dir)
    for part in mine.parent.glob(f"offline-run-*-{glob.escape(run.id)}"):
        if part != mine:
            part.rename(part.with_name(f"replaced-{part.name}"))


def _git(root: Path, *arguments: str) -> str:
    """What git prints, empty where there is no git or no checkout."""
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
