"""The same code against a server: versions, downloads, lineage."""

import os
import shlex
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import torch
import wandb

from artifacts import (
    ArtifactError,
    data_version,
    fetch_model,
    log_dataset,
    log_model,
    sync_hint,
    tracked,
    use_dataset,
)
from artifacts.download import default_root, download, download_dataset, find_artifact
from artifacts.model import RECORDS
from artifacts.publish import publish
from artifacts.run import has_table_pages
from camvid.layouts import content_digest, open_dataset
from camvid.taxonomy import load_taxonomy
from models import build_model
from models.saved import load_model, save_model
from tests.artifacts.weighed import log_versions
from tests.client import teardown

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(120)]


def log(new_run, dataset, name):
    with tracked(new_run()) as run:
        artifact = log_dataset(run, dataset, name, digest=content_digest(dataset))
    return run, artifact


def fetch_dataset(name: str, root: Path | None = None) -> Path:
    return download_dataset(find_artifact(name, "dataset"), root or default_root())


def cold_cache() -> None:
    for folder in ("WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
        shutil.rmtree(os.environ[folder])


def test_unchanged_data_makes_no_new_version(new_run, dataset):
    _, first = log(new_run, dataset, "unchanged")
    _, second = log(new_run, dataset, "unchanged")
    assert (first.version, second.version) == ("v0", "v0")
    path = dataset.splits["val"][0].mask
    path.write_bytes(dataset.splits["val"][1].mask.read_bytes())
    run, third = log(new_run, dataset, "unchanged")
    assert third.version == "v1"
    assert wandb.Api().run(run.path).config["data_version"] == data_version(third)
    assert data_version(third) == {"name": "unchanged", "version": "v1", "digest": content_digest(dataset)}


def test_data_comes_back_whole_from_a_cold_cache(new_run, dataset, tmp_path):
    maker, logged = log(new_run, dataset, "whole")
    cold_cache()
    with tracked(new_run()) as run:
        folder = use_dataset(run, "whole:latest", tmp_path / "fetched")
    assert content_digest(open_dataset(folder)) == content_digest(dataset)
    assert folder.is_relative_to(tmp_path / "fetched")
    assert wandb.Api().run(run.path).config["data_version"] == data_version(logged)
    assert {user.id for user in wandb.Api().artifact(logged.qualified_name).used_by()} == {maker.id, run.id}


def test_data_is_fetched_without_a_run(new_run, dataset, tmp_path):
    _, logged = log(new_run, dataset, "fetched")
    folder = fetch_dataset(logged.qualified_name, tmp_path / "one")
    assert content_digest(open_dataset(folder)) == content_digest(dataset)
    assert fetch_dataset(logged.qualified_name).is_relative_to(os.environ["WANDB_ARTIFACT_DIR"])


def test_damaged_copies_are_fetched_again(new_run, dataset, tmp_path):
    _, logged = log(new_run, dataset, "damaged")
    folder = fetch_dataset(logged.qualified_name, tmp_path)
    for path in [*folder.glob("train/*.png"), *Path(os.environ["WANDB_CACHE_DIR"]).glob("artifacts/obj/md5/*/*")]:
        path.write_bytes(b"damaged")
    assert content_digest(open_dataset(fetch_dataset(logged.qualified_name, tmp_path))) == content_digest(dataset)


def test_a_stranger_in_the_folder_is_an_error(new_run, dataset, tmp_path):
    _, logged = log(new_run, dataset, "stranger")
    folder = fetch_dataset(logged.qualified_name, tmp_path)
    (folder / "train" / "stranger.png").write_bytes(b"?")
    with pytest.raises(ArtifactError, match=r"stranger\.png"):
        fetch_dataset(logged.qualified_name, tmp_path)


def test_an_alias_that_moved_on_is_fetched_afresh(new_run, tmp_path):
    """The second version lacks a file of the first: what an alias named before is not in its way."""
    for number, spoil in enumerate((0.1, None)):
        log_versions(new_run, tmp_path / str(number), ("moving", {"spoil": spoil}))
        folder = fetch_model("roads/moving:latest", tmp_path / "fetched")
        assert (folder / RECORDS).is_file() == (spoil is not None)


def test_equal_names_of_other_contents_are_kept_apart(new_run, tmp_path):
    """As two servers may have them, or projects whose names become one folder."""
    for project, spoil in (("road-map", 0.1), ("road map", None)):
        make = partial(new_run, project=project)
        log_versions(make, tmp_path / project, ("moving", {"spoil": spoil}))
        folder = fetch_model(f"{project}/moving:v0", tmp_path / "fetched")
        assert (folder / RECORDS).is_file() == (spoil is not None)


@pytest.mark.parametrize("fetch", [fetch_dataset, fetch_model])
def test_an_unknown_artifact_is_named(fetch, tmp_path):
    with pytest.raises(ArtifactError, match="roads/nothing:v7"):
        fetch("roads/nothing:v7", tmp_path)


def test_an_unknown_artifact_of_a_run_is_named(new_run, tmp_path):
    with tracked(new_run()) as run, pytest.raises(ArtifactError, match="nothing:latest"):
        use_dataset(run, "nothing:latest", tmp_path)


def test_a_dataset_is_no_model(new_run, dataset, tmp_path):
    _, logged = log(new_run, dataset, "no-model")
    with pytest.raises(ArtifactError, match="no-model"):
        fetch_model(logged.qualified_name, tmp_path)


def test_a_model_without_its_files_is_refused(new_run, tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"pickled")
    with tracked(new_run()) as run:
        artifact = wandb.Artifact("pickled", type="model")
        artifact.add_file(str(tmp_path / "model.pkl"))
        logged = run.log_artifact(artifact).wait()
    with pytest.raises(ArtifactError, match=r"model\.safetensors"):
        fetch_model(logged.qualified_name, tmp_path)


def test_a_dataset_of_someone_else_is_refused(new_run, tmp_path):
    (tmp_path / "data.csv").write_text("a,b")
    with tracked(new_run()) as run:
        artifact = wandb.Artifact("foreign", type="dataset")
        artifact.add_file(str(tmp_path / "data.csv"))
        run.log_artifact(artifact).wait()
        with pytest.raises(ArtifactError, match=r"foreign.*dataset\.json"):
            use_dataset(run, "foreign:latest", tmp_path)


def test_a_name_of_another_type_is_refused(new_run, dataset):
    log(new_run, dataset, "typed")
    with tracked(new_run()) as run:
        artifact = wandb.Artifact("typed", type="model")
        with pytest.raises(ArtifactError, match="typed"):
            publish(run, artifact)


def test_a_model_comes_back_with_its_data_and_metrics(new_run, tmp_path):
    taxonomy = load_taxonomy("camvid11")
    model = build_model("plain_unet", taxonomy.num_classes).eval()
    config = {"architecture": "plain_unet", "backbone": "resnet34", "crp": False}
    version = {"name": "camvid", "version": "v0", "digest": "d"}
    save_model(
        tmp_path / "run", model, config=config, taxonomy=taxonomy.to_dict(), data=version, metrics={"miou": 0.25}
    )
    with tracked(new_run()) as run:
        logged = log_model(run, tmp_path / "run", "unet", aliases=["best"])
    cold_cache()
    found = load_model(fetch_model(f"{run.entity}/{run.project}/unet:best", tmp_path / "fetched"))
    image = torch.rand(1, 3, 40, 56)
    torch.testing.assert_close(found.model(image), model(image))
    assert (found.data, found.metrics) == (version, {"miou": 0.25})
    assert logged.metadata["metrics"] == {"miou": 0.25}
    maker = wandb.Api().artifact(logged.qualified_name).logged_by()
    assert maker is not None
    assert maker.id == run.id


def test_a_crashed_run_is_failed_on_the_server(new_run):
    run = new_run()
    with pytest.raises(RuntimeError), tracked(run):
        raise RuntimeError("out of road")
    found = wandb.Api().run(run.path)
    assert found.state == "failed"
    assert found.summary["error"] == "RuntimeError: out of road"


def sync(*folders: str) -> None:
    subprocess.run([sys.executable, "-m", "wandb", "sync", *folders], check=True, capture_output=True, timeout=100)


@pytest.mark.soak
def test_an_offline_run_is_synced_with_its_data(new_run, dataset, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    runs = [log(new_run, dataset, "synced")[0] for _ in range(2)]
    monkeypatch.delenv("WANDB_MODE")
    teardown()
    for run in runs:
        sync(run.sync_dir)
    _, online = log(new_run, dataset, "synced")
    assert online.version == "v0"
    found = wandb.Api().run(f"roads/{runs[0].id}")
    assert found.config["data_version"] == {"name": "synced", "version": None, "digest": content_digest(dataset)}
    assert all(frame.image.is_file() for frame in dataset.splits["train"])


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_resumed_run_is_one_run(new_run, monkeypatch, mode):
    monkeypatch.setenv("WANDB_MODE", mode)
    with tracked(new_run()) as first:
        for epoch in (1, 2):
            first.log({"epoch": epoch, "train/loss": 1 / epoch})
    with tracked(new_run(resume_id=first.id)) as second:
        second.log({"epoch": 3, "train/loss": 0.25})
    if mode == "offline":
        monkeypatch.delenv("WANDB_MODE")
        teardown()
        command = sync_hint(second).splitlines()[-1].partition("wandb sync ")[2]
        sync(*shlex.split(command))
    rows = wandb.Api().run(f"roads/{first.id}").scan_history()
    assert [row["epoch"] for row in rows] == [1, 2, 3]


def test_the_hint_leads_to_the_page_of_a_table(new_run):
    with tracked(new_run()) as run:
        run.log({"val/edge_cases": wandb.Table(columns=["name"], data=[["a"]])})
    assert sync_hint(run).splitlines() == [f"W&B run: {run.url}"]
    assert sync_hint(run, "val/edge_cases").splitlines()[1] == f"table:   {run.url}/tables/val/edge_cases"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "ftp://127.0.0.1"])
def test_where_nothing_says_so_tables_have_no_pages(url):
    assert not has_table_pages(url)


def test_of_two_that_fetch_at_the_same_time_one_waits(new_run, tmp_path, monkeypatch):
    with tracked(new_run()) as run:
        artifact = wandb.Artifact("many", type="dataset")
        for number in range(30):
            with artifact.new_file(f"{number}.bin", mode="wb") as file:
                file.write(os.urandom(50_000))
        publish(run, artifact)
    copy2, copied, both = shutil.copy2, [], threading.Barrier(2, timeout=60)
    monkeypatch.setattr(shutil, "copy2", lambda source, target: copied.append(target) or copy2(source, target))

    def fetch(found):
        both.wait()
        return download(found, tmp_path / "root")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(fetch, [find_artifact("roads/many:v0", "dataset") for _ in range(2)])
    assert first == second
    assert len(copied) == len(set(copied)) == len(list(first.iterdir())) == 30


def test_a_resumed_run_that_ends_well_does_not_keep_the_error_of_its_first_part(new_run):
    first = new_run()
    with pytest.raises(KeyboardInterrupt), tracked(first):
        raise KeyboardInterrupt
    assert "KeyboardInterrupt" in wandb.Api().run(first.path).summary["error"]
    with tracked(new_run(resume_id=first.id)) as second:
        second.log({"epoch": 1})
    found = wandb.Api().run(second.path)
    assert (found.state, found.summary["epoch"]) == ("finished", 1)
    assert "error" not in found.summary
