"""Settings: what is allowed, what is refused and how, and where they come from."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from configs import ConfigError, TrainConfig, parse_command_line
from configs.config import describe_field
from configs.load import preset_files

ROOT = Path(__file__).parents[2]
PRESETS = preset_files()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--lrr", "1"], "unknown key 'lrr'; did you mean 'lr'?"),
        (["--zzz=1"], "unknown key 'zzz'; allowed are data, dataset,"),
        (["--lr", "abc"], "lr='abc': Input should be a valid number"),
        (["--lr", "-1"], "lr=-1: Input should be greater than 0"),
        (["--epochs", "1.5"], "epochs=1.5: Input should be a valid integer"),
        (["--fit", "cosine"], "fit='cosine': Input should be 'one_cycle', 'fine_tune' or 'flat'"),
        (["--crp", "7"], "crp=7: Input should be a valid boolean"),
        (["--loss", "{dice: heavy}"], "loss={'dice': 'heavy'}: expected a name or {name: weight above 0, …}"),
        (["--loss", "{dice: -1}"], "loss={'dice': -1}: expected a name or {name: weight above 0, …}"),
        (["--data", "a", "--dataset", "b"], "data='a' and dataset='b' exclude each other"),
        (["--config", "nowhere.yaml"], "--config nowhere.yaml: there is no such file; presets in configs/ are"),
        (["--lr"], "argument --lr: expected one argument"),
    ],
)
def test_bad_flags_name_key_value_and_fix(flags, message):
    with pytest.raises(ConfigError) as error:
        parse_command_line(flags)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr: [1, 2]", "lr=[1, 2]"),
        ("learning_rate: 1", "unknown key 'learning_rate'"),
        ("- lr", "expected `key: value` lines, got list"),
        ("lr: {", "not valid YAML"),
    ],
)
def test_bad_presets_name_the_file(tmp_path, text, message):
    preset = tmp_path / "bad.yaml"
    preset.write_text(text)
    with pytest.raises(ConfigError) as error:
        parse_command_line(["--config", str(preset)])
    assert message in str(error.value)
    assert str(preset) in str(error.value)


def test_command_line_beats_preset_beats_default(tmp_path):
    preset = tmp_path / "some.yaml"
    preset.write_text("lr: 3e-4\nepochs: 7\n")
    config, _ = parse_command_line(["--config", str(preset), "--epochs=9"])
    assert (config.lr, config.epochs, config.batch_size) == (3e-4, 9, TrainConfig().batch_size)


def test_values_as_wandb_agent_passes_them():
    flags = ["--crp=True", "--lr=0.0003", "--loss={'focal': 1.0, 'dice': 0.5}", "--backbone=resnet50", "--name=12"]
    config, _ = parse_command_line(flags)
    assert config.crp is True
    assert config.lr == 0.0003
    assert config.loss == {"focal": 1.0, "dice": 0.5}
    assert (config.backbone, config.name) == ("resnet50", "12")


def test_config_is_frozen_and_round_trips_through_yaml():
    config = TrainConfig(loss={"ce": 1.0}, tags=("a", "b"))
    assert TrainConfig.from_dict(yaml.safe_load(yaml.safe_dump(config.to_dict()))) == config
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.lr = 1.0  # type: ignore[misc]


def test_resume_takes_the_settings_of_the_run(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(TrainConfig(lr=0.5).to_dict()))
    config, options = parse_command_line(["--resume", str(tmp_path)])
    assert config.lr == 0.5
    assert options.resume == str(tmp_path)


def test_what_cannot_be_resumed_is_told(tmp_path):
    (tmp_path / "begun").mkdir()
    for name, message in (("begun", "start it again without --resume"), ("typo", "no such folder")):
        with pytest.raises(ConfigError, match=f"^--resume .*{name}: .*{message}"):
            parse_command_line(["--resume", str(tmp_path / name)])


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_preset_loads_and_is_short_and_says_how_to_run_it(preset):
    config, _ = parse_command_line(["--config", str(preset)])
    assert config != TrainConfig()
    lines = preset.read_text().splitlines()
    assert len(lines) <= 25
    assert lines[0].startswith("# ")
    header = "\n".join(line for line in lines if line.startswith("#"))
    assert "train.py --config configs/" + preset.name in header or "make run" in header


def test_preset_can_be_named_without_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config, _ = parse_command_line(["--config", "cpu"])
    assert config.backbone == "efficientnet_lite0"


def test_help_explains_every_setting():
    done = subprocess.run([sys.executable, "train.py", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    words = " ".join(done.stdout.split())
    for field in dataclasses.fields(TrainConfig):
        assert f"--{field.name} VALUE" in words
        assert describe_field(field.name) in words
