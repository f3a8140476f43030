"""A saved model: what goes round, what is refused, and what a full disk or a kill leaves behind."""

import json
import math
import pickle
import resource
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from models import build_model, load_model, save_model

ROOT = Path(__file__).parents[2]
CONFIG = {"architecture": "unet", "backbone": "test_resnet", "crp": True, "lr": 1e-3}
TAXONOMY = {"name": "small", "classes": [{"name": name, "color": [i, 0, 0]} for i, name in enumerate("abc")]}
METRICS = {"miou": 0.5, "iou/a": math.nan, "note": "Grüße"}
FILES = {"model.safetensors", "config.yaml", "taxonomy.yaml", "data.yaml", "metrics.json"}


def save_to(folder, model, **changes):
    parts = {"config": CONFIG, "taxonomy": TAXONOMY, "data": {"digest": "abc"}, "metrics": METRICS}
    save_model(folder, model, **{**parts, **changes})


def small(architecture="unet", num_classes=3, crp=True):
    return build_model(architecture, num_classes, "test_resnet", crp=crp)


@pytest.fixture
def folder(tmp_path):
    save_to(tmp_path / "run", small())
    return tmp_path / "run"


@torch.no_grad()
@pytest.mark.parametrize("architecture", ["unet", "plain_unet", "fpn", "deeplabv3plus", "bisenet"])
def test_goes_round(tmp_path, architecture):
    crp = "unet" in architecture
    model = small(architecture, crp=crp).to(memory_format=torch.channels_last)
    model(torch.rand(2, 3, 64, 64))  # moves the running statistics
    model.mirror = architecture == "fpn"
    config = {**CONFIG, "architecture": architecture, "crp": crp, "mirror": model.mirror}
    save_to(tmp_path / "run", model, config=config)
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    saved = load_model(tmp_path / "run")
    assert (saved.config, saved.taxonomy, saved.data) == (config, TAXONOMY, {"digest": "abc"})
    assert saved.folder == tmp_path / "run"
    assert not saved.model.training
    images = torch.rand(1, 3, 33, 65)
    torch.testing.assert_close(saved.model(images), model.eval()(images))
    assert not [name for name in load_file(tmp_path / "run" / "model.safetensors") if name.startswith("auxiliary.")]


@torch.no_grad()
def test_models_of_smp_from_before_the_backbone_was_ours_alone_still_load(tmp_path):
    model = small("upernet", crp=False).eval()
    save_to(tmp_path / "run", model, config={**CONFIG, "architecture": "upernet", "crp": False})
    path = tmp_path / "run" / "model.safetensors"
    before = {name.replace("backbone.", "backbone.model.", 1): tensor for name, tensor in load_file(path).items()}
    save_file(before, path)
    images = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(load_model(tmp_path / "run").model(images), model(images))
    other = small("upernet", crp=False).eval()
    other.load_state_dict(before)  # as a checkpoint does
    torch.testing.assert_close(other(images), model(images))


def test_undefined_scores_are_null_in_the_file_and_nan_once_loaded(folder):
    assert json.loads((folder / "metrics.json").read_text())["iou/a"] is None
    metrics = load_model(folder).metrics
    assert math.isnan(metrics.pop("iou/a"))
    assert metrics == {"miou": 0.5, "note": "Grüße"}


def test_the_weights_file_stands_for_its_folder(folder):
    assert load_model(folder / "model.safetensors").config == CONFIG


def test_a_path_may_be_a_text(folder):
    assert load_model(str(folder)).folder == load_model(str(folder / "model.safetensors")).folder == folder


@pytest.mark.parametrize(
    ("config", "size"), [({}, (96, 128)), ({"resize_factor": 0.5}, (64, 64)), ({"eval_factor": 1.5}, (160, 192))]
)
def test_a_model_knows_the_size_at_which_it_predicts(folder, config, size):
    save_to(folder, small(), config={**CONFIG, "eval_factor": 0.0, **config})
    assert load_model(folder).running["size_for"]((100, 130)) == size


@pytest.mark.parametrize(
    ("image", "size"),
    [
        ((360, 480), (192, 256)),
        ((720, 960), (192, 256)),  # the same scene from a better camera
        ((180, 240), (192, 256)),
        ((1080, 1920), (160, 256)),  # wider: fitted in, 270x480
        ((480, 360), (192, 160)),  # upright: 360x270
    ],
)
def test_things_are_as_large_in_prediction_as_they_were_in_training(folder, image, size):
    config = {**CONFIG, "eval_factor": 0.0, "resize_factor": 0.54}
    save_to(folder, small(), config=config, data={"digest": "a" * 32, "frame_size": [360, 480]})
    assert load_model(folder).size_for(image) == size


@pytest.mark.parametrize(
    ("trained", "measured", "precision"),
    [
        ({"precision": "bf16"}, {"model/precision": "fp32"}, "bf16"),
        ({"precision": "auto"}, {"model/precision": "bf16"}, "bf16"),
        ({"precision": "auto"}, {}, "fp32"),
        ({}, {"model/precision": "bf16"}, "bf16"),
    ],
)
def test_a_model_knows_the_precision_of_its_metrics(folder, trained, measured, precision):
    save_to(folder, small(), config={**CONFIG, **trained}, metrics=measured)
    saved = load_model(folder)
    assert (saved.running["precision"], saved.running["device"].type) == (precision, "cpu")
    assert saved.prediction["class_names"] == ["a", "b", "c"]
    assert saved.prediction["colors"].tolist() == [[0, 0, 0], [1, 0, 0], [2, 0, 0]]


def test_saving_again_replaces_everything(folder):
    save_to(folder, small(), metrics={"miou": 0.75})
    assert load_model(folder).metrics == {"miou": 0.75}
    assert {path.name for path in folder.iterdir()} == FILES


@pytest.mark.parametrize("kept", [0, 4, 5000, 100_000])
def test_truncated_weights_are_named(folder, kept):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"model\.safetensors: the file is truncated or not a safetensors file"):
        load_model(folder)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        load_model(folder)


@pytest.mark.parametrize("name", sorted(FILES - {"model.safetensors"}))
@pytest.mark.parametrize("content", ["", "{", "- a\n- b", "\0"])
def test_a_garbled_file_is_named(folder, name, content):
    (folder / name).write_text(content)
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        load_model(folder)


def test_no_folder_and_a_folder_of_something_else_are_named(tmp_path):
    for path in (tmp_path / "gone", tmp_path):
        with pytest.raises(ValueError, match=rf"{path}: there is no model here; give a run folder of train"):
            load_model(path)


def test_another_taxonomy_is_named(folder):
    classes = [{"name": name, "color": [i, 0, 0]} for i, name in enumerate("abcde")]
    (folder / "taxonomy.yaml").write_text(yaml.safe_dump({"name": "other", "classes": classes}))
    with pytest.raises(ValueError, match=r"has 3 classes, and its taxonomy\.yaml has 5; use the taxonomy"):
        load_model(folder)


@pytest.mark.parametrize("change", [{"backbone": "test_efficientnet"}, {"crp": False}, {"architecture": "plain_unet"}])
def test_another_architecture_is_named(folder, change):
    (folder / "config.yaml").write_text(yaml.safe_dump({**CONFIG, **change}))
    with pytest.raises(ValueError, match=r"does not fit the model of its config\.yaml \(\d+ tensors differ, first "):
        load_model(folder)


def test_a_tensor_too_many_or_of_another_shape_is_named(folder):
    state = load_file(folder / "model.safetensors")
    save_file({**state, "extra": torch.zeros(1)}, folder / "model.safetensors")
    with pytest.raises(ValueError, match="1 tensors differ, first extra"):
        load_model(folder)
    save_file({**state, "decoder.blocks.0.0.1.bias": torch.zeros(1)}, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"1 tensors differ, first decoder\.blocks\.0\.0\.1\.bias"):
        load_model(folder)


def test_a_config_that_lacks_a_key_is_named(folder):
    (folder / "config.yaml").write_text("architecture: unet\n")
    with pytest.raises(ValueError, match=r"config\.yaml: it has no backbone, crp"):
        load_model(folder)
    with pytest.raises(ValueError, match="has no crp"):
        save_to(folder, small(), config={"architecture": "unet", "backbone": "test_resnet"})
    with pytest.raises(ValueError, match="has no classes"):
        save_to(folder, small(), taxonomy={"name": "none"})


class Intruder:
    """Writes a file when unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def test_nothing_is_unpickled(folder, tmp_path):
    (folder / "model.safetensors").write_bytes(pickle.dumps(Intruder(tmp_path / "ran")))
    with pytest.raises(ValueError, match="not a safetensors file"):
        load_model(folder)
    save_to(folder, small())
    marker = json.dumps(str(tmp_path / "ran"))
    (folder / "config.yaml").write_text(f"architecture: !!python/object/apply:os.mkdir [{marker}]\n")
    with pytest.raises(ValueError, match=r"config\.yaml: cannot be read"):
        load_model(folder)
    assert not (tmp_path / "ran").exists()


def test_a_full_disk_is_named_and_leaves_the_weights_that_were_there(folder):
    before = (folder / "model.safetensors").read_bytes()
    model = small()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))  # no file may grow past that, as on a full disk
    try:
        with pytest.raises(
            OSError, match=r"cannot be written \(File too large\); the previous file, if any, is kept"
        ) as caught:
            save_to(folder, model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(folder / "model.safetensors") in str(caught.value)
    assert (folder / "model.safetensors").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == FILES
    assert load_model(folder).config == CONFIG
