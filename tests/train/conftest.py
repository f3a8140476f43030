"""Drawn data, and a process as the recipe is started in."""

import os

import pytest

from tests.client import teardown
from tests.drawings import synth_once
from tests.train.started import ROOT, variables


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth_once(folder, frames=20, seed=3, layout="segnet", size=(96, 128))
    return folder


@pytest.fixture
def environment(tmp_path):
    return variables(tmp_path)


@pytest.fixture
def here(environment, monkeypatch):
    """This process as the others are started: their variables, their folder, and a client that begins anew."""
    for name in os.environ.keys() - environment.keys():
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    teardown()
    yield
    teardown()
