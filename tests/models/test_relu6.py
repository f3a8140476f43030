"""ReLU6 with less memory: the values and gradients of torch's own, and what is kept for the gradient."""

import torch
from torch import Tensor, nn

from models.backbones import build_backbone
from models.relu6 import FrugalReLU6, save_memory


def kept_bytes(network: nn.Module, x: Tensor) -> int:
    """Bytes of the distinct tensors that a forward pass keeps for the gradient."""
    kept: dict[int, Tensor] = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        network(x)
    return sum(tensor.nbytes for tensor in kept.values())


def two_layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.BatchNorm2d(3), nn.ReLU6(inplace=True), nn.Conv2d(3, 2, 1))


def test_values_and_gradients_are_torchs_to_the_bit() -> None:
    values = torch.cat([torch.tensor([-1.0, -0.0, 0.0, 1e-30, 3.0, 6.0, 6.0000005, 9.0]), 4 * torch.randn(1000)])
    for dtype in (torch.float32, torch.bfloat16):
        own, torchs = (values.detach().clone().to(dtype).requires_grad_() for _ in range(2))
        weights = torch.randn(len(values)).to(dtype)
        ours, theirs = FrugalReLU6()(own * 1), nn.ReLU6()(torchs * 1)
        assert torch.equal(ours, theirs)
        gradients = torch.autograd.grad(ours, own, weights), torch.autograd.grad(theirs, torchs, weights)
        assert torch.equal(*(gradient for (gradient,) in gradients))


def test_one_tensor_less_is_kept() -> None:
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    before, layers = kept_bytes(two_layers(), x), two_layers()
    save_memory(layers)
    assert before - kept_bytes(layers, x) == x.nbytes


def test_backbones_have_it_and_others_stay() -> None:
    for name, count in (("tf_efficientnet_lite0", 32), ("mobilenetv2_100", 34), ("resnet18", 0)):
        modules = list(build_backbone(name).modules())
        assert sum(isinstance(module, FrugalReLU6) for module in modules) == count, name
        assert not any(type(module) is nn.ReLU6 for module in modules), name


def test_without_gradient_it_is_a_plain_relu6() -> None:
    network = two_layers().eval()
    x = torch.randn(2, 3, 8, 8)
    with torch.inference_mode():
        expected = network(x)
        save_memory(network)
        assert torch.equal(network(x), expected)
