import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from eval.evaluate import evaluate
from eval.stored import StoredDepths, StoredMasks, pack
from tests.eval.drawn import SPLIT, ColorModel, sample, street

RNG = np.random.default_rng(0)


def test_masks_of_any_size_come_back_whatever_their_order():
    masks = [RNG.integers(0, 11, shape, dtype=np.uint8) for shape in ((4, 7), (1, 1), (30, 20))]
    stored = StoredMasks(3)
    for position in (2, 0, 1):
        stored.store(position, masks[position].shape, pack(masks[position]))
    assert len(stored) == 3
    assert stored.shapes == [(4, 7), (1, 1), (30, 20)]
    for found, mask in zip(stored, masks, strict=True):
        np.testing.assert_array_equal(found, mask)
        found[0, 0] = 9  # a copy
    np.testing.assert_array_equal(stored[-1], masks[2])
    assert [mask.shape for mask in stored[:2]] == [(4, 7), (1, 1)]


def test_a_part_of_a_larger_array_is_packed_alone():
    whole = RNG.integers(0, 11, (10, 12), dtype=np.uint8)
    stored = StoredMasks(1)
    stored.store(0, (5, 4), pack(whole[::2, ::3]))
    np.testing.assert_array_equal(stored[0], whole[::2, ::3])


def test_depth_comes_back_at_the_size_of_its_frame():
    depths = [RNG.uniform(1, 80, shape).astype(np.float32) for shape in ((6, 8), (3, 5))]
    stored = StoredDepths(2)
    for position, shape in ((1, (9, 15)), (0, (6, 8))):
        half = depths[position].astype(np.float16)
        stored.store(position, shape, depths[position].shape, pack(half))
    assert len(stored) == 2 and stored.shapes == [(6, 8), (9, 15)]
    np.testing.assert_allclose(stored[0], depths[0], rtol=1e-3)
    expected = functional.interpolate(torch.from_numpy(depths[1])[None, None], size=(9, 15), mode="bilinear")[0, 0]
    np.testing.assert_allclose(stored[1], expected, rtol=1e-3)
    assert stored[1].dtype == np.float32


def test_the_file_goes_with_the_masks():
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept = StoredMasks(1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    del kept
    assert len(list(Path("/proc/self/fd").iterdir())) == before


FULL = """
import resource, signal
from eval.stored import StoredMasks
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    StoredMasks(1).store(0, (20, 20), bytes(400))
except OSError as error:
    print(error)
"""


def test_a_disk_that_is_full_is_named_with_the_way_out(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"{tmp_path}: ")
    assert "set TMPDIR to a folder with room for predictions" in done.stdout


class Drawn:
    """Frames that are drawn when they are asked for."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, position):
        return sample(street(240, 320, seed=position % 5), name=f"frame{position}")


def peak(count):
    """Bytes that Python and NumPy hold at most in an evaluation."""
    tracemalloc.start()
    try:
        evaluate(ColorModel(), Drawn(count), **SPLIT, batch_size=1, size_for=lambda size: (48, 64))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_frames():
    peak(2)  # what is imported and cached once
    assert peak(90) - peak(10) < 80 * 240 * 320 / 3  # a third of the bytes of the masks: records grow
