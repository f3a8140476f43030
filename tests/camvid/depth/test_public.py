"""Public data sets with depth: read, checked, counted, shipped, trained on and judged, from replicas of each."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from camvid.__main__ import main
from camvid.check import check
from camvid.depth import Camera, Depth, find_depth
from camvid.describe import describe
from camvid.frames import training_frames
from camvid.layouts import Frame, RoadDataset, content_digest, find_taxonomy, open_dataset, open_depth, scan_layout
from camvid.layouts.notices import GuessWarning
from camvid.loaders import train_loader
from camvid.stats import class_frequency
from eval.samples import FrameSamples
from tests.camvid.depth.test_depth import write_disparity
from tests.camvid.replicas import kitti_depth, virtual_kitti
from tests.camvid.replicas.cityscapes import write_fine
from tests.camvid.replicas.drawing import SIZE
from tests.camvid.replicas.every import REPLICAS, UNLABELLED
from tests.camvid.replicas.kitti_depth import write_kitti_depth
from tests.camvid.replicas.virtual_kitti import SCENES, write_virtual_kitti

pytestmark = pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")  # Virtual KITTI's split


def write_cityscapes(root: Path) -> None:
    write_fine(root)
    write_disparity(root)


WRITERS: dict[str, Any] = {
    "cityscapes": write_cityscapes,
    "virtual_kitti": write_virtual_kitti,
    "kitti_depth": write_kitti_depth,
    "depth": UNLABELLED["depth alone"].write,
}


def read(dataset: RoadDataset, frame: Frame) -> tuple[Depth, Camera]:
    """Depth and camera of a frame that has them."""
    found = dataset.read_depth(frame)
    assert found is not None
    return found


@pytest.fixture(params=WRITERS)
def written(request, tmp_path):
    WRITERS[request.param](tmp_path / "set")
    return tmp_path / "set"


def test_it_has_no_fault_and_depth_is_said(written):
    report = check(written, find_taxonomy(written))
    assert report.faults == []
    (line,) = [line for line in report.taken if line.startswith("depth of ")]
    (more,) = [line for line in describe(written).lines if line.startswith("depth of ")]
    assert more.startswith(line)


def test_its_depth_is_said_by_split_and_its_labels_are_counted(written, tmp_path, capsys):
    code = main(["stats", str(written), "--out", str(tmp_path / "stats")])
    err = capsys.readouterr().err
    splits = open_dataset(written, depth=True).splits
    for split, frames in splits.items():
        assert (f"{split}: depth of {len(frames)} frames, as in " in err) == bool(frames)
    labelled = any(frame.mask for frames in splits.values() for frame in frames)
    assert code == (0 if labelled else 2)
    assert ("no frame has a label, so there is no class to count" in err) != labelled


def test_it_is_trained_on(written, tmp_path):
    """A step, in which the loss of the depth falls: batches hold images, masks and canonical depth."""
    dataset = open_dataset(written, depth=True)
    frames = training_frames(dataset, "train", (32, 64), tmp_path / "cache", depth=True)
    for where in ("loader", "device"):
        loader = train_loader(
            frames, augment="crop", size=(32, 64), crop_min=0.3, crop_max=1.0, batch_size=3, seed=1, augment_on=where
        )
        batch = next(iter(loader))
        images, _, depths = loader.finish(*batch) if loader.finish else batch
        network = torch.nn.Conv2d(3, 1, 1)
        optimizer = torch.optim.SGD(network.parameters(), 1e-3)
        known = torch.isfinite(depths)

        def loss(network=network, images=images, depths=depths, known=known):
            return ((network(images.float() / 255)[:, 0] - depths.clamp(max=80).log())[known] ** 2).mean()

        before = loss()
        before.backward()
        optimizer.step()
        assert loss() < before


def test_it_gives_samples_to_an_evaluation(written):
    dataset = open_dataset(written, depth=True)
    samples = FrameSamples(dataset.splits["val"], dataset.read, dataset.read_depth)
    for sample in (samples[position] for position in range(len(samples))):
        assert sample.depth is not None
        assert sample.camera is not None
        assert sample.depth.shape == sample.mask.shape == sample.camera.size
        assert np.isfinite(sample.depth).any()


def test_the_digest_follows_depth_and_cameras(written):
    dataset = open_dataset(written, depth=True)
    digests = {content_digest(dataset)}
    image, camera = dataset.depth_files(dataset.splits["train"][0])
    Image.fromarray(np.asarray(Image.open(image)) + np.uint16(1)).save(image)
    digests.add(content_digest(dataset))
    camera.write_text(camera.read_text() + "\n")
    digests.add(content_digest(dataset))
    assert len(digests) == 3


def test_it_gives_depth_beside_other_data(written, tmp_path):
    first = open_dataset(labelled(tmp_path), "camvid11")
    second = open_depth(written, first.taxonomy)
    assert all(frame.mask is None for frame in second.splits["train"])
    frames = training_frames(
        first, "train", (32, 64), tmp_path / "cache", depth=True, depth_data=second, augment="flip"
    )
    assert len(frames) == len(first.splits["train"]) + len(second.splits["train"])
    assert frames.depth is not None
    assert np.isfinite(frames.depth.read(len(frames) - 1)).any()


def labelled(folder: Path) -> Path:
    """Labelled frames without depth."""
    REPLICAS["bdd100k"].write(folder / "masks")
    return folder / "masks"


def test_kittis_maps_are_read_exactly(tmp_path):
    masks = write_kitti_depth(tmp_path)
    dataset = open_dataset(tmp_path)
    assert {key: {f.name for f in frames} for key, frames in dataset.splits.items() if frames} == {
        key: set(names) for key, names in masks.items()
    }
    for frame in dataset.splits["train"]:
        depth, camera = read(dataset, frame)
        stored = kitti_depth.stored(frame.name)
        assert np.array_equal(depth, np.where(stored == 0, np.nan, stored / 256), equal_nan=True)
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (721.5377, 721.5377, 609.5593, 172.854)
        assert camera.size == kitti_depth.SIZE
        assert frame.sequence in kitti_depth.DRIVES["train"]
    taken = check(tmp_path, find_taxonomy(tmp_path)).taken
    assert "1 drive with depth is left out, as the frames are missing" in taken
    assert "16 frames with depth and without a label: only a training of depth uses them" in taken
    with pytest.raises(ValueError, match="no frame of the train split has a label, only depth; train with --tasks"):
        dataset.require_masks("train")
    assert class_frequency(dataset, "train").frames == 0


def test_virtual_kittis_maps_and_cameras_are_read_exactly(tmp_path):
    write_virtual_kitti(tmp_path)
    dataset = open_dataset(tmp_path)
    for frame in dataset.splits["train"]:
        depth, camera = read(dataset, frame)
        np.testing.assert_allclose(depth, virtual_kitti.metres(frame.name), rtol=1e-6)
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (725.0087, 725.0087, 620.5, 187)
    drives = {key: {frame.sequence for frame in frames} for key, frames in dataset.splits.items()}
    assert set.union(*drives.values()) == set(SCENES)
    assert sum(map(len, drives.values())) == len(SCENES)  # no street is in two splits


def test_virtual_kitti_in_the_classes_of_others(tmp_path):
    write_virtual_kitti(tmp_path)
    names = [name for name, _ in virtual_kitti.TABLE]
    wanted = {
        "camvid11": {"Sky": "Sky", "Terrain": "Tree", "Van": "Car", "GuardRail": "Fence", "Truck": "Car"},
        "cityscapes19": {"Sky": "sky", "Terrain": "terrain", "Tree": "vegetation", "Van": "car", "Truck": "truck"},
    }
    for taxonomy, pairs in wanted.items():
        dataset = open_dataset(tmp_path, taxonomy)
        frame = dataset.splits["train"][0]
        mask, own = dataset.read_mask(frame), open_dataset(tmp_path).read_mask(frame)
        for name, other in pairs.items():
            assert (mask[own == names.index(name)] == dataset.taxonomy.names.index(other)).all()
        assert (mask[own == names.index("Misc")] == 255).all()


def test_virtual_kitti_without_labels_gives_depth_alone(tmp_path):
    write_virtual_kitti(tmp_path)
    for path in tmp_path.rglob("classSegmentation"):
        shutil.rmtree(path)
    dataset = open_dataset(tmp_path)
    assert len(dataset.splits["train"]) > 0
    assert not any(frame.mask for frames in dataset.splits.values() for frame in frames)
    assert check(tmp_path, find_taxonomy(tmp_path)).faults == []


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


FAULTS = {
    "2011_09_28/calib_cam_to_cam.txt: missing; unpack 2011_09_28_calib.zip": (
        write_kitti_depth,
        lambda root: (root / "2011_09_28" / "calib_cam_to_cam.txt").unlink(),
    ),
    "2011_09_28/calib_cam_to_cam.txt: P_rect_02 with 12 numbers and S_rect_02 with 2 are needed": (
        write_kitti_depth,
        lambda root: edit(root / "2011_09_28" / "calib_cam_to_cam.txt", "P_rect_02", "P_rect_04"),
    ),
    "calib_cam_to_cam.txt: the focal lengths are -": (
        write_kitti_depth,
        lambda root: edit(root / "2011_09_28" / "calib_cam_to_cam.txt", "P_rect_02: ", "P_rect_02: -"),
    ),
    "groundtruth/image_02/0000000003.png: depth without a frame (0000000003)": (
        write_kitti_depth,
        lambda root: next(root.glob("*/*_0002_sync/image_02/data/0000000003.png")).unlink(),
    ),
    "Scene02/fog/intrinsic.txt: missing; unpack vkitti_2.0.3_textgt.tar.gz": (
        write_virtual_kitti,
        lambda root: (root / "Scene02" / "fog" / "intrinsic.txt").unlink(),
    ),
    "Scene02/fog/intrinsic.txt: not a table of cameras with the columns frame, cameraID, K[0,0]": (
        write_virtual_kitti,
        lambda root: edit(root / "Scene02" / "fog" / "intrinsic.txt", "K[1,1]", "fy"),
    ),
    "Scene02/fog/intrinsic.txt: no line for frame 1 of camera 0; take the file of this film": (
        write_virtual_kitti,
        lambda root: edit(root / "Scene02" / "fog" / "intrinsic.txt", "\n1 0 ", "\n7 0 "),
    ),
    "depth_00001.png: no pixel has a depth": (
        write_virtual_kitti,
        lambda root: virtual_kitti.write_16_bits(
            root / "Scene02" / "fog" / "frames" / "depth" / "Camera_0" / "depth_00001.png",
            np.full(SIZE, 65535),
        ),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_file(fault, tmp_path):
    write, damage = FAULTS[fault]
    write(tmp_path)
    damage(tmp_path)
    faults = check(tmp_path, find_taxonomy(tmp_path)).faults
    assert faults
    assert all(fault in line for line in faults), faults


def test_a_line_of_colours_that_is_none_is_named(tmp_path):
    write_virtual_kitti(tmp_path)
    edit(tmp_path / "Scene01" / "clone" / "colors.txt", "Sky 90 200 255", "Sky 90 200")
    with pytest.raises(ValueError, match=r"clone/colors\.txt, line 3: a category and r, g, b from 0 to 255 are needed"):
        open_dataset(tmp_path)


def test_depth_is_found_from_a_scan_alone(tmp_path):
    write_kitti_depth(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)
        source = find_depth(scan_layout(tmp_path))
    assert source is not None
    assert len(source.maps) == 16
