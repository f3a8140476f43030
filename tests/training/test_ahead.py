"""Batches that travel ahead are the loader's, and are finished on the device."""

from typing import Any

import pytest
import torch
from fastai.callback.core import Callback
from fastai.learner import Learner
from torch.utils.data import DataLoader, TensorDataset

from camvid.loaders import SeededOrder, resident_loader, train_loader
from camvid.on_device import DeviceAugmentation
from tests.training.conftest import frames
from tests.training.test_checkpoint import Stop, StopAt
from training import fit, resume_from
from training.ahead import Ahead

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 10, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("count", [0, 1, 5])
def test_every_batch_comes_once_in_order_and_finished(count, device):
    data = TensorDataset(torch.arange(2 * count), torch.arange(2 * count) + 100)
    loader = DataLoader(data, batch_size=2, pin_memory=device == "cuda")
    ahead = Ahead(loader, torch.device(device), lambda left, right: (left + 1, right))
    assert (len(ahead), ahead.batch_size) == (count, 2)
    for _ in range(2):
        batches = list(ahead)
        assert [batch[0].tolist() for batch in batches] == [[2 * i + 1, 2 * i + 2] for i in range(count)]
        assert [batch[1].tolist() for batch in batches] == [[2 * i + 100, 2 * i + 101] for i in range(count)]
        assert {tensor.device.type for batch in batches for tensor in batch} <= {device}


def test_one_batch_is_ahead_and_no_more():
    asked = []

    class Watched(TensorDataset):
        def __getitem__(self, index):
            asked.append(index)
            return super().__getitem__(index)

    ahead = iter(Ahead(DataLoader(Watched(torch.arange(8)), batch_size=2), torch.device("cpu")))
    next(ahead)
    assert asked == [0, 1, 2, 3]
    next(ahead)
    assert asked == [0, 1, 2, 3, 4, 5]


def test_a_training_learns_from_batches_augmented_on_the_device(make_learner):
    learn = make_learner(
        loader=train_loader(
            frames(),
            augment="color",
            augment_on="device",
            size=(32, 32),
            crop_min=0.5,
            crop_max=1.0,
            batch_size=2,
            seed=0,
        )
    )
    seen = []
    learn.model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    fit(learn, **PLAN)
    assert {image.shape for image in seen} == {(2, 3, 32, 32)}
    assert all(image.min() >= 0 and image.max() <= 1 for image in seen)
    losses = [row["train/loss"] for row in learn.checkpoint.history]
    assert losses[-1] < 0.5 * losses[0]


def test_a_training_on_resident_frames_is_that_on_loaded_ones_and_is_resumed(make_learner, tmp_path):
    def make(folder: str, resident: bool, *callbacks: Callback) -> Learner:
        augmentation = DeviceAugmentation("color", (32, 32), (0.5, 1.0))
        settings: dict[str, Any] = {"augment": "color", "size": (32, 32), "batch_size": 2, "seed": 0}
        settings |= {"crop_min": 0.5, "crop_max": 1.0}
        loaded = train_loader(frames(), augment_on="device", **settings)
        loader = resident_loader(frames(), augmentation, SeededOrder(10, 0), 2, "cpu") if resident else loaded
        return make_learner(tmp_path / folder, loader=loader, callbacks=callbacks)

    def train(learn: Learner, **changes: Any) -> Learner:
        torch.manual_seed(5)
        fit(learn, **PLAN | {"epochs": 3}, **changes)
        return learn

    loaded, resident = train(make("loaded", False)), train(make("resident", True))
    with pytest.raises(Stop):
        train(make("cut", True, StopAt(2)))
    resumed = train(make("cut", True), resume=resume_from(tmp_path / "cut"))
    for learn in (resident, resumed):
        for key, value in loaded.model.state_dict().items():
            assert torch.equal(value, learn.model.state_dict()[key]), key


@pytest.mark.soak
def test_without_a_compiler_the_network_trains_as_it_is(make_learner, monkeypatch, tmp_path):
    import torch._inductor.config as settings

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setattr(settings.cpp, "cxx", (str(tmp_path / "no-compiler"),))
    learn = make_learner(compile=True)
    fit(learn, **PLAN | {"epochs": 2})
    assert len(learn.checkpoint.history) == 2
