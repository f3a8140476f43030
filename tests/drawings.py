"""Drawn data sets: each is drawn once for all tests and processes, and copied to where a test wants it."""

import os
import shutil
from pathlib import Path
from typing import Any

ROOT: list[Path] = []  # where they are kept; `tests/conftest.py` says it


def synth_once(folder: Path, **settings: Any) -> None:
    """As `camvid.synth.synth`, for tests of other things than the drawing."""
    from camvid.synth import synth

    kept = ROOT[0] / "-".join(["drawn", *(f"{name}={settings[name]}" for name in sorted(settings))]).replace("/", "_")
    if not kept.exists():
        own = kept.with_name(f"{kept.name}.{os.getpid()}")
        synth(own, **settings)
        try:
            own.rename(kept)
        except OSError:  # another process was faster
            shutil.rmtree(own)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
