"""Settings that cannot work: one line, before there is a folder, a run or an artifact."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import save_file

import train
from commands.experiments import parse_command_line
from commands.preflight import check_settings
from commands.run_folder import run_folder
from configs import TrainConfig
from files.faults import CommonFault
from tests.client import teardown
from tests.drawings import synth_once
from tests.wandb_local.process import free_port

CACHES = ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR", "XDG_CACHE_HOME")
BOTH = ["--tasks=segmentation,depth"]
HYDRA = ["--architecture=hydra", "--backbone=test_resnet"]
SMALL = ["--architecture=plain_unet", "--resize_factor=0.34", "--batch_size=2", "--epochs=1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth_once(folder, frames=12, seed=3, layout="segnet", size=(96, 128))
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """W&B offline, all that this process leaves in the test's folder."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name in CACHES:
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.chdir(tmp_path)
    teardown()
    yield
    teardown()


def refused(capsys, *flags):
    """The line that says why these flags are refused, with exit code 2."""
    assert train.cli(["--out=runs", *flags]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    return line.removeprefix("error: ")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--architecture=unett"], "architecture: 'unett' is unknown; choose from unet, plain_unet, "),
        (["--architecture=unet", "--backbone=resnet43"], "backbone: timm has no model 'resnet43'; did you mean"),
        (["--architecture=segformer", "--backbone=vit_tiny_patch16_224"], "takes images of only one size"),
        (["--architecture=upernet", "--backbone=vit_tiny_patch16_224"], "backbone: vit_tiny_patch16_224 takes images"),
        (["--architecture=unet", "--backbone=mlp_mixer"], "backbone: timm has no model"),
        (["--architecture=segformer", "--backbone=mit_b0", "--crp"], "crp: True is not allowed here"),
        (["--weights=imagenet"], "weights: 'imagenet' is not allowed, because plain_unet trains from scratch"),
        (["--architecture=unet", "--weights=some.pth"], "weights: no such file: some.pth"),
        (["--architecture=unet", "--weights=other.safetensors"], "the file belongs to another backbone"),
        (["--architecture=unet", "--backbone=cspresnet50w", "--weights=imagenet"], "has no ImageNet weights for"),
        (["--architecture=deeplabv3plus", "--backbone=resnet18", "--batch_size=1"], "a training batch of one 32x32"),
        (
            ["--architecture=unet", "--fit=fine_tune", "--weights=none"],
            "this backbone would be frozen with random weights",
        ),
        (["--loss=hinge"], "loss: 'hinge' is unknown; choose from ce, focal, ohem, boundary, dice"),
        (["--loss={ce: 1.0, hinge: 1.0}"], "loss: 'hinge' is unknown"),
        (["--augment=weather", "--augment_on=device"], "augment='weather' runs only in the loader"),
        (["--batch_size=500"], "batch_size=500 is larger than the train split"),
        (["--split=sequence", "--taxonomy=camvid32"], "take taxonomy camvid11 or camvid12"),
        (["--taxonomy=own"], "taxonomy.yaml: missing"),
        (["--taxonomy=broken.yaml"], "broken.yaml: "),
        (["--tasks=segmentation,depth"], "tasks=segmentation,depth is not allowed, because plain_unet only does segm"),
        (
            ["--depth_max=200"],
            "depth_max=200.0 has no effect with tasks=segmentation; set architecture=hydra and tasks=",
        ),
        ([*HYDRA, "--tasks=segmentation,depth"], "camvid: no frame of the train split has depth; docs/data.md lists"),
        (
            [*HYDRA, "--tasks=depth"],
            "monitor=miou is not measured, because tasks=depth leaves out segmentation; set mon",
        ),
        ([*HYDRA, "--monitor=depth/rmse"], "monitor=depth/rmse is not measured, because tasks=segmentation leaves out"),
        ([*HYDRA, "--tasks=depth", "--monitor=depth/rmse"], "camvid: no frame of the train split has depth"),
        ([*HYDRA, "--tasks=segmentation,depth", "--depth_data=gone"], "gone: no such folder"),
        ([*HYDRA, "--depth_data=other"], "depth_data=other has no effect with tasks=segmentation; set tasks="),
        ([*HYDRA, "--depth_dataset=a:v0"], "depth_dataset=a:v0 has no effect with tasks=segmentation; set tasks="),
        ([*HYDRA, *BOTH, "--depth_dataset=a:v0"], "artifact 'a:v0' cannot be fetched offline"),
        (
            ["--depth_loss=berhu"],
            "depth_loss=berhu has no effect with tasks=segmentation; set architecture=hydra and",
        ),
        (
            [*HYDRA, "--task_weights={depth: 2}"],
            "task_weights={'depth': 2.0} has no effect with tasks=segmentation; set tasks=",
        ),
        (
            [*HYDRA, "--depth_min=5"],
            "depth_min=5.0 has no effect with tasks=segmentation; set tasks=segmentation,depth",
        ),
        ([*HYDRA, "--depth_threshold=0.2"], "depth_threshold=0.2 has no effect with tasks=segmentation; set tasks=seg"),
        ([*HYDRA, "--tasks=depth,depth"], "tasks=depth,depth names a task twice; name each once"),
        (
            [*HYDRA, *BOTH, "--depth_min=80"],
            "depth_min=80 and depth_max=80 are not allowed; give metres, 0 < depth_min",
        ),
        ([*HYDRA, *BOTH, "--depth_loss=l1"], "depth_loss: 'l1' is unknown; choose from silog, berhu"),
        (["--project=road/scenes"], "project='road/scenes': give 1 to 128 characters"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_made(data, tmp_path, capsys, flags, message):
    (tmp_path / "broken.yaml").write_text("name: mine\n")
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    before = set(tmp_path.iterdir())
    assert message in refused(capsys, f"--data={data}", *SMALL, *flags)
    caches = {tmp_path / name for name in CACHES}
    assert set(tmp_path.iterdir()) - caches == before


def test_training_on_val_says_what_has_no_effect_and_has_no_place_in_a_sweep(data, capsys, monkeypatch):
    flags = [f"--data={data}", *SMALL, "--train_on=train+val"]
    parse_command_line([*flags, "--patience=3", "--monitor=pixel_acc"])
    line = "train_on=train+val: nothing is measured on val, the last weights are kept"
    assert capsys.readouterr().out == f"{line}, and monitor, patience have no effect\n"
    parse_command_line([*flags, "--batch_size=8"])  # of 8 train frames and 2 val frames
    assert capsys.readouterr().out == f"{line}\n"
    monkeypatch.setenv("WANDB_SWEEP_ID", "s1")
    with pytest.raises(CommonFault, match="train_on=train\\+val: nothing is measured on val, so a sweep has no metric"):
        parse_command_line(flags)


def test_settings_without_effect_are_said_once_and_end_no_training(data, capsys):
    flags = [f"--data={data}", *SMALL, "--augment=flip", "--rare_crops=0.5"]
    parse_command_line([*flags, "--vary=lr=0.001,0.002"])
    line = "rare_crops=0.5 has no effect with augment=flip; it needs augment=crop or color or weather"
    assert capsys.readouterr().out == f"{line}\n"


def test_a_second_data_set_of_depth_does_not_measure_the_val_frames_of_the_first(data, tmp_path, capsys):
    synth_once(tmp_path / "deep", frames=4, seed=1, layout="segnet", size=(96, 128), depth=True)
    flags = [f"--data={data}", *SMALL, *HYDRA, "--tasks=segmentation,depth"]
    message = refused(capsys, *flags, "--depth_data=deep", "--monitor=depth/abs_rel")
    assert f"{data}: no frame of the val split has depth" in message
    assert f"{data}: no frame has depth" in refused(capsys, *flags, f"--depth_data={data}")


def test_a_batch_larger_than_the_train_split_is_told_before_a_file_is_read_or_torch_is_imported(data, tmp_path):
    shutil.copytree(data, tmp_path / "damaged")
    for path in (tmp_path / "damaged" / "train").iterdir():
        path.write_bytes(path.read_bytes()[:200])
    code = (
        "import sys; import train; "
        f"assert train.cli(['--data={tmp_path / 'damaged'}', *{SMALL}, '--batch_size=500']) == 2; "
        "assert 'torch' not in sys.modules"
    )
    root = Path(train.__file__).parent
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert "error: batch_size=500 is larger than the train split" in done.stderr
    assert done.returncode == 0, done.stderr


def test_a_server_on_this_machine_that_does_not_answer_is_named_at_once(data, tmp_path, capsys, monkeypatch):
    url = f"http://127.0.0.1:{free_port()}"
    for name, value in {"MODE": "online", "BASE_URL": url, "API_KEY": "1" * 40}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    assert f"W&B: no server answers at {url} (" in refused(capsys, f"--data={data}", *SMALL)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["WANDB_RUN_ID", "WANDB_MODE", "WANDB_BASE_URL", "WANDB_TAGS"])
def test_an_empty_variable_is_none(data, monkeypatch, name):
    monkeypatch.setenv(name, "")
    parse_command_line([f"--data={data}", *SMALL])
    assert name not in os.environ


@pytest.mark.soak
def test_a_disk_that_is_too_small_for_a_run_is_named(data):
    command = (
        f"mount -t tmpfs -o size=1m tmpfs runs && {sys.executable} {train.__file__} --data {data} {' '.join(SMALL)}"
    )
    Path("runs").mkdir()
    done = subprocess.run(["unshare", "-rm", "sh", "-c", command], capture_output=True, text=True, timeout=100)
    assert done.returncode == 2
    assert (
        "error: out='runs': a run needs up to " in done.stderr and " MB free; free some space, or give" in done.stderr
    )
    assert list(Path("runs").iterdir()) == []


@pytest.mark.parametrize("out", ["/proc/x", "/proc/x/deep", "file/x"])
def test_a_folder_that_cannot_be_made_is_named(data, capsys, out):
    Path("file").touch()
    message = refused(capsys, f"--data={data}", *SMALL, f"--out={out}")
    assert message.startswith(f"{out}: cannot be written (")
    assert message.endswith("; give a place that can be written")


def test_a_camera_of_val_that_cannot_be_used_is_named(tmp_path, capsys):
    synth_once(tmp_path / "deep", frames=12, seed=3, layout="segnet", size=(96, 128), depth=True)
    name = next((tmp_path / "deep" / "val").iterdir()).stem
    table = tmp_path / "deep" / "cameras.csv"
    table.write_text(table.read_text() + f"{name},1,1,1,1,128,96\n")
    message = refused(capsys, "--data=deep", *HYDRA, *SMALL[1:], "--tasks=depth", "--monitor=depth/abs_rel")
    assert message == f"deep/cameras.csv: {name} has 2 lines; leave one"


def test_with_an_artifact_all_but_the_data_is_checked(tmp_path, capsys):
    assert "backbone: timm has no model" in refused(capsys, "--dataset=d:latest", "--backbone=resnet43")
    assert "built in are bdd19, camvid11" in refused(capsys, "--dataset=d:latest", "--taxonomy=camvid13")
    assert "artifact 'd:latest' cannot be fetched offline" in refused(capsys, "--dataset=d:latest", *SMALL)
    assert not (tmp_path / "runs").exists()


def test_every_training_of_a_comparison_is_checked_before_the_first(data, tmp_path, capsys):
    assert "'hinge'" in refused(capsys, f"--data={data}", *SMALL, "--vary=loss=ce,hinge", "--seeds=0,1")
    assert not (tmp_path / "runs").exists()


def test_settings_that_work_leave_nothing_and_say_how_artifacts_are_named(data, tmp_path, capsys):
    settings = {"data": str(data), "architecture": "plain_unet", "batch_size": 2, "project": "road scenes"}
    check_settings([TrainConfig.from_dict(settings)])
    said = "artifact names allow fewer characters; its artifacts are road_scenes and road_scenes-plain_unet"
    assert capsys.readouterr().out == f"project 'road scenes': {said}\n"
    assert not list(tmp_path.glob("runs*"))


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job that exports WANDB_RUN_ID; begun(…) leaves the folder of its run with these settings."""
    monkeypatch.setenv("WANDB_RUN_ID", "job")
    folder = tmp_path / "runs" / "job"

    def begun(**settings):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(settings))
        return folder

    return begun


def test_a_job_that_starts_again_goes_on_with_its_own_run(job):
    config = TrainConfig(lr=0.5, tags=("a",))
    assert run_folder(config, None) == (Path("runs/job"), False)
    Path("runs/job/wandb").mkdir(parents=True)  # a start that W&B has stopped: nothing began
    assert run_folder(config, None) == (Path("runs/job"), False)
    job(lr=0.5, tags=["a"])
    assert run_folder(config, None) == (Path("runs/job"), True)
    with pytest.raises(ValueError, match=r"runs/job: the run was started with lr=0.5, now 0.1; unset WANDB_RUN_ID or"):
        run_folder(TrainConfig(lr=0.1, tags=("a",)), None)


def test_the_model_of_a_run_is_not_overwritten_by_another_with_its_id(job):
    (job() / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="runs/job: it holds the model of run job, which would be overwritten"):
        run_folder(TrainConfig(), None)
    assert run_folder(TrainConfig(), Path("runs/job")) == (Path("runs/job"), True)


def test_a_run_is_not_resumed_with_another_network(job):
    folder = job(backbone="resnet34", lr=0.5)
    assert run_folder(TrainConfig(lr=0.1), folder) == (folder, True)
    with pytest.raises(ValueError, match=r"the run was started with backbone='resnet34', now 'resnet50'; the weights"):
        run_folder(TrainConfig(backbone="resnet50"), folder)


def test_a_run_that_was_begun_before_taxonomy_auto_goes_on_without_a_flag(job, data):
    folder = job(data=str(data), taxonomy="camvid11", architecture="plain_unet", resize_factor=0.34, batch_size=2)
    config, _ = parse_command_line(["--resume", str(folder)])
    assert config.taxonomy == "camvid11" != TrainConfig().taxonomy
    assert run_folder(config, folder) == (folder, True)


@pytest.mark.parametrize("name", ["a/b", "..", "a:b", " a"])
def test_an_id_that_is_no_name_of_a_run_is_refused(monkeypatch, name):
    monkeypatch.setenv("WANDB_RUN_ID", name)
    with pytest.raises(ValueError, match="WANDB_RUN_ID="):
        run_folder(TrainConfig(), None)
