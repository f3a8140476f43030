"""What of the data leaves the machine, in every mode of `log_data`."""

import json
import re
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import wandb
from PIL import Image

from artifacts import ArtifactError, log_evaluation, log_model, log_preview, track_dataset, tracked
from artifacts import use_dataset as use
from artifacts.__main__ import main
from artifacts.contents import covering, spread
from artifacts.dataset_artifact import dataset_artifact
from artifacts.download import version_name
from artifacts.leaving import FEW, FEW_SIDE, LARGE, MAX_IMAGES, SAMPLED, on_this_machine, settled
from artifacts.lineage import data_of, lineage, lineage_text
from camvid import preview
from camvid.layouts import content_digest, open_dataset
from camvid.taxonomy import load_taxonomy
from configs.schema import describe_field
from eval.evaluate import FrameSamples, evaluate
from tests.artifacts.weighed import save
from tests.eval.drawn import SPLIT, ColorModel


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.9.8.7", True),
        ("http://localhost:8080", True),
        ("https://[::1]:8080", True),
        ("http://[::ffff:127.0.0.1]:8080", True),
        ("http://0.0.0.0:8080", True),
        ("https://api.wandb.ai", False),
        ("http://192.0.2.7:8080", False),
        ("http://[2001:db8::1]:8080", False),
        ("http://no-such-host.invalid", False),
        ("nonsense", False),
    ],
)
def test_a_server_is_here_where_its_address_never_leaves_the_machine(url, here):
    assert on_this_machine(url) is here


@pytest.mark.parametrize(
    ("server", "mode"),
    [(None, "reference"), ("http://192.0.2.7:8080", "reference"), ("http://localhost:8080", "files")],
)
def test_offline_it_goes_by_the_server_that_is_set(new_run, read_run, dataset, monkeypatch, capsys, server, mode):
    monkeypatch.setenv("WANDB_MODE", "offline")
    if server:
        monkeypatch.setenv("WANDB_BASE_URL", server)
    digest = content_digest(dataset)
    with tracked(new_run(config={"log_data": "auto"})) as run:
        track_dataset(run, dataset, "roads", digest=digest, log_data="auto")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"log_data={mode}: ")
    written = read_run(Path(run.sync_dir))
    (artifact,) = written.artifacts
    assert artifact.name == {"files": "roads", "reference": "roads-reference"}[mode]
    assert written.config["data_version"] == {"name": artifact.name, "version": None, "digest": digest}
    stored = {entry.digest for entry in artifact.manifest.contents}
    files = {
        entry.digest for entry in dataset_artifact(dataset, "x", digest).manifest.entries.values() if _is_data(entry)
    }
    assert files <= stored if mode == "files" else not files & stored


@pytest.mark.parametrize(("mode", "name"), [("files", "roads"), ("reference", "roads-reference")])
def test_the_artifact_can_be_made_later_and_until_then_the_digest_is_noted(new_run, read_run, dataset, mode, name):
    jobs: list[Any] = []
    noted = {"name": name, "version": None, "digest": "d1"}
    with tracked(new_run(config={"log_data": mode})) as run:
        track_dataset(run, dataset, "roads", digest="d1", log_data=mode, later=jobs.append)
        assert run.config["data_version"] == noted
        (job,) = jobs
        thread = Thread(target=job)
        thread.start()
        thread.join()
    written = read_run(Path(run.sync_dir))
    assert [artifact.name for artifact in written.artifacts] == [name]
    assert written.config["data_version"] == noted


def _is_data(entry):
    return str(entry.path).startswith("data/")


def test_none_leaves_the_name_and_the_digest_alone(new_run, read_run, dataset, tmp_path, capsys):
    picture = tmp_path / "augmentation.png"
    Image.new("RGB", (8, 8)).save(picture)
    samples = FrameSamples(dataset.splits["val"], dataset.read)
    evaluation = evaluate(ColorModel(), samples, **SPLIT, progress=False)
    with tracked(new_run(config={"log_data": "none"})) as run:
        track_dataset(run, dataset, "roads", digest="d1", log_data="none")
        log_preview(run, {"augmentation": picture})
        log_evaluation(run, evaluation, samples, dataset.taxonomy)
    assert capsys.readouterr().out.startswith("log_data=none: no frame, mask or picture of roads goes to ")
    written = read_run(Path(run.sync_dir))
    assert written.config["data_version"] == {"name": "roads", "version": None, "digest": "d1"}
    assert {artifact.type for artifact in written.artifacts} == {"evaluation", "run_table"}
    entries = [entry.path for artifact in written.artifacts for entry in artifact.manifest.contents]
    assert not [path for path in entries if path.endswith((".png", ".jpg"))]
    assert not [path for path in Path(run.sync_dir).rglob("*") if path.suffix in (".png", ".jpg")]
    (table,) = Path(run.sync_dir).glob("files/media/table/val/edge_cases_*.table.json")
    content = json.loads(table.read_text())
    assert sorted(row[0] for row in content["data"]) == ["valSeq_000", "valSeq_001"]
    assert [row[content["columns"].index("image")] for row in content["data"]] == [None, None]


@pytest.fixture
def big(tmp_path):
    """12 frames of 400x500 pixels; each shows road and one class of its own."""
    for number in range(12):
        for folder, picture in (
            ("train", np.full((400, 500, 3), number, np.uint8)),
            ("trainannot", np.full((400, 500), 3, np.uint8)),
        ):
            picture[:200] = 10 * number if folder == "train" else number % 11
            (tmp_path / "big" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(tmp_path / "big" / folder / f"seq_{number:03d}.png")
    (tmp_path / "big" / "codes.txt").write_text("\n".join((*load_taxonomy("camvid11").names, "Void")))
    return open_dataset(tmp_path / "big")


def test_a_reference_names_all_frames_and_shows_few_small_ones(big):
    artifact = dataset_artifact(big, "roads-reference", "d", reference="s3://bucket/big")
    entries = dict(artifact.manifest.entries)
    assert entries.pop("data").ref == "s3://bucket/big"
    assert artifact.description == f"{FEW} of 12 frames have pictures, chosen so that they show every class if they can"
    assert not [entry for entry in entries.values() if _is_data(entry)]
    content = {name: Path(entry.local_path or "").read_bytes() for name, entry in entries.items()}
    assert not {path.read_bytes() for path in big.root.rglob("*.png")} & set(content.values())
    pictures = [name for name in content if name.endswith(".jpg")]
    assert len(pictures) == FEW  # the 11 classes would take 10 frames
    assert all(max(Image.open(BytesIO(content[name])).size) == FEW_SIDE for name in pictures)
    table = json.loads(content["frames.table.json"])
    assert [row[0] for row in table["data"]] == [f"seq_{number:03d}" for number in range(12)]
    assert len([row for row in table["data"] if row[3]]) == FEW
    whole = dataset_artifact(big, "roads", "d").manifest.entries
    for name in ("class_frequency.table.json", "dataset.json"):
        assert content[name] == Path(whole[name].local_path or "").read_bytes()


def test_the_fewest_frames_that_show_every_class():
    present = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0]], bool)
    assert covering(present, 8) == [1, 2]
    assert covering(present, 1) == [1]


def test_a_table_that_has_room_for_all_frames_shows_all_and_else_each_class():
    present = np.zeros((50, 3), bool)
    present[:, 0] = present[17, 1] = present[41, 2] = True
    assert spread(present, 50) == spread(present, 60) == list(range(50))
    chosen = spread(present, 10)
    assert len(set(chosen)) == 10
    assert {17, 41} <= set(chosen)
    assert max(np.diff(chosen)) < 12  # from all over the data
    assert spread(present, 1) == [17]


def test_the_frames_that_are_said_to_be_shown_are_all():
    assert SAMPLED == preview.FRAMES
    stated = str(FEW + SAMPLED)
    assert f"at most {stated} frames" in describe_field("log_data")
    assert str(MAX_IMAGES) in describe_field("log_data")


def used(run, *, kind="dataset"):
    found = wandb.Api().run(f"roads/{run.id}").used_artifacts()
    return [artifact.name for artifact in found if artifact.type == kind]


def track(new_run, dataset, name, mode):
    with tracked(new_run(config={"log_data": mode})) as run:
        track_dataset(run, dataset, name, digest=content_digest(dataset), log_data=mode)
    return run


@pytest.mark.usefixtures("online")
def test_a_reference_is_one_version_and_cannot_be_trained_on(new_run, dataset, tmp_path):
    runs = [track(new_run, dataset, "told", "reference") for _ in range(2)]
    assert [used(run) for run in runs] == [["told-reference:v0"]] * 2
    assert not wandb.Api().artifact_exists("roads/told:latest", "dataset")
    with tracked(new_run()) as run:
        with pytest.raises(
            ArtifactError, match=r"'told:latest' cannot be fetched: .*`python -m artifacts dataset ROOT`"
        ):
            use(run, "told:latest", tmp_path)
        lies = re.escape(f"without frames; they lie at {dataset.root.as_uri()}: give --data FOLDER")
        with pytest.raises(ArtifactError, match=lies + r".*; upload them by `python -m artifacts dataset ROOT`"):
            use(run, "told-reference:latest", tmp_path)


@pytest.mark.usefixtures("online")
@pytest.mark.soak
def test_the_command_notes_an_address_and_uploads_nothing(dataset, capsys):
    words = ["dataset", str(dataset.root), "--name", "far", "--reference"]
    for address in ("s3://bucket/roads", "gs://bucket/roads", None):
        assert main([*words, address] if address else words) == 0
        artifact = wandb.Api().artifact("camvid/far-reference:latest")
        assert artifact.manifest.entries["data"].ref == (address or dataset.root.as_uri())
        assert artifact.metadata["digest"] == content_digest(dataset)
        assert not [name for name in artifact.manifest.entries if name.startswith("data/")]
    assert main([*words, "s3://bucket/roads"]) == 0  # unchanged, it makes no new version
    assert len(wandb.Api().artifacts("dataset", "camvid/far-reference")) == 3
    capsys.readouterr()
    assert main([*words, "bucket/roads"]) == 2
    assert "'bucket/roads' is no address of a data set; it begins with one of file://, s3://, gs://" in (
        capsys.readouterr().err
    )


def test_large_data_is_sent_where_that_is_asked_for_alone(new_run, read_run, dataset, monkeypatch, capsys):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_BASE_URL", "http://localhost:8080")
    with (dataset.root / "notes.txt").open("wb") as file:
        file.truncate(LARGE)  # a hole: it takes no room
    with tracked(new_run()) as run:
        for mode in ("auto", "files"):
            assert settled(run, mode, LARGE, "roads") == "files"
        assert settled(run, "files", LARGE + 1, "roads") == "files"
        capsys.readouterr()
        track_dataset(run, dataset, "roads", digest="d", log_data="auto")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("log_data=reference (roads has 2.0 GiB, more than 2): no data files of roads go to ")
    (artifact,) = read_run(Path(run.sync_dir)).artifacts
    (place,) = (entry for entry in artifact.manifest.contents if entry.path == "data")
    assert (artifact.name, place.ref) == ("roads-reference", dataset.root.as_uri())


@pytest.mark.usefixtures("online")
def test_a_version_that_the_server_holds_is_the_input(new_run, dataset, capsys):
    digest = content_digest(dataset)
    first, mask = dataset.splits["val"][0].mask, dataset.splits["val"][1].mask.read_bytes()
    kept = first.read_bytes()
    for content in (kept, mask):  # v0 is of the data, latest is not
        first.write_bytes(content)
        track(new_run, dataset, "held", "files")
    first.write_bytes(kept)
    capsys.readouterr()
    for mode in ("reference", "none"):
        run = track(new_run, dataset, "held", mode)
        assert "the server already has this data: held:v0" in capsys.readouterr().out
        assert used(run) == ["held:v0"]
        version = {"name": "held", "version": "v0", "digest": digest}
        assert wandb.Api().run(f"roads/{run.id}").config["data_version"] == version
    assert len(wandb.Api().artifacts("dataset", "roads/held")) == 2
    assert not wandb.Api().artifact_exists("roads/held-reference:latest", "dataset")


@pytest.mark.usefixtures("online")
@pytest.mark.soak
def test_models_are_promoted_and_followed_back_without_the_data(new_run, dataset, tmp_path, capsys):
    digest = content_digest(dataset)
    for mode, spoil in (("none", 0.2), ("reference", 0.1)):
        with tracked(new_run(config={"log_data": mode})) as run:
            track_dataset(run, dataset, "unseen", digest=digest, log_data=mode)
            folder = save(tmp_path / mode, spoil=spoil, data=dict(run.config["data_version"]))
            logged = log_model(run, folder, "unseen-unet")
        assert data_of(logged) is None  # none that could be evaluated on
        assert main(["promote", f"roads/{version_name(logged)}", "--latency-limit", "100"]) == 0
        assert f"{version_name(logged)} now has the alias production" in capsys.readouterr().out
        text = lineage_text(lineage(logged))
        source = {"none": "data   unseen\n", "reference": "data   unseen-reference:v0\n"}[mode]
        assert source in text
        assert f"content {digest[:12]}" in text
        assert ("a reference, without frames" in text) == (mode == "reference")
