"""Settings that have no effect with the others."""

import pytest

from camvid.transforms import POLICIES, WHOLE
from configs import TrainConfig, parse_command_line
from configs.load import preset_files
from configs.together import NEEDS, idle_settings
from losses import LOSSES
from training.schedule import SCHEDULES


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            {"augment": "flip", "rare_crops": 0.5},
            ["rare_crops=0.5 has no effect with augment=flip; it needs augment=crop or color or weather"],
        ),
        (
            {"loss": {"ce": 1, "dice": 1}, "ohem_threshold": 0.5},
            ["ohem_threshold=0.5 has no effect with loss={'ce': 1.0, 'dice': 1.0}; it needs loss=ohem"],
        ),
        ({"augment": "none", "loss": "ce"}, []),  # what has its default is not mentioned
        ({"augment": "crop", "crop_max": 0.8, "loss": {"ce": 1, "focal": 2}, "focal_gamma": 3}, []),
    ],
)
def test_settings_without_effect_are_named(settings, lines):
    assert idle_settings(TrainConfig(**settings)) == lines


def test_what_settings_need_are_values_of_settings():
    choices = {"augment": {*POLICIES}, "loss": {*LOSSES}, "fit": {*SCHEDULES}}
    assert NEEDS.keys() <= vars(TrainConfig()).keys()
    assert all({*values} <= choices[needed] for needed, values in NEEDS.values())
    assert {*NEEDS["rare_crops"][1]} == {*POLICIES} - {*WHOLE}


@pytest.mark.parametrize("preset", preset_files(), ids=lambda path: path.stem)
def test_no_setting_of_a_preset_is_without_effect(preset):
    assert idle_settings(parse_command_line(["--config", str(preset)])[0]) == []
