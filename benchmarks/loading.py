"""Loading and augmenting one epoch, compared with a fastai DataBlock, and the time that a step waits for its batch.

    python -m benchmarks.loading

Both sides read the same 128 frames of 360x480 (drawn, PNG) and give augmented batches of 8 at 192x256, in this process:
fastai from the files, as a DataBlock does in every epoch, with `Resize` and `aug_transforms`; ours from its cache of
decoded frames with the policy `color` (crop, flip, colour jitter). The time to fill the cache is a separate row.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import torch
from fastai.callback.core import Callback
from fastai.vision.all import (
    DataBlock,
    DataLoaders,
    ImageBlock,
    IndexSplitter,
    MaskBlock,
    Resize,
    aug_transforms,
)

from benchmarks.timing import Result, compare
from camvid.frames import training_frames
from camvid.layouts import RoadDataset, open_dataset
from camvid.loaders import TrainLoader, train_loader
from camvid.synth import synth
from commands.device import resolve_precision
from losses import build_loss
from models import build_model
from training import build_learner, fit

FRAMES, SIZE, BATCH = 128, (192, 256), 8


def benchmark_loading(frames: int = FRAMES, rounds: int = 3) -> list[Result]:
    """Images per second of an epoch, ours and fastai's; of filling the cache; and the share of a step spent waiting."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "camvid"
        synth(root, frames=frames * 2, seed=0, layout="segnet", size=(360, 480))
        dataset = open_dataset(root)
        dataset.splits["train"] = dataset.splits["train"][:frames]
        start = time.perf_counter()
        ours = our_loader(dataset, Path(folder) / "cache")
        filling = time.perf_counter() - start
        theirs = fastai_loader(dataset)
        count = len(dataset.splits["train"]) // BATCH * BATCH
        epoch = compare(
            f"load and augment an epoch of {count} frames, fastai DataBlock",
            lambda: drain(ours),
            lambda: drain(theirs),
            rounds,
        )
        waiting = wait_share(ours, Path(folder) / "checkpoints")
    return [
        epoch,
        Result(
            name="fill the cache of decoded frames, once",
            ours=filling * 1e3,
            theirs=epoch["theirs"],
            ratio=epoch["theirs"] / filling / 1e3,
            unit="ms",
        ),
        Result(
            name="share of a training step spent waiting for its batch (bar: 5 %)",
            ours=100 * waiting,
            theirs=5.0,
            ratio=5.0 / (100 * waiting),
            unit="%",
        ),
    ]


def our_loader(dataset: RoadDataset, cache: Path) -> TrainLoader:
    """The training batches as train.py makes them."""
    frames = training_frames(dataset, "train", SIZE, cache)
    return train_loader(
        frames, augment="color", size=SIZE, crop_min=0.25, crop_max=1.0, batch_size=BATCH, seed=0, workers=0
    )


def fastai_loader(dataset: RoadDataset) -> DataLoaders:
    """The same frames through a DataBlock with fastai's usual augmentation."""
    masks = {frame.image: frame.mask for frame in dataset.splits["train"]}
    block = DataBlock(
        blocks=(ImageBlock, MaskBlock),
        get_items=lambda _: list(masks),
        get_y=lambda image: masks[image],
        splitter=IndexSplitter([0]),
        item_tfms=Resize(SIZE),
        batch_tfms=aug_transforms(size=SIZE),
    )
    loaders: DataLoaders = block.dataloaders(None, bs=BATCH, num_workers=0, device=torch.device("cpu"))
    return loaders.train


def drain(loader: object) -> None:
    """One epoch."""
    for _ in loader:  # type: ignore[attr-defined]
        pass


class Waiting(Callback):
    """Adds up the seconds between the end of a step and the next batch's arrival, and those of whole steps."""

    order = -100

    def __init__(self) -> None:
        self.waited, self.steps = 0.0, 0.0

    def before_train(self) -> None:
        """Leaves out the first batch, which waits for the start of the worker or for the first decoding."""
        self.ended: float | None = None

    def before_batch(self) -> None:
        """A batch has arrived."""
        if self.ended is not None:
            self.waited += time.perf_counter() - self.ended

    def after_batch(self) -> None:
        """A step has ended."""
        now = time.perf_counter()
        if self.ended is not None:
            self.steps += now - self.ended
        self.ended = now


def wait_share(loader: TrainLoader, folder: Path) -> float:
    """Share of an epoch that the learner waits for batches, with the network and the settings of configs/cpu.yaml."""
    waiting = Waiting()
    learn = build_learner(
        build_model("unet", 11, "tf_efficientnet_lite0"),
        loader,
        build_loss({"ce": 1.0, "dice": 1.0}),
        lambda _: {"miou": 0.0},
        folder=folder,
        device="cpu",
        precision=resolve_precision("auto", "cpu"),
        lr=1e-3,
        weight_decay=0.01,
        monitor="miou",
        callbacks=[waiting],
    )
    fit(learn, fit="flat", epochs=1, freeze_epochs=1, lr=1e-3, backbone_lr_factor=1.0)
    return waiting.waited / waiting.steps


def main() -> None:
    """Print the table."""
    for row in benchmark_loading():
        print(f"{row['name']:<78} {row['ours']:>9.1f} {row['theirs']:>9.1f} {row['unit']}  x{row['ratio']:.2f}")


if __name__ == "__main__":
    main()
