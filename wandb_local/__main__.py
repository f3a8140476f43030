"""``python -m wandb_local``, or ``wandb-local``: serve, exec, import, status, gc, verify, backup, restore, export."""

import sys

from wandb_local.interrupts import end_at_once, run

if __name__ == "__main__" or sys.argv[0].endswith("wandb-local"):
    end_at_once()  # before the other imports

import argparse
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wandb_local import commands
from wandb_local.commands import DEFAULT_PORT, program
from wandb_local.errors import FolderInUseError
from wandb_local.store.folder import default_folder
from wandb_local.store.room import out_of_room


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code. A user's error is one line on stderr and exit code 2."""
    try:
        options = parser().parse_args(arguments)
    except ModuleNotFoundError as error:
        print(f"error: {_missing(error)}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return run(lambda: int(options.command(options)))
    except (ModuleNotFoundError, ValueError, OSError, sqlite3.Error, FolderInUseError) as error:
        if options.debug:
            raise
        print(f"error: {_said(error, options)}", file=sys.stderr)
        return 2


def _missing(error: ModuleNotFoundError) -> str:
    return f"{error.name} is not installed; run `pip install ./wandb_local` in the checkout"


def _said(error: Exception, options: argparse.Namespace) -> str:
    """The message for a user, with the folder that the error is about."""
    if isinstance(error, ModuleNotFoundError):
        return _missing(error)
    places = [options.data, *(getattr(options, name) for name in ("target",) if hasattr(options, name))]
    named = f"{options.data}: {error}" if isinstance(error, sqlite3.Error) else str(error)
    return out_of_room(error, places) or named


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog=" ".join(program()), description="A W&B server for one machine.")
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    names = top.add_subparsers(required=True, metavar="COMMAND")
    serve = _add(
        names,
        "serve",
        commands.serve,
        "serve until interrupted; prints the variables to export and the address of the pages",
    )
    serve.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port; 0 takes any free port (default: %(default)s)"
    )
    serve.add_argument("--any-port", action="store_true", help="take any free port if --port is in use")
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s, which only this machine can reach)",
    )
    serve.add_argument("--on-demand", action="store_true", help=argparse.SUPPRESS)  # exec's: its last user stops it
    serve.add_argument("--certfile", type=Path, help="certificate for https (with --keyfile)")
    serve.add_argument("--keyfile", type=Path, help="private key for https (with --certfile)")
    execute = _add(
        names, "exec", commands.execute, "run a command that uses the server; a server is started if none runs"
    )
    execute.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="port of a server that is started; any free port if this one is in use",
    )
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    imports = _add(names, "import", commands.import_runs, "import runs that were tracked offline into the data folder")
    imports.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="wandb/offline-run-…",
        help="folder of an offline run, or any folder above such folders",
    )
    _add(names, "status", commands.status, "print how much the running server stores")
    gc = _add(names, "gc", commands.gc, "delete blobs that no record needs, and artifact versions past their ttl")
    gc.add_argument(
        "--grace", type=_seconds, default=86400, help="keep everything younger than this, in seconds (default: one day)"
    )
    gc.add_argument("--dry-run", action="store_true", help="report what would be deleted, and delete nothing")
    verify = _add(
        names,
        "verify",
        commands.verify,
        "read everything that is stored, and print what is damaged and what it belongs to",
    )
    verify.add_argument(
        "--set-aside",
        action="store_true",
        help="move damaged blobs to damaged/; logging the same files again stores them again",
    )
    backup = _add(
        names, "backup", commands.backup, "copy the data folder, with the API key, while its server keeps running"
    )
    backup.add_argument("target", type=Path, help="new folder, or an earlier backup to update")
    restore = _add(names, "restore", commands.restore, "make the data folder --data from a backup")
    restore.add_argument("source", type=Path, metavar="BACKUP")
    export = _add(names, "export", commands.export, "write a run as files, with its artifacts")
    export.add_argument("run", metavar="ENTITY/PROJECT/RUN")
    export.add_argument("target", type=Path, help="new folder")
    export.add_argument(
        "--no-artifacts",
        action="store_true",
        help="leave out the files of the artifact versions that the run logged or used",
    )
    return top


def _add(names: Any, name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = names.add_parser(name, help=text, description=text)
    added.add_argument("--data", type=Path, default=default_folder(), help="data folder (default: %(default)s)")
    added.set_defaults(command=command)
    return added


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) >= 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is not a port; give 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not seconds >= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds; give 0 or more")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
