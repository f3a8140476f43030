import pytest
import torch

from benchmarks.step import NUM_CLASSES, compare_steps, smp_unet, training_step
from models import build_model

CPU = torch.device("cpu")


@pytest.mark.parametrize("bf16", [False, True])
def test_a_step_trains_every_convolution(bf16):
    model = build_model("unet", NUM_CLASSES, "test_resnet")
    convolutions = {name: parameter for name, parameter in model.named_parameters() if parameter.ndim == 4}
    before = {name: parameter.detach().clone() for name, parameter in convolutions.items()}
    images, target = torch.rand(2, 3, 64, 64), torch.randint(0, NUM_CLASSES, (2, 64, 64))
    training_step(model, images, target, bf16)()
    assert [name for name, parameter in convolutions.items() if torch.equal(parameter, before[name])] == []
    assert all(parameter.dtype == torch.float32 and parameter.grad is None for parameter in model.parameters())


def test_a_row_of_the_table():
    row = compare_steps("smp.Unet", smp_unet, CPU, bf16=True, batch_size=2, rounds=1, size=(32, 64))
    assert row["name"] == "training step, UNet-ResNet50 vs smp.Unet, bf16, 2x32x64, cpu"
    assert row["unit"] == "ms"
    assert row["ratio"] == row["theirs"] / row["ours"] > 0
