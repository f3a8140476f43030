import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camvid.layouts import SPLITS, content_digest, open_dataset, scan_layout
from camvid.taxonomy import TaxonomyError, load_taxonomy
from tests.camvid.drawn import OFFICIAL, WRITERS, draw, save, write_fastai, write_kaggle, write_original, write_segnet

COMBINATIONS = [(layout, taxonomy) for layout in WRITERS for taxonomy in ("camvid11", "camvid12")] + [
    (layout, "camvid32") for layout in WRITERS if layout != "segnet"
]


@pytest.mark.parametrize("module", ["labels", "layouts.splits", "layouts.recognise", "check", "stats", "taxonomy"])
def test_modules_import_in_any_order(module):
    subprocess.run([sys.executable, "-c", f"import camvid.{module}"], check=True, cwd=Path(__file__).parents[3])


@pytest.mark.parametrize("layout,taxonomy", COMBINATIONS)
def test_layout_is_recognised_and_read(layout, taxonomy, tmp_path):
    frames = draw()
    WRITERS[layout](tmp_path, frames)
    data = open_dataset(tmp_path, taxonomy)
    assert data.layout == layout
    assert data.taxonomy == load_taxonomy(taxonomy)
    assert {split: tuple(frame.name for frame in data.splits[split]) for split in SPLITS} == OFFICIAL
    opened = {frame.name: frame for split in SPLITS for frame in data.splits[split]}
    for frame in frames:
        image, mask = data.read(opened[frame.name])
        assert image.dtype == mask.dtype == np.uint8
        np.testing.assert_array_equal(image, frame.image)
        np.testing.assert_array_equal(mask, frame.mask(taxonomy))
        assert opened[frame.name].sequence == frame.name.split("_")[0]


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp", ".PNG"])
def test_frames_of_every_format(layout, suffix, tmp_path):
    frames = draw()
    WRITERS[layout](tmp_path, frames, suffix)
    data = open_dataset(tmp_path)
    image = data.read_image(data.splits["train"][0])
    assert image.shape == frames[0].image.shape
    if suffix != ".jpg" and suffix != ".jpeg":
        np.testing.assert_array_equal(image, frames[0].image)


@pytest.mark.parametrize("images,labels", [("", ""), ("raw", ""), ("", "lab"), ("all", "all")])
def test_original_in_one_folder_or_several(images, labels, tmp_path):
    write_original(tmp_path, draw(), images=images, labels=labels)
    save(np.zeros((3, 3), np.uint8), tmp_path / "plots" / "frequency.png")  # no frame: its folder holds none
    data = open_dataset(tmp_path)
    assert data.layout == "original"
    assert sum(map(len, data.splits.values())) == 6


def test_original_reads_its_own_colors(tmp_path):
    frames = draw()
    write_original(tmp_path, frames)
    (tmp_path / "label_colors.txt").write_text("64 128 64\tAnimal\n0 0 0\t\tVoid\n")
    data = open_dataset(tmp_path)
    with pytest.raises(ValueError, match="not in the class list camvid11: colour"):
        data.read_mask(data.splits["train"][0])


def test_grey_and_transparent_frames_are_read_as_rgb(tmp_path):
    frames = draw()
    write_segnet(tmp_path, frames)
    first, second = (tmp_path / "train" / f"{name}.png" for name in OFFICIAL["train"])
    Image.fromarray(frames[0].image).convert("L").save(first)
    Image.fromarray(frames[1].image).convert("RGBA").save(second)
    data = open_dataset(tmp_path)
    grey, colored = (data.read_image(frame) for frame in data.splits["train"])
    assert grey.shape == (8, 12, 3)
    np.testing.assert_array_equal(colored, frames[1].image)


def test_a_user_taxonomy_over_every_layout_with_names(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nclasses:\n"
        "  - {name: Way, color: [1, 1, 1], collects: [Road, LaneMkgsDriv]}\n"
        "  - {name: Person, color: [2, 2, 2], priority: true, collects: [Pedestrian, Child]}\n"
    )
    frames = draw()
    for layout in ("original", "fastai", "kaggle"):
        WRITERS[layout](tmp_path / layout, frames)
        data = open_dataset(tmp_path / layout, path)
        fine = frames[0].mask("camvid32")
        index = load_taxonomy("camvid32").names.index
        expected = np.where(np.isin(fine, [index("Road"), index("LaneMkgsDriv")]), 0, 255)
        expected[np.isin(fine, [index("Pedestrian"), index("Child")])] = 1
        np.testing.assert_array_equal(data.read_mask(data.splits["train"][0]), expected)


def test_another_taxonomy_over_segnet_masks_is_refused(tmp_path):
    write_segnet(tmp_path, draw())
    with pytest.raises(TaxonomyError, match=r"'camvid32' over the SegNet masks in .*take taxonomy camvid11"):
        open_dataset(tmp_path, "camvid32")


def test_nothing_recognised_says_what_is_missing_and_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="no layout recognised: known are fastai, segnet, ") as caught:
        open_dataset(tmp_path)
    assert str(caught.value).endswith(f"`python -m camvid describe {tmp_path}` says what lies there")
    (tmp_path / "train").mkdir()
    near = r"nearest are segnet \(trainannot/ missing\); kaggle \(train_labels/ missing\)"
    with pytest.raises(ValueError, match=near):
        open_dataset(tmp_path)


def test_kaggle_without_its_colors_is_not_taken_for_the_original(tmp_path):
    write_kaggle(tmp_path, draw())
    (tmp_path / "class_dict.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"class_dict\.csv: missing; layout kaggle"):
        open_dataset(tmp_path)


def test_a_layout_one_folder_down_is_pointed_at(tmp_path):
    write_kaggle(tmp_path / "CamVid", draw())
    with pytest.raises(ValueError, match=r": a data set lies in .*/CamVid: give that folder\. `python"):
        open_dataset(tmp_path)


def test_layout_can_be_named_and_must_then_fit(tmp_path):
    write_fastai(tmp_path, draw({"train": OFFICIAL["train"]}))
    write_original(tmp_path, draw({"val": OFFICIAL["val"]}))
    assert open_dataset(tmp_path).layout == "fastai"
    assert open_dataset(tmp_path, layout="original").layout == "original"
    with pytest.raises(ValueError, match=r"nearest are kaggle \(train/, train_labels/ missing\)"):
        open_dataset(tmp_path, layout="kaggle")
    with pytest.raises(ValueError, match="layout 'coco': allowed are fastai, segnet, kaggle, "):
        open_dataset(tmp_path, layout="coco")


def test_missing_root_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere: no such folder"):
        open_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize("layout", WRITERS)
def test_a_missing_partner_stops_opening(layout, tmp_path):
    WRITERS[layout](tmp_path, draw())
    scan = scan_layout(tmp_path)
    scan.frames[0].label.unlink()
    scan.frames[1].image.unlink()
    with pytest.raises(
        ValueError, match=r"0001TP_006690\.png: frame without a label .* and 1 more fault; .*camvid check"
    ):
        open_dataset(tmp_path)


def test_same_name_in_two_splits_stops_opening(tmp_path):
    write_segnet(tmp_path, draw({"train": ["0001TP_006690"], "val": ["0001TP_006690"]}))
    with pytest.raises(ValueError, match=r"val/0001TP_006690\.png: duplicate name 0001TP_006690, also .*train/"):
        open_dataset(tmp_path)


def test_damaged_files_are_named(tmp_path):
    write_segnet(tmp_path, draw())
    data = open_dataset(tmp_path)
    frame, other = data.splits["train"]
    frame.image.write_bytes(frame.image.read_bytes()[:-30])
    with pytest.raises(ValueError, match=rf"{frame.image}: unreadable or truncated picture"):
        data.read_image(frame)
    flipped = bytearray(frame.label.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    frame.label.write_bytes(flipped)
    with pytest.raises(ValueError, match=rf"{frame.mask}: unreadable or truncated picture"):
        data.read_mask(frame)
    other.image.write_text("not a picture")
    with pytest.raises(ValueError, match=rf"{other.image}: unreadable picture \(13 bytes in an unknown format\)"):
        data.read_image(other)
    save(np.zeros((9, 9), np.uint8), other.label)
    save(np.zeros((8, 12, 3), np.uint8), other.image)
    with pytest.raises(ValueError, match=rf"{other.mask}: label is 9x9, its frame {other.image.name} is 12x8"):
        data.read(other)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_every_truncation_is_noticed(suffix, tmp_path):
    write_segnet(tmp_path, draw(), suffix)
    data = open_dataset(tmp_path)
    frame = data.splits["train"][0]
    whole = frame.image.read_bytes()
    end = len(whole) - 4 * (suffix == ".png")  # a PNG that lacks the checksum of its empty end mark has lost nothing
    for length in [*range(0, end - 16, end // 16), *range(end - 16, end)]:
        frame.image.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="picture"):
            data.read_image(frame)


def test_a_value_outside_the_taxonomy_is_named_with_its_count(tmp_path):
    write_segnet(tmp_path, draw())
    data = open_dataset(tmp_path)
    frame = data.splits["val"][0]
    save(np.array([[0, 12, 12], [11, 1, 200]], np.uint8), frame.label)
    with pytest.raises(ValueError, match=r"2 values not in .* camvid11: value 12 \(2 pixels\), value 200 \(1"):
        data.read_mask(frame)


def test_dataset_survives_pickling(tmp_path):
    write_original(tmp_path, draw())
    data = open_dataset(tmp_path)
    packed = pickle.dumps(data)
    assert len(packed) < 20_000  # no 16 MB table travels to workers
    frame = data.splits["test"][0]
    np.testing.assert_array_equal(pickle.loads(packed).read_mask(frame), data.read_mask(frame))  # noqa: S301


def test_digest_follows_content_alone(tmp_path):
    frames = draw()
    write_fastai(tmp_path / "a", frames)
    digest = content_digest(open_dataset(tmp_path / "a"))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert content_digest(open_dataset(tmp_path / "b")) == digest

    changed = set()
    changed.add(content_digest(open_dataset(tmp_path / "a", "camvid32")))
    changed.add(content_digest(open_dataset(tmp_path / "a", split="sequence")))
    save(frames[1].image, tmp_path / "b" / "images" / f"{frames[0].name}.png")
    changed.add(content_digest(open_dataset(tmp_path / "b")))
    save(frames[1].codes, tmp_path / "b" / "labels" / f"{frames[0].name}_P.png")
    changed.add(content_digest(open_dataset(tmp_path / "b")))
    codes = (tmp_path / "b" / "codes.txt").read_text().replace("Wall", "Mauer")
    (tmp_path / "b" / "codes.txt").write_text(codes)
    changed.add(content_digest(open_dataset(tmp_path / "b")))
    assert len(changed | {digest}) == 6


def test_real_camvid(real_camvid):
    data = open_dataset(real_camvid)
    assert data.layout == "segnet"
    assert {split: len(data.splits[split]) for split in SPLITS} == {"train": 367, "val": 101, "test": 233}
    image, mask = data.read(data.splits["test"][0])
    assert image.shape == (360, 480, 3)
    assert mask.shape == (360, 480)
