"""Every text file that a data set brings, as editors on any system save it."""

import pytest

from camvid.layouts import open_dataset
from tests.camvid.drawn import NAMES, PALETTE, draw, write_fastai, write_kaggle, write_original
from tests.files.test_texts import ENCODINGS, encoded

OWN = {"train": ["clip_1", "clip_2"], "val": ["clip_3"], "test": ["clip_4"]}
VALID = {"train": ["clip_1", "clip_2"], "val": ["clip_3", "clip_4"]}
CLASSES = "name: home\nclasses:\n  - {name: Road, color: [1, 1, 1]}\n  - {name: Straße, color: [2, 2, 2]}\n"

# The layout that brings them, the files, and the taxonomy that is asked for.
CASES = {
    "lists": (write_original, {f"{key}.txt": "\n".join(names) for key, names in OWN.items()}, "camvid32"),
    "valid.txt": (write_fastai, {"valid.txt": "clip_3.png\nclip_4.png\n"}, "camvid32"),
    "splits.yaml": (write_original, {"splits.yaml": f"{OWN}\n"}, "camvid32"),
    "codes.txt": (write_fastai, {"codes.txt": "\n".join(NAMES), "valid.txt": "clip_3\nclip_4"}, "camvid32"),
    "class_dict.csv": (
        write_kaggle,
        {"class_dict.csv": "\n".join(["name,r,g,b", *(",".join(map(str, (n, *c))) for n, c in PALETTE.items())])},
        "camvid32",
    ),
    "label_colors.txt": (
        write_original,
        {
            "label_colors.txt": "\n".join(f"{r} {g} {b}\t{n}" for n, (r, g, b) in PALETTE.items()),
            "splits.yaml": f"{OWN}\n",
        },
        "camvid32",
    ),
    "taxonomy.yaml": (
        write_fastai,
        {"taxonomy.yaml": CLASSES, "codes.txt": "\n".join((*NAMES, "Straße")), "splits.yaml": f"{OWN}\n"},
        "own",
    ),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("case", CASES)
def test_a_text_file_is_read_whatever_saved_it(case, encoding, tmp_path):
    write, files, taxonomy = CASES[case]
    write(tmp_path, draw(OWN))
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    plain = open_dataset(tmp_path, taxonomy)
    for name, text in files.items():
        (tmp_path / name).write_bytes(encoded(text.replace("\n", "\r\n"), encoding))
    assert open_dataset(tmp_path, taxonomy) == plain
    expected = VALID if "valid.txt" in files else OWN
    assert {key: [frame.name for frame in plain.splits[key]] for key in expected} == expected


@pytest.mark.parametrize("case", CASES)
def test_a_file_in_no_known_encoding_is_named(case, tmp_path):
    write, files, taxonomy = CASES[case]
    write(tmp_path, draw(OWN))
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / next(iter(files))).write_bytes("Straße".encode("latin-1"))
    told = rf"{next(iter(files))}: this is not a text file in UTF-8 .*; save it as UTF-8"
    with pytest.raises(ValueError, match=told):
        open_dataset(tmp_path, taxonomy)
