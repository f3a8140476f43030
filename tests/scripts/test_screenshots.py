"""The script that takes the README's pictures, for real: drawn scenes, tiny trainings, a sweep of two, a browser."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.screenshots import SCALE, WIDE, WIDTH
from tests.browser import require_browser

ROOT = Path(__file__).parents[2]


@pytest.mark.evening
def test_pictures_of_pages_without_a_fault(tmp_path):
    """A console error, a failed request or one to another host ends the script with exit code 2."""
    require_browser()
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    options = ["--quick", "--out", str(tmp_path / "out"), "--keep", str(tmp_path / "keep")]
    command = [sys.executable, "-m", "scripts.screenshots", *options]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"table.jpg", "row.jpg", "sweep.png"}
    for path in (tmp_path / "out").iterdir():
        with Image.open(path) as picture:
            assert picture.width == (WIDE if path.stem == "sweep" else WIDTH) * SCALE
            pixels = np.asarray(picture.convert("L"))
        assert pixels.std() > 10, f"{path.name} is nearly blank"
        assert (pixels[pixels.shape[0] // 2 :].std(axis=1) > 10).mean() > 0.2, f"{path.name}: empty lower half"
