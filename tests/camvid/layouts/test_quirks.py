"""What tools and people leave in data sets: read as it is meant, or named with the way out."""

import warnings

import numpy as np
import pytest
from PIL import Image

from camvid.check import check
from camvid.convert import convert
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset, scan_layout
from camvid.layouts.folders import pair_of_folders
from camvid.layouts.notices import GuessWarning
from camvid.taxonomy import TaxonomyError
from files.pictures import picture_size, read_image
from tests.camvid.replicas.drawing import SIZE, grey, photo, with_palette
from tests.camvid.replicas.folders import COLORS, DICT, NAMES, SPLITS, codes, each, masked, write_colors, write_plain


def checked(root):
    return check(root, find_taxonomy(root)).faults


def first(root):
    """A frame of train."""
    return next(frame for frame in scan_layout(root).frames if frame.name == SPLITS["train"][0])


def relabelled(root, change):
    """The plain replica whose masks are `change` of their values."""
    write_plain(root)
    for _, stem in each():
        grey(root / "masks" / f"{stem}.png", change(masked(stem)))


def masks_are(root, wanted):
    data = open_dataset(root)
    for frame in data.splits["train"]:
        np.testing.assert_array_equal(data.read_mask(frame), wanted(masked(frame.name)))


def blocks(name):
    """Values in areas, as labels have them: three slanting stripes over 96x96 pixels."""
    rows, columns = np.indices((96, 96))
    return ((columns + rows // 3 + sum(name.encode())) // 32 % 3).astype(np.uint8)


# Values


def test_a_palette_that_is_not_the_classes_means_nothing(tmp_path):
    """Values are named by classes.txt, and by the places in class_dict.csv, which is said."""
    write_plain(tmp_path)
    for _, stem in each():
        with_palette(tmp_path / "masks" / f"{stem}.png", masked(stem), np.arange(768).reshape(256, 3) % 251)
    masks_are(tmp_path, lambda mask: mask)
    (tmp_path / "classes.txt").unlink()
    (tmp_path / "class_dict.csv").write_text(DICT)
    with pytest.warns(GuessWarning, match="its lines name these values: 0 road, 1 person, 2 sky, 3 Void"):
        masks_are(tmp_path, lambda mask: mask)


def test_one_based_values_are_said(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 255, mask + 1).astype(np.uint8))
    with pytest.warns(GuessWarning, match="its lines name these values: 1 road, 2 person, 3 sky"):
        masks_are(tmp_path, lambda mask: mask)


def test_one_value_more_than_names_is_void_or_a_class_and_has_to_be_said(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 0, mask + 1).astype(np.uint8))
    with pytest.raises(TaxonomyError, match=r"3 names, and the labels hold 4 values, 0 to 3: .* put Void into a line"):
        open_dataset(tmp_path)
    (tmp_path / "classes.txt").write_text("\n".join(("Void", *NAMES)))
    masks_are(tmp_path, lambda mask: mask)


def test_black_and_white_labels_are_two_classes_if_two_are_listed(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 1, 255, 0).astype(np.uint8))
    (tmp_path / "classes.txt").write_text("background\nperson\n")
    with pytest.warns(GuessWarning, match="its lines name these values: 0 background, 255 person"):
        masks_are(tmp_path, lambda mask: mask == 1)
    (tmp_path / "classes.txt").write_text("person\n")
    with pytest.raises(TaxonomyError, match="one name for labels of 0 and 255; list two"):
        open_dataset(tmp_path)
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    masks_are(tmp_path, lambda mask: np.where(mask == 1, 255, 0))


def test_grey_colours_of_a_list_name_values(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 0, mask * 60 + 60).astype(np.uint8))
    (tmp_path / "classes.txt").unlink()
    (tmp_path / "class_dict.csv").write_text(
        "name,r,g,b\nVoid,0,0,0\nroad,60,60,60\nperson,120,120,120\nsky,180,180,180"
    )
    masks_are(tmp_path, lambda mask: mask)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_values_as_grey_in_colour_are_values(mode, tmp_path):
    write_plain(tmp_path)
    for _, stem in each():
        Image.fromarray(masked(stem)).convert(mode).save(tmp_path / "masks" / f"{stem}.png")
    masks_are(tmp_path, lambda mask: mask)
    assert checked(tmp_path) == []


def test_an_empty_label_and_a_class_that_train_lacks_are_no_faults(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 1, 0, mask).astype(np.uint8))
    grey(first(tmp_path).mask, np.full(SIZE, 255, np.uint8))
    assert checked(tmp_path) == []
    assert open_dataset(tmp_path).taxonomy.names == NAMES


def test_values_that_a_list_says_are_not_guessed(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 255, mask + 1).astype(np.uint8))
    (tmp_path / "classes.txt").unlink()
    listed = ",".join(f'{{"id": {value}, "name": "{name}"}}' for value, name in enumerate(NAMES))
    (tmp_path / "categories.json").write_text(f"[{listed}]")
    assert len(checked(tmp_path)) == 1  # index 3, of which the list does not speak


def test_zero_that_is_ignored_is_no_class(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 0, mask + 1).astype(np.uint8))
    layout = pair_of_folders(ignore=[0])
    with pytest.warns(GuessWarning, match="its lines name these values: 1 road, 2 person, 3 sky"):
        data = open_dataset(tmp_path, layout=layout)
    frame = data.splits["train"][0]
    np.testing.assert_array_equal(data.read_mask(frame), masked(frame.name))


def test_colours_are_not_ignored_by_a_value(tmp_path):
    write_colors(tmp_path)
    assert open_dataset(tmp_path, layout=pair_of_folders(ignore=[255])).taxonomy.names == NAMES
    with pytest.raises(TaxonomyError, match=r"--ignore 3: .* holds colours, no values; name that colour Void"):
        open_dataset(tmp_path, layout=pair_of_folders(ignore=[3]))


@pytest.mark.parametrize("mode", ["I", "F", "LA"])
def test_a_mode_that_no_label_has_is_named(mode, tmp_path):
    write_plain(tmp_path)
    for _, stem in each():
        (tmp_path / "masks" / f"{stem}.png").unlink()
        Image.fromarray(masked(stem)).convert(mode).save(tmp_path / "masks" / f"{stem}.tif")
    said = f"mode {mode}, which no label has: save the labels with one channel of 8 or 16 bits"
    with pytest.raises(ValueError, match=rf"cam1_001\.tif: {said}"):
        open_dataset(tmp_path)
    found = describe(tmp_path)
    assert f"labels, of 5 looked at: {said}" in found.lines
    assert found.classes == ""


# Labels that were changed on their way


def test_a_label_in_jpeg_is_refused_and_converted(tmp_path):
    root = tmp_path / "set"
    for _, stem in each():
        photo(root / "images" / f"{stem}.jpg", (96, 96))
        (root / "masks").mkdir(exist_ok=True)
        Image.fromarray(COLORS[blocks(stem)]).save(root / "masks" / f"{stem}.jpg", quality=85)
    (root / "class_dict.csv").write_text(DICT)
    with pytest.raises(ValueError, match=r"masks/cam1_001\.jpg: a label in JPEG, .*`python -m camvid convert .* OUT`"):
        open_dataset(root)
    assert_cleaned(root, tmp_path / "plain")


def assert_cleaned(root, out, right=0.97):
    """Converted, nearly all pixels have the class that they had before, and the rest is at an edge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)  # no split
        lines = convert(out, root)
    assert any("labels were smoothed or compressed: " in line for line in lines)
    data = open_dataset(out)
    for frame in data.splits["train"]:
        assert (data.read_mask(frame) == blocks(frame.name)).mean() > right
    assert checked(out) == []


def test_blended_edges_are_named_and_converted(tmp_path):
    root = tmp_path / "set"
    write_colors(root)
    for split, stem in each():
        photo(root / "images" / split / f"{stem}.TIF", (96, 96))
        picture = Image.fromarray(COLORS[blocks(stem)])
        smaller = picture.resize((53, 53), Image.Resampling.BICUBIC)
        smaller.resize((96, 96), Image.Resampling.BICUBIC).save(root / "labels" / split / f"{stem}.PNG")
    faults = checked(root)
    assert len(faults) == 6
    assert faults[-1].endswith("`python -m camvid convert` gives each pixel the nearest class of the list")
    with pytest.raises(ValueError, match=r"values outside taxonomy own: .*; blended edges or JPEG make that many"):
        data = open_dataset(root)
        data.read_mask(data.splits["train"][0])
    assert_cleaned(root, tmp_path / "plain", 0.93)


def test_values_in_jpeg_are_converted_where_they_lie_apart_and_else_refused(tmp_path):
    root = tmp_path / "set"
    for _, stem in each():
        photo(root / "images" / f"{stem}.jpg", (96, 96))
        (root / "masks").mkdir(exist_ok=True)
        Image.fromarray(blocks(stem) * np.uint8(100)).save(root / "masks" / f"{stem}.jpg", quality=85)
    (root / "categories.json").write_text(
        '[{"id": 0, "name": "road"}, {"id": 100, "name": "person"}, {"id": 200, "name": "sky"}]'
    )
    assert_cleaned(root, tmp_path / "plain")
    (root / "categories.json").unlink()
    (root / "classes.txt").write_text("\n".join(NAMES))
    with pytest.warns(GuessWarning), pytest.raises(ValueError, match="its values 0 and 1 lie too near to each other"):
        convert(tmp_path / "other", root)
    assert not (tmp_path / "other").exists()


def test_a_forgotten_class_is_no_blended_edge(tmp_path):
    write_colors(tmp_path / "set")
    path = tmp_path / "set" / "class_dict.csv"
    path.write_text(DICT.replace("sky,70,130,180\n", ""))
    with pytest.raises(ValueError, match=r"1 values outside the classes: colour \(70, 130, 180\) .*; list them"):
        convert(tmp_path / "plain", tmp_path / "set")


def test_labels_of_half_the_size_are_named_and_scaled(tmp_path):
    relabelled(tmp_path / "set", lambda mask: mask[::2, ::2])
    faults = checked(tmp_path / "set")
    assert len(faults) == 5
    assert all(
        fault.endswith("`python -m camvid convert` writes labels at the size of their frames") for fault in faults
    )
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert "5 labels scaled to the size of their frames, each pixel as its nearest one" in lines
    data = open_dataset(tmp_path / "plain")
    frame = data.splits["train"][0]
    half = masked(frame.name)[::2, ::2]
    np.testing.assert_array_equal(data.read(frame)[1], half.repeat(2, 0).repeat(2, 1))


def test_a_label_of_another_shape_is_not_scaled(tmp_path):
    relabelled(tmp_path / "set", lambda mask: mask[:, :40])
    with pytest.raises(ValueError, match=r"label is 40x32, its frame .* is 64x32, another aspect"):
        convert(tmp_path / "plain", tmp_path / "set")


# Frames


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "I;16"])
def test_photographs_of_every_mode_are_read_in_colour(mode, tmp_path):
    write_colors(tmp_path)
    frame = first(tmp_path)
    with Image.open(frame.image) as picture:
        grey_values = np.asarray(picture.convert("L"))
        changed = Image.fromarray(grey_values.astype(np.uint16) * 256) if mode == "I;16" else picture.convert(mode)
    changed.save(frame.image)
    image = open_dataset(tmp_path).read_image(frame)
    assert image.shape == (*SIZE, 3)
    if mode in ("L", "LA", "I;16"):
        np.testing.assert_array_equal(image, np.stack([grey_values] * 3, 2))
    assert checked(tmp_path) == []


@pytest.mark.parametrize(("suffix", "orientation"), [(".jpg", 6), (".jpg", 3), (".tif", 6), (".tif", 3), (".png", 8)])
def test_a_turned_photograph_is_upright_and_has_the_size_of_its_label(suffix, orientation, tmp_path):
    write_plain(tmp_path)
    frame = first(tmp_path)
    upright = np.tile(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], (32, 1, 3))
    turns = {6: Image.Transpose.ROTATE_90, 3: Image.Transpose.ROTATE_180, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    frame.image.unlink()
    path = frame.image.with_suffix(suffix)
    Image.fromarray(upright).transpose(turns[orientation]).save(path, exif=exif)
    assert picture_size(path) == SIZE
    assert np.abs(read_image(path).astype(int) - upright).max() < 12
    assert checked(tmp_path) == []


def test_a_label_that_was_drawn_on_the_lying_photograph_is_named(tmp_path):
    write_plain(tmp_path)
    frame = first(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(read_image(frame.image)).save(frame.image, exif=exif)
    assert checked(tmp_path) == [f"{frame.mask}: label is 64x32, its frame {frame.image.name} is 32x64"]


# Files


def test_what_systems_leave_is_no_frame(tmp_path):
    write_plain(tmp_path)
    for folder in ("images", "masks"):
        for name in ("._cam1_001.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
            (tmp_path / folder / name).write_bytes(b"\0\1")
        (tmp_path / folder / "__MACOSX").mkdir()
        (tmp_path / folder / "__MACOSX" / "x.png").write_bytes(b"\0")
        (tmp_path / folder / ".ipynb_checkpoints").mkdir()
        (tmp_path / folder / ".ipynb_checkpoints" / "y.png").write_bytes(b"\0")
    assert check(tmp_path, find_taxonomy(tmp_path))[:2] == (5, [])


def test_links_to_files_and_folders_are_followed(tmp_path):
    write_plain(tmp_path / "far")
    near = tmp_path / "near"
    (near / "images").mkdir(parents=True)
    (near / "masks").symlink_to(tmp_path / "far" / "masks")
    for path in (tmp_path / "far" / "images").iterdir():
        (near / "images" / path.name).symlink_to(path)
    for name in ("classes.txt", "train.txt", "val.txt"):
        (near / name).symlink_to(tmp_path / "far" / name)
    assert check(near, find_taxonomy(near))[:2] == (5, [])
    convert(tmp_path / "plain", near)
    linked = first(tmp_path / "plain").image
    assert linked.samefile(tmp_path / "far" / "images" / linked.name)
    assert not linked.is_symlink()


def test_partners_that_are_missing_are_named_and_left_out_of_what_is_converted(tmp_path):
    write_plain(tmp_path / "set")
    (tmp_path / "set" / "masks" / "cam1_002.png").unlink()
    (tmp_path / "set" / "images" / "cam3_002.jpg").unlink()
    for split in ("train", "val"):
        path = tmp_path / "set" / f"{split}.txt"
        lines = [line for line in path.read_text().splitlines() if "1_002" not in line and "3_002" not in line]
        path.write_text("\n".join(lines))
    faults = checked(tmp_path / "set")
    assert [fault.split(": ")[1].split(" (")[0] for fault in faults] == [
        "frame without a label",
        "label without a frame",
    ]
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert [line for line in lines if line.startswith("left out: ")] == [f"left out: {fault}" for fault in faults]
    assert checked(tmp_path / "plain") == []


def test_frames_of_several_sizes_are_no_fault(tmp_path):
    write_plain(tmp_path)
    for number, (_, stem) in enumerate(each()):
        size = (32 + 8 * number, 64 - 8 * number)
        photo(tmp_path / "images" / f"{stem}.jpg", size)
        grey(tmp_path / "masks" / f"{stem}.png", np.resize(codes(stem) % 3, size))
    assert checked(tmp_path) == []
    assert "have 3 sizes" in open_dataset(tmp_path).remarks("train")
