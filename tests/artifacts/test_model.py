import json
import math
import shutil
from functools import partial
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from artifacts import ArtifactError, fetch_model, log_model, tracked
from artifacts.download import find_artifact
from artifacts.model import MODEL_FILES, recipe_of
from models.saved import save_model

CONFIG = {"architecture": "plain_unet", "backbone": "resnet18", "crp": False, "lr": 0.1}
DATA = {"name": "camvid", "version": "v0", "digest": "d"}
METRICS = {"miou": 0.5, "dice/Car": 0.25, "dice/Train": math.nan}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder with a model and what else lies there after a training."""
    folder = tmp_path / "runs" / "a1"
    taxonomy = {"name": "mine", "classes": [{"name": "Car", "color": [1, 2, 3]}]}
    save_model(folder, nn.Conv2d(3, 1, 1), config=CONFIG, taxonomy=taxonomy, data=DATA, metrics=METRICS)
    torch.save({"epoch": 1}, folder / "last.pt")
    return folder


def test_holds_the_models_files_alone(new_run, read_run, folder):
    with tracked(new_run()) as run:
        log_model(run, folder, "unet", aliases=["best"], metrics=METRICS)
    (logged,) = read_run(Path(run.sync_dir)).artifacts
    assert (logged.type, logged.name) == ("model", "unet")
    assert sorted(logged.aliases) == ["best", "latest"]
    assert {entry.path for entry in logged.manifest.contents} == set(MODEL_FILES)
    assert {Path(entry.local_path) for entry in logged.manifest.contents} == {folder / file for file in MODEL_FILES}


def test_metadata_are_the_metrics_of_those_weights_and_their_data(new_run, read_run, folder):
    with tracked(new_run()) as run:
        log_model(run, folder, "unet", metrics=METRICS)
    metadata = json.loads(read_run(Path(run.sync_dir)).artifacts[0].metadata)
    assert metadata["metrics"] == {"miou": 0.5, "dice/Car": 0.25, "dice/Train": None}
    assert metadata["data_version"] == DATA
    assert (metadata["architecture"], metadata["backbone"], metadata["taxonomy"]) == ("plain_unet", "resnet18", "mine")
    assert metadata["train_on"] == "train"


def test_a_model_that_was_trained_on_val_is_named_as_such(new_run, read_run, folder):
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG | {"train_on": "train+val"}))
    with tracked(new_run()) as run:
        log_model(run, folder, "unet", metrics={})
    (logged,) = read_run(Path(run.sync_dir)).artifacts
    assert sorted(logged.aliases) == ["latest", "train+val"]
    assert json.loads(logged.metadata)["train_on"] == "train+val"


def test_a_recipe_knows_depth_by_its_content_and_not_by_its_place():
    data = DATA | {"depth_data": {"name": "camvid-depth", "version": "v0", "digest": "e"}}
    places = [{"depth_data": "/data/a"}, {"depth_data": "/data/b"}, {"depth_dataset": "camvid-depth:v0"}]
    assert len({recipe_of(CONFIG | place, data) for place in places}) == 1
    assert len({recipe_of(CONFIG, one) for one in (data, DATA, data | {"depth_data": {"digest": "f"}})}) == 3


@pytest.mark.parametrize("file", MODEL_FILES)
def test_a_missing_file_is_named(new_run, folder, file):
    (folder / file).unlink()
    with tracked(new_run()) as run, pytest.raises(FileNotFoundError, match=file):
        log_model(run, folder, "unet")


def test_metrics_are_those_of_the_folder_by_default(new_run, read_run, folder):
    (folder / "metrics.json").write_text('{"miou": 1e-05, "dice/Train": null}')
    with tracked(new_run()) as run:
        log_model(run, folder, "unet")
    metadata = json.loads(read_run(Path(run.sync_dir)).artifacts[0].metadata)
    assert metadata["metrics"] == {"miou": 1e-5, "dice/Train": None}


def test_a_broken_config_is_named(new_run, folder):
    (folder / "config.yaml").write_text(yaml.safe_dump(["a", "list"]))
    with tracked(new_run()) as run, pytest.raises(ValueError, match=r"config\.yaml"):
        log_model(run, folder, "unet")


def test_disabled_runs_make_models_as_well(new_run, folder, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with tracked(new_run()) as run:
        log_model(run, folder, "unet")
    shutil.rmtree(folder)


@pytest.mark.parametrize("mode", [None, "offline", "disabled"])
@pytest.mark.parametrize("fetch", [fetch_model, partial(find_artifact, kind="dataset")])
def test_fetching_offline_is_an_error_that_names_the_artifact(fetch, mode, monkeypatch):
    if mode:
        monkeypatch.setenv("WANDB_MODE", mode)
    with pytest.raises(ArtifactError, match="'e/p/unet:best' cannot be fetched offline"):
        fetch("e/p/unet:best")
