"""A setting that a function of a training takes is in its list: else the function would keep its own default."""

import dataclasses
import inspect

import pytest

from camvid.loaders import train_loader
from commands.arguments import LEARNER, LOADER, SCHEDULE
from configs import TrainConfig
from training import build_learner, fit

SETTINGS = {field.name for field in dataclasses.fields(TrainConfig)}
RESOLVED = {"device", "precision", "loss"}  # a function gets what they stand for


@pytest.mark.parametrize(("function", "listed"), [(train_loader, LOADER), (build_learner, LEARNER), (fit, SCHEDULE)])
def test_every_setting_that_is_taken_is_listed(function, listed):
    assert set(listed) == SETTINGS & set(inspect.signature(function).parameters) - RESOLVED
