"""``python -m wandb_local``: serve, exec, status, gc."""

import argparse
import base64
import json
import logging
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from wandb_local.errors import FolderInUseError
from wandb_local.folder import DataFolder, default_folder

_START_TIMEOUT = 30.0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return int(options.command(options))
    except (ValueError, OSError, FolderInUseError) as error:
        if options.debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m wandb_local", description="A W&B server for one machine.")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = _command(commands, "serve", _serve, "serve until interrupted; prints the two variables to export")
    serve.add_argument("--port", type=int, default=8080, help="0 takes any free port (default: %(default)s)")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    serve.add_argument("--certfile", type=Path, help="certificate for https (with --keyfile)")
    serve.add_argument("--keyfile", type=Path, help="private key for https (with --certfile)")
    execute = _command(commands, "exec", _exec, "run a command against the server, starting one if none runs")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    _command(commands, "status", _status, "what the running server stores")
    gc = _command(commands, "gc", _gc, "delete blobs that no run and no artifact version refers to")
    gc.add_argument("--grace", type=float, default=86400, help="spare what is younger, in seconds (default: one day)")
    return parser


def _command(commands: Any, name: str, function: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--data", type=Path, default=default_folder(), help="data folder (default: %(default)s)")
    parser.set_defaults(command=function)
    return parser


def _serve(options: argparse.Namespace) -> int:
    from wandb_local.server import Address, serve

    if (options.certfile is None) != (options.keyfile is None):
        raise ValueError("--certfile and --keyfile: give both or neither")
    serve(DataFolder(options.data), Address(options.host, options.port, options.certfile, options.keyfile))
    return 0


def _exec(options: argparse.Namespace) -> int:
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise ValueError("exec: give the command after --")
    folder = DataFolder(options.data)
    url, started = running_server(folder), None
    if url is None:
        serve = [sys.executable, "-m", "wandb_local", "serve", "--port", "0", "--data", str(folder.root)]
        started = subprocess.Popen(serve, stdout=subprocess.DEVNULL, start_new_session=True)
        url = _wait_for(folder, started)
    environment = {**os.environ, "WANDB_BASE_URL": url, "WANDB_API_KEY": folder.api_key}
    try:
        return subprocess.run(argv, env=environment, check=False).returncode
    finally:
        if started is not None:
            started.terminate()
            started.wait()


def _wait_for(folder: DataFolder, server: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        url = running_server(folder)
        if url is not None:
            return url
        time.sleep(0.05)
    raise ValueError(f"no server came up on {folder.root}")


def _status(options: argparse.Namespace) -> int:
    folder = DataFolder(options.data)
    url = running_server(folder)
    if url is None:
        print(f"no server runs on {folder.root}")
        return 1
    print(json.dumps({"url": url, "data": str(folder.root), **_ask(folder, url, "/status")}, indent=2))
    return 0


def _gc(options: argparse.Namespace) -> int:
    from wandb_local.maintenance import collect_garbage
    from wandb_local.server import open_services

    folder = DataFolder(options.data)
    url = running_server(folder)
    if url is not None:
        deleted = _ask(folder, url, "/gc", {"grace": options.grace})
    else:
        folder.lock()
        try:
            deleted = collect_garbage(open_services(folder), options.grace)
        finally:
            folder.unlock()
    print(
        f"deleted {deleted['blobs']} blobs ({deleted['bytes']} bytes), {deleted['versions']} versions never committed"
    )
    return 0


def running_server(folder: DataFolder) -> str | None:
    """The URL of the server that answers for this data folder, or None."""
    url = folder.address()
    if url is None:
        return None
    try:
        _ask(folder, url, "/status")
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return url


def _ask(folder: DataFolder, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(url + path, data=None if body is None else json.dumps(body).encode())
    key = base64.b64encode(f"api:{folder.api_key}".encode()).decode()
    request.add_header("Authorization", f"Basic {key}")
    unverified = ssl._create_unverified_context()  # the certificate is ours and the address loopback
    with urllib.request.urlopen(request, timeout=60, context=unverified) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer


if __name__ == "__main__":
    sys.exit(main())
