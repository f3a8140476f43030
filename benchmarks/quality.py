"""mIoU of our UNet-ResNet50 and of smp.Unet on the same backbone, after the same epochs of the same training.

    python -m benchmarks.quality CAMVID [--epochs 6] [--seeds 0,1]

Both start from random weights and share batches (128x160 crops, so that it ends in minutes on a CPU), loss, optimiser
and schedule, and are judged on the val split at the masks' own size.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import segmentation_models_pytorch as smp
from torch import Tensor, nn

from benchmarks.timing import Result
from camvid.frames import training_frames
from camvid.layouts import RoadDataset, open_dataset
from camvid.loaders import train_loader
from commands.device import resolve_precision
from eval.evaluate import FrameSamples, KeptSamples, evaluate
from losses import build_loss
from models import build_model
from training import build_learner, fit
from training.machine import seed_everything

SIZE, EVAL_SIZE, BATCH = (128, 160), (192, 256), 8


class Normalised(nn.Module):
    """smp.Unet for images in [0, 1]."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    @property
    def backbone(self) -> nn.Module:
        """What fine-tuning would freeze."""
        encoder = self.model.encoder
        assert isinstance(encoder, nn.Module)
        return encoder

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, C, H, W)."""
        logits: Tensor = self.model((images - 0.45) / 0.225)
        return logits


def trained_miou(model: nn.Module, dataset: RoadDataset, epochs: int, seed: int) -> tuple[float, float]:
    """mIoU on val and the time in minutes, after a one-cycle fit of so many epochs."""
    taxonomy = dataset.taxonomy
    val = KeptSamples(FrameSamples(dataset.splits["val"], dataset.read))
    precision = resolve_precision("auto", "cpu")

    def judge(network: nn.Module) -> dict[str, float]:
        return evaluate(
            network,
            val,
            **taxonomy.scoring,
            size_for=lambda _: EVAL_SIZE,
            batch_size=BATCH,
            precision=precision,
            progress=False,
        ).metrics

    with tempfile.TemporaryDirectory() as folder:
        learn = build_learner(
            model,
            train_loader(
                training_frames(dataset, "train", SIZE),
                augment="color",
                size=SIZE,
                crop_min=0.25,
                crop_max=1.0,
                batch_size=BATCH,
                seed=seed,
            ),
            build_loss({"ce": 1.0, "dice": 1.0}),
            judge,
            folder=Path(folder),
            device="cpu",
            precision=precision,
            lr=1e-3,
            weight_decay=0.01,
            monitor="miou",
            eval_every=epochs,
        )
        fit(learn, fit="one_cycle", epochs=epochs, freeze_epochs=1, lr=1e-3, backbone_lr_factor=1.0)
        return float(learn.checkpoint.history[-1]["val/miou"]), float(learn.watch.minutes)


def benchmark_quality(root: Path, epochs: int, seeds: list[int]) -> list[Result]:
    """One row for each seed. The ratio is ours / theirs: above 1, ours is better."""
    dataset, rows = open_dataset(root), []
    for seed in seeds:
        scores = []
        for rival in (False, True):
            seed_everything(seed)
            theirs = Normalised(smp.Unet("resnet50", encoder_weights=None, classes=11)) if rival else None
            model = theirs or build_model("unet", 11, "resnet50")
            scores.append(trained_miou(model, dataset, epochs, seed))
        (ours, minutes), (other, their_minutes) = scores
        print(
            f"seed {seed}: ours mIoU {ours:.3f} in {minutes:.1f} min, smp.Unet {other:.3f} in {their_minutes:.1f} min",
            flush=True,
        )
        name = f"val mIoU of UNet-ResNet50 after {epochs} epochs from scratch vs smp.Unet, seed {seed}"
        rows.append(Result(name=name, ours=ours, theirs=other, ratio=ours / other, unit=""))
    return rows


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description="quality after equal epochs, ours and smp.Unet")
    parser.add_argument("data", type=Path, metavar="CAMVID")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", default="0", help="comma-separated")
    options = parser.parse_args()
    for row in benchmark_quality(options.data, options.epochs, [int(seed) for seed in options.seeds.split(",")]):
        print(f"{row['name']:<80} {row['ours']:.3f} {row['theirs']:.3f}  x{row['ratio']:.2f}")


if __name__ == "__main__":
    main()
