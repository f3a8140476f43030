"""One reader for all: what training, evaluation, check, statistics, prediction and composites make of a file."""

import hashlib
import json
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from camvid.check import check
from camvid.composites.files import read_halves
from camvid.layouts import content_digest, open_dataset
from camvid.stats import class_frequency
from camvid.taxonomy import load_taxonomy
from eval import predict
from files import pictures
from tests.camvid.drawn import WRITERS, draw, write_segnet
from tests.camvid.loaded import cached_frames
from tests.files.written import grey_png

CAMVID11 = load_taxonomy("camvid11")


@pytest.fixture
def data(tmp_path):
    write_segnet(tmp_path, draw())
    return open_dataset(tmp_path)


def turned(path, orientation=3):
    """The picture as a camera that was held so stores it; 3 is upside down, 6 on its side."""
    with Image.open(path) as picture:
        stored = picture.transpose({3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(path, exif=exif.tobytes())


def as_before(dataset):
    """The digest as it was defined first: of the bytes alone."""
    digest = hashlib.sha256(dataset.taxonomy.digest.encode())
    table = {field.name: getattr(dataset.labels, field.name) for field in fields(dataset.labels) if field.repr}
    digest.update(json.dumps(table).encode())
    for split, frames in sorted(dataset.splits.items()):
        for frame in sorted(frames, key=lambda frame: frame.name):
            files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (frame.image, frame.mask)]
            digest.update(json.dumps([split, frame.name, *files]).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("orientation", [3, 6])
def test_frames_and_masks_are_upright_everywhere(data, orientation, tmp_path):
    frames = [frame for part in data.splits.values() for frame in part]
    before = [data.read(frame) for frame in frames]
    for frame in frames:
        turned(frame.image, orientation)
    turned(frames[0].mask, orientation)
    for frame, (image, mask) in zip(frames, before, strict=True):
        assert all((now == then).all() for now, then in zip(data.read(frame), (image, mask), strict=True))
        assert (predict.read_image(frame.image) == image).all()
    assert check(data.root, CAMVID11)[:2] == (6, [])
    cache = cached_frames(data, "train", (8, 12), tmp_path / "cache")
    assert (cache.images == [image for image, _ in before[:2]]).all()
    assert (cache.masks == [mask for _, mask in before[:2]]).all()
    counts = np.bincount(np.stack([mask for _, mask in before[:2]]).ravel(), minlength=256)
    assert (class_frequency(data, "train").pixels == counts[:11]).all()


def test_prediction_and_data_share_one_reader():
    assert predict.read_image is pictures.read_image


def test_a_mask_that_does_not_fit_the_upright_frame_is_named(data):
    frame = data.splits["val"][0]
    with Image.open(frame.image) as picture:
        lying = picture.copy()
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(frame.image, exif=exif.tobytes())  # seen upright it is 8x12 now
    assert check(data.root, CAMVID11).faults == [f"{frame.mask}: label is 12x8, its frame {frame.image.name} is 8x12"]


def test_composites_are_upright_and_scaled_too(tmp_path):
    rng = np.random.default_rng(0)
    both = rng.integers(0, 256, (8, 16, 3), np.uint8)
    Image.fromarray(both).save(tmp_path / "a.png")
    turned(tmp_path / "a.png", 6)
    photo, label = read_halves(tmp_path / "a.png")
    assert (np.concatenate((photo, label), axis=1) == both).all()
    grey = rng.integers(0, 65536, (8, 16))
    grey_png(grey, 16, tmp_path / "b.png")
    photo, label = read_halves(tmp_path / "b.png")
    assert (np.concatenate((photo, label), axis=1)[..., 0] == grey // 256).all()


def test_sixteen_bit_frames_are_no_white_pictures(data, tmp_path):
    frames = data.splits["train"]
    grey = np.linspace(0, 65535, 96).astype(int).reshape(8, 12)
    for frame in frames:
        grey_png(grey, 16, frame.image)
    assert (data.read_image(frames[0]) == (grey // 256)[..., None]).all()
    assert (cached_frames(data, "train", (8, 12), tmp_path / "cache").images == (grey // 256)[..., None]).all()


def test_a_frame_without_a_range_of_brightness_is_a_fault(data):
    frame = data.splits["test"][0]
    Image.new("F", (12, 8), 0.5).save(frame.image, format="tiff")
    (fault,) = check(data.root, CAMVID11).faults
    assert fault.startswith(f"{frame.image}: mode F has no fixed range of brightness")


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("taxonomy", ["camvid11", "camvid12"])
def test_digests_of_plain_files_are_what_they_were(layout, taxonomy, tmp_path):
    WRITERS[layout](tmp_path, draw())
    dataset = open_dataset(tmp_path, taxonomy)
    assert content_digest(dataset) == as_before(dataset)


def turn_frame(frame):
    turned(frame.image)


def deepen_frame(frame):
    grey_png(np.zeros((8, 12), int), 16, frame.image)


def flatten_mask(frame):
    grey_png(np.ones((8, 12), int), 4, frame.mask)


def plain_frame(frame):
    grey_png(np.zeros((8, 12), int), 4, frame.image)  # read as ever


@pytest.mark.parametrize("change", [turn_frame, deepen_frame, flatten_mask])
def test_digests_change_with_what_is_read_of_the_same_bytes(data, change, tmp_path):
    change(data.splits["train"][0])
    assert content_digest(data) != as_before(data)


def test_a_frame_that_was_always_read_so_keeps_its_digest(data):
    plain_frame(data.splits["train"][0])
    assert content_digest(data) == as_before(data)


def test_the_cache_passes_over_what_was_decoded_before_frames_were_turned(data, tmp_path):
    """Of the same bytes, an entry that an older version decoded lies beside the new one."""
    frames = data.splits["train"]
    upright = [data.read_image(frame) for frame in frames]
    for frame in frames:
        turned(frame.image)
    digest = hashlib.blake2b(f"2 (8, 12) {data.taxonomy.digest} {data.labels!r}".encode(), digest_size=16)
    for frame in frames:
        for path in (frame.image, frame.mask):
            digest.update(hashlib.blake2b(path.read_bytes()).digest())
    old = tmp_path / "cache" / digest.hexdigest()
    old.mkdir(parents=True)
    np.save(old / "images.npy", np.stack([image[::-1, ::-1] for image in upright]))
    np.save(old / "masks.npy", np.stack([data.read_mask(frame) for frame in frames]))
    np.save(old / "counts.npy", np.zeros((2, 11), np.int64))
    assert (cached_frames(data, "train", (8, 12), tmp_path / "cache").images == upright).all()
