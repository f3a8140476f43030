"""What a model came from, asked of a real server and printed."""

import pytest
import wandb

from artifacts.__main__ import main
from artifacts.lineage import lineage
from artifacts.run import code_version
from camvid.layouts import content_digest
from tests.artifacts.weighed import log_versions

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning"),  # wandb.sweep warns of itself
    pytest.mark.filterwarnings("ignore:Exception ignored in.*config-:pytest.PytestUnraisableExceptionWarning"),
]  # and wandb.agent leaves the file of its sweep's settings to the garbage collector


@pytest.mark.usefixtures("online")
def test_a_model_of_a_sweep(new_run, dataset, tmp_path, capsys):
    digest = content_digest(dataset)
    search = {
        "method": "random",
        "metric": {"name": "val/miou", "goal": "maximize"},
        "parameters": {"lr": {"value": 1}},
    }
    sweep = wandb.sweep(search, project="roads")
    made = []

    def train():
        made.append(log_versions(new_run, tmp_path, ("swept", {"digest": digest}), dataset=dataset))

    wandb.agent(sweep, train, project="roads", count=1)
    main(["promote", "roads/swept:v0"])
    capsys.readouterr()
    assert main(["lineage", "swept:latest", "--project", "roads"]) == 0
    printed = capsys.readouterr().out
    commit = code_version()["commit"]
    assert "swept:v0" in printed
    assert "drawn:v0" in printed
    assert digest[:12] in printed
    assert f"local/roads/{made[0].id}" in printed
    assert sweep in printed
    assert "random, maximizes val/miou" in printed
    assert "promote to production" in printed
    assert "accepted" in printed
    assert "production" in printed
    assert commit is None or str(commit)[:12] in printed
    assert wandb.Api().artifact("roads/swept:v0").url in printed


@pytest.mark.usefixtures("online")
def test_settings_from_a_sweep(new_run, tmp_path):
    """A final training is no run of the sweep; it took its best settings."""
    sweep = wandb.sweep({"name": "coarse", "method": "grid", "parameters": {"lr": {"value": 1}}}, project="roads")
    final = {"from_sweep": f"local/roads/{sweep}"}
    log_versions(lambda: new_run(config=final), tmp_path, ("final", {}))
    found = lineage(wandb.Api().artifact("roads/final:v0"))
    (source,) = [node for node in found.sources if node.kind == "sweep"]
    assert (source.name, source.lines[0]) == ("coarse", "the run took its best settings")
    (data,) = [node for node in found.sources if node.kind == "data"]
    assert (data.name, data.lines) == ("roads:v0", ("content d0",))  # as the model's metadata know it


@pytest.mark.usefixtures("online")
def test_a_sweep_that_was_deleted_leaves_its_name(new_run, tmp_path):
    log_versions(lambda: new_run(config={"from_sweep": "local/roads/deleted"}), tmp_path, ("orphan", {}))
    found = lineage(wandb.Api().artifact("roads/orphan:v0"))
    (source,) = [node for node in found.sources if node.kind == "sweep"]
    assert source.name == "local/roads/deleted"
    assert source.lines == ("the run took its best settings", "the sweep is not on the server")


@pytest.mark.usefixtures("online")
def test_a_model_that_was_trained_on_val_too_says_so(new_run, tmp_path, capsys):
    log_versions(new_run, tmp_path, ("both", {"train_on": "train+val"}))
    assert main(["lineage", "roads/both:v0"]) == 0
    assert "trained on train+val" in capsys.readouterr().out
