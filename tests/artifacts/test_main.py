"""Commands of `python -m artifacts` beside promotion and lineage, which have files of their own."""

import pytest
import wandb

from artifacts.__main__ import main
from camvid.layouts import content_digest


@pytest.mark.usefixtures("online")
def test_a_data_set_is_logged_once(dataset, capsys):
    words = ["dataset", str(dataset.root), "--project", "roads", "--name", "by-hand"]
    for _ in range(2):
        assert main(words) == 0
        assert "dataset: local/roads/by-hand:v0" in capsys.readouterr().out
    logged = wandb.Api().artifact("roads/by-hand:latest")
    assert logged.metadata["digest"] == content_digest(dataset)
    assert {run.job_type for run in logged.used_by()} == {"dataset"}


def test_faults_are_said_in_one_line(dataset, tmp_path, capsys):
    assert main(["dataset", str(tmp_path / "nowhere")]) == 2
    assert str(tmp_path / "nowhere") in capsys.readouterr().err
    assert main(["dataset", str(dataset.root)]) == 2  # no server is set
    assert "wandb login" in capsys.readouterr().err
