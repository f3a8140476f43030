"""8 bits for the activations that there are many of."""

import torch
from torch import nn

from eval.export import load_exported
from eval.export.formats import write_onnx
from eval.export.quantise import quantise

METADATA = {"config": {}, "taxonomy": {"name": "drawn", "classes": []}, "parameters": 3}


class Peaked(nn.Module):
    """Passes images on; a pixel of 1 becomes an activation twenty times as large as all others."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = nn.Conv2d(6, 3, 1, bias=False)
        same = torch.eye(3)[:, :, None, None]
        self.sum.weight = nn.Parameter(torch.cat((same, same), 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        peaks = (images - 0.99).relu() * 2000
        logits: torch.Tensor = self.sum(torch.cat((images, peaks), 1))
        return logits


def test_a_rare_activation_does_not_cost_the_others_their_digits(tmp_path, capfd):
    images = torch.rand(16, 3, 64, 64) * 0.9
    images[0, 0, 0, 0] = 1.0
    write_onnx(Peaked().eval(), tmp_path / "float.onnx", METADATA)
    frames = [image[None].numpy() for image in images]
    quantise(tmp_path / "float.onnx", tmp_path / "int8.onnx", METADATA, frames)
    assert capfd.readouterr().out == ""
    exported = load_exported(tmp_path / "int8.onnx")
    assert exported.taxonomy == METADATA["taxonomy"]
    assert (exported.model(images[1:]) - images[1:]).abs().max() < 0.02
