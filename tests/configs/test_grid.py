"""Several trainings from one command line."""

import pytest

from configs import ConfigError, parse_command_line


def cells(*flags):
    return parse_command_line(flags)[1].cells


def test_every_combination_with_the_seeds_innermost():
    found = cells(
        "--vary", "backbone=resnet34,resnet50", "--vary=fit=one_cycle,fine_tune", "--seeds", "0,1", "--lr=0.5"
    )
    assert [tuple(cell.varied.values()) for cell in found] == [
        (backbone, fit, seed)
        for backbone in ("resnet34", "resnet50")
        for fit in ("one_cycle", "fine_tune")
        for seed in (0, 1)
    ]
    assert all(cell.config.lr == 0.5 for cell in found)
    assert (found[-1].config.backbone, found[-1].config.fit, found[-1].config.seed) == ("resnet50", "fine_tune", 1)
    assert found[0].name == "backbone-resnet34_fit-one_cycle_seed-0"
    assert len({cell.name for cell in found}) == len(found)


def test_without_vary_there_is_one_training():
    config, options = parse_command_line(["--lr=0.5"])
    assert config.lr == 0.5
    assert options.cells == []


def test_values_are_those_of_flags_and_a_list_may_hold_mappings():
    assert [cell.config.crp for cell in cells("--vary=crp=true,false")] == [True, False]
    for text in ("[ce, {ce: 1.0, dice: 0.5}]", "ce,{ce: 1.0, dice: 0.5}"):
        assert [cell.config.loss for cell in cells(f"--vary=loss={text}")] == ["ce", {"ce": 1.0, "dice": 0.5}]


def test_names_are_fit_for_folders():
    (cell, _) = cells("--vary", "loss=[{ce: 1.0, dice: 0.5}, ce]")
    assert "/" not in cell.name
    assert " " not in cell.name


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--vary=backbone"], "--vary backbone: expected KEY=A,B"),
        (["--vary=bakbone=a,b"], "unknown key 'bakbone'; did you mean 'backbone'?"),
        (["--vary=lr=0.1,-1"], "lr=-1: Input should be greater than 0"),
        (["--seeds=0,x"], "seed='x': Input should be a valid integer"),
        (["--vary=seed=1,2", "--seeds=3"], "seed is varied twice"),
        (["--seeds=1,1"], "a value is named twice"),
        (["--vary=lr=1e-3,0.001"], "--vary lr=1e-3,0.001: a value is named twice"),
        (["--seeds=0,0"], "--seeds 0,0: a value is named twice"),
        (["--seeds=0,x"], "--seeds 0,x: seed='x'"),
        (["--vary=loss=[]"], "--vary loss=[]: there is no value"),
        (["--vary=loss=[ce"], "not valid YAML"),
        (["--vary=loss={ce: 1.0"], "not valid YAML"),
        (["--seeds=" + ",".join(map(str, range(201)))], "201 trainings, and at most 200 are allowed"),
    ],
)
def test_mistakes_are_named(flags, message):
    with pytest.raises(ConfigError) as error:
        parse_command_line(flags)
    assert message in str(error.value)


@pytest.mark.parametrize("flag", ["--seeds=0,1", "--vary=lr=0.1,0.2", "--config=cpu", "--from-sweep=e/p/1"])
def test_a_run_is_not_resumed_as_another(tmp_path, flag):
    (tmp_path / "config.yaml").write_text("lr: 0.5\n")
    with pytest.raises(ConfigError, match="--resume continues one run"):
        parse_command_line([f"--resume={tmp_path}", flag])
