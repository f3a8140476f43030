"""Frames that lie on the device give the batches of loaded frames: on the CPU, and on a GPU if there is one."""

from typing import Any

import pytest
import torch

from camvid.cache import FrameCache
from camvid.frames import training_frames
from camvid.joined import TrainingFrames
from camvid.layouts import open_dataset
from camvid.loaders import SeededOrder, TrainLoader, resident_loader, train_loader
from camvid.on_device import POLICIES, DeviceAugmentation
from camvid.resident import ResidentFrames, room_on
from tests.camvid.loaded import SIZE, cached_frames
from tests.camvid.test_sizes import mixed  # noqa: F401  (a fixture)
from tests.drawings import synth_once
from tests.training.test_ahead import DEVICES
from training.ahead import Ahead

CROPS = (0.3, 1.0)


def loaders(
    frames: TrainingFrames, policy: str, share: tuple[int, int] = (0, 1), device: str = "cpu"
) -> list[TrainLoader]:
    """The loader of whole frames, and that of resident frames."""
    settings: dict[str, Any] = {"augment": policy, "augment_on": "device", "crop_min": CROPS[0], "crop_max": CROPS[1]}
    settings |= {"workers": 0, "gpu_cache": 0.0, "device": device}
    loaded = train_loader(frames, **settings, size=SIZE, batch_size=2 * share[1], seed=1, share=share)
    order = SeededOrder(len(frames), 1, *share)
    return [loaded, resident_loader(frames, DeviceAugmentation(policy, SIZE, CROPS), order, 2, device)]


def epoch(loader: TrainLoader, number: int, device: str = "cpu") -> list[tuple[torch.Tensor, ...]]:
    assert isinstance(loader.sampler, SeededOrder)
    loader.sampler.epoch = number
    return list(Ahead(loader, torch.device(device), loader.finish))


def assert_equal_batches(frames: TrainingFrames, policy: str, device: str = "cpu", **changes: Any) -> None:
    loaded, resident = loaders(frames, policy, device=device, **changes)
    for number in (0, 3):
        found, expected = epoch(resident, number, device), epoch(loaded, number, device)
        assert len(found) == len(expected) == len(resident) > 0
        for one, two in zip(found, expected, strict=True):
            assert all(torch.equal(a.nan_to_num(-1), b.nan_to_num(-1)) for a, b in zip(one, two, strict=True))
    assert (resident.batch_size, resident.num_workers, resident.drop_last) == (loaded.batch_size, 0, True)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("share", [(0, 1), (0, 2), (1, 2)])
def test_the_batches_are_those_of_loaded_frames(dataset, tmp_path, policy, share, device):
    assert_equal_batches(cached_frames(dataset, "train", SIZE, tmp_path), policy, device, share=share)


@pytest.mark.parametrize("policy", ["flip", "color"])
def test_frames_of_several_shapes_keep_their_padding(mixed, tmp_path, policy):  # noqa: F811
    assert_equal_batches(cached_frames(mixed, "train", (64, 64), tmp_path), policy)


def test_depth_comes_along(tmp_path):
    synth_once(tmp_path / "drawn", frames=8, seed=6, layout="segnet", size=(72, 96), depth=True)
    frames = training_frames(open_dataset(tmp_path / "drawn"), "train", SIZE, tmp_path / "cache", depth=True)
    assert_equal_batches(frames, "crop")
    (_, _, depths), *_ = epoch(loaders(frames, "crop")[1], 0)
    assert (depths.shape, depths.dtype) == ((2, *SIZE), torch.float32)
    assert depths.isfinite().any()


def test_frames_lie_there_as_whole_numbers_and_the_preview_shows_what_the_network_sees(dataset, tmp_path):
    frames: FrameCache = cached_frames(dataset, "train", SIZE, tmp_path)
    loaded, resident = loaders(frames, "color")
    assert isinstance(resident.finish, ResidentFrames)
    assert resident.finish.images.numpy().tobytes() == frames.images.tobytes()
    assert resident.finish.masks.numpy().tobytes() == frames.masks.tobytes()
    for one, two in zip(resident.dataset.parts((7, 1)), loaded.dataset.parts((7, 1)), strict=True):  # type: ignore[attr-defined]
        assert torch.equal(one, two)


def test_a_cpu_has_no_room_of_its_own():
    assert room_on("cpu", 0.25) == 0
