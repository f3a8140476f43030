from typing import Any

import pytest
import torch

from camvid.taxonomy import load_taxonomy
from models import build_model, save_model
from tests.drawings import synth_once

SCORES = {"miou": 0.25, "mean_acc": 0.5, "priority_dice": float("nan"), "model/mb": 1.0}
DEPTH_SCORES = {"depth/abs_rel": 0.5, "depth/abs_rel/Car": 0.75}
FOCAL = 60.0
RANGE: dict[str, Any] = {"depth_min": 2.0, "depth_max": 60.0}


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Drawn scenes in SegNet's layout, 96x128."""
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth_once(folder, frames=12, seed=2, layout="segnet", size=(96, 128))
    return folder


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """An untrained SegFormer over a tiny backbone, with statistics that fit its weights."""
    return saved(tmp_path_factory.mktemp("runs") / "tiny")


def saved(folder, taxonomy="camvid11", backbone="test_resnet", train_on="train", digest="d"):
    """A saved model; its predictions are poor and the same every time."""
    torch.manual_seed(0)
    classes = load_taxonomy(taxonomy)
    model = build_model("segformer", classes.num_classes, backbone)
    with torch.no_grad():
        model(torch.rand(4, 3, 64, 64))
    config = {"architecture": "segformer", "backbone": backbone, "crp": False, "resize_factor": 0.5, "data": "/secret"}
    config |= {"eval_factor": 1.0, "precision": "fp32", "project": "drawn", "train_on": train_on}
    data = {"digest": digest}
    save_model(folder, model, config=config, taxonomy=classes.to_dict(), data=data, metrics=SCORES)
    return folder


@pytest.fixture(scope="session")
def streets(tmp_path_factory):
    """Drawn scenes with depth, 96x128."""
    folder = tmp_path_factory.mktemp("streets") / "camvid"
    synth_once(folder, frames=8, seed=2, layout="segnet", size=(96, 128), depth=True)
    return folder


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Untrained networks of both tasks and of each alone."""
    root = tmp_path_factory.mktemp("models")
    tasks = {"joint": ("segmentation", "depth"), "classes": ("segmentation",), "depth": ("depth",)}
    return {name: saved_hydra(root / name, chosen) for name, chosen in tasks.items()}


def saved_hydra(folder, tasks, focal=FOCAL, factor=1.0, **data):
    """A saved network of these tasks, which predicts at this share of a frame's size."""
    torch.manual_seed(0)
    classes = load_taxonomy("camvid11")
    model = build_model("hydra", classes.num_classes, "test_resnet", tasks=tasks, focal=focal, **RANGE)
    config = {"architecture": "hydra", "backbone": "test_resnet", "crp": False, "tasks": [*tasks], **RANGE}
    config |= {"eval_factor": factor, "precision": "fp32", "project": "drawn", "depth_threshold": 0.0}
    metrics = SCORES | (DEPTH_SCORES if "depth" in tasks else {})
    save_model(folder, model, config=config, taxonomy=classes.to_dict(), data=data, metrics=metrics)
    return folder
