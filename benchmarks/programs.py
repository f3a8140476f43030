"""Runs a program with a time limit, and notes when it printed what."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from files.interrupts import unwinding

ROOT = Path(__file__).resolve().parents[1]  # the checkout, or the folder into which pip installed it
BAR = re.compile(r"\d+%\|")  # of a line of a progress bar


class Line(NamedTuple):
    """A printed line, and when it came, in seconds after the start. A progress bar is a line each time it is drawn."""

    seconds: float
    text: str


class Ended(NamedTuple):
    """How a program ended: its seconds, exit code, lines of both streams, and whether the time limit ended it."""

    seconds: float
    code: int
    lines: list[Line]
    stopped: bool

    @property
    def fault(self) -> str:
        """Why it failed, in one line; empty if it did not."""
        if self.stopped:
            return f"stopped after {self.seconds:.0f} s, the time that was left for it"
        if not self.code:
            return ""
        said = [line.text for line in self.lines if not BAR.search(line.text)]
        errors = [text.removeprefix("error: ") for text in said if text.startswith("error: ")]
        ending = f"killed by signal {-self.code}" if self.code < 0 else f"exit code {self.code}"
        return errors[-1] if errors else ": ".join([ending, *said[-1:]])


def run_limited(
    words: Sequence[str],
    log: Path,
    limit: float,
    hear: Callable[[str], None] = lambda text: None,
    variables: Mapping[str, str] | None = None,
) -> Ended:
    """Runs a program in the folder `ROOT`. After `limit` seconds, and after an error here, its processes are killed.

    Its temporary files are deleted.

    Args:
        words: the program and its arguments.
        log: what it prints, without progress bars, is added to this file.
        limit: seconds.
        hear: called with each line as soon as it is printed.
        variables: additions to the environment.
    """
    started, lines, stopped = time.perf_counter(), list[Line](), threading.Event()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(variables or {})}
    environment.pop("WANDB_SERVICE", None)  # a process of W&B's client that this one has started
    log.parent.mkdir(parents=True, exist_ok=True)
    scratch = tempfile.TemporaryDirectory(prefix="g", ignore_cleanup_errors=True)  # a short path, as of sockets
    with (
        unwinding(),
        scratch as folder,
        log.open("a", encoding="utf-8") as file,
        _started(words, environment | {"TMPDIR": folder}) as process,
    ):
        timer = threading.Timer(limit, _stop, (process, stopped))
        timer.start()
        try:
            assert process.stdout is not None
            for text in _lines(process.stdout):
                lines.append(Line(time.perf_counter() - started, text))
                if not BAR.search(text):
                    file.write(f"{text}\n")
                hear(text)
            process.wait()
        finally:
            timer.cancel()
            _kill(process)
    return Ended(time.perf_counter() - started, process.returncode, lines, stopped.is_set())


def _started(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The process, the first one of a group, so that all that it starts can be killed."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True, **pipes)  # type: ignore[call-overload, no-any-return]


def _stop(process: subprocess.Popen[bytes], stopped: threading.Event) -> None:
    stopped.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):  # all of them have ended
        os.killpg(process.pid, signal.SIGKILL)


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """The lines that are not empty; a carriage return ends one, too."""
    rest = b""
    while part := os.read(stream.fileno(), 1 << 16):
        *whole, rest = (rest + part).replace(b"\r", b"\n").split(b"\n")
        yield from (line.decode(errors="replace").rstrip() for line in whole if line.strip())
    if rest.strip():
        yield rest.decode(errors="replace").rstrip()
