"""The subcommands of ``python -m wandb_local``; each returns the exit code."""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from wandb_local.client import ask, running_server
from wandb_local.leases import served
from wandb_local.proxies import bypass
from wandb_local.store.folder import DataFolder, default_folder

DEFAULT_PORT = 8080
AGAIN = "WANDB_LOCAL_EXEC"  # for a command that `exec` runs: the words that stand before it
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


def program() -> list[str]:
    """The words that started this process: the console script, or the package by its name."""
    return ["wandb-local"] if Path(sys.argv[0]).stem == "wandb-local" else ["python", "-m", "wandb_local"]


def again() -> list[str]:
    """The words that start this program again: a path if PATH has no such program, or another one."""
    name, *more = program()
    own = Path(sys.executable if more else sys.argv[0]).absolute()
    known = shutil.which(name)
    if known is None or Path(known).absolute().parent != own.parent:
        name = str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own)
    return [name, *more]


def serve(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from wandb_local.address import Address
    from wandb_local.server import serve_folder

    if (options.certfile is None) != (options.keyfile is None):
        raise ValueError("--certfile and --keyfile must be given together; give both or neither")
    address = Address(options.host, options.port, options.certfile, options.keyfile, options.any_port)
    serve_folder(DataFolder(options.data), address, options.on_demand)
    return 0


def execute(options: argparse.Namespace) -> int:
    """Run a command with the variables set, against a server that is started if none runs."""
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise ValueError("exec: the command is missing; give it after --")
    folder = DataFolder(options.data)
    for number in _PASSED_ON:
        signal.signal(number, _leave)  # before the command runs, too, a server that was started is stopped
    with served(folder, options.port) as url:
        variables = {"WANDB_BASE_URL": url, "WANDB_API_KEY": folder.api_key, **bypass(os.environ, url)}
        environment = {**os.environ, **variables, AGAIN: _words_before(options, folder)}
        code = _run(argv, environment)
    if running_server(folder) is None:
        port = urlsplit(url).port
        command = [*again(), "serve", *_place(folder, port)]
        print(f"to browse the tracked runs at {url}, start: {shlex.join(command)}", file=sys.stderr)
    return code


def _words_before(options: argparse.Namespace, folder: DataFolder) -> str:
    """What a user types before the command to run it once more on the same server."""
    return shlex.join([*again(), "exec", *_place(folder, options.port), "--"])


def _place(folder: DataFolder, port: int | None) -> list[str]:
    """The flags for this folder and port, without those that are the default."""
    flags = [] if port == DEFAULT_PORT else ["--port", str(port)]
    return flags if folder.root == default_folder().resolve() else [*flags, "--data", str(folder.root)]


def _run(argv: list[str], environment: dict[str, str]) -> int:
    """Run a command to its end. Signals that would end this process go to the command, which may have to clean up; an
    interrupt from the keyboard reaches it by itself."""
    early: list[int] = []  # came when the command was about to start
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: object) -> None:
        if running:
            running[0].send_signal(number)
        else:
            early.append(number)

    for number in _PASSED_ON:
        signal.signal(number, pass_on)
    with subprocess.Popen(argv, env=environment) as process:
        running.append(process)
        for came in early:
            process.send_signal(came)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = process.wait()
    return code if code >= 0 else 128 - code  # as shells say which signal ended it


def _leave(number: int, _: object) -> None:
    sys.exit(128 + number)


def import_runs(options: argparse.Namespace) -> int:
    """Bring offline runs into the data folder; 2 if something went wrong with any of them."""
    from wandb_local.offline.found import find_logs
    from wandb_local.offline.imports import import_logs

    folder, logs = DataFolder(options.data), find_logs(options.paths)
    with served(folder) as url:
        done = import_logs(folder, url, logs)
    for name in dict.fromkeys(done.new):
        print(f"imported {name}")
    for name in dict.fromkeys(done.known):
        print(f"{name} was already imported")
    for kind, lines in (("note", done.notes), ("error", done.errors)):
        for line in lines:
            print(f"{kind}: {line}", file=sys.stderr)
    return 2 if done.errors else 0


def status(options: argparse.Namespace) -> int:
    """Print what the running server stores; 1 if none runs."""
    folder = DataFolder(options.data)
    url = running_server(folder)
    if url is None:
        print(f"no server runs on {folder.root}")
        return 1
    print(json.dumps({"url": url, "data": str(folder.root), **ask(folder, url, "/status")}, indent=2))
    return 0


def gc(options: argparse.Namespace) -> int:
    """Delete, or count, blobs that nothing refers to, through the running server or, if none runs, directly."""
    from wandb_local.maintenance import collect_garbage
    from wandb_local.server import open_services

    folder = DataFolder(options.data)
    url = running_server(folder)
    if url is not None:
        found = ask(folder, url, "/gc", {"grace": options.grace, "dry_run": options.dry_run})
    else:
        folder.check()
        folder.lock()
        try:
            found = collect_garbage(open_services(folder, alone=True), options.grace, dry_run=options.dry_run)
        finally:
            folder.unlock()
    did = "would be deleted" if options.dry_run else "deleted"
    print(f"{did}: {found['blobs']} blobs that no record needs ({found['bytes']} bytes)")
    print(f"{did}: {found['versions']} unfinished versions, {found['uploads']} unfinished uploads of big files")
    print(f"{did}: {found['expired']} versions past their ttl")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Print what is damaged in the data folder; 1 if anything is."""
    from wandb_local.verify import faults

    folder, count = DataFolder(options.data), 0
    for line in faults(folder, set_aside=options.set_aside):
        print(line)
        count += 1
    if not count:
        print(f"{folder.root}: all records, manifests and blobs are undamaged")
    elif options.set_aside:
        print("damaged blobs were moved to damaged/; log the same files again to store them again")
    return 1 if count else 0


def backup(options: argparse.Namespace) -> int:
    """Copy the data folder, while its server goes on; 1 if something in it is damaged."""
    from wandb_local.backup import back_up

    return _copied(options.target, *back_up(DataFolder(options.data), options.target))


def restore(options: argparse.Namespace) -> int:
    """Make the data folder of a backup; 1 if something in it is damaged."""
    from wandb_local.backup import restore

    return _copied(options.data, *restore(options.source, DataFolder(options.data)))


def _copied(target: Path, count: int, damaged: list[str]) -> int:
    print(f"{target}: the records and {count} blobs were copied")
    if damaged:
        print(f"error: {len(damaged)} blobs are damaged and were left out; `verify` names them", file=sys.stderr)
    return 1 if damaged else 0


def export(options: argparse.Namespace) -> int:
    """Write a run as files; 1 if some of its files are lost."""
    from wandb_local.export import export_run

    folder = DataFolder(options.data)
    folder.check()
    done = export_run(folder, options.run, options.target, artifacts=not options.no_artifacts)
    for name, place in done.renamed.items():
        print(f"note: {name}: the file system does not allow this name; the file is {place}", file=sys.stderr)
    for name in done.lost:
        print(f"error: {name}: the file was left out: its blob is damaged or missing; see `verify`", file=sys.stderr)
    records = "run.json, history.jsonl, events.jsonl, output.log"
    print(f"{options.target}: {records}, {done.files} files and {done.versions} artifact versions")
    return 1 if done.lost else 0
