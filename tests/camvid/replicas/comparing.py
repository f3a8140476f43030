"""Whether a data set on disk stands for the masks that its replica drew."""

from pathlib import Path

import numpy as np

from artifacts.dataset_artifact import dataset_artifact
from camvid.check import check
from camvid.layouts import content_digest, find_taxonomy, open_dataset, scan_layout
from camvid.stats import class_frequency
from tests.camvid.replicas.folders import SPLITS, masked


def assert_same(data, masks):
    """The frames, each with its mask, and their splits, unless the data set says none."""
    opened = {frame.name: frame for frames in data.splits.values() for frame in frames}
    wanted = {name: mask for named in masks.values() for name, mask in named.items()}
    assert opened.keys() == wanted.keys()
    for name, mask in wanted.items():
        image, read = data.read(opened[name])
        assert image.shape[:2] == mask.shape
        np.testing.assert_array_equal(read, mask)
    if "" not in masks:
        assert {key: {f.name for f in frames} for key, frames in data.splits.items() if frames} == {
            key: set(named) for key, named in masks.items()
        }


def assert_counted(data, masks):
    """The pixels of each class."""
    pixels = sum(class_frequency(data, split).pixels for split, frames in data.splits.items() if frames)
    stacked = np.concatenate([mask.ravel() for named in masks.values() for mask in named.values()])
    np.testing.assert_array_equal(pixels, np.bincount(stacked, minlength=256)[: data.taxonomy.num_classes])


def assert_shipped(data, folder):
    """The data set's artifact, fetched to a folder, opens as the same data."""
    digest = content_digest(data)
    for name, entry in dataset_artifact(data, "set", digest).manifest.entries.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(entry.local_path or "").read_bytes())
    assert content_digest(open_dataset(folder / "data")) == digest


def masks_are(root, wanted):
    """A variant of the folders' replica whose masks of train are `wanted` of the plain ones."""
    data = open_dataset(root)
    for frame in data.splits["train"]:
        np.testing.assert_array_equal(data.read_mask(frame), wanted(masked(frame.name)))


def faults_of(root):
    return check(root, find_taxonomy(root)).faults


def first(root):
    """A frame of train of the folders' replica."""
    return next(frame for frame in scan_layout(root).frames if frame.name == SPLITS["train"][0])
