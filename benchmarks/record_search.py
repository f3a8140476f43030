"""Train every point of `benchmarks.recorded_search.SPACE` on CamVid and record what it reached.

    python -m benchmarks.record_search CAMVID [--most 10] [--out FILE]

Each training is one row, which is written as soon as it is done. If the command is started again, it continues with the
missing points. Decoded frames stay in memory, and nothing is tracked. So a row costs one training and one evaluation:
27 to 139 s on one core.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import random
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from benchmarks.recorded_search import METRICS, SPACE, TABLE, read_table
from camvid.frames import training_frames
from camvid.joined import TrainingFrames
from camvid.layouts import RoadDataset, open_dataset
from camvid.loaders import train_loader
from commands.device import resolve_precision
from configs import TrainConfig
from eval.evaluate import FrameSamples, KeptSamples, evaluate
from losses import build_loss
from models import build_model
from training import build_learner, fit
from training.machine import seed_everything
from training.watch import TrainingDiverged

SIZE, EVAL_SIZE, EPOCHS = (96, 128), (160, 224), 4
FIXED = {"architecture": "unet", "weights": "auto", "augment": "crop", "weight_decay": 0.01, "eval_every": EPOCHS}
COLUMNS = [*SPACE, *METRICS, "seconds"]


def config_of(point: dict[str, Any]) -> TrainConfig:
    """The settings of one training; fine_tune trains as many epochs, its frozen one included."""
    epochs = EPOCHS - 1 if point["fit"] == "fine_tune" else EPOCHS
    loss = yaml.safe_load(point["loss"])
    return TrainConfig.from_dict({**FIXED, **point, "loss": loss, "epochs": epochs, "freeze_epochs": 1})


def train(config: TrainConfig, frames: TrainingFrames, val: KeptSamples, dataset: RoadDataset) -> dict[str, float]:
    """Metrics of the last weights on val. They are empty if the loss diverged."""
    seed_everything(config.seed)
    taxonomy, precision = dataset.taxonomy, resolve_precision("auto", "cpu")
    model = build_model(num_classes=taxonomy.num_classes, **config.pick("architecture", "backbone", "weights", "crp"))
    loader = train_loader(frames, size=SIZE, **config.pick("augment", "crop_min", "crop_max", "batch_size", "seed"))
    with tempfile.TemporaryDirectory() as folder:
        learn = build_learner(
            model,
            loader,
            build_loss(config.loss),
            lambda _: {},  # judged once, below
            folder=Path(folder),
            device="cpu",
            precision=precision,
            **config.pick("lr", "weight_decay", "monitor", "eval_every"),
        )
        try:
            fit(learn, **config.pick("fit", "epochs", "freeze_epochs", "lr", "backbone_lr_factor"))
        except TrainingDiverged:
            return {}
    metrics = evaluate(
        model,
        val,
        **taxonomy.scoring,
        size_for=lambda _: EVAL_SIZE,
        batch_size=8,
        precision=precision,
        progress=False,
    ).metrics
    return {f"val/{key}": value for key, value in metrics.items()}


def missing(path: Path) -> Iterator[dict[str, Any]]:
    """The points that have no row yet, in a shuffled order that is always the same."""
    done = [row.settings for row in read_table(path)]
    points = [dict(zip(SPACE, values, strict=True)) for values in product(*SPACE.values())]
    random.Random(0).shuffle(points)
    return (point for point in points if point not in done)


def record(root: Path, path: Path, most: int) -> None:
    """Train at most so many of the missing points, and append their rows."""
    dataset = open_dataset(root)
    frames = training_frames(dataset, "train", SIZE)
    val = KeptSamples(FrameSamples(dataset.splits["val"], dataset.read))
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    total = math.prod(len(values) for values in SPACE.values())
    with path.open("a", newline="", encoding="utf-8") as file:
        for number, point in zip(range(most), list(missing(path)), strict=False):
            start = time.perf_counter()
            found = train(config_of(point), frames, val, dataset)
            row = {key: f"{found[key]:.5f}" if key in found else "" for key in METRICS}
            seconds = time.perf_counter() - start
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow({**point, **row, "seconds": f"{seconds:.1f}"})
            file.flush()
            os.fsync(file.fileno())
            left = (total - len(read_table(path))) * seconds / 60
            print(f"{number + 1}: {point} {row} {seconds:.0f} s, about {left:.0f} min left", flush=True)


def main() -> None:
    """Record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="CAMVID")
    parser.add_argument("--out", type=Path, default=TABLE, help="table to go on with")
    parser.add_argument("--most", type=int, default=10**6, help="trainings of this call")
    options = parser.parse_args()
    record(options.data, options.out, options.most)


if __name__ == "__main__":
    main()
