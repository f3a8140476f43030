"""The palette travels with the dataset artifact: a machine that has nothing else reads the same masks."""

import shutil

import numpy as np

from artifacts.dataset_artifact import dataset_artifact
from camvid.composites.convert import convert
from camvid.layouts import content_digest, open_dataset
from tests.camvid.composites.composed import write_blocks


def test_an_artifact_holds_colors_and_classes(tmp_path):
    write_blocks(tmp_path / "raw")
    convert(tmp_path / "raw", tmp_path / "set", k=2)
    data = open_dataset(tmp_path / "set", "own")
    digest = content_digest(data)
    artifact = dataset_artifact(data, "pairs", digest)
    for name, entry in artifact.manifest.entries.items():
        if name.startswith("data/"):
            assert entry.local_path
            (tmp_path / "cold" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(entry.local_path, tmp_path / "cold" / name)
    cold = open_dataset(tmp_path / "cold" / "data", "own")
    assert content_digest(cold) == digest
    pairs = zip(data.splits["val"], cold.splits["val"], strict=True)
    assert all(np.array_equal(data.read_mask(here), cold.read_mask(there)) for here, there in pairs)
