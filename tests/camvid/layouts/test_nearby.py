"""Data sets that lie further down than the folder that was given, or in parts; and IDD without its label pictures."""

import shlex

import pytest

from camvid.__main__ import main
from camvid.check import check
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset
from tests.camvid.replicas.bdd100k import write_10k
from tests.camvid.replicas.cityscapes import IDD, write_fine
from tests.camvid.replicas.drawing import grey, photo
from tests.camvid.replicas.folders import NAMES, masked
from tests.camvid.replicas.voc import write_voc


def refusal(root):
    with pytest.raises(ValueError, match=r"no layout recognised|no frame with its label") as caught:
        open_dataset(root)
    return str(caught.value)


@pytest.mark.parametrize("inner", ["VOC2012", "VOCdevkit/VOC2012", "VOCtrainval_11-May-2012/VOCdevkit/VOC2012"])
def test_a_set_further_down_is_named(inner, tmp_path):
    write_voc(tmp_path / inner)
    assert f" a data set lies in {tmp_path / inner}: give that folder. `python" in refusal(tmp_path)
    (line,) = describe(tmp_path).lines
    assert line.endswith(f" a data set lies in {tmp_path / inner}: give that folder")


def test_several_sets_further_down_are_named(tmp_path):
    for year in ("VOC2007", "VOC2012"):
        write_voc(tmp_path / "VOCdevkit" / year)
    inner = tmp_path / "VOCdevkit"
    assert f"a data set lies in {inner}/VOC2007, {inner}/VOC2012: give one of these folders. `" in refusal(tmp_path)


def test_folders_of_splits_in_capitals_are_to_be_renamed_and_then_open(tmp_path):
    for split, stem in {"Train": "a_1", "VALID": "b_1"}.items():
        photo(tmp_path / split / "Images" / f"{stem}.png")
        grey(tmp_path / split / "Masks" / f"{stem}.png", masked(stem))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    told = f"rename {tmp_path}/Train to {tmp_path}/train, and {tmp_path}/VALID to {tmp_path}/valid. `python"
    assert told in refusal(tmp_path)
    for split in ("Train", "VALID"):
        (tmp_path / split).rename(tmp_path / split.lower())
    assert {key: len(frames) for key, frames in open_dataset(tmp_path).splits.items()} == {
        "train": 1,
        "val": 1,
        "test": 0,
    }


def test_parts_of_cityscapes_in_folders_of_their_archives_are_named(tmp_path):
    write_fine(tmp_path)
    for name in ("leftImg8bit", "gtFine"):
        (tmp_path / f"{name}_trainvaltest").mkdir()
        (tmp_path / name).rename(tmp_path / f"{name}_trainvaltest" / name)
    moves = ", and ".join(
        f"{tmp_path}/{name}_trainvaltest/{name} to {tmp_path}/{name}" for name in ("leftImg8bit", "gtFine")
    )
    assert f" the parts of a set of layout cityscapes lie apart: move or link {moves}. `python" in refusal(tmp_path)
    for name in ("leftImg8bit", "gtFine"):
        (tmp_path / name).symlink_to(tmp_path / f"{name}_trainvaltest" / name)
    assert len(open_dataset(tmp_path).splits["train"]) == 3


@pytest.mark.parametrize(
    ("images", "belongs"), [("bdd100k/images", "images"), ("bdd100k/images/10k", "images"), ("10k", "images/10k")]
)
def test_parts_of_bdd100k_in_folders_of_their_archives_are_named(images, belongs, tmp_path):
    write_10k(tmp_path)
    labels = tmp_path / "bdd100k_sem_seg_labels_trainval" / "bdd100k" / "labels"
    labels.parent.mkdir(parents=True)
    (tmp_path / "labels").rename(labels)
    place = tmp_path / "bdd100k_images_10k" / images
    place.parent.mkdir(parents=True)
    (tmp_path / "images" / "10k" if images.endswith("10k") else tmp_path / "images").rename(place)
    if (tmp_path / "images").is_dir():
        (tmp_path / "images").rmdir()
    taken = place.parent if images == "bdd100k/images/10k" else place
    assert (
        f"layout bdd100k lie apart: move or link {taken} to {tmp_path}/{belongs}, and {labels} to {tmp_path}/labels. `"
    ) in refusal(tmp_path)


def test_a_part_that_is_in_its_place_is_left_there(tmp_path):
    write_fine(tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "gtFine").rename(tmp_path / "x" / "gtFine")
    assert f"lie apart: move or link {tmp_path}/x/gtFine to {tmp_path}/gtFine. `python" in refusal(tmp_path)


def test_polygons_without_label_pictures_name_the_tool_that_draws_them(tmp_path):
    for split, stems in IDD.items():
        for stem in stems:
            photo(tmp_path / "leftImg8bit" / split / f"{stem}_leftImg8bit.jpg")
            polygons = tmp_path / "gtFine" / split / f"{stem}_gtFine_polygons.json"
            polygons.parent.mkdir(parents=True, exist_ok=True)
            polygons.write_text('{"imgHeight": 1080, "imgWidth": 1920, "objects": []}')
    assert refusal(tmp_path).endswith(
        f"run `python preperation/createLabels.py --datadir {tmp_path} --id-type level3Id` of "
        "github.com/AutoNUE/public-code, which draws *_gtFine_labellevel3Ids.png beside them"
    )


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_an_unknown_kind_of_cityscapes_labels_is_named_and_not_to_be_renamed(tmp_path):
    root = tmp_path / "set"
    for split, stems in IDD.items():
        for stem in stems:
            photo(root / "leftImg8bit" / split / f"{stem}_leftImg8bit.jpg")
            grey(root / "gtFine" / split / f"{stem}_gtFine_labelmap20Ids.png", masked(split + stem))
    said = refusal(root)
    assert f"{root}/gtFine has labels of the kind labelmap20Ids, and known are labelIds, labelTrainIds, " in said
    assert "rename" not in said
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    flags = shlex.split(said.partition(" OUT ")[2].partition("`")[0].replace("FILE", str(tmp_path / "names.txt")))
    assert main(["convert", str(root), str(tmp_path / "plain"), *flags]) == 0
    assert check(tmp_path / "plain", find_taxonomy(tmp_path / "plain"))[:2] == (4, [])
