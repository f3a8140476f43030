"""A data set that is larger than the cache: its check, its statistics, the start of a training, and the training.

    python -m benchmarks.large [--frames 3000] [--size 1024 2048] [--ending png] [--home FOLDER] [--only check,start]

The set has two dozen drawn frames under many names (hard links). So its files come from memory, and the time of a disk
is not measured. Memory is the peak of PSS over all processes. The table has seconds of the processor beside seconds of
the clock, because other programs of the machine lengthen the latter.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import psutil
from PIL import Image

from benchmarks.loading import wait_share
from camvid.frames import training_frames
from camvid.layouts import open_dataset
from camvid.loaders import train_loader
from camvid.synth import synth
from files.ordered import cores

DRAWN, FEW = 24, 0.02  # frames that are drawn; share of the frames that val and test get, each
SIZE, BATCH = (512, 1024), 8  # of a training image at resize_factor 0.5
LOOP, LOOP_SIZE = 362, (352, 480)  # images/s that our loop trained on an H200, UNet over EfficientNet-Lite0, bf16
FLAGS = ("--backbone=tf_efficientnet_lite0", "--cache_gb=2", "--log_data=none", "--device=cpu", "--epochs=1")
GB = 2**30


class Cost(NamedTuple):
    """Seconds of the clock and of the processor, and bytes at the peak."""

    wall: float
    cpu: float
    memory: int


def draw(root: Path, frames: int, size: tuple[int, int], ending: str) -> None:
    """A data set in SegNet's layout. All but a few of its frames are for training."""
    source = root.with_name("drawn")
    if not source.exists():
        synth(source, frames=DRAWN, seed=0, layout="segnet", size=size)
    pairs = [(path, source / "trainannot" / path.name) for path in sorted((source / "train").glob("*.png"))]
    if ending == "jpg":
        pairs = [(_as_jpeg(image), mask) for image, mask in pairs]
    few = max(1, round(FEW * frames))
    for split, count in {"train": frames - 2 * few, "val": few, "test": few}.items():
        for folder in (root / split, root / f"{split}annot"):
            folder.mkdir(parents=True)
        for number, (image, mask) in zip(range(count), cycle(pairs)):
            os.link(image, root / split / f"{split}_{number:06d}{image.suffix}")
            os.link(mask, root / f"{split}annot" / f"{split}_{number:06d}.png")
    os.link(source / "codes.txt", root / "codes.txt")


def _as_jpeg(path: Path) -> Path:
    made = path.with_suffix(".jpg")
    Image.open(path).save(made, quality=92)
    return made


@contextmanager
def peak(process: psutil.Process) -> Iterator[list[int]]:
    """The largest PSS so far of a process and its children, as the only item of a list."""
    most, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            most[0] = max(most[0], sum(map(_pss, _tree(process))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


def _tree(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def command(home: Path, *words: str, until: Callable[[], bool] = lambda: False, more: float = 0) -> Cost:
    """Runs a command of the harness, either to its end or until some seconds after a condition holds."""
    environment = os.environ | {"XDG_CACHE_HOME": str(home / "cache"), "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    started, before = time.perf_counter(), os.times()
    process = subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.DEVNULL)
    with peak(psutil.Process(process.pid)) as most:
        while process.poll() is None and not until():
            time.sleep(0.05)
        wall = time.perf_counter() - started
        if process.poll() is None:
            time.sleep(more)
            process.terminate()
        process.wait()
    after = os.times()
    return Cost(wall, sum(after[2:4]) - sum(before[2:4]), most[0])


def start(home: Path, root: Path, name: str, more: float = 0) -> Cost:
    """A training, from its command until its first step can begin, and some seconds of it."""
    out = home / name
    words = ["train.py", f"--data={root}", f"--out={out}", *FLAGS]
    return command(home, *words, until=lambda: bool(list(out.glob("*/data/augmentation.png"))), more=more)


def seconds_a_frame(home: Path, root: Path) -> float:
    """Time of a core in which a loader process makes one training pair."""
    frames = training_frames(open_dataset(root), "train", SIZE, home / "few", limit=1, augment="color")
    data = train_loader(frames, augment="color", size=SIZE, crop_min=0.25, crop_max=1.0, batch_size=1, seed=0).dataset
    data[0, 0]
    started = time.process_time()
    for number in range(DRAWN):
        data[number, number % len(frames)]
    return (time.process_time() - started) / DRAWN


def waits(home: Path, root: Path, workers: int, steps: int = 12) -> float:
    """Share of a step on this machine's CPU that is spent waiting for the batch, with so many loader processes."""
    dataset = open_dataset(root)
    dataset.splits["train"] = dataset.splits["train"][: steps * BATCH]
    frames = training_frames(dataset, "train", SIZE, home / "few", limit=1, augment="color")
    loader = train_loader(
        frames, augment="color", size=SIZE, crop_min=0.25, crop_max=1.0, batch_size=BATCH, seed=0, workers=workers
    )
    return wait_share(loader, home / f"checkpoints-{workers}")


def row(name: str, value: str) -> None:
    """Prints one line of the table."""
    print(f"{name:<66}{value}", flush=True)


def told(cost: Cost) -> str:
    """A cost as the table has it."""
    return f"{cost.wall:7.1f} s, {cost.cpu:7.1f} s of the processor, {cost.memory / GB:5.2f} GB"


def measure(home: Path, frames: int, size: tuple[int, int], ending: str, only: set[str]) -> None:
    """Prints the table."""
    root = home / "data"
    draw(root, frames, size, ending)
    if "check" in only:
        row(f"check {frames} frames", told(command(home, "-m", "camvid", "check", str(root))))
        row(f"stats of {frames} frames", told(command(home, "-m", "camvid", "stats", str(root), f"--out={home}")))
    if "start" in only:
        row("a training until its first step, the first time", told(start(home, root, "first")))
        row("the second time, and 90 s of it", told(start(home, root, "second", more=90)))
    if "wait" in only:
        for workers in (0, 1, 2):
            share = waits(home, root, workers)
            row(f"share of a step that waits, {cores()} cores, {workers} loader processes", f"{100 * share:7.1f} %")
    if "rate" in only:
        seconds = seconds_a_frame(home, root)
        wanted = LOOP * LOOP_SIZE[0] * LOOP_SIZE[1] / (SIZE[0] * SIZE[1])
        row("to decode and augment a frame", f"{1e3 * seconds:7.1f} ms of a core")
        row("images/s that 15 of 16 cores give, and a GPU takes", f"{15 / seconds:7.0f} {wanted:7.0f}")
        row("so a step waits there, computed", f"{100 * max(0.0, 1 - 15 / seconds / wanted):7.1f} %")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description="A data set larger than its cache")
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--size", type=int, nargs=2, default=[1024, 2048], metavar=("H", "W"))
    parser.add_argument("--ending", choices=["png", "jpg"], default="png", help="of the photographs")
    parser.add_argument("--home", type=Path, help="where the data are made, default: a temporary folder")
    parser.add_argument("--only", default="check,start,wait,rate", help="parts of the table (all)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.home) as folder:
        height, width = options.size
        measure(Path(folder), options.frames, (height, width), options.ending, set(options.only.split(",")))


if __name__ == "__main__":
    main()
