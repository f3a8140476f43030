"""Start a W&B run online or offline, finish it also after an error, and report where it can be found."""

from __future__ import annotations

import glob
import json
import os
import secrets
import shlex
import shutil
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
from files.interrupts import advising, unwinding

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
    """Start a run with its files in `folder`/wandb and the code version in its config under `code`.

    Args:
        config: plain values by key.
        project: W&B project.
        folder: the run's own folder; made if missing.
        entity: user or team; None takes the client's default.
        name: display name; empty lets W&B choose.
        tags: tags of the run.
        job_type: what the run does, e.g. train or evaluate.
        resume_id: id of the run to start or to resume; offline, a resumed run gets one more part. None makes a new id.
        whole: the caller logs again what an earlier process of the run has logged. Offline, this part then replaces the
            earlier parts, which may lack their last rows after a kill: the client writes its log in blocks of 32 KiB.
        disabled: the run tracks nothing, as in all processes of a training but the first.

    Raises:
        ValueError: W&B does not allow the project, the id or the tags; no run was started.
        ConnectionError: there is no server, or it refuses the key; the message says what to do.
    """
    try:
        wandb.Settings(project=project or None, run_id=resume_id, run_tags=tuple(tags) or None)
    except (wandb.errors.UsageError, ValueError) as error:
        raise ValueError(f"W&B: {' '.join(str(error).split())}") from error
    mode: Literal["disabled", "offline"] | None = "disabled" if disabled else tracking_mode()
    replaces = whole and (mode or wandb.setup().settings.mode) in ("offline", "dryrun")
    try:
        with _folder(folder):
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
            f"W&B: the run could not be started ({error}); check WANDB_BASE_URL and the key, or set WANDB_MODE=offline"
        ) from error
    if whole and not (run.offline or run.disabled):
        _set_aside_earlier_parts(run)
    run.define_metric("epoch")
    for pattern in EPOCH_METRICS:
        run.define_metric(pattern, step_metric="epoch")
    return run


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """The folder, made if it is missing; then it goes again if the block raises."""
    missing = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with unwinding():
        try:
            yield
        except BaseException:
            if missing:
                shutil.rmtree(folder, ignore_errors=True)
            raise


def new_run_id() -> str:
    """WANDB_RUN_ID, which an agent of a sweep or a job may set, or else an id that sorts by time.

    Raises:
        ValueError: W&B does not allow the id, or it cannot be the name of a folder.
    """
    given = os.environ.get("WANDB_RUN_ID", "")
    if set(given) & set(RESERVED) or given != given.strip() or (given and not given.strip(".")):
        raise ValueError(f"WANDB_RUN_ID={given!r}: use letters, digits, dashes and underscores, and none of {RESERVED}")
    return given or f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def require_answer() -> None:
    """Check that the server answers, if it is on this machine; the client itself would wait for 90 seconds.

    Raises:
        ConnectionError: the run would be tracked on a server that does not answer.
    """
    settings = wandb.setup().settings
    url = urlsplit(settings.base_url)
    if tracking_mode() or settings.mode != "online" or not on_this_machine(settings.base_url):
        return
    try:
        socket.create_connection((url.hostname, url.port or {"https": 443}.get(url.scheme, 80)), timeout=10).close()
    except OSError as error:
        raise ConnectionError(
            f"W&B: no server answers at {settings.base_url} ({error.strerror or error}); start it, set WANDB_BASE_URL "
            "to a server that runs, or set WANDB_MODE=offline"
        ) from error


def tracking_mode() -> Literal["offline"] | None:
    """ "offline" if no server is chosen; None leaves the mode to the client's settings.

    A server is chosen by any of the variables in `CHOICES`, or by credentials that `wandb login` stored.
    """
    if any(os.environ.get(variable) for variable in CHOICES):
        return None
    settings = wandb.setup().settings
    return None if settings.api_key or read_netrc_auth(host=settings.base_url) else "offline"


def code_version(root: Path = ROOT) -> dict[str, str | bool | None]:
    """Commit, whether tracked files differ from it (both None outside a checkout), and the program's name."""
    top = _git(root, "rev-parse", "--show-toplevel")
    version: dict[str, str | bool | None] = {"commit": None, "dirty": None, "program": Path(sys.argv[0]).name}
    if top and Path(top).resolve() == root.resolve():  # installed into someone else's checkout, theirs says nothing
        version["commit"] = _git(root, "rev-parse", "HEAD") or None
        version["dirty"] = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    return version


def sync_hint(run: wandb.Run, table: str = "") -> str:
    """Where the run can be seen: its URL, or offline its folder and the command that sends it to a server.

    Args:
        run: a running or finished run.
        table: key of a table that the run has logged; wandb_local has a page for each table, whose URL is given too.
    """
    if run.disabled:
        return "W&B: the run was not tracked (WANDB_MODE=disabled)"
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
def tracked(run: wandb.Run, last: Iterable[str] = ()) -> Iterator[wandb.Run]:
    """Finish the run at the end of the block; if the block raises, the run fails, with the reason in its summary.

    Args:
        run: a run that was started.
        last: lines that are printed below those of the client, also if Ctrl-C comes while the client prints its own.
    """
    with unwinding():
        try:
            yield run
        except BaseException as error:
            finish_failed(run, error)
            raise
        if run.summary.get("error"):  # type: ignore[no-untyped-call]  # of an earlier part of the run
            del run.summary["error"]  # type: ignore[no-untyped-call]
        try:
            with advising("the run is complete, but W&B's client may not have sent all of it"):
                _finish(run)
        finally:
            for line in last:
                print(line, flush=True)


def finish_failed(run: wandb.Run, error: BaseException) -> None:
    """Finish the run as failed; its summary says why under `error`."""
    run.summary["error"] = f"{type(error).__name__}: {error}".removesuffix(": ")[:REASON_LENGTH]
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
    """The output of git; empty if there is no git or no checkout."""
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
