"""How the tests start the recipe."""

import os
import subprocess
import sys
from pathlib import Path

from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]

SMALL = ["--backbone=mobilenetv3_small_050", "--resize_factor=0.67", "--batch_size=4", "--augment=crop", "--lr=0.003"]


def variables(folder):
    """What a training is started with: W&B offline, all that it leaves in the folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    places = {name: str(folder / name) for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR")}
    ways = {"WANDB_MODE": "offline", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return kept | places | ways | {"XDG_CACHE_HOME": str(folder / "cache")}


def command(data, out, *flags):
    return [sys.executable, "train.py", f"--data={data}", f"--out={out}", *SMALL, *flags]


def run(words, environment, code=0):
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def only(folder):
    (child,) = folder.iterdir()
    return child


def weights(folder):
    return load_file(folder / "model.safetensors")
