import numpy as np
import pytest
from PIL import Image

from camvid.__main__ import main
from camvid.check import check
from camvid.layouts import find_taxonomy, scan_layout
from camvid.taxonomy import TaxonomyError, load_taxonomy
from tests.camvid.drawn import COLORS, OFFICIAL, WRITERS, draw, save, write_fastai, write_original, write_segnet
from tests.camvid.replicas.drawing import grey
from tests.camvid.replicas.folders import write_plain

CAMVID11 = load_taxonomy("camvid11")


def cut_image(root, frame):
    frame.image.write_bytes(frame.image.read_bytes()[:-20])
    return [f"{frame.image}: unreadable or truncated picture"]


def cut_mask(root, frame):
    frame.mask.write_bytes(frame.mask.read_bytes()[:50])
    return [f"{frame.mask}: unreadable or truncated picture"]


def empty_image(root, frame):
    frame.image.write_bytes(b"")
    return [f"{frame.image}: unreadable picture (0 bytes in an unknown format)"]


def no_mask(root, frame):
    frame.mask.unlink()
    return [f"{frame.image}: frame without a label ({frame.mask.name})"]


def no_image(root, frame):
    frame.image.unlink()
    return [f"{frame.mask}: label without a frame ({frame.name} as .png, .jpg, .jpeg, .webp, …)"]


def second_image(root, frame):
    twin = frame.image.with_suffix(".jpg")
    save(np.zeros((8, 12, 3), np.uint8), twin)
    return [f"{frame.image}: duplicate name {frame.name}, also {twin}"]


def smaller_mask(root, frame):
    with Image.open(frame.mask) as label:
        smaller = label.crop((0, 0, 10, 7))
    smaller.save(frame.mask)
    return [f"{frame.mask}: label is 10x7, its frame {frame.image.name} is 12x8"]


def other_kind_of_mask(root, frame):
    Image.new("LA", (12, 8)).save(frame.mask)
    return [f"{frame.mask}: an "]


DAMAGES = [cut_image, cut_mask, empty_image, no_mask, no_image, second_image, smaller_mask, other_kind_of_mask]


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_one_fault_gives_one_line(layout, damage, tmp_path):
    WRITERS[layout](tmp_path, draw())
    assert check(tmp_path, CAMVID11)[:2] == (6, [])
    expected = damage(tmp_path, scan_layout(tmp_path).frames[1])
    faults = check(tmp_path, CAMVID11).faults
    assert len(faults) == len(expected)
    for fault, start in zip(faults, expected, strict=True):
        assert fault.startswith(start)
        assert "\n" not in fault


@pytest.mark.parametrize("layout", WRITERS)
def test_what_a_mac_and_windows_leave_is_passed_over_and_a_broken_link_is_not(layout, tmp_path):
    WRITERS[layout](tmp_path, draw())
    frame = scan_layout(tmp_path).frames[1]
    for picture in (frame.image, frame.label):
        picture.with_name(f"._{picture.name}").write_bytes(b"\x00\x05\x16\x07")
        picture.with_name("Thumbs.db").write_bytes(b"")
        picture.with_name(f"folder_{picture.name}").mkdir()
    assert check(tmp_path, CAMVID11)[:2] == (6, [])
    frame.image.unlink()
    frame.image.symlink_to(tmp_path / "gone.png")
    (fault,) = check(tmp_path, CAMVID11).faults
    assert str(frame.image) in fault


def test_colors_outside_are_counted(tmp_path):
    frames = draw()
    write_original(tmp_path, frames)
    label = COLORS[frames[0].codes].copy()
    label[0, :3] = (1, 2, 3)
    label[1, :2] = (255, 255, 255)
    path = tmp_path / "lab" / f"{frames[0].name}_L.png"
    save(label, path)
    assert check(tmp_path, CAMVID11).faults == [
        f"{path}: colour (1, 2, 3) not in the class list camvid11: 3 pixels",
        f"{path}: colour (255, 255, 255) not in the class list camvid11: 2 pixels",
    ]


def test_a_colour_takes_one_line_whatever_the_number_of_files(tmp_path):
    frames = draw()
    write_original(tmp_path, frames)
    paths = [tmp_path / "lab" / f"{frame.name}_L.png" for frame in sorted(frames, key=lambda frame: frame.name)]
    for number, path in enumerate(paths):
        label = COLORS[frames[number].codes].copy()
        label[0, : number + 1] = (1, 2, 3)
        label[1, :2] = (255, 255, 255) if number in (2, 4) else label[1, :2]
        save(label, path)
    first, second = check(tmp_path, CAMVID11).faults
    outside, which = "not in the class list camvid11", "of which this is the first"
    assert first == f"{paths[0]}: colour (1, 2, 3) {outside}: 21 pixels in 6 files, {which}"
    assert second == f"{paths[2]}: colour (255, 255, 255) {outside}: 4 pixels in 2 files, {which}"


def test_each_of_twenty_values_is_named_and_of_more_the_most_frequent(tmp_path):
    write_segnet(tmp_path, draw())
    masks = [frame.label for frame in scan_layout(tmp_path).frames]
    for count, lines in {20: 20, 21: 6}.items():
        for mask in masks:
            save((np.arange(96, dtype=np.uint8).reshape(8, 12) % count) + 12, mask)
        faults = check(tmp_path, CAMVID11).faults
        assert len(faults) == lines
        assert all(fault.startswith(f"{masks[0]}: ") and "in 6 files" in fault for fault in faults)
        named = sum(int(fault.split(" pixels")[0].split()[-1]) for fault in faults)
        assert named == 6 * 8 * 12
    assert ": 16 more values not in the class list camvid11: " in faults[-1]


def test_indices_outside_are_counted(tmp_path):
    frames = draw()
    write_fastai(tmp_path, frames)
    path = tmp_path / "labels" / f"{frames[0].name}_P.png"
    save(np.where(frames[0].codes == 0, 77, 5).astype(np.uint8), path)
    count = int((frames[0].codes == 0).sum())
    assert count > 0
    assert check(tmp_path, CAMVID11).faults == [f"{path}: value 77 not in the class list camvid11: {count} pixels"]


def test_many_colors_outside_stay_a_few_lines(tmp_path):
    frames = draw()
    write_original(tmp_path, frames)
    path = tmp_path / "lab" / f"{frames[0].name}_L.png"
    save(np.arange(8 * 12 * 3, dtype=np.uint16).reshape(8, 12, 3).astype(np.uint8) | 1, path)
    faults = check(tmp_path, CAMVID11).faults
    assert len(faults) == 6
    named = sum(int(fault.split(" pixel")[0].split()[-1]) for fault in faults)
    assert named == 8 * 12
    assert "more values not in" in faults[-1]
    assert faults[-1].endswith("`python -m camvid convert` gives each pixel the nearest class of the list")


def test_several_faults_of_one_frame_are_all_told(tmp_path):
    write_segnet(tmp_path, draw())
    frame = scan_layout(tmp_path).frames[0]
    save(np.full((4, 4), 99, np.uint8), frame.label)
    assert check(tmp_path, CAMVID11).faults == [
        f"{frame.mask}: value 99 not in the class list camvid11: 16 pixels",
        f"{frame.mask}: label is 4x4, its frame {frame.image.name} is 12x8",
    ]


def test_same_name_in_two_splits(tmp_path):
    write_segnet(tmp_path, draw(OFFICIAL | {"val": [*OFFICIAL["val"], OFFICIAL["train"][0]]}))
    name = OFFICIAL["train"][0]
    twin, first = (tmp_path / split / f"{name}.png" for split in ("val", "train"))
    assert check(tmp_path, CAMVID11).faults == [f"{twin}: duplicate name {name}, also {first}"]


@pytest.mark.parametrize("layout", WRITERS)
def test_empty_split(layout, tmp_path):
    WRITERS[layout](tmp_path, draw({"train": OFFICIAL["train"], "test": OFFICIAL["test"]}))
    way = "`--split drives` divides the frames of train"
    assert check(tmp_path, CAMVID11).faults == [f"{tmp_path}: split val is empty; {way}"]


@pytest.mark.parametrize("layout", WRITERS)
def test_a_data_set_may_do_without_a_test_split(layout, tmp_path):
    WRITERS[layout](tmp_path, draw({"train": OFFICIAL["train"], "val": OFFICIAL["val"]}))
    report = check(tmp_path, CAMVID11)
    assert report[:2] == (4, [])
    assert report.taken[0] == f"layout {layout}, split official: train 2, val 2, test 0"


def test_fastais_valid_txt_needs_no_test_split(tmp_path):
    write_fastai(tmp_path, draw({"train": ["a_1", "a_2"], "val": ["b_1"]}))
    (tmp_path / "valid.txt").write_text("b_1.png\n")
    assert check(tmp_path, CAMVID11)[:2] == (3, [])


def test_an_empty_folder_for_a_split_is_a_fault_that_says_what_lies_there(tmp_path):
    write_segnet(tmp_path, draw())
    for folder in ("test", "testannot"):
        (tmp_path / "kept" / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).rename(tmp_path / "kept" / folder)
        (tmp_path / folder).mkdir()
    assert check(tmp_path, CAMVID11).faults == [f"{tmp_path}: split test is empty: test/ holds no picture"]
    (tmp_path / "kept" / "test").rename(tmp_path / "test" / "city")
    assert check(tmp_path, CAMVID11).faults == [
        f"{tmp_path}: split test is empty: test/ holds no picture, but test/city/ has 2 (first: 0001TP_008550.png)"
    ]


def test_frames_that_no_list_knows(tmp_path):
    write_original(tmp_path, draw({"train": ["clip_1", "clip_2", "clip_3"]}))
    (fault,) = check(tmp_path, CAMVID11).faults
    assert fault.startswith(f"{tmp_path}: split official: 3 of 3 frames are in none of CamVid's lists")
    assert check(tmp_path, CAMVID11, split="sequence")[:2] == (3, [])


def test_a_taxonomy_that_fits_no_label_is_an_error_not_a_fault(tmp_path):
    write_segnet(tmp_path, draw())
    with pytest.raises(TaxonomyError):
        check(tmp_path, load_taxonomy("camvid32"))


def test_real_camvid_is_clean(real_camvid):
    assert check(real_camvid, CAMVID11)[:2] == (701, [])


@pytest.mark.parametrize("value", [77, 255])
@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_a_split_of_void_is_named_unless_unlisted_values_are_the_cause(value, tmp_path):
    write_plain(tmp_path)
    for path in (tmp_path / "masks").iterdir():
        grey(path, np.full((32, 64), value, np.uint8))
    said = [line for line in check(tmp_path, find_taxonomy(tmp_path)).taken if "are void" in line]
    void = [f"split {split}: all pixels of its labels are void" for split in ("train", "val")]
    assert said == (void if value == 255 else [])


def test_all_faults_of_split_lists_are_named(tmp_path):
    write_original(tmp_path, draw({"train": [f"clip_{number}" for number in range(1, 7)]}))
    lists = {"train": ["clip_1", "clip_2", "clip_8"], "val": ["clip_1", "clip_2", "clip_3", "clip_9"]}
    for split, names in lists.items():
        (tmp_path / f"{split}.txt").write_text("\n".join(names))
    wanted = {"listed twice": (1, 2), "listed but not there": (8, 9), "in no list": (4, 5, 6)}
    assert check(tmp_path, CAMVID11).faults == [
        f"{tmp_path}: split lists: clip_{number} is {what}; mend the lists"
        for what, numbers in wanted.items()
        for number in numbers
    ]


@pytest.mark.parametrize("command", ["check", "stats", "convert"])
def test_two_folders_without_pictures_are_described_and_no_classes_asked_for(command, tmp_path, capsys):
    (tmp_path / "set" / "images").mkdir(parents=True)
    (tmp_path / "set" / "masks").mkdir()
    assert main([command, str(tmp_path / "set"), *([str(tmp_path / "out")] if command == "convert" else [])]) == 2
    said = capsys.readouterr().err
    assert "images/ holds no picture; masks/ holds no picture" in said
    assert "nothing lists the classes" not in said
