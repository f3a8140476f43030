"""One training in two processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import train
from eval.__main__ import main as eval_main
from tests.train.started import ROOT, command, only, run
from tests.wandb_local.process import free_port

LAUNCH = [str(Path(sys.executable).parent / "accelerate"), "launch", "--multi_gpu", "--num_processes=2"]

LAUNCH += ["--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0", "train.py"]


@pytest.mark.soak
def test_two_processes_train_what_one_does(data, tmp_path, environment, here):
    flags = ["--epochs=3", "--augment=flip", "--ema=0.5", "--lr=0.001", "--precision=fp32", "--device=cpu"]
    assert train.cli(command(data, tmp_path / "one", *flags)[2:]) == 0
    done = run([*LAUNCH, *command(data, tmp_path / "two", *flags)[2:]], environment)
    folder = only(tmp_path / "two")
    assert len(list((folder / "wandb").glob("offline-run-*"))) == 1
    assert not list((folder / "checkpoints").glob(".*"))
    lines = [line for line in done.stdout.splitlines() if line.startswith(("epoch", "model:", "report:"))]
    assert [line.split()[0] for line in lines] == ["epoch"] * 3 + ["model:", "report:"]
    one, two = (json.loads((only(tmp_path / name) / "metrics.json").read_text()) for name in ("one", "two"))
    # shares of a batch are normalised by themselves on a CPU, so the weights differ a little
    for key, near in {"miou": 0.06, "pixel_acc": 0.06, "priority_dice": 0.1}.items():
        assert two[key] == pytest.approx(one[key], abs=near), key

    # the metrics are those of the whole split: evaluating the saved model in one process gives them again
    out = tmp_path / "again"
    assert eval_main([str(folder), f"--data={data}", "--split=val", f"--out={out}"]) == 0
    again = json.loads((out / "metrics.json").read_text())
    assert {key: again[key] for key in ("miou", "pixel_acc")} == pytest.approx(
        {key: two[key] for key in ("miou", "pixel_acc")}, abs=1e-6
    )


@pytest.mark.soak
def test_an_error_of_one_of_two_processes_ends_both(data, tmp_path, environment):
    done = run([*LAUNCH, *command(data, tmp_path / "two", "--batch_size=3", "--device=cpu")[2:]], environment, code=1)
    assert done.stderr.count("error: batch_size=3 cannot be shared by 2 processes: make it a multiple of 2") >= 1
    assert not (tmp_path / "two").exists()  # refused before there is a run


@pytest.mark.soak
def test_two_nodes_train_what_one_process_does(data, tmp_path, environment, here):
    """What train.sbatch starts on each node, both here: without GPUs, and with a cache each."""
    flags = ["--epochs=2", "--augment=flip", "--lr=0.001", "--precision=fp32", "--device=cpu"]
    assert train.cli(command(data, tmp_path / "one", *flags)[2:]) == 0
    nodes, port = [], str(free_port())
    for rank in range(2):
        path = f"{Path(sys.executable).parent}:{environment['PATH']}"
        place = {"CAMVID_CACHE": str(tmp_path / f"node{rank}"), "PATH": path}
        slurm = {
            "SLURM_NNODES": "2",
            "SLURM_NODEID": str(rank),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
        }
        words = ["bash", "deploy/slurm/node.sh", *command(data, tmp_path / "two", *flags)[2:]]
        nodes.append(subprocess.Popen(words, cwd=ROOT, env=environment | place | slurm))
    assert [node.wait(240) for node in nodes] == [0, 0]
    one, two = (json.loads((only(tmp_path / name) / "metrics.json").read_text()) for name in ("one", "two"))
    assert two["pixel_acc"] == pytest.approx(one["pixel_acc"], abs=0.06)
    for rank in range(2):
        assert len(list((tmp_path / f"node{rank}").glob("camvid-harness/frames/*/images.npy"))) == 1
