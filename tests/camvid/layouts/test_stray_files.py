"""Hidden files, links and missing partners in a pair of folders."""

from camvid.check import check
from camvid.convert import convert
from camvid.layouts import find_taxonomy
from tests.camvid.replicas.comparing import faults_of, first
from tests.camvid.replicas.folders import write_plain


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
    faults = faults_of(tmp_path / "set")
    assert [fault.split(": ")[1].split(" (")[0] for fault in faults] == [
        "frame without a label",
        "label without a frame",
    ]
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert [line for line in lines if line.startswith("left out: ")] == [f"left out: {fault}" for fault in faults]
    assert faults_of(tmp_path / "plain") == []
