"""A program that is interrupted as a terminal does it: the signal goes to all processes of its group."""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
PATIENCE = 140  # seconds until it holds, and until it has ended
TAIL = 2000  # bytes that a failed test shows


class Ended(NamedTuple):
    """How a program ended: its code, what it wrote to both streams, and its processes that are still running."""

    code: int
    stdout: str
    stderr: str
    left: list[str]

    @property
    def lines(self) -> list[str]:
        """The lines of stderr as a terminal shows them: what a bar has drawn over is gone."""
        rows = self.stderr.replace("\r\n", "\n").split("\n")
        return [shown for row in rows if (shown := row.rstrip("\r").rpartition("\r")[2].strip())]


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    """Programs that start here hear Ctrl-C, also where the tests run in the background and their shell ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interrupt(
    words: Sequence[str | Path], environment: Mapping[str, str], when: Callable[[str], bool], delay: float = 0.0
) -> Ended:
    """Starts a program whose stderr is a terminal, and interrupts it, some seconds after `when` holds.

    Args:
        words: the command.
        environment: its variables.
        when: of all that it has written so far.
        delay: in seconds; the program must run that long.
    """
    with tempfile.TemporaryFile() as out:
        terminal, its_end = os.openpty()
        termios.tcsetwinsize(its_end, (24, 100))
        with _heard():
            process = subprocess.Popen(
                words, cwd=ROOT, env=environment, stdout=out, stderr=its_end, start_new_session=True
            )
        os.close(its_end)
        said = bytearray()
        deadline = time.monotonic() + PATIENCE
        try:
            while not when((said + _content(out)).decode(errors="replace")):
                _read(terminal, said)
                assert process.poll() is None, said[-TAIL:].decode()
                assert time.monotonic() < deadline, said[-TAIL:].decode()
            time.sleep(delay)
            family = psutil.Process(process.pid).children(recursive=True)
            os.killpg(process.pid, signal.SIGINT)
            deadline = time.monotonic() + PATIENCE
            while process.poll() is None:
                _read(terminal, said)
                assert time.monotonic() < deadline, said[-TAIL:].decode()
            _, running = psutil.wait_procs(family, timeout=20)
            _read(terminal, said)
        finally:
            process.kill()
            process.wait()
            os.close(terminal)
        left = [" ".join(each.cmdline()) for each in running]
        return Ended(process.returncode, _content(out).decode(), said.decode(), left)


def _read(terminal: int, said: bytearray) -> None:
    """Takes what a terminal shows within a moment; an error says that nobody writes to it any more."""
    with contextlib.suppress(OSError):
        while select.select([terminal], [], [], 0.01)[0]:
            said += os.read(terminal, 1 << 16)


def _content(file: IO[bytes]) -> bytes:
    return os.pread(file.fileno(), 1 << 24, 0)
