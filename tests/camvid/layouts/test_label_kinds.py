"""Splits whose labels are of two kinds, and splits without labels: named in one line, before anything costly."""

import shutil

import pytest

from camvid.check import check
from camvid.convert import convert
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset
from tests.camvid.replicas.cityscapes import SPLITS, TABLE, TRAIN_IDS, write_acdc, write_fine
from tests.camvid.replicas.drawing import grey, photo, values
from tests.camvid.replicas.every import REPLICAS
from tests.camvid.replicas.folders import COLORS, DICT, NAMES, codes, each, masked


@pytest.mark.parametrize("colored", ["train", "val"])
@pytest.mark.parametrize(("listed", "text"), [("class_dict.csv", DICT), ("classes.txt", "\n".join(NAMES))])
def test_colours_in_one_split_and_values_in_another_are_named(colored, listed, text, tmp_path):
    for split, stem in each():
        photo(tmp_path / "images" / split / f"{stem}.png")
        mask = COLORS[codes(stem)] if split == colored else masked(stem)
        grey(tmp_path / "masks" / split / f"{stem}.png", mask)
    (tmp_path / listed).write_text(text)
    other = {"train": "val", "val": "train"}[colored]
    line = rf"labels of two kinds: masks/{colored}/ has colours .*, and masks/{other}/ has values"
    for read in (lambda: open_dataset(tmp_path), lambda: check(tmp_path, find_taxonomy(tmp_path))):
        with pytest.raises(ValueError, match=line):
            read()
    assert any("labels of two kinds" in told for told in describe(tmp_path).lines)


def test_grey_in_three_channels_and_in_one_is_one_kind(tmp_path):
    for split, stem in each():
        photo(tmp_path / "images" / split / f"{stem}.png")
        mask = masked(stem)
        grey(tmp_path / "masks" / split / f"{stem}.png", mask if split == "val" else mask[..., None].repeat(3, 2))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    assert check(tmp_path, find_taxonomy(tmp_path))[:2] == (5, [])


def write_kinds(root, kinds):
    for split, stems in SPLITS.items():
        for stem in stems:
            photo(root / "leftImg8bit" / split / f"{stem}_leftImg8bit.png")
            ids = values(stem, len(TABLE))
            for kind in kinds[split]:
                label = ids if kind == "labelIds" else TRAIN_IDS[ids]
                grey(root / "gtFine" / split / f"{stem}_gtFine_{kind}.png", label)


def test_two_kinds_of_cityscapes_labels_are_named(tmp_path):
    write_kinds(tmp_path, {"train": ["labelTrainIds"], "val": ["labelIds"]})
    line = r"gtFine/train: its labels are \*_gtFine_labelTrainIds.png, .*gtFine/val are \*_gtFine_labelIds.png"
    with pytest.raises(ValueError, match=line):
        open_dataset(tmp_path)


def test_the_kind_that_all_splits_have_is_taken(tmp_path):
    write_kinds(tmp_path, {"train": ["labelTrainIds"], "val": ["labelIds", "labelTrainIds"]})
    assert check(tmp_path, find_taxonomy(tmp_path))[:2] == (5, [])


def test_two_versions_of_mapillary_are_named(tmp_path):
    REPLICAS["mapillary v2.0"].write(tmp_path)
    labels = tmp_path / "validation" / "v2.0"
    labels.rename(tmp_path / "v2.0")
    assert check(tmp_path, find_taxonomy(tmp_path))[:2] == (4, [])  # v1.2 lies in both
    (tmp_path / "training" / "v1.2").rename(tmp_path / "v1.2")
    with pytest.raises(ValueError, match=r"validation/v1\.2/labels: the labels of other splits lie in v2\.0/labels/"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("folder", [True, False])
def test_a_set_whose_train_split_has_no_label_can_be_evaluated_and_not_trained(folder, tmp_path):
    """As Dark Zurich, of which no frame of train has one, and whose archives unpack apart."""
    root = tmp_path / "set"
    write_acdc(root)
    shutil.rmtree(root / "gt" / "fog")
    if not folder:
        shutil.rmtree(root / "rgb_anon" / "fog")
    report = check(root, find_taxonomy(root))
    said = "the train split has no frame with a label: models can be evaluated on this data, and none be trained"
    assert report[:2] == (1, [])
    assert said in report.taken
    assert said in describe(root).lines
    data = open_dataset(root)
    assert len(data.splits["val"]) == 1
    why = "no frames with labels, 1 without" if folder else "no frames"
    with pytest.raises(ValueError, match=rf"the train split has {why}, and a training needs them; `python -m eval RUN"):
        data.require("train", "val")
    assert said in convert(tmp_path / "plain", root)
    assert check(tmp_path / "plain", find_taxonomy(tmp_path / "plain"))[:2] == (1, [])


def test_a_split_without_frames_is_no_reason_to_evaluate_another(tmp_path):
    write_fine(tmp_path)
    for path in (tmp_path / "gtFine" / "val").rglob("*.png"):
        path.unlink()
    way = "`--split sequence` divides the frames of train"
    told = rf"the val split has no frames with labels, 2 without, .* needs them; {way}$"
    with pytest.raises(ValueError, match=told):
        open_dataset(tmp_path).require("train", "val")
