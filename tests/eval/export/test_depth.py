"""Exported networks of depth, alone or beside classes."""

import functools
import json

import pytest
import torch

from eval.depth.scale import focal_of
from eval.export import FORMATS, load_exported, verify
from eval.export.formats import KEY
from eval.inference import predict_outputs
from models import build_model

TASKS = {"joint": ("segmentation", "depth"), "depth": ("depth",)}
SIZES = ((64, 96), (97, 131), (33, 50), (1, 7))


def built(tasks, mirror=False):
    """A network in eval mode whose running statistics fit its weights."""
    torch.manual_seed(0)
    model = build_model("hydra", 5, "test_resnet", tasks=tasks, mirror=mirror, depth_min=0.5, depth_max=100.0)
    with torch.no_grad():
        model(torch.rand(2, 3, 64, 64))
    return model.eval()


def metadata(tasks, **config):
    return {"config": {"tasks": [*tasks], **config}, "taxonomy": {"name": "drawn", "classes": []}, "parameters": 3}


def written(folder, form, tasks, **config):
    """A network, and the file that was made of it."""
    model, path = built(tasks), folder / f"model{FORMATS[form].suffix}"
    FORMATS[form].write(model, path, metadata(tasks, **config))
    return model, path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The network and the file of a form and tasks, written once for all tests. The focal length is 123.5 pixels."""

    @functools.cache
    def exported(form, tasks):
        return written(tmp_path_factory.mktemp("exported"), form, tasks, focal=123.5)

    return exported


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("tasks", TASKS.values(), ids=TASKS)
def test_predicts_alike_at_every_size(tasks, form, exported):
    model, path = exported(form, tasks)
    found = verify(model, load_exported(path).model, SIZES)
    assert [(one.batch, one.size) for one in found] == list(zip((1, 2, 1, 2), SIZES, strict=True))
    assert all(one.depth < 1e-4 for one in found)
    assert all((one.same == 1) is ("segmentation" in tasks) for one in found)
    assert not model.training


@pytest.mark.parametrize("form", FORMATS)
def test_a_mirrored_prediction_is_exported(form, tmp_path):
    model, path = built(TASKS["joint"], mirror=True), tmp_path / f"model{FORMATS[form].suffix}"
    FORMATS[form].write(model, path, metadata(TASKS["joint"]))
    exported = load_exported(path).model
    verify(model, exported, SIZES[:2])
    images = torch.rand(1, 3, 64, 96)
    torch.testing.assert_close(exported(images.flip(-1)).depth, exported(images).depth.flip(-1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("tasks", TASKS.values(), ids=TASKS)
def test_what_is_loaded_takes_the_place_of_the_network(tasks, form, exported):
    model, path = exported(form, tasks)
    loaded = load_exported(path)
    assert loaded.config["focal"] == focal_of(loaded.model) == 123.5
    assert not loaded.model.training
    picture = torch.randint(256, (40, 50, 3), dtype=torch.uint8).numpy()
    expected, found = (predict_outputs(one, [picture]) for one in (model, loaded.model))
    assert (found.plain, found.log_variances) == (False, None)
    assert (found.logits is None) is (expected.logits is None) is ("segmentation" not in tasks)
    torch.testing.assert_close(found.depth, expected.depth, rtol=1e-4, atol=0)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("config", [{}, {"focal": None}], ids=str)
def test_a_focal_length_may_be_unknown(config, form, tmp_path):
    focal = focal_of(load_exported(written(tmp_path, form, TASKS["depth"], **config)[1]).model)
    assert focal != focal


@pytest.mark.parametrize("form", FORMATS)
def test_classes_alone_are_a_tensor(form, tmp_path):
    _, path = written(tmp_path, form, ("segmentation",))
    assert load_exported(path).model(torch.rand(1, 3, 32, 40)).shape == (1, 5, 32, 40)


@pytest.mark.parametrize(
    ("tasks", "names"), [(TASKS["joint"], ["logits", "depth"]), (TASKS["depth"], ["depth"])], ids=TASKS
)
def test_an_onnx_file_is_read_by_others(tasks, names, exported):
    """Its outputs and metadata, as the onnx package sees them."""
    import onnx

    _, path = exported("onnx", tasks)
    model = onnx.load(path)
    onnx.checker.check_model(model)
    assert [output.name for output in model.graph.output] == names
    depth = model.graph.output[-1].type.tensor_type
    assert depth.elem_type == onnx.TensorProto.FLOAT
    assert [side.dim_param for side in depth.shape.dim] == ["batch", "height", "width"]
    assert [json.loads(entry.value) for entry in model.metadata_props if entry.key == KEY] == [
        metadata(tasks, focal=123.5)
    ]


@pytest.mark.filterwarnings("ignore:.torch.jit.load. is deprecated:FutureWarning")
def test_a_torchscript_file_returns_a_tuple_or_a_tensor(exported):
    images = torch.rand(2, 3, 33, 50)
    logits, depth = torch.jit.load(exported("torchscript", TASKS["joint"])[1])(images)
    assert (logits.shape, depth.shape, depth.dtype) == ((2, 5, 33, 50), (2, 33, 50), torch.float32)
    assert torch.jit.load(exported("torchscript", TASKS["depth"])[1])(images).shape == (2, 33, 50)
