import time
from itertools import groupby

import pytest
import torch
from torch import nn

from eval.latency import Timed, measure_latency, time_in_turns


class Slow(nn.Module):
    """Takes a known time for each image, and remembers what it was given."""

    def __init__(self, milliseconds):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)  # 3 * 4 * 9 + 4 parameters
        self.norm = nn.BatchNorm2d(4)  # 8 parameters, 8 floats and one int64 besides
        self.seconds, self.shapes, self.kinds = milliseconds / 1e3, [], set()

    def forward(self, image):
        time.sleep(self.seconds * len(image))
        assert not self.training
        self.shapes.append(tuple(image.shape))
        self.kinds.add(self.conv(image).dtype)
        return image


def test_figures():
    model = Slow(milliseconds=4).train()
    figures = measure_latency(model, (24, 40), batch_size=5)
    assert figures["model/parameters"] == 112 + 8
    assert figures["model/mb"] == pytest.approx((4 * (112 + 8 + 8) + 8) / 1e6)
    assert 4 <= float(figures["model/latency_ms"]) < 40
    assert 25 < float(figures["model/throughput"]) <= 250
    assert (figures["model/size"], figures["model/precision"], figures["model/device"]) == ("24x40", "fp32", "cpu")
    assert figures["model/threads"] == torch.get_num_threads()
    assert figures["model/batch_size"] == 5
    assert "model/peak_mb" not in figures  # not known on a CPU
    assert set(model.shapes) == {(1, 3, 24, 40), (5, 3, 24, 40)}
    assert model.training


def test_a_slow_model_is_measured_fewer_times():
    model = Slow(milliseconds=30)
    measure_latency(model, (8, 8), batch_size=1, seconds=0.05)
    assert len(model.shapes) == 2 * (3 + 3)  # warm-up and at least three, twice


def test_bf16_is_in_effect():
    model = Slow(milliseconds=0)
    measure_latency(model, (8, 8), precision="bf16")
    assert model.kinds == {torch.bfloat16}
    with pytest.raises(ValueError, match="precision='int8'"):
        measure_latency(model, (8, 8), precision="int8")


def test_two_models_are_timed_in_turns():
    calls: list[str] = []

    class Named(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def forward(self, image):
            calls.append(self.name)
            assert image.shape == ((1, 3, 8, 16) if self.name == "a" else (1, 3, 4, 4))
            return image

    times = time_in_turns(Timed(Named("a"), (8, 16), "fp32"), Timed(Named("b"), (4, 4), "fp32"), rounds=3)
    assert [len(taken) for taken in times] == [3, 3]
    assert all(taken > 0 for both in times for taken in both)
    assert [name for name, _ in groupby(calls)] == ["a", "b", "a", "b"]  # a b, b a, a b: none is always the first
