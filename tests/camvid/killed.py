"""A command of the project that is killed on its way."""

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def kill_once_there(words: Sequence[str | Path], folder: Path, pattern: str) -> None:
    """Starts a command and kills it as soon as the folder holds a file of the pattern."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=quiet, stderr=quiet) as process:
        deadline = time.monotonic() + 120
        while not list(folder.glob(pattern)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
