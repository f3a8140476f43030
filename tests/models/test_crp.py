import torch
from torch import nn

from models.crp import ChainedResidualPooling


def test_chained_residual_pooling_is_the_sum_of_its_chain():
    crp = ChainedResidualPooling(4, blocks=3)
    x = torch.randn(2, 4, 9, 7)
    pool = nn.MaxPool2d(5, stride=1, padding=2)
    start = x.clamp(min=0)
    first = crp.convs[0](pool(start))
    second = crp.convs[1](pool(first))
    third = crp.convs[2](pool(second))
    torch.testing.assert_close(crp(x), start + first + second + third)
    assert crp(x).shape == x.shape


def test_chained_residual_pooling_without_its_convolutions_is_a_relu():
    crp = ChainedResidualPooling(4)
    for weight in crp.parameters():
        nn.init.zeros_(weight)
    x = torch.randn(1, 4, 6, 6)
    assert torch.equal(crp(x), x.relu())
