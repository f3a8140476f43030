"""The best settings of a sweep below preset and flags."""

import pytest

from configs import ConfigError, TrainConfig, parse_command_line

RUN_A = ("run a", {"backbone": "resnet18", "lr": 0.25, "fit": "fine_tune", "loss": "{ce: 1.0, dice: 0.5}"})
RUN_B = ("run b", {"task_weights": "{depth: 0.5}", "depth_loss": "berhu", "monitor": "val/depth/abs_rel"})
BEST = {
    None: RUN_A,
    "resnet18": RUN_A,
    "resnet50": ("run b", {"backbone": "resnet50", "lr": 0.75, "crp": True, "momentum": 0.9}),
}


@pytest.fixture
def parse(tmp_path):
    preset = tmp_path / "final.yaml"
    preset.write_text("fit: one_cycle\nepochs: 60\n")
    asked = []

    def best(sweep, backbone):
        asked.append((sweep, backbone))
        return BEST[backbone]

    def run(*flags):
        config, options = parse_command_line([f"--config={preset}", "--from-sweep", "e/p/1", *flags], best)
        return config, options, asked

    return run


def test_the_sweep_gives_what_preset_and_flags_do_not_name(parse, capsys):
    config, _, _ = parse("--weight_decay=0.5")
    assert (config.backbone, config.lr, config.loss) == ("resnet18", 0.25, {"ce": 1.0, "dice": 0.5})
    assert (config.fit, config.epochs, config.weight_decay) == ("one_cycle", 60, 0.5)
    assert config.from_sweep == "e/p/1"
    told = capsys.readouterr().out
    assert "run a: backbone=resnet18, lr=0.25, loss={'ce': 1.0, 'dice': 0.5}" in told
    assert "preset and flags keep fit=one_cycle; the sweep had fit=fine_tune" in told


def test_a_flag_beats_the_sweep_and_is_shown(parse, capsys):
    config, _, _ = parse("--lr=0.125")
    assert config.lr == 0.125
    assert "keep lr=0.125, fit=one_cycle; the sweep had lr=0.25, fit=fine_tune" in capsys.readouterr().out


def test_the_backbone_chooses_the_run_and_unknown_settings_are_told(parse, capsys):
    config, _, asked = parse("--backbone=resnet50")
    assert (config.lr, config.crp) == (0.75, True)
    assert asked == [("e/p/1", "resnet50")]
    assert (
        "run b: these parameters are ignored, because they are not settings here: momentum" in capsys.readouterr().out
    )


def test_each_backbone_of_a_grid_gets_its_own_and_is_asked_for_once(parse):
    _, options, asked = parse("--vary=backbone=resnet18,resnet50", "--seeds=0,1")
    assert [cell.config.lr for cell in options.cells] == [0.25, 0.25, 0.75, 0.75]
    assert asked == [("e/p/1", "resnet18"), ("e/p/1", "resnet50")]


def test_sweeps_can_be_compared():
    best = {"e/p/1": {"lr": 0.25}, "e/p/2": {"lr": 0.75}}
    _, options = parse_command_line(["--vary=from_sweep=e/p/1,e/p/2"], lambda sweep, _: (sweep, best[sweep]))
    assert [(cell.config.from_sweep, cell.config.lr) for cell in options.cells] == [("e/p/1", 0.25), ("e/p/2", 0.75)]


@pytest.mark.parametrize("found", [{"lr": -1}, {"lr": "fast"}, {"loss": "{ce: heavy}"}, {"data": "a", "dataset": "b"}])
def test_settings_of_a_sweep_are_checked_like_any(found):
    with pytest.raises(ConfigError, match=next(iter(found))):
        parse_command_line(["--from_sweep=e/p/1"], lambda *_: ("run a", found))


def test_a_preset_can_name_the_sweep(tmp_path):
    (tmp_path / "mine.yaml").write_text("from_sweep: e/p/1\nfit: one_cycle\n")
    config, _ = parse_command_line([f"--config={tmp_path}/mine.yaml"], lambda *_: RUN_A)
    assert (config.from_sweep, config.lr, config.fit) == ("e/p/1", 0.25, "one_cycle")
    with pytest.raises(ConfigError, match=r"from_sweep=e/p/1: only train\.py can read a sweep"):
        parse_command_line([f"--config={tmp_path}/mine.yaml"])


def test_settings_that_name_everything_ask_no_sweep(tmp_path):
    settings = TrainConfig(from_sweep="e/p/1", lr=0.5)
    (tmp_path / "settings.yaml").write_text(settings.to_yaml())
    (tmp_path / "config.yaml").write_text(settings.to_yaml())
    for flag in (f"--config={tmp_path}/settings.yaml", f"--resume={tmp_path}"):
        assert parse_command_line([flag])[0] == settings


def test_the_metric_of_a_sweep_names_the_monitor():
    assert parse_command_line(["--monitor=val/foreground_acc"])[0].monitor == "foreground_acc"


def test_the_best_run_of_a_sweep_may_weigh_tasks_and_choose_by_depth():
    flags = ["--from_sweep=a/b/c", "--tasks=segmentation,depth"]
    config, _ = parse_command_line(flags, best_settings=lambda *_: RUN_B)
    assert (config.task_weights, config.depth_loss, config.monitor) == ({"depth": 0.5}, "berhu", "depth/abs_rel")
