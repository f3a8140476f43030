"""Masks of one data set and depth of another: both are versions on the server, and inputs of the run."""

from typing import Any

import numpy as np
import pytest
import wandb

from artifacts import ArtifactError, log_model, tracked
from artifacts.dataset import at_once
from artifacts.lineage import data_of, lineage, lineage_text
from camvid.layouts import content_digest
from commands.training_data import training_data
from configs import TrainConfig
from tests.artifacts.weighed import save
from tests.drawings import synth_once

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(120)]
HYDRA: dict[str, Any] = {"architecture": "hydra", "tasks": ("segmentation", "depth")}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Streets with masks, and streets with depth."""
    root = tmp_path_factory.mktemp("both")
    synth_once(root / "masks", frames=6, seed=1, layout="segnet", size=(48, 64))
    synth_once(root / "deep", frames=6, seed=2, layout="segnet", size=(32, 48), depth=True)
    return {"data": str(root / "masks"), "depth_data": str(root / "deep")}


@pytest.fixture
def opened(new_run):
    """Opens the data of a training in a run; the run, and both data sets."""

    def open_data(project, log_data="files", **settings):
        config = TrainConfig(project=project, log_data=log_data, **HYDRA, **settings)
        with tracked(new_run(project=project, config=config.to_dict())) as run:
            found = training_data(run, config, at_once)
        return wandb.Api().run(run.path), *found

    return open_data


def inputs(run):
    return sorted(artifact.name for artifact in run.used_artifacts())


def notes(run):
    return [run.config[key] for key in ("data_version", "depth_data_version")]


def version(dataset, name, number):
    return {"name": name, "version": number, "digest": content_digest(dataset)}


def test_both_are_versions_and_inputs_and_unchanged_data_makes_no_new_version(opened, folders):
    for _ in range(2):
        run, dataset, second = opened("both", **folders)
        assert inputs(run) == ["both-depth:v0", "both:v0"]
        assert notes(run) == [version(dataset, "both", "v0"), version(second, "both-depth", "v0")]
    assert [len(wandb.Api().artifacts("dataset", f"both/{name}")) for name in ("both", "both-depth")] == [1, 1]


def test_the_version_of_the_second_one_is_trained_on_where_the_folder_is_not(opened, folders):
    _, _, second = opened("moved", **folders)
    run, dataset, fetched = opened("moved", data=folders["data"], depth_dataset="moved-depth:latest")
    assert inputs(run) == ["moved-depth:v0", "moved:v0"]
    assert notes(run) == [version(dataset, "moved", "v0"), version(second, "moved-depth", "v0")]
    assert not fetched.root.is_relative_to(second.root)
    assert content_digest(fetched) == content_digest(second)
    for frame, copy in zip(second.splits["train"], fetched.splits["train"], strict=True):
        (depth, camera), (other, same) = second.read_depth(frame), fetched.read_depth(copy)
        assert np.array_equal(depth, other, equal_nan=True)
        assert camera == same
        assert np.array_equal(second.read_image(frame), fetched.read_image(copy))


def test_an_artifact_without_depth_is_refused(opened, folders):
    opened("shallow", **folders)
    with pytest.raises(ValueError, match="no frame has depth"):
        opened("shallow", data=folders["data"], depth_dataset="shallow:latest")
    with pytest.raises(ArtifactError, match="shallow-deep:latest"):
        opened("shallow", data=folders["data"], depth_dataset="shallow-deep:latest")


@pytest.mark.parametrize("log_data", ["files", "reference", "none"])
def test_the_lineage_shows_both(opened, new_run, folders, tmp_path, capsys, log_data):
    project = f"seen-{log_data}"
    run, dataset, second = opened(project, log_data, **folders)
    said = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in said] == [f"log_data={log_data}"] * 2
    assert [f" of {name} " in line for name, line in zip((project, f"{project}-depth"), said, strict=True)] == [
        True
    ] * 2
    first, depth = notes(run)
    with tracked(new_run(project=project, resume_id=run.id)) as resumed:
        folder = save(tmp_path / "model", data=first | {"depth_data": depth})
        model = log_model(resumed, folder, f"{project}-hydra")
    found = [node for node in lineage(model).sources if node.kind == "data"]
    ending = {"files": ":v0", "reference": "-reference:v0", "none": ""}[log_data]
    assert {node.name for node in found} == {f"{project}-depth{ending}", f"{project}{ending}"}
    assert len(found) == 2
    text = lineage_text(lineage(model))
    assert all(content_digest(data)[:12] in text for data in (dataset, second))
    judged_on = data_of(model)
    assert (judged_on and judged_on.name) == (f"{project}:v0" if log_data == "files" else None)
