import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import wandb

from artifacts import ArtifactError, log_dataset, tracked, use_dataset
from artifacts.contents import content_tables
from artifacts.dataset_artifact import dataset_artifact
from camvid.layouts import content_digest, open_dataset
from camvid.stats import class_frequency, frequency_rows


@pytest.fixture
def artifact(dataset):
    return dataset_artifact(dataset, "camvid", content_digest(dataset))


def local(artifact: wandb.Artifact, name: str) -> Path:
    """The file that the client would upload under this name."""
    return Path(artifact.manifest.entries[name].local_path or "")


def test_holds_every_file_under_its_own_name(artifact, dataset):
    files = [path for path in dataset.root.rglob("*") if path.is_file()]
    assert len(files) == 13  # 6 pairs and codes.txt
    for path in files:
        entry = artifact.manifest.entries[f"data/{path.relative_to(dataset.root).as_posix()}"]
        assert Path(entry.local_path) == path  # read where it lies, not copied


def test_a_folder_that_is_given_relatively_is_found_from_anywhere(dataset, monkeypatch):
    """A run that was tracked offline is synced later, in whatever folder one stands then."""
    monkeypatch.chdir(dataset.root.parent)
    given = open_dataset(Path(dataset.root.name))
    entries = dataset_artifact(given, "camvid", content_digest(given)).manifest.entries
    assert {Path(entry.local_path or "") for name, entry in entries.items() if name.startswith("data/")} == {
        path for path in dataset.root.rglob("*") if path.is_file()
    }


def test_data_folder_opens_as_the_same_data(artifact, dataset, tmp_path):
    for name, entry in artifact.manifest.entries.items():
        target = tmp_path / "copy" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(entry.local_path).read_bytes())
    assert content_digest(open_dataset(tmp_path / "copy" / "data")) == content_digest(dataset)


def test_lists_of_a_layout_belong_to_it(dataset, tmp_path):
    (dataset.root / "train.txt").write_text("trainSeq_000\n")
    (dataset.root / "plot.png").write_bytes(b"not a frame")
    names = dataset_artifact(dataset, "camvid", "0").manifest.entries
    assert "data/train.txt" in names
    assert "data/plot.png" not in names


def test_metadata_and_description_say_what_it_is(artifact, dataset):
    description = json.loads(local(artifact, "dataset.json").read_text())
    assert artifact.metadata["digest"] == description["digest"] == content_digest(dataset)
    assert artifact.metadata["layout"] == description["layout"] == "segnet"
    assert artifact.metadata["splits"] == {"train": 3, "val": 2, "test": 1}
    assert artifact.metadata["taxonomy"]["classes"] == list(dataset.taxonomy.names)
    assert description["taxonomy"] == dataset.taxonomy.to_dict()
    assert description["splits"]["val"] == ["valSeq_000", "valSeq_001"]


def test_frame_table_shows_masks_over_the_stored_frames(artifact, dataset):
    table = json.loads(local(artifact, "frames.table.json").read_text())
    assert [row[:3] for row in table["data"]][:2] == [
        ["testSeq_000", "test", "testSeq"],
        ["trainSeq_000", "train", "trainSeq"],
    ]
    cells = [row[3] for row in table["data"]]
    assert {cell["path"] for cell in cells} == {
        f"data/{f.image.relative_to(dataset.root)}" for s in dataset.splits.values() for f in s
    }
    assert set(cells[0]["masks"]) == {"ground_truth"}
    names = table["column_types"]["params"]["type_map"]["image"]["params"]["allowed_types"]
    (kind,) = (kind for kind in names if kind["wb_type"] == "image-file")
    labels = kind["params"]["mask_class_maps"]["params"]["val"]["ground_truth"]
    assert labels == {**{str(i): name for i, name in enumerate(dataset.taxonomy.names)}, "255": "Void"}


def test_frames_that_a_camera_turned_are_shown_upright(dataset):
    from PIL import Image

    frame, plain = dataset.splits["val"]
    upright = dataset.read_image(frame)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(upright))).save(frame.image, exif=exif.tobytes())
    artifact = dataset_artifact(dataset, "camvid", content_digest(dataset))
    rows = {row[0]: row[3] for row in json.loads(local(artifact, "frames.table.json").read_text())["data"]}
    assert rows[plain.name]["path"] == f"data/val/{plain.name}.png"
    shown = np.asarray(Image.open(local(artifact, rows[frame.name]["path"])))
    assert shown.shape == upright.shape  # stored as it is seen: not every viewer obeys EXIF
    assert np.abs(shown.astype(int).mean((0, 1)) - upright.mean((0, 1))).max() < 2
    assert np.corrcoef(shown.ravel(), upright.ravel())[0, 1] > 0.5


def test_overlays_are_the_masks(artifact, dataset):
    from PIL import Image

    table = json.loads(local(artifact, "frames.table.json").read_text())
    frames = {frame.name: frame for frames in dataset.splits.values() for frame in frames}
    for row in table["data"]:
        overlay = np.asarray(Image.open(local(artifact, row[3]["masks"]["ground_truth"]["path"])))
        np.testing.assert_array_equal(overlay, dataset.read_mask(frames[row[0]]))


def test_shares_and_frequencies_equal_the_statistics_of_the_data(dataset):
    frames, classes = content_tables(dataset)
    splits = sorted(dataset.splits)
    expected = frequency_rows(dataset.taxonomy, {split: class_frequency(dataset, split) for split in splits})
    assert classes.data == [list(row) for row in expected]
    (row,) = (row for row in frames.data if row[0] == "testSeq_000")
    cells = dict(zip(frames.columns, row, strict=True))
    share = (dataset.read_mask(dataset.splits["test"][0]) == dataset.taxonomy.names.index("Car")).mean()
    assert cells["share/Car"] == pytest.approx(share)
    assert "share/Sky" not in cells


@pytest.mark.soak
def test_same_data_same_digest_in_another_process(artifact, dataset):
    code = """
import sys
from artifacts.dataset_artifact import dataset_artifact
from camvid.layouts import content_digest, open_dataset
dataset = open_dataset(sys.argv[1])
print(dataset_artifact(dataset, "camvid", content_digest(dataset)).digest)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(dataset.root)],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == artifact.digest


def test_other_data_other_digest(artifact, dataset):
    path = dataset.splits["train"][0].mask
    path.write_bytes(dataset.splits["train"][1].mask.read_bytes())
    assert dataset_artifact(dataset, "camvid", content_digest(dataset)).digest != artifact.digest


def test_a_damaged_mask_is_named(dataset):
    path = dataset.splits["val"][1].mask
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=path.name):
        dataset_artifact(dataset, "camvid", "0")


def test_a_file_outside_the_root_is_refused(dataset, tmp_path):
    import dataclasses

    moved = dataclasses.replace(dataset, root=dataset.root / "train")
    with pytest.raises(ValueError, match="outside the data set's folder"):
        dataset_artifact(moved, "camvid", "0")


def test_logged_offline_with_its_version_in_the_config(new_run, read_run, dataset):
    digest = content_digest(dataset)
    with tracked(new_run()) as run:
        artifact = log_dataset(run, dataset, "camvid", digest=digest)
    written = read_run(Path(run.sync_dir))
    (logged,) = written.artifacts
    assert (logged.name, logged.type, list(logged.aliases)) == ("camvid", "dataset", ["latest"])
    assert json.loads(logged.metadata)["digest"] == digest
    assert logged.digest == artifact.digest
    assert written.config["data_version"] == {"name": "camvid", "version": None, "digest": digest}
    assert all(frame.image.is_file() for frame in dataset.splits["train"])


def test_use_offline_is_an_error_that_names_the_artifact(new_run, tmp_path):
    with tracked(new_run()) as run, pytest.raises(ArtifactError, match="'camvid:latest' cannot be fetched offline"):
        use_dataset(run, "camvid:latest", tmp_path)


def test_disabled_runs_take_data_as_well(new_run, dataset, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with tracked(new_run()) as run:
        assert log_dataset(run, dataset, "camvid", digest="d").metadata["digest"] == "d"
