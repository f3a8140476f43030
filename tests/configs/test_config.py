"""Settings: what is allowed, what is refused and how, and where they come from."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
import yaml

from camvid.layouts import AUTO, OWN
from camvid.layouts.splits import SPLITTERS
from camvid.taxonomy import TAXONOMIES
from camvid.transforms import POLICIES
from camvid.weights import SCHEMES
from configs import ConfigError, TrainConfig, parse_command_line
from configs.__main__ import groups, page
from configs.load import preset_files
from configs.schema import describe_field
from losses import LOSSES
from training.schedule import SCHEDULES

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
        (["--fit", "cosine"], "fit='cosine': Input should be 'one_cycle', 'fine_tune', 'flat' or 'poly'"),
        (["--crp", "7"], "crp=7: Input should be a valid boolean"),
        (["--loss", "{dice: heavy}"], "loss={'dice': 'heavy'}: expected a name or {name: weight above 0, …}"),
        (["--loss", "{dice: -1}"], "loss={'dice': -1}: expected a name or {name: weight above 0, …}"),
        (["--data", "a", "--dataset", "b"], "data='a' and dataset='b' exclude each other"),
        (["--depth_data=a", "--depth_dataset=b"], "depth_data='a' and depth_dataset='b' exclude each other; give only"),
        (["--evaluations", "3", "--eval_every", "2"], "evaluations=3 and eval_every=2 exclude each other"),
        (["--config", "nowhere.yaml"], "--config nowhere.yaml: no such file; the presets in configs/ are"),
        (["--object_area=1"], "object_area=1: Input should be less than or equal to 0.1"),
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


@pytest.mark.parametrize("name", ["cpu", "cpu.yaml", "configs/cpu.yaml", "configs/cpu", "./configs/cpu.yaml"])
def test_a_preset_is_found_by_name_and_by_path_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config, _ = parse_command_line(["--config", name])
    assert config.backbone == "efficientnet_lite0"


@pytest.mark.parametrize("name", ["other/cpu.yaml", "nowhere", "configs/nowhere.yaml", "/configs/cpu.yaml"])
def test_other_paths_name_what_is_there_and_nothing_else(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no such file"):
        parse_command_line(["--config", name])
    (tmp_path / "cpu.yaml").write_text("lr: 0.5")
    assert parse_command_line(["--config", "cpu.yaml"])[0].lr == 0.5


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


@pytest.mark.parametrize("flag", ["segmentation,depth", "['segmentation', 'depth']", "segmentation, depth"])
def test_tasks_and_their_losses_as_flags(flag):
    flags = [f"--tasks={flag}", "--depth_loss={silog: 1.0, berhu: 0.1}", "--task_weights={'depth': 0.5}"]
    config, _ = parse_command_line([*flags, "--monitor=val/depth/abs_rel"])
    assert (config.tasks, config.monitor) == (("segmentation", "depth"), "depth/abs_rel")
    assert (config.depth_loss, config.task_weights) == ({"silog": 1.0, "berhu": 0.1}, {"depth": 0.5})
    assert TrainConfig.from_dict(yaml.safe_load(config.to_yaml())) == config
    assert parse_command_line(["--task_weights=learned"])[0].task_weights == "learned"


def test_tasks_can_be_varied():
    cells = parse_command_line(["--vary=tasks=[[segmentation], [depth], [segmentation, depth]]"])[1].cells
    assert [cell.config.tasks for cell in cells] == [("segmentation",), ("depth",), ("segmentation", "depth")]
    cells = parse_command_line(["--vary=task_weights=learned,{depth: 2}"])[1].cells
    assert [cell.config.task_weights for cell in cells] == ["learned", {"depth": 2.0}]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tasks": "segmentation,normals"}, "tasks='normals': Input should be 'segmentation' or 'depth'"),
        ({"tasks": []}, "tasks='': name segmentation, depth or both"),
        ({"depth_min": 0}, "depth_min=0: Input should be greater than 0"),
        ({"depth_loss": {"silog": 0}}, "depth_loss={'silog': 0}: expected a name or {name: weight above 0, …}"),
        ({"task_weights": "learnt"}, "task_weights='learnt': expected learned or weights above 0"),
        ({"task_weights": {"normals": 1}}, "expected learned or weights above 0 such as {segmentation: 1, depth: 0.5}"),
    ],
)
def test_settings_of_tasks_that_make_no_sense_are_named(values, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        TrainConfig.from_dict(values)


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
    for name, message in (("begun", "the run never started; start it without --resume"), ("typo", "no such folder")):
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
        assert re.search(rf"--{field.name} (VALUE|\[VALUE\]) ", words), field.name
        assert describe_field(field.name) in words


def test_help_lists_the_values_of_every_choice():
    values = {name: get_args(kind) for name, kind in get_type_hints(TrainConfig).items() if get_origin(kind) is Literal}
    assert {"augment", "augment_on", "split", "fit", "class_weights", "monitor", "device", "precision"} <= set(values)
    values |= {"loss": tuple(LOSSES), "taxonomy": (*TAXONOMIES, OWN, AUTO)}
    values |= {"weights": ("imagenet", "none", "auto")}
    for name, choices in values.items():
        for choice in choices:
            assert re.search(rf"\b{re.escape(choice)}\b", describe_field(name)), (name, choice)
    assert set(get_args(get_type_hints(TrainConfig)["augment"])) == set(POLICIES)
    assert set(get_args(get_type_hints(TrainConfig)["split"])) == set(SPLITTERS)
    assert set(get_args(get_type_hints(TrainConfig)["fit"])) == set(SCHEDULES)
    assert set(get_args(get_type_hints(TrainConfig)["class_weights"])) == set(SCHEMES)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("lr=0.1", "'lr=0.1' does not belong to a flag; write --lr=0.1"),
        ("batch-size=4", "'batch-size=4' does not belong to a flag; write --batch-size=4"),
        ("lrr=0.1", "unknown key 'lrr'; did you mean 'lr'?"),
        ("-lr 0.1", "'-lr' does not belong to a flag; write --lr=VALUE"),
        ("--data x --tags road rain --lr=1", "'rain' does not belong to a flag; write --tags=road,rain"),
        ("--tags road, rain", "'rain' does not belong to a flag; write --tags=road,rain"),
        ("--seeds 0 1 2", "'1' does not belong to a flag; write --seeds=0,1,2"),
        ("--vary lr=0.1 lr=0.2", "'lr=0.2' does not belong to a flag; write --vary=lr=0.2"),
        ("--name my run --lr 1", "'run' does not belong to a flag; write '--name=my run'"),
        ("--loss {ce: 1.0, dice: 1.0}", "'1.0,' does not belong to a flag; write '--loss={ce: 1.0, dice: 1.0}'"),
        ("rain", "'rain' does not belong to a flag; --help lists the flags"),
        ("--mirror maybe", "mirror='maybe': Input should be a valid boolean"),
    ],
)
def test_a_word_without_a_flag_is_quoted_as_given_with_the_form_that_works(flags, message):
    with pytest.raises(ConfigError) as error:
        parse_command_line(flags.split())
    assert str(error.value).startswith(f"command line: {message}")


@pytest.mark.parametrize("name", [name for name, value in TrainConfig().to_dict().items() if isinstance(value, bool)])
def test_a_bare_flag_means_true(name):
    for flags, value in (
        ([f"--{name}"], True),
        ([f"--{name}", "--lr=0.5"], True),
        ([f"--{name}", "false"], False),
        ([f"--{name}=False"], False),
        ([f"--{name}", "true"], True),
    ):
        assert getattr(parse_command_line(flags)[0], name) is value


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("road", ("road",)),
        ("road, rain", ("road", "rain")),
        ("[road, rain]", ("road", "rain")),
        ("['road', 'rain']", ("road", "rain")),  # as an agent passes a list
        ('["road,rain", 2024]', ("road,rain", "2024")),
        ("2024", ("2024",)),
        ("", ()),
    ],
)
def test_tags_are_a_comma_list_or_a_yaml_list(tmp_path, text, tags):
    assert parse_command_line(["--tags", text])[0].tags == tags
    preset = tmp_path / "some.yaml"
    preset.write_text(f"tags: {text}\n")
    assert parse_command_line(["--config", str(preset)])[0].tags == tags


def test_a_tag_that_wandb_refuses_is_named():
    for text in ("x" * 65, "[[a]]", '["", a]'):
        with pytest.raises(ConfigError, match="tags="):
            parse_command_line(["--tags", text])


def test_both_spellings_of_a_flag_are_taken():
    config, _ = parse_command_line(["--batch-size=3", "--crop_min", "0.5", "--from-sweep", ""])
    assert (config.batch_size, config.crop_min) == (3, 0.5)
    assert [cell.config.batch_size for cell in parse_command_line(["--vary=batch-size=4, 8"])[1].cells] == [4, 8]


def test_the_page_of_settings_is_that_of_the_settings():
    """`python -m configs > docs/settings.md` brings it up to date."""
    assert (ROOT / "docs" / "settings.md").read_text() == page()
    named = [name for _, names in groups() for name in names]
    assert named == [field.name for field in dataclasses.fields(TrainConfig)]
