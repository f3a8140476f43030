"""The commands of `python -m camvid` as processes."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs one, in which a warning is an error."""
    command = [sys.executable, "-W", "error", "-m", "camvid", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=250)
