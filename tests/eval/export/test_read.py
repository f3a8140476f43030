import json
import pickle

import onnxruntime
import pytest
import torch
from torch import nn

from eval.export import FORMATS, is_exported, load_exported
from eval.export.formats import KEY

METADATA = {"config": {"lr": 0.1}, "taxonomy": {"name": "t"}, "metrics": {"miou": 0.5, "iou": None}, "parameters": 12}


class Small(nn.Module):
    """Three logits a pixel."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, images):
        return self.conv(images)


@pytest.fixture(scope="module", params=FORMATS)
def written(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / f"model{FORMATS[request.param].suffix}"
    FORMATS[request.param].write(Small().eval(), path, METADATA)
    return path


def test_metadata_come_back(written):
    exported = load_exported(written)
    assert is_exported(written)
    assert (exported.config, exported.taxonomy) == ({"lr": 0.1}, {"name": "t"})
    assert exported.metrics["miou"] == 0.5
    assert exported.metrics["iou"] != exported.metrics["iou"]  # null is undefined
    assert exported.parameters == 12
    assert exported.mb == written.stat().st_size / 1e6
    assert not exported.model.training
    images = torch.rand(2, 3, 5, 7).contiguous(memory_format=torch.channels_last)
    assert exported.model(images).shape == (2, 3, 5, 7)


def test_run_folders_and_weights_are_no_exported_files(tmp_path):
    assert not is_exported(tmp_path)
    assert not is_exported(tmp_path / "model.safetensors")


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.9])
def test_a_truncated_file_is_named(written, kept, tmp_path):
    path = tmp_path / written.name
    data = written.read_bytes()
    path.write_bytes(data[: kept if isinstance(kept, int) else int(kept * len(data))])
    with pytest.raises(
        ValueError, match=rf"^{path}: (the file is not an? \w+ model, or is damaged|its metadata has no)"
    ):
        load_exported(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.onnx: not found; `python -m eval export MODEL` writes one"):
        load_exported(tmp_path / "gone.onnx")


def test_a_file_of_others_is_named(written, tmp_path):
    path = tmp_path / written.name
    form = next(form for form in FORMATS.values() if form.suffix == path.suffix)
    form.write(Small().eval(), path, {"config": {}})
    with pytest.raises(ValueError, match=r"its metadata has no taxonomy, parameters; use a file"):
        load_exported(path)


class Intruder:
    """Writes a file when unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return type(self.marker).touch, (self.marker,)


def test_no_pickle_is_run(written, tmp_path):
    path = tmp_path / written.name
    for content in (pickle.dumps(Intruder(tmp_path / "ran")), None):
        if content is None:
            torch.save(Intruder(tmp_path / "ran"), path)
        else:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"^{path}: the file is not an? \w+ model"):
            load_exported(path)
    assert not (tmp_path / "ran").exists()


def test_onnx_runs_on_the_cpu_alone(tmp_path):
    path = tmp_path / "model.onnx"
    FORMATS["onnx"].write(Small().eval(), path, METADATA)
    with pytest.raises(ValueError, match=r"model\.onnx: ONNX files run only on the CPU here; use --device cpu"):
        load_exported(path, "cuda")
    session = onnxruntime.InferenceSession(str(path))
    assert json.loads(session.get_modelmeta().custom_metadata_map[KEY]) == METADATA
    with pytest.raises(RuntimeError, match="images"):
        load_exported(path).model(torch.rand(1, 4, 5, 7))
