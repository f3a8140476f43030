import pytest
import torch

from camvid.synth import synth
from camvid.taxonomy import load_taxonomy
from models import build_model, save_model

SCORES = {"miou": 0.25, "mean_acc": 0.5, "priority_dice": float("nan"), "model/mb": 1.0}


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Drawn scenes in SegNet's layout, 96x128."""
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth(folder, frames=12, seed=2, layout="segnet", size=(96, 128))
    return folder


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """An untrained SegFormer over a tiny backbone, with statistics that fit its weights."""
    return saved(tmp_path_factory.mktemp("runs") / "tiny")


def saved(folder, taxonomy="camvid11", backbone="test_resnet"):
    """A saved model; its predictions are poor and the same every time."""
    torch.manual_seed(0)
    classes = load_taxonomy(taxonomy)
    model = build_model("segformer", classes.num_classes, backbone)
    with torch.no_grad():
        model(torch.rand(4, 3, 64, 64))
    config = {"architecture": "segformer", "backbone": backbone, "crp": False, "resize_factor": 0.5, "data": "/secret"}
    config |= {"eval_factor": 1.0, "precision": "fp32", "project": "drawn"}
    save_model(folder, model, config=config, taxonomy=classes.to_dict(), data={}, metrics=SCORES)
    return folder
