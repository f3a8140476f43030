"""Models whose quality on a drawn split is known, logged as artifacts that can be weighed against each other."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from artifacts import log_dataset, log_model, tracked
from camvid.layouts import content_digest
from camvid.taxonomy import load_taxonomy
from eval.evaluate import evaluate
from models import build_model
from models.saved import save_model
from tests.eval.drawn import SPLIT, ColorModel, sample, street

CONFIG = {
    "architecture": "segformer",
    "backbone": "test_resnet",
    "crp": False,
    "resize_factor": 0.5,
    "precision": "fp32",
}


@cache
def records(spoil, frames):
    """Records of a model that takes a share `spoil` of the cars and pedestrians for road; 2 frames a drive."""
    samples = []
    for seed in range(frames):
        truth, rng = street(seed=seed), np.random.default_rng(seed)
        pred = np.where(truth == 255, 3, truth)
        pred[np.isin(truth, (8, 9)) & (rng.random(truth.shape) < spoil)] = 3
        samples.append(sample(truth, pred, f"frame{seed}", f"drive{seed // 2}"))
    return evaluate(ColorModel(), samples, **SPLIT, progress=False).records


def save(
    folder: Path,
    *,
    spoil=None,
    digest="d0",
    data=None,
    size="32x32",
    taxonomy="camvid11",
    frames=12,
    scores=None,
    **config,
):
    """A run folder; without `spoil` it has no records."""
    classes = load_taxonomy(taxonomy)
    data = data or {"name": "roads", "version": "v0", "digest": digest}
    metrics = {"miou": 0.5, "priority_dice": 0.25, "model/size": size} | (scores or {})
    config = CONFIG | config
    network: dict[str, Any] = {key: config[key] for key in ("architecture", "backbone", "tasks") if key in config}
    model = build_model(num_classes=classes.num_classes, **network)  # random weights: its records stand for another
    save_model(folder, model, config=config, taxonomy=classes.to_dict(), data=data, metrics=metrics)
    if spoil is not None:
        (folder / "report").mkdir()
        records(spoil, frames).to_csv(folder / "report" / "per_image.csv", index=False, float_format="%.6g")
    return folder


def log_versions(new_run, folder: Path, *versions, dataset=None):
    """Log models, each a name and what `save` takes, one after the other from one run that used the data."""
    with tracked(new_run()) as run:
        if dataset:
            log_dataset(run, dataset, "drawn", digest=content_digest(dataset))
        for number, (name, options) in enumerate(versions):
            log_model(run, save(folder / f"{name}-{number}", **options), name)
    return run
