"""Lists of classes that splits bring for themselves: one is read, and those that contradict it are refused."""

import pytest

from camvid.__main__ import main
from camvid.check import check
from camvid.convert import convert
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset
from tests.camvid.replicas.folders import NAMES, write_above, write_roboflow

SWAPPED = "Pixel Value, Class\n0, person\n1, road\n2, sky\n3, unlabeled\n"


def test_lists_of_two_splits_that_differ_are_named(tmp_path, capsys):
    root = tmp_path / "set"
    write_roboflow(root)
    (root / "valid" / "_classes.csv").write_text(SWAPPED)
    line = (
        rf"{root}/train/_classes\.csv and {root}/valid/_classes\.csv differ: 0 road in the one, 0 person in the other"
    )
    for read in (
        lambda: open_dataset(root),
        lambda: open_dataset(root, "camvid11"),
        lambda: convert(tmp_path / "o", root),
    ):
        with pytest.raises(ValueError, match=line):
            read()
    assert any("valid/_classes.csv differ" in told for told in describe(root).lines)
    assert main(["check", str(root)]) != 0
    assert f"{root}/valid/_classes.csv differ" in capsys.readouterr().err
    (root / "_classes.csv").write_text(SWAPPED)  # the list for all
    assert find_taxonomy(root).names == ("person", "road", "sky")
    assert check(root, find_taxonomy(root)).faults == []


@pytest.mark.parametrize("name", ["classes.txt", "codes.txt"])
def test_a_list_of_names_and_one_with_values_are_compared(name, tmp_path):
    write_roboflow(tmp_path)
    (tmp_path / "valid" / "_classes.csv").unlink()
    (tmp_path / "valid" / name).write_text("\n".join((*NAMES, "unlabeled")))
    assert find_taxonomy(tmp_path).names == NAMES
    (tmp_path / "valid" / name).write_text("\n".join(NAMES))
    with pytest.raises(ValueError, match=r"differ: 3 unlabeled in the one, nothing in the other"):
        find_taxonomy(tmp_path)


def test_lists_of_colours_are_compared(tmp_path):
    write_above(tmp_path)
    text = (tmp_path / "labelmap.txt").read_text()
    (tmp_path / "labelmap.txt").rename(tmp_path / "train" / "labelmap.txt")
    (tmp_path / "valid" / "labelmap.txt").write_text(text)
    assert find_taxonomy(tmp_path).names == NAMES
    (tmp_path / "valid" / "labelmap.txt").write_text(text.replace("128,64,128", "0,0,9"))
    with pytest.raises(ValueError, match=r"differ: road \(128, 64, 128\) in the one, road \(0, 0, 9\) in the other"):
        find_taxonomy(tmp_path)
